import FoundationEssentials
import TestSupport
import Testing

/// Passwords of `AuthInfo:` entries, however they are written, are in no output of any command unless `--show-secrets` is given.
@Suite struct SecretOutputTests {
  static let secret = "m4rkerS3cret"
  static let base64 = Data(secret.utf8).base64EncodedString()

  /// Lines that hold the secret: right ones, and all kinds of wrong ones.
  static let lines: [String] = [
    "AuthInfo:a.example \"U:anna\" \"P:@\"", "authinfo:B.example\t\"P:@\"\r", "AUTHINFO:c.example   \"U:x\" \"P=64\"",
    "\"AuthInfo:d.example\" \"P:@\"", "\"AuthInfo:d2.example\" @", "AuthInfo:e.example\"U:x\"\"P:@\"",
    "AuthInfo:e2.example\"P:@\" \"U:x\"",
    "AuthInfo: \"P:@\"",
    "AuthInfo: f.example \"P:@\"", "AuthInfo: f.example @", "AuthInfo:g.example @", " AuthInfo:h.example \"P:@\"",
    "\t\"U:x\" \"P:@\"",
    "#AuthInfo:i.example \"P:@\"", "# was AuthInfo:i.example @", "AuthInfo j.example \"P:@\"",
    "AuthInfo:a.example \"U:anna\" \"P:@2\"", "AuthInfo:k.example", "\u{FEFF}AuthInfo:l.example \"P:@\"",
    "AuthInfo:m.example \"P:@\"\u{0}", "AuthInfo:n.example \"P:\(String(repeating: "@", count: 400))\"",
    "AuthInfo:o.example \"P:@\" # @", "AuthInfo:192.0.2.0/24 \"P:@\"", "AuthInfo:q..example \"p:@\"",
    "AuthInfo:*.r.example @",
    "# login U:anna P:@", "# P:@ is for AuthInfo:u.example", "#P=64", "\tU:anna P:@",
    "# mailcfg: relay 192.0.2.1 note=P:@",
    "# AuthInfo: P:@", "#\tAuthInfo:v.example U:anna P=64",
    "AuthInfo:bücher.example \"P:@\"", "AuthInfo:<> \"P:@\"", "AuthInfo:[192.0.2.1] @", "AuthInfo:s@t.example \"P:@\"",
  ].map { line in
    line.split(separator: "@", omittingEmptySubsequences: false).joined(separator: line.contains("s@t") ? "@" : secret)
      .split(separator: "64", omittingEmptySubsequences: false).joined(separator: base64)
  }

  private func expectNone(_ outcome: Outcome, _ command: [String], sourceLocation: SourceLocation = #_sourceLocation) {
    for text in [outcome.outputText, outcome.errorText] {
      for line in text.split(separator: "\n") {
        let hasSecret = line.lowercased().contains(Self.secret.lowercased()) || line.contains(Self.base64)
        #expect(!hasSecret, "\(command): \(line)", sourceLocation: sourceLocation)
      }
    }
  }

  /// What looks at tables and maps, and mends them.
  private static let looking: [[String]] = [
    ["access", "list"], ["access", "list", "-v"], ["access", "list", "--json"],
    ["access", "get", "AuthInfo:a.example"],
    ["access", "get", "\"AuthInfo:d2.example\""], ["access", "get", "AuthInfo:g.example", "--json", "-v"],
    ["relay", "list", "-v"], ["relay", "check", "192.0.2.1", "-v"], ["host", "list"], ["status", "-v"],
    ["status", "--json"], ["dump", "access"], ["dump", "access", "--json"],
    ["lookup", "access", "authinfo:a.example", "authinfo:b.example", "\"authinfo:d2.example\"", "authinfo:g.example"],
    ["lookup", "access", "authinfo:g.example"], ["lookup", "--json", "access", "authinfo:g.example"],
    ["check", "--elsewhere"], ["check", "-v", "--elsewhere", "--strict"], ["check", "--elsewhere", "--json"],
    ["check", "--elsewhere", "--format", "sarif"], ["diff"], ["diff", "--json"], ["build", "-v"],
    ["build", "--force", "-v"],
    ["build", "--force", "--json"], ["-n", "check", "--elsewhere", "--fix"],
    ["check", "--elsewhere", "--fix", "--json"],
    ["check", "--elsewhere", "--fix"],
  ]

