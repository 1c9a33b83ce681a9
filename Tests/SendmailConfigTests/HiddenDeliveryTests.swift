import SendmailConfig
import TestSupport
import Testing

/// Programs, files and lists behind what sendmail's rules take off an address: whatever the real one runs has to be allowed.
@Suite("Deliveries that an address hides")
struct HiddenDeliveryTests {
  /// What mail is to come to; sendmail says of each that it runs or writes to it, or cannot open it.
  private static let deliveries = [
    "|/bin/cat", "\"|/bin/cat\"", "|\"/bin/cat\"", "/nosuch/x", "\"/nosuch/x\"", ":include:/nosuch/x",
    "\":include:/nosuch/x\"", ":INCLUDE:/nosuch/x",
  ]

  private static func hidden(_ random: inout SplitMix64) -> String {
    var text = random.pick(deliveries)
    for _ in 0..<1 + random.below(3) {
      let host = random.pick(["localhost", "mx", "virtual.example", "local.example", "other.example", "[127.0.0.1]"])
      switch random.below(12) {
      case 0: text += "@\(host)"
      case 1: text += "%\(host)"
      case 2: text = "\(host)!\(text)"
      case 3: text = "<\(text)>"
      case 4: text = "@\(host):\(text)"
      case 5: text = "\"" + text.replacing("\"", with: "\\\"") + "\""
      case 6: text = "group:\(text);"
      case 7: text = "(comment)\(text)"
      case 8: text = "name <\(text)>"
      case 9: text = "\"<\(random.pick(["local", "LOCAL", "prog", "*file*"])):\(text)>\""
      case 10: text = "\"\(text)\""
      default: text = "<group:\(text);>"
      }
    }
    return text
  }

  /// Spellings that were taken for users or mailboxes once.
  private static let known = [
    "\"<local:|/bin/cat>\"", "\"<local:/nosuch/x>\"", "\"<local::include:/nosuch/x>\"", "name <\"<local:|/bin/cat>\">",
    "(c)\"<local:|/bin/cat>\"", "\"(c)<local:(c)|/bin/cat>\"", "\"<prog:x>\"", "\"<local:|/bin/cat>;\"",
    "<g:|/bin/cat>", "<:|/bin/cat;>", "a<b:|/bin/cat>c", "<g:\"/nosuch/x\";>", "<g:()|/bin/cat;>",
    "n <g:\"|\"/bin/cat;>",
    "<g:|/bin/cat@local.example;>", "<g:@local.example:|/bin/cat>", "<g:local.example!|/bin/cat>",
    "\"|/bin/cat\"%local.example@other.example", "\"|/bin/cat@x\"%local.example", "\"/nosuch/x%mx@local.example\"",
  ]

  @Test("What the real sendmail runs, writes to or reads wants to be allowed", .needsNamespaces, arguments: 1...2)
  func whatTheRealOneRuns(seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed) &+ 4000)
    let values = (seed == 1 ? Self.known : []) + (0..<120).map { _ in Self.hidden(&random) }
    let directory = try TemporaryDirectory(inMemory: true)
    var aliases = ""
    var virtualUsers = ""
    for (number, value) in values.enumerated() {
      aliases += "a\(number): \(value)\nv\(number): u\(number)@virtual.example\n"
      virtualUsers += "u\(number)@virtual.example\t\(value)\n"
    }
    try directory.write("aliases", aliases)
    try directory.write("virtusertable", virtualUsers)
    // Hosts that are names of this one here, and need not be so yet when the alias is made.
    try directory.write("local-host-names", "virtual.example\nlocal.example\nother.example\n")
    for table in ["access", "mailertable"] { try directory.write(table, "") }
    let site = try SendmailSite(mailDirectory: directory.path)
    // Some values have quotes or brackets too many, and newaliases says so.
    _ = try? site.buildMaps()
    let said = try site.expandEach(values.indices.flatMap { ["a\($0)", "v\($0)"] })
    var count = 0
    for (number, value) in values.enumerated() {
      func isDelivery(_ lines: [String]) -> Bool {
        ["mailer prog", "mailer *file*", "Cannot open /nosuch", "Cannot create /nosuch"].contains { sign in
          lines.contains { $0.contains(sign) }
        }
      }
      if isDelivery(said[2 * number]) {
        count += 1
        // Before the hosts are names of this one, and after.
        for hosts in [[], ["virtual.example", "local.example", "other.example"]] {
          var file = AliasesFile([])
          file.hosts = LocalHosts(names: hosts.map { Array($0.utf8) })
          #expect(throws: EditError.self, "\(value): \(said[2 * number])") {
            try file.set("a", to: [ByteString(value)])
          }
        }
      }
      if isDelivery(said[2 * number + 1]) {
        count += 1
        var table = VirtualUserTable([])
        #expect(throws: EditError.self, "\(value): \(said[2 * number + 1])") {
          try table.set(ByteString(value), for: "u@virtual.example")
        }
      }
    }
    #expect(count > 60)
  }

  @Test("Addresses with the same bytes elsewhere are taken")
  func whatIsHarmless() throws {
    for value in [
      "a/b", "a|b", "a/b@c.example", "\"a/b\"@c.example", "Carl / Sales <c@d.example>", "c@d.example (a / b)", "\\carl",
      "\"Berg, Anna\" <anna@c.example>", "a!b", "a%b@c.example", "c@[192.0.2.1]",
    ] {
      var file = AliasesFile([])
      _ = try file.set("a", to: [ByteString(value)])
      var table = VirtualUserTable([])
      _ = try table.set(ByteString(value), for: "u@virtual.example")
    }
  }

  @Test("Bytes that mean something inside sendmail are no part of a target")
  func bytesOfSendmailsOwn() throws {
    var table = VirtualUserTable([])
    for value: [UInt8] in [[0x96, 0x70, 0x98, 0x7C, 0x78], Array("straße".utf8)] {
      #expect(throws: EditError.self) { try table.set(ByteString(value), for: "u@virtual.example") }
    }
  }
}
