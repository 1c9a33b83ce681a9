import Glibc
import TestSupport
import Testing

/// `mailcfg relay`: what it says, and which lines it writes.
@Suite struct RelayCommandTests {
  @Test func theMainJob() throws {
    let place = try Workplace("hosting")
    let before = try place.text("access")
    let comment = "ACME Exchange, ticket 4711"
    let added = try place("relay", "add", "203.0.113.25", "--comment", comment, "--expires", "2999-06-30")
    #expect(
      added.outputText
        == "etc-mail/access:14: added  Connect:203.0.113.25  RELAY\netc-mail/access.db: rebuilt, 15 entries\n")
    #expect(added.errorText == "")
    let lines = before.split(separator: "\n", omittingEmptySubsequences: false)
    let expected =
      lines[..<12] + [
        "# mailcfg: relay 203.0.113.25 expires=2999-06-30 note=\(comment)", "Connect:203.0.113.25  RELAY",
      ]
      + lines[12...]
    #expect(try place.text("access") == expected.joined(separator: "\n"))

    let again = try place("relay", "add", "203.0.113.25")
    #expect(again.outputText == "etc-mail/access:14: 203.0.113.25 may relay already; nothing to do\n")
    #expect(
      again.errorText
        == "mailcfg: 203.0.113.25 may relay until 2999-06-30; --expires DAY or --no-expires changes that\n")
    let check = try place("relay", "check", "203.0.113.25")
    #expect(check.outputText == "etc-mail/access:14: 203.0.113.25 may relay: Connect:203.0.113.25  RELAY\n")
    #expect(try place("lookup", "access", "connect:203.0.113.25").outputText == "RELAY\n")

    let removed = try place("relay", "remove", "203.0.113.25")
    #expect(
      removed.outputText
        == "etc-mail/access:14: removed  Connect:203.0.113.25  RELAY\netc-mail/access.db: rebuilt, 14 entries\n")
    #expect(try place.text("access") == before)
    let gone = try place("relay", "remove", "203.0.113.25")
    #expect(gone.outputText == "etc-mail/access: 203.0.113.25 has no entry of its own; nothing to do\n")
    let no = try place("relay", "check", "203.0.113.25", status: 1)
    #expect(no.outputText == "etc-mail/access: 203.0.113.25 may not relay: no entry for it\n")
  }

  @Test func anUntaggedKeyThatGrantsRelayingCounts() throws {
    let place = try Workplace("hosting")
    try place("build")
    let before = try place.snapshot()
    let outcome = try place("relay", "add", "198.51.100.77")
    #expect(outcome.outputText == "etc-mail/access:9: 198.51.100.77 may relay already; nothing to do\n")
    #expect(try place.snapshot() == before)
  }

  @Test func anEntryThatStillDeniesIsNamed() throws {
    let place = try Workplace("hosting")
    let outcome = try place("relay", "add", "192.0.2.0/24")
    #expect(outcome.errorText.contains("etc-mail/access:"))
    #expect(outcome.errorText.contains("192.0.2.200"))
    #expect(outcome.errorText.contains("mailcfg access remove 192.0.2.200"))
    #expect(try place("relay", "check", "192.0.2.193").status == 0)
  }

  @Test func aBlockIsOneThing() throws {
    let place = try Workplace("hosting")
    let before = try place.read("access")
    let added = try place("relay", "add", "192.0.2.128/30", "2001:db8::/47")
    let lines = added.outputText.split(separator: "\n")
    #expect(
      lines == [
        "etc-mail/access:14: added  Connect:192.0.2.128  RELAY",
        "etc-mail/access:15: added  Connect:192.0.2.129  RELAY",
        "etc-mail/access:16: added  Connect:192.0.2.130  RELAY",
        "etc-mail/access:17: added  Connect:192.0.2.131  RELAY",
        "etc-mail/access:19: added  Connect:IPv6:2001:db8:0  RELAY",
        "etc-mail/access:20: added  Connect:IPv6:2001:db8:1  RELAY", "etc-mail/access.db: rebuilt, 20 entries",
      ])
    let list = try place("relay", "list").outputText
    #expect(list.contains("etc-mail/access:14: 192.0.2.128/30  (4 entries)\n"))
    #expect(list.contains(": 2001:db8::/47  (2 entries)\n"))
    for (client, status) in [
      ("192.0.2.131", 0), ("192.0.2.132", 1), ("192.0.2.128/30", 0), ("192.0.2.128/29", 1), ("2001:db8:1:2::9", 0),
      ("2001:db8:2::9", 1),
    ] as [(String, Int32)] {
      try place("relay", "check", client, status: status)
    }
    let again = try place("relay", "add", "192.0.2.128/30")
    #expect(again.outputText == "etc-mail/access:14: 192.0.2.128/30 may relay already; nothing to do\n")
    try place("relay", "remove", "192.0.2.128/30", "2001:db8::/47")
    #expect(try place.read("access") == before)
  }

  /// An entry that two blocks share is there for both.
  @Test func aBlockWithinABlockIsWhole() throws {
    let place = try Workplace("hosting")
    try place("-q", "relay", "add", "10.0.0.0/14")
    try place("-q", "relay", "add", "10.1.0.0/16")
    let list = try place("relay", "list").outputText
    #expect(list.contains(": 10.0.0.0/14  (4 entries)\n") && list.contains(": 10.1.0.0/16\n"), "\(list)")
    try place("-q", "access", "remove", "Connect:10.2")
    #expect(try place("relay", "list").outputText.contains(": 10.0.0.0/14  (3 of its 4 entries)\n"))
  }

  @Test func hostsAndDomainsRelay() throws {
    let place = try Workplace("hosting")
    try place("relay", "add", "exchange.acme.example", "203.0.113.0/24")
    #expect(try place("lookup", "access", "connect:exchange.acme.example").outputText == "RELAY\n")
    #expect(try place("lookup", "access", "connect:203.0.113").outputText == "RELAY\n")
    try place("relay", "check", "mx.exchange.acme.example")
    try place("relay", "check", "acme.example", status: 1)
    let list = try place("relay", "list").outputText
    #expect(list.contains(": exchange.acme.example\n"))
    #expect(list.contains(": 203.0.113.0/24\n"))
  }

  @Test func whatHasExpiredIsPruned() throws {
    let place = try Workplace("hosting")
    let before = try place.read("access")
    try place("relay", "add", "192.0.2.71", "--expires", "2999-12-31")
    // Nobody can add what is over; it was added long ago.
    try place("relay", "add", "192.0.2.72", "192.0.2.80/30")
    let note = "# mailcfg: relay 192.0.2.80/30"
    try place.replace(note, with: note + " expires=2020-02-29 note=over", in: "access")
    try place("build", "access")
    let dry = try place("--dry-run", "relay", "prune").outputText
    #expect(dry.contains("-# mailcfg: relay 192.0.2.80/30 expires=2020-02-29 note=over\n"))
    let pruned = try place("relay", "prune")
    #expect(pruned.outputText.split(separator: "\n").count == 5)
    #expect(pruned.outputText.hasSuffix("etc-mail/access.db: rebuilt, 16 entries\n"))
    try place("relay", "check", "192.0.2.81", status: 1)
    try place("relay", "check", "192.0.2.71")
    let snapshot = try place.snapshot()
    let again = try place("relay", "prune")
    #expect(again.outputText == "")
    #expect(again.errorText == "")
    #expect(try place.snapshot() == snapshot)
    try place("relay", "remove", "192.0.2.71", "192.0.2.72")
    #expect(try place.read("access") == before)
  }

  @Test func anEndMayBeChanged() throws {
    let place = try Workplace("hosting")
    try place("relay", "add", "192.0.2.71", "--comment", "printer")
    try place("relay", "add", "192.0.2.71", "--expires", "2999-12-31")
    #expect(try place.text("access").contains("# mailcfg: relay 192.0.2.71 expires=2999-12-31 note=printer\n"))
    #expect(try place("relay", "list").outputText.contains(": 192.0.2.71  until 2999-12-31  printer\n"))
    let snapshot = try place.snapshot()
    try place("relay", "add", "192.0.2.71", "--expires", "2999-12-31", "--comment", "printer")
    #expect(try place.snapshot() == snapshot)
  }

  @Test func whatAnotherToolMovedIsStillRemoved() throws {
    let place = try Workplace("hosting")
    try place("relay", "add", "192.0.2.128/31", "--comment", "x")
    // A panel that turns its lines around, and appends one of its own.
    let lines = try place.read("access").split(separator: 0x0A)
    place.write(
      "access", Array(lines.reversed().joined(separator: [0x0A])) + Array("\nConnect:192.0.2.140\tRELAY\n".utf8))
    try place("relay", "remove", "192.0.2.128/31")
    #expect(try place.text("access").contains("192.0.2.128") == false)
    #expect(try place.text("access").contains("192.0.2.129") == false)
    #expect(try place.text("access").hasSuffix("\nConnect:192.0.2.140\tRELAY\n"))
  }
}