  /// What changes them, also what is refused; and what tells of it.
  private static let changing: [[String]] = [
    ["relay", "add", "192.0.2.77", "-v"], ["relay", "add", "192.0.2.78", "--json"],
    ["-n", "relay", "remove", "192.0.2.77"],
    ["-n", "--json", "access", "remove", "AuthInfo:a.example"], ["-n", "access", "remove", "AuthInfo:a.example", "-v"],
    ["access", "set", "AuthInfo:z.example", "\"U:a\" \"P:\(secret)\""],
    ["access", "add", "AuthInfo:z.example", "\"P:\(secret)\""],
    ["access", "set", "authinfo:y.example", secret, "more"],
    ["access", "set", "AuthInfo:y.example", secret + "3", "--json"],
    ["access", "set", "AuthInfo:x.example", "\(secret) # note"], ["access", "set", "AuthInfo:x.example", " \(secret)"],
    ["access", "set", "AuthInfo:x.example", "\(secret)\nA B"], ["access", "set", "AuthInfo:x y", secret],
    ["access", "set", "AuthInfo:x.example", String(repeating: secret, count: 100)],
    ["access", "remove", "AuthInfo:g.example", "-v"], ["access", "remove", "AuthInfo:z.example"],
    ["history"], ["history", "-v"], ["history", "--json"], ["history", "--json", "-v"], ["-n", "undo"], ["undo", "-v"],
    ["undo", "1"], ["undo", "2", "--json"], ["undo", "3"], ["undo", "4"], ["undo", "5"], ["history", "-v"],
    ["history", "--json"], ["diff", "access"], ["status"],
  ]

  /// Each line in a table of its own, and all together.
  @Test(arguments: Array(lines.indices) + [lines.count]) func noCommandPrintsIt(index: Int) throws {
    let place = try Workplace()
    let around = "Connect:198.51.100 RELAY\n"
    let lines = index < Self.lines.count ? [Self.lines[index]] : Self.lines
    place.write("access", around + lines.joined(separator: "\n") + "\n" + around + "Connect:198.51.101 REJECT\n")
    place.write("aliases", "postmaster: root\n")
    place.write("sendmail.cw", "example.org\n")
    try expectNone(mailcfgAnyhow(place, ["build", "-v"]), ["build", "-v"])
    for command in Self.looking { try expectNone(mailcfgAnyhow(place, command), command) }
    // What they do with other lines they do with all.
    let some = [["relay", "add", "192.0.2.77", "-v"], ["-n", "undo"], ["undo", "-v"], ["history", "-v"]]
    for command in index < Self.lines.count ? some : Self.changing {
      try expectNone(mailcfgAnyhow(place, command), command)
    }
    // Text and map differ, and the later edits overlap.
    try mailcfgAnyhow(place, ["access", "set", "AuthInfo:w.example", "\"P:\(Self.secret)\""])
    place.write(
      "access", Array(String(decoding: try place.read("access"), as: UTF8.self).replacing("P:", with: "P:9").utf8))
    for command in [["diff"], ["diff", "--json"], ["undo"], ["undo", "--json"], ["check", "--elsewhere"]] {
      try expectNone(mailcfgAnyhow(place, command), command)
    }
    if index < 2 {
      #expect(try mailcfgAnyhow(place, ["undo", "--show-secrets"]).errorText.contains("+AuthInfo:w.example"))
      #expect(try place("history", "--json", "--show-secrets").outputText.contains(Self.secret))
      #expect(try place("access", "list", "--show-secrets").outputText.contains(Self.secret))
    }
  }

  @discardableResult
  private func mailcfgAnyhow(_ place: Workplace, _ command: [String]) throws -> Outcome {
    try mailcfg(["--mail-dir", "etc-mail"] + command, directory: place.directory.path)
  }

  /// In address-test mode look-ups find stars, in access and in a map of its own.
  @Test func addressTestMode() throws {
    let place = try Workplace("debian")
    place.write("access", "AuthInfo:a.example \"U:x\" \"P:\(Self.secret)\"\nConnect:192.0.2 RELAY\n")
    place.write("authinfo", "AuthInfo:b.example \"P:\(Self.secret)\"\nAuthInfo:c.example \(Self.secret)\n")
    let configuration = try place.text("sendmail.cf")
    place.write("sendmail.cf", configuration + "Kauthinfo hash -o /etc/mail/authinfo\n")
    let input =
      ["access", "authinfo"].flatMap { map in
        ["a", "b", "c"].flatMap { ["/map \(map) AuthInfo:\($0).example", "/map \(map) authinfo:\($0).example"] }
      }.joined(separator: "\n") + "\nauthinfo a.example $| 192.0.2.1\n"
    let outcome = try place.run(["bt", "-d60.5"], input: Array(input.utf8))
    expectNone(outcome, ["bt"])
    #expect(outcome.outputText.contains("returns *** (0)"))
    let shown = try place.run(["bt", "--show-secrets"], input: Array(input.utf8))
    #expect(shown.outputText.contains("\"P:\(Self.secret)\""))
  }
}
