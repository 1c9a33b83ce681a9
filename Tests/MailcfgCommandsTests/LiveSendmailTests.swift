import TestSupport
import Testing

/// What a running sendmail makes of a change, in SMTP sessions that were open before it.
@Suite(.needsLiveSendmail) struct LiveSendmailTests {
  let directory: TemporaryDirectory
  let site: SendmailSite

  /// A mail directory as it was before mailcfg came: texts by hand, maps by sendmail's own programs.
  init() throws {
    directory = try TemporaryDirectory()
    try directory.write("access", "# clients\nConnect:127.0.0.80\tRELAY\nspam.example\tREJECT\n")
    try directory.write("virtusertable", "info@local.example\troot\n")
    try directory.write("aliases", "postmaster: root\nstaff: root\n")
    try directory.write("local-host-names", "local.example\n")
    site = try SendmailSite(mailDirectory: directory.path)
    try site.buildMaps()
  }

  /// Runs mailcfg on the directory; it must end well.
  @discardableResult
  func change(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) throws -> Outcome {
    let outcome = try mailcfg(["--mail-dir", directory.path] + arguments)
    #expect(outcome.status == 0, "\(arguments): \(outcome.errorText)", sourceLocation: sourceLocation)
    return outcome
  }

  @Test func aRelayIsAllowedInTheSessionThatWasOpenBefore() throws {
    let live = try site.start()
    let client = try live.connect(from: "127.0.0.77")
    let other = try live.connect(from: "127.0.0.78")
    #expect(try client.recipient("user@remote.example") == "550 5.7.1 <user@remote.example>... Relaying denied")

    try change("relay", "add", "127.0.0.77")
    #expect(try client.recipient("user@remote.example").hasPrefix("250 2.1.5 "))
    #expect(try other.recipient("user@remote.example").hasPrefix("550 5.7.1 "))
    #expect(try live.connect(from: "127.0.0.77").recipient("user@remote.example").hasPrefix("250 2.1.5 "))
    #expect(try live.connect(from: "127.0.0.80").recipient("user@remote.example").hasPrefix("250 2.1.5 "))
    #expect(try mailcfg(["--mail-dir", directory.path, "relay", "check", "127.0.0.77"]).status == 0)
    #expect(try mailcfg(["--mail-dir", directory.path, "relay", "check", "127.0.0.78"]).status == 1)

    try change("relay", "remove", "127.0.0.77")
    #expect(try client.recipient("user@remote.example").hasPrefix("550 5.7.1 "))
  }

  @Test func blocksAndIPv6ClientsRelay() throws {
    let live = try site.start(addresses: ["2001:db8:1::25", "2001:db8:2::25"])
    let inside = try live.connect(from: "127.0.9.130")
    let outside = try live.connect(from: "127.0.9.127")
    let client = try live.connect(from: "2001:db8:1::25")
    let other = try live.connect(from: "2001:db8:2::25")
    try change("relay", "add", "127.0.9.128/30", "2001:db8:1::/48")
    #expect(try inside.recipient("user@remote.example").hasPrefix("250 2.1.5 "))
    #expect(try outside.recipient("user@remote.example").hasPrefix("550 5.7.1 "))
    #expect(try client.recipient("user@remote.example").hasPrefix("250 2.1.5 "))
    #expect(try other.recipient("user@remote.example").hasPrefix("550 5.7.1 "))

    try change("relay", "remove", "127.0.9.128/30")
    #expect(try inside.recipient("user@remote.example").hasPrefix("550 5.7.1 "))
    #expect(try client.recipient("user@remote.example").hasPrefix("250 2.1.5 "))
  }

  @Test func aVirtualUserIsKnownInTheSessionThatWasOpenBefore() throws {
    let session = try site.start().connect(from: "127.0.0.77")
    #expect(try session.recipient("info@local.example").hasPrefix("250 2.1.5 "))
    #expect(try session.recipient("new@local.example") == "550 5.1.1 <new@local.example>... User unknown")
    try change("virtmap", "set", "new@local.example", "root")
    #expect(try session.recipient("new@local.example").hasPrefix("250 2.1.5 "))
    #expect(try session.recipient("info@local.example").hasPrefix("250 2.1.5 "))
    try change("virtmap", "set", "new@local.example", "error:nouser 550 5.1.1 Moved away")
    #expect(try session.recipient("new@local.example") == "550 5.1.1 <new@local.example>... Moved away")
    try change("virtmap", "remove", "new@local.example")
    #expect(try session.recipient("new@local.example").hasPrefix("550 5.1.1 "))
  }

  @Test func anAliasIsKnownInTheSessionThatWasOpenBefore() throws {
    let session = try site.start().connect(from: "127.0.0.77")
    #expect(try session.recipient("staff@local.example").hasPrefix("250 2.1.5 "))
    #expect(try session.recipient("team@local.example").hasPrefix("550 5.1.1 "))
    try change("alias", "set", "team", "root", "mail")
    #expect(try session.recipient("team@local.example").hasPrefix("250 2.1.5 "))
    #expect(
      try site.expand(["team"]) == [
        "mail... deliverable: mailer local, user mail", "root... deliverable: mailer local, user root",
      ])
    try change("alias", "remove", "team")
    #expect(try session.recipient("team@local.example").hasPrefix("550 5.1.1 "))
    #expect(try session.recipient("staff@local.example").hasPrefix("250 2.1.5 "))
  }

  /// Aliases are not followed while the recipient is named: one that leads back to its own name is taken, though nobody has an
  /// account of that name.
  @Test func whatIsSaidOfAnAliasThatLeadsToItself() throws {
    let names = ["selfish", "quoted", "mixed", "away", "first", "missing", "staff"]
    try directory.write(
      "aliases",
      """
      postmaster: root
      staff: root
      selfish: selfish
      quoted: "quoted"
      mixed: mixed, root
      away: user@remote.example, away@local.example
      first: second
      second: first

      """)
    try change("build")
    let live = try site.start()
    for name in names {
      let said = try live.connect(from: "127.0.0.78").recipient("\(name)@local.example")
      let explained = try mailcfg([
        "--mail-dir", directory.path, "explain", "--client", "127.0.0.78", "--no-ptr", "--from",
        "sender@origin.example",
        "--to", "\(name)@local.example",
      ])
      #expect(explained.outputText.contains("RCPT TO:<\(name)@local.example>: \(said)\n"), "\(explained.outputText)")
    }
  }

  @Test func manyChangesInOneSecondAreAllSeen() throws {
    let live = try site.start()
    let client = try live.connect(from: "127.0.0.77")
    for _ in 0..<5 {
      try change("relay", "add", "127.0.0.77")
      #expect(try client.recipient("user@remote.example").hasPrefix("250 2.1.5 "))
      try change("relay", "remove", "127.0.0.77")
      #expect(try client.recipient("user@remote.example").hasPrefix("550 5.7.1 "))
    }
  }
}
