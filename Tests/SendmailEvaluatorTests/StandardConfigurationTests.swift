import SendmailConfig
import SendmailEvaluator
import TestSupport
import Testing

/// The rules that are taken where there is no sendmail.cf.
@Suite struct StandardConfigurationTests {
  private static let text = StandardConfiguration.text(
    fullName: "mx.test.example", names: ["local.example"], virtualUsers: nil)

  @Test func itIsReadWithoutComplaint() {
    #expect(Configuration(Self.text, host: RealTestMode.host).diagnostics == [])
  }

  /// The real one parses addresses by them as we do.
  @Test(.needs(.sendmail)) func addressesAreParsedAsSendmailParsesThem() throws {
    let addresses = [
      "anna", "anna@local.example", "Anna+x@mx.test.example", "a@b.example", "<a@b.example>", "a%b@local.example",
      "b!a",
      "a@[192.0.2.1]", "\"a b\"@local.example", "@local.example", "a@", "a@@b", "a@.b", "x:;", "a@localhost",
    ]
    let outputs = try RealTestMode().run(
      addresses.map { Array("/parse \($0)".utf8) }, configuration: Self.text, debug: "")
    for (address, output) in zip(addresses, outputs.dropFirst()) {
      let theirs = String(decoding: output, as: UTF8.self).split(separator: "\n").last { $0.hasPrefix("mailer ") }
      var evaluation = Evaluation(
        Configuration(Self.text, host: RealTestMode.host),
        EvaluationContext(lookups: Lookups(host: { _ in .notFound })))
      let ours = evaluation.parse(ByteString(address)).destination.map { found in
        "mailer \(found.mailer), " + (found.host.map { "host \($0), " } ?? "") + "user \(found.user)"
      }
      #expect(ours == theirs.map(String.init), "\(address): \(String(decoding: output, as: UTF8.self))")
    }
  }
}
