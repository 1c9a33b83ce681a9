import FoundationEssentials
import Glibc
import SendmailConfig
import TestSupport
import Testing

/// `alias expand` beside `sendmail -bv`: the same deliveries, the same failures in the same words.
@Suite("alias expand, beside sendmail -bv")
struct ExpandDifferentialTests {
  static let sites = (Tools.environmentValue("MAILCFG_TEST_FACTOR").flatMap { Int($0) } ?? 1) * 12

  // 51: lists that root's .forward names. 129: a list read by the right of the group of the list that names it.
  @Test("Generated sites", .needsLiveSendmail, arguments: Set(0..<sites).union([51, 129]).sorted())
  func generated(_ seed: Int) throws { try Self.compare(seed) }

  /// A site of the generated accounts, whose homes are still to be made.
  private static func emptySite() throws -> (directory: TemporaryDirectory, site: SendmailSite) {
    let directory = try TemporaryDirectory()
    unsafe chmod(directory.path, 0o755)
    let site = try SendmailSite(
      mailDirectory: directory.path, accounts: GeneratedDelivery.accounts(homes: directory.path("homes")))
    try directory.makeDirectory("homes")
    return (directory, site)
  }

  @Test("Files in which every address is too deep", .needsLiveSendmail, arguments: 0...3)
  func tooDeep(_ deepest: Int) throws {
    let (directory, site) = try Self.emptySite()
    for (account, number, text) in [("anna", UInt32(5001), "bin\n"), ("bernd", 5002, "list, bin\n\"news\"\n")] {
      try directory.makeDirectory("homes/\(account)")
      try directory.write("homes/\(account)/.forward", text)
      unsafe chown(directory.path("homes/\(account)/.forward"), number, number)
    }
    try directory.write("names", "anna, bin\n")
    try directory.write("nested", ":include:\(directory.path)/names\n:include:\(directory.path)/none\n")
    try directory.write(
      "aliases",
      """
      first: anna
      second: bernd, first
      third: second
      list: :include:\(directory.path)/names
      outer: :include:\(directory.path)/nested
      postmaster: third, outer

      """)
    try Self.limit(to: deepest, directory)
    _ = try site.sendmail(["-bi"])
    let addresses = ["first", "second", "third", "list", "outer", "postmaster", "anna", "bernd"]
    #expect(try Self.differences(addresses, site, "at most \(deepest) deep") == 0)
  }

  /// Modes of lists and their directories, beside what option DontBlameSendmail says of them.
  @Test(
    "Lists that others may write to", .needsLiveSendmail,
    arguments: [
      "", "GroupWritable%FileSafe", "GroupWritable%File", "GroupWritable%File,GroupWritable%FileSafe",
      "WorldWritable%File", "WorldWritable%File,GroupWritable%File,GroupWritable%FileSafe",
      "%FileInGroupWritableDirPath", "%FileInUnsafeDirPath", "%FileInUnsafeDirPathSafe",
      "%FileInUnsafeDirPath,%FileInUnsafeDirPathSafe", "%FileInGroupWritableDirPath,%FileInUnsafeDirPathSafe",
      "%FileInGroupWritableDirPath,%FileInUnsafeDirPath", "%FileInGroupWritableDirPath,Linked%FileInWritableDir",
      "%FileInGroupWritableDirPath,GroupWritable%FileSafe",
    ])
  func writableLists(_ words: String) throws {
    let (directory, site) = try Self.emptySite()
    try directory.makeDirectory("homes/anna")
    var (aliases, addresses) = ("postmaster: root\n", ["anna"])
    let text = "dave@far.example, \"|/bin/prog\", /var/mail/box\n"
    for mode: mode_t in [0o755, 0o775, 0o777] {
      let place = "lists\(String(mode, radix: 8))"
      try directory.makeDirectory(place)
      for kind: mode_t in [0o644, 0o664, 0o666] {
        let name = "\(place)/l\(String(kind, radix: 8))"
        try directory.write(name, text)
        unsafe chmod(directory.path(name), kind)
        aliases += "\(addresses.count): :include:\(directory.path(name))\n"
        addresses.append("\(addresses.count)")
      }
      #expect(unsafe symlink("l644", directory.path("\(place)/link")) == 0)
      aliases += "\(addresses.count): :include:\(directory.path(place))/link\n"
      addresses.append("\(addresses.count)")
      unsafe chmod(directory.path(place), mode)
    }
    try directory.write("homes/anna/.forward", text)
    unsafe chown(directory.path("homes/anna/.forward"), 5001, 5001)
    try directory.write("aliases", aliases)
    let tolerated = ["Include", "Forward"].map { words.replacing("%", with: $0) }.joined(separator: ",")
    let lines = try directory.readText("sendmail.cf").split(separator: "\n", omittingEmptySubsequences: false).map {
      $0.hasPrefix("O DontBlameSendmail=") ? "O DontBlameSendmail=TrustStickyBit,\(tolerated)" : $0
    }
    try directory.write("sendmail.cf", lines.joined(separator: "\n"))
    _ = try site.sendmail(["-bi"])
    #expect(try Self.differences(addresses, site, words) == 0)
    for (mode, homeMode): (mode_t, mode_t) in [(0o664, 0o755), (0o666, 0o755), (0o644, 0o775), (0o644, 0o777)] {
      unsafe chmod(directory.path("homes/anna/.forward"), mode)
      unsafe chmod(directory.path("homes/anna"), homeMode)
      #expect(try Self.differences(["anna"], site, "\(words), \(String(mode, radix: 8))") == 0)
    }
  }

