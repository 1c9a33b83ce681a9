import SendmailConfig
import SendmailEvaluator
import TestSupport
import Testing

/// The frame of an address in a header field, beside `sendmail -bt`.
@Suite struct CrackedAddressTests {
  private static let words = [
    "J", "D", "J.D", "\"J D\"", "(c)", "J(x)", "O'N", "D,", "[x]", "a@b", "x:", "x;", "!", "%", "#", "=", "\"J.\"",
    "(a.b)",
  ]
  private static let addresses = [
    "a@b.c", "a", "a@[IPv6:2001:db8::1]", "\"a b\"@c.d", "@x:a@b.c", "a(x)@b.c", "a@b.c (x)", "(x)a@b.c", " a@b.c ", "",
    "a%b@c", "[192.0.2.1]",
  ]

  private static func field(_ random: inout SplitMix64) -> String {
    let phrase = (0..<random.below(4)).map { _ in random.pick(words) }.joined(separator: " ")
    let address = random.pick(addresses)
    switch random.below(8) {
    case 0: return phrase + " " + address
    case 1: return address + " " + phrase
    default:
      return phrase + random.pick([" ", "", "  "]) + "<\(address)>"
        + random.pick(["", "", "", " (c)", " tail", "(c)", ", x@y"])
    }
  }

  @Test("Fields as people write them", .needs(.sendmail)) func fields() throws {
    var random = SplitMix64(seed: 11)
    var fields = [
      "<>", "(x)", "J D", "list: a@b.c;", "list: a@b.c, d@e.f;", "(<a>)", "\"<a>\" b", "(open", "a::b", "::a",
      "a@[IPv6:::1]", "a@[b:c]:d", "[[a:b]:c]",
      "[a[b]:c]:d", "a]:b", "] a[b:c]", "[a:b", "x[a:b] <y>", "[a:b],c:d", "(c)[a:b]", "[a(x):b]",
    ]
    fields += (0..<(1500 * Effort.factor)).map { _ in Self.field(&random) }.filter { $0.contains { $0 != " " } }
    let commands = fields.map { Array("/parse \($0)".utf8) }
    let configuration = Array(RealTestMode.frame.utf8)
    let theirs = try RealTestMode().run(commands, configuration: configuration, debug: "")
    var mode = TestMode(Configuration(configuration, host: RealTestMode.host), rules: 0, maps: 0)
    func frame(_ output: [UInt8]) -> Substring? {
      ByteString(output).description.split(separator: "\n").first { $0.hasPrefix("Cracked address = ") }
    }
    for (command, output) in zip(commands, theirs.dropFirst()) {
      let ours = frame(mode.run(ByteString(command))?.bytes ?? [])
      #expect(frame(output) != nil && frame(output) == ours, "\(ByteString(command))")
    }
  }
}
