import TestSupport
import Testing

/// What a running sendmail makes of changes in files with odd habits.
@Suite(.needsLiveSendmail) struct LiveChangeTests {
  /// A file from Windows: every value ends in CR, the new one too.
  @Test func aRelayInAFileWithCRLF() throws {
    let place = try Workplace()
    place.write("access", "# clients\r\nConnect:127.0.0.80 RELAY\r\nConnect:127.0.0.79 RELAY\r\n")
    let site = try SendmailSite(mailDirectory: place.mail)
    try place("build")
    let live = try site.start()
    let client = try live.connect(from: "127.0.0.77")
    #expect(try live.connect(from: "127.0.0.80").recipient("user@remote.example").hasPrefix("250 2.1.5 "))
    #expect(try client.recipient("user@remote.example").hasPrefix("550 5.7.1 "))
    try place("relay", "add", "127.0.0.77")
    #expect(try client.recipient("user@remote.example").hasPrefix("250 2.1.5 "))
    try place("relay", "check", "127.0.0.77")
  }

  /// A key that refuses the client is in the way: what `relay add` and `relay check` say is what sendmail does.
  @Test(arguments: [
    "Connect:127.0.0.77 REJECT\n", "127.0.0.77 REJECT\n", "Connect:127.0.0 REJECT\n", "127.0.0.77 OK\n",
    "Connect:127.0.0.77 OK\n", "127 RELAY\n", "Connect:127.0.0.77 DISCARD\n", "127.0.0.77 550 go away\n",
    "Connect:127.0.0.77 \t relay\n", "connect:127.0.0.77 Relay x\n", "Connect:127.0.0.77 RELAY # mine\n",
    "Connect:127.0.0.77 SKIP\n127 RELAY\n", "127.0.0.77 OK\nConnect:127.0.0 RELAY\n", "127.0.0.77 RELAY\n127 REJECT\n",
    "Connect:[127.0.0.77] REJECT\n", "connect:127.0.0.77 REJECT\nConnect:127.0.0.77 RELAY\n",
  ])
  func sendmailDoesWhatIsSaid(line: String) throws {
    let place = try Workplace()
    place.write("access", "# clients\n" + line)
    let site = try SendmailSite(mailDirectory: place.mail)
    // A key that stands twice is an error of the table's, and the first one counts.
    _ = try mailcfg(["--mail-dir", place.mail, "build"])
    let live = try site.start()
    // A client that is refused when it connects stays refused for that session.
    func isAllowed() throws -> Bool {
      guard let client = try? live.connect(from: "127.0.0.77") else { return false }
      return try client.recipient("user@remote.example").hasPrefix("250 2.1.5 ")
    }
    func isSaid() throws -> Bool {
      try mailcfg(["--mail-dir", place.mail, "relay", "check", "127.0.0.77", "--name", "c77.relay.example"]).status == 0
    }
    #expect(try isAllowed() == isSaid())
    let added = try place("relay", "add", "127.0.0.77")
    #expect(try isSaid())
    #expect(try isAllowed(), "\(added.outputText)\(added.errorText)")
    try place("relay", "remove", "127.0.0.77")
    #expect(try isAllowed() == isSaid())
  }
}