  /// An account that is the default user (`mail`) runs what an alias runs: it is one program, of another account it is two.
  @Test("A program of an alias and of an account", .needsLiveSendmail) func programsOfAccounts() throws {
    let directory = try TemporaryDirectory()
    unsafe chmod(directory.path, 0o755)
    let site = try SendmailSite(
      mailDirectory: directory.path, accounts: GeneratedDelivery.accounts(homes: directory.path("homes")))
    try directory.write(
      "aliases",
      """
      mail: mail, |/bin/prog
      daemon: daemon, |/bin/prog
      first: |/bin/prog, mail
      second: |/bin/prog, daemon
      third: daemon, mail

      """)
    _ = try site.sendmail(["-bi"])
    #expect(try Self.differences(["first", "second", "third", "mail", "daemon"], site, "programs of accounts") == 0)
  }

  struct Report: Decodable {
    struct Step: Decodable {
      var kind: String
      var file: String?
      var line: Int?
    }
    struct Delivery: Decodable {
      var address: String
      var mailer: String
      var host: String?
      var user: String
    }
    struct Failure: Decodable {
      var address: String
      var reason: String
      var text: String
      var steps: [Step]
    }
    struct Message: Decodable {
      var file: String?
      var line: Int?
      var text: String
    }
    struct Name: Decodable {
      var deliveries: [Delivery]
      var failures: [Failure]
      var messages: [Message]
    }
    var names: [Name]
  }

  static func compare(_ seed: Int) throws {
    let directory = try TemporaryDirectory()
    let generated = GeneratedDelivery(seed: UInt64(seed), directory: directory.path)
    let site = try SendmailSite(
      mailDirectory: directory.path, accounts: GeneratedDelivery.accounts(homes: directory.path("homes")))
    try generated.write(into: directory)
    if let deepest = generated.deepest { try limit(to: deepest, directory) }
    _ = try run(
      try Tools.makemap, ["-C", site.configuration, "hash", directory.path("virtusertable")],
      input: try directory.read("virtusertable"), environment: Tools.environment)
    _ = try site.sendmail(["-bi"])
    let addresses = generated.addresses
    let differences = try differences(addresses, site, "seed \(seed)")
    if differences > 0 {
      Issue.record(
        """
        seed \(seed): \(differences) of \(addresses.count) addresses differ, deepest \(generated.deepest ?? 10)
        \(generated.files.map { "== \($0.name) \(String($0.mode, radix: 8)) \($0.owner)\n\($0.text)" }.joined(separator: "\n"))
        """)
    }
  }

  /// Says in sendmail.cf how deep aliases may lead to aliases.
  private static func limit(to deepest: Int, _ directory: TemporaryDirectory) throws {
    try directory.write(
      "sendmail.cf", try directory.read("sendmail.cf") + Array("O MaxAliasRecursion=\(deepest)\n".utf8))
  }

  /// How many of some addresses lead elsewhere than with sendmail; each of the first four is an issue.
  private static func differences(_ addresses: [String], _ site: SendmailSite, _ what: String) throws -> Int {
    // Blanks behind an address are not kept.
    let theirs = try site.expandEach(addresses).map(trimmed)
    let outcome = try site.runBeside(
      Tools.mailcfg, ["--mail-dir", site.mailDirectory, "--json", "alias", "expand", "--"] + addresses)
    try #require(outcome.status < 2, "\(outcome.errorText)")
    let ours = try JSONDecoder().decode(Report.self, from: Data(outcome.output)).names
    try #require(ours.count == addresses.count, "\(outcome.errorText)")
    var differences = 0
    for (index, address) in addresses.enumerated() {
      let lines = trimmed(lines(ours[index]))
      guard lines != theirs[index] else { continue }
      differences += 1
      guard differences <= 4 else { continue }
      Issue.record(
        """
        \(what): \(address)
        sendmail:
          \(theirs[index].joined(separator: "\n  "))
        mailcfg:
          \(lines.joined(separator: "\n  "))
        """)
    }
    return differences
  }

  /// An address as messages show it: without its middle where it is long.
  private static func shown(_ address: String) -> String {
    address.utf8.count < 203 ? address : "\(address.prefix(100))...\(address.suffix(100))"
  }

  /// What sendmail would print, sorted.
  private static func lines(_ name: Report.Name) -> [String] {
    var lines: [String] = []
    for delivery in name.deliveries {
      let host = delivery.host.map { ", host \($0)" } ?? ""
      lines.append("\(shown(delivery.address))... deliverable: mailer \(delivery.mailer)\(host), user \(delivery.user)")
    }
    // What cannot be read is told in full.
    for failure in name.failures where failure.reason != "unreadable" {
      // That of a loop is about nobody.
      let subject = failure.reason == "loop" ? "" : "\(shown(failure.address))... "
      var place = ""
      if let last = failure.steps.last(where: { ["include", "forward"].contains($0.kind) }) {
        place = "\(last.file ?? ""): line \(last.line ?? 0): "
      }
      lines.append(place + subject + failure.text)
    }
    for message in name.messages {
      lines.append((message.file.map { "\($0): line \(message.line ?? 0): " } ?? "") + message.text)
    }
    return lines
  }

  private static func trimmed(_ lines: [String]) -> [String] {
    lines.map { $0.replacing(#/[ \t\r]+\.\.\. /#, with: "... ") }.sorted()
  }
}
