import SendmailConfig
import Testing

@Suite struct AccessRelayTests {
  static let sample = """
    # Access rules
    Connect:192.0.2.1\tRELAY
    Connect:198.51.100\tRELAY

    From:spam.example\tREJECT

    """

  private func edit(_ text: String, _ body: (inout AccessTable) throws -> Void) rethrows -> String {
    var table = AccessTable(Array(text.utf8))
    try body(&table)
    return String(decoding: table.table.text.bytes, as: UTF8.self)
  }

  @Test func addsBesideItsKind() throws {
    let result = try edit(Self.sample) { table in
      let change = try table.allowRelay(
        from: "203.0.113.25", expires: CalendarDate("2037-06-30"), note: "ACME Exchange, ticket 4711")
      #expect(change.isChange && change.warnings.isEmpty)
    }
    #expect(
      result == """
        # Access rules
        Connect:192.0.2.1\tRELAY
        Connect:198.51.100\tRELAY
        # mailcfg: relay 203.0.113.25 expires=2037-06-30 note=ACME Exchange, ticket 4711
        Connect:203.0.113.25\tRELAY

        From:spam.example\tREJECT

        """)
  }

  @Test(arguments: ["192.0.2.1", "198.51.100.77", "198.51.100.0/24", "198.51.100.64/26", "127.0.0.1"])
  func alreadyAllowed(client: String) throws {
    let result = try edit(Self.sample) { table in
      let change = try table.allowRelay(from: client)
      #expect(!change.isChange)
      let decision = try table.relayDecision(for: RelayClient(client))
      #expect(decision.mayRelay)
    }
    #expect(result == Self.sample)
  }

  @Test(arguments: [
    "203.0.113.300", "203.0.113.0/33", "203.0.113.1/24", "203.0.113", "2001:db8::/129", "2001:db8::g", "0.0.0.0/0",
    "user@example.org", "*.example.org", ".example.org", "example.org.", "org", "", "exam ple.org", "1.2.3.4\n",
    "2001:db8:::1", "1:2:3:4:5:6:7:8:9", "203.0.113.025", "example.org\nConnect:0", "203..113.4", "192", "203.0.113.",
    "IPv6:2001:db8", "203.0.113.4.",
    "/24", "1.2.3.4/",
  ])
  func refusesWhatIsNoClient(client: String) {
    #expect(throws: EditError.self) { try RelayClient(client) }
  }

  @Test func blocksBecomeTheFewestKeys() throws {
    func keys(_ text: String) throws -> [String] {
      var table = AccessTable()
      try table.allowRelay(from: text)
      return table.rules.map { "\($0.entry.key)" }
    }
    #expect(try keys("10.0.0.0/8") == ["Connect:10"])
    #expect(
      try keys("192.168.4.0/22")
        == ["Connect:192.168.4", "Connect:192.168.5", "Connect:192.168.6", "Connect:192.168.7"])
    #expect(
      try keys("10.2.3.128/30")
        == ["Connect:10.2.3.128", "Connect:10.2.3.129", "Connect:10.2.3.130", "Connect:10.2.3.131"])
    #expect(try keys("2001:db8::/32") == ["Connect:IPv6:2001:db8"])
    #expect(try keys("2001:DB8::1") == ["Connect:IPv6:2001:db8:0:0:0:0:0:1"])
    #expect(try keys("IPv6:2001:db8::/33").count == 32768)
    #expect(try keys("::ffff:192.0.2.7") == ["Connect:192.0.2.7"])
    #expect(try keys("[192.0.2.7]") == ["Connect:192.0.2.7"])
    #expect(try keys("Mail.Example.ORG") == ["Connect:mail.example.org"])
  }

  @Test func compressedAddresses() throws {
    var table = AccessTable(ipv6Form: .compressed)
    try table.allowRelay(from: "2001:db8::1")
    #expect(table.rules.map { "\($0.entry.key)" } == ["Connect:IPv6:2001:db8::1"])
    #expect(throws: EditError.self) { try table.allowRelay(from: "2001:db8:0:0::/64") }
    try table.allowRelay(from: "2001:db8:0:1::/64")
    #expect(try table.relayDecision(for: RelayClient("2001:db8:0:1:5::1")).mayRelay)
  }

  @Test func aBlockIsRemovedAsOne() throws {
    let result = try edit(Self.sample) { table in
      try table.allowRelay(from: "203.0.113.64/30", note: "block")
      #expect(table.relays.map(\.client) == ["192.0.2.1", "198.51.100.0/24", "203.0.113.64/30"])
      #expect(table.relays[2].lines.count == 4)
      let change = try table.removeRelay(from: RelayClient("203.0.113.64/30"))
      #expect(change.isChange)
    }
    #expect(result == Self.sample)
  }

  @Test func removalKeepsWhatAnotherNoteNeeds() throws {
    var table = AccessTable()
    try table.allowRelay(from: "203.0.113.65", note: "one")
    try table.allowRelay(from: "203.0.113.64/30", note: "block")
    let change = try table.removeRelay(from: RelayClient("203.0.113.64/30"))
    #expect(change.warnings.count == 1)
    #expect(table.rules.map { "\($0.entry.key)" } == ["Connect:203.0.113.65"])
  }

  @Test func namesWhatStillDenies() throws {
    var table = AccessTable(Array("203.0.113.7\tREJECT\nConnect:bad.example.org REJECT\n".utf8))
    let block = try table.allowRelay(from: "203.0.113.0/24")
    #expect(block.warnings.map(\.line) == [1])
    #expect(try !table.relayDecision(for: RelayClient("203.0.113.7")).mayRelay)
    let domain = try table.allowRelay(from: "example.org")
    #expect(domain.warnings.map(\.code) == [.relayStillDenied])
    // Asked for by its own address, the tagged key is looked up before the untagged one.
    #expect(try table.allowRelay(from: "203.0.113.7").warnings.isEmpty)
    #expect(try table.relayDecision(for: RelayClient("203.0.113.7")).mayRelay)
  }

  @Test func pruneTakesOffWhatIsOver() throws {
    var table = AccessTable(Array(Self.sample.utf8))
    try table.allowRelay(from: "203.0.113.1", expires: CalendarDate("2026-01-31"))
    try table.allowRelay(from: "203.0.113.2", expires: CalendarDate("2026-02-01"))
    let today = try #require(CalendarDate("2026-02-01"))
    #expect(try table.pruneRelays(today: today).map { "\($0.client)" } == ["203.0.113.1"])
    #expect(table.relays.map(\.client) == ["192.0.2.1", "198.51.100.0/24", "203.0.113.2"])
  }

  @Test func anEntryThatEndsDoesNotCount() throws {
    var table = AccessTable()
    try table.allowRelay(from: "203.0.113.0/24", expires: CalendarDate("2030-01-01"))
    #expect(try table.allowRelay(from: "203.0.113.9").isChange)
  }

  @Test func aNoteIsWrittenOnce() throws {
    var table = AccessTable(Array(Self.sample.utf8))
    try table.allowRelay(from: "192.0.2.1", note: "first")
    try table.allowRelay(from: "192.0.2.1", expires: CalendarDate("2030-01-01"))
    #expect(try !table.allowRelay(from: "192.0.2.1", note: "first").isChange)
    #expect(table.relays.first?.note == "first")
    #expect(table.relays.first?.expires == CalendarDate("2030-01-01"))
    #expect(table.table.text.changes.count == 1)
  }
}
