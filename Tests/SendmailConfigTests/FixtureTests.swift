import SendmailConfig
import TestSupport
import Testing

/// Every text that is kept with the tests: bytes in, bytes out, and the pairs that sendmail's own programs store.
@Suite struct FixtureTests {
  static let tables =
    ((try? Fixtures.all(in: "access") + Fixtures.all(in: "virtusertable")) ?? []) + [
      "hosting/access", "hosting/virtmaps", "debian/access", "debian/virtusertable", "debian/mailertable",
    ]
  static let aliases = ((try? Fixtures.all(in: "aliases")) ?? []) + ["hosting/aliases", "debian/aliases"]
  static let classes =
    ((try? Fixtures.all(in: "classes")) ?? []) + [
      "hosting/sendmail.cw", "debian/local-host-names", "debian/relay-domains",
    ]
  static let configurations = ((try? Fixtures.all(in: "sendmail.cf")) ?? []) + ["debian/sendmail.cf"]

  @Test func theyAreThere() {
    #expect(
      Self.tables.count > 40 && Self.aliases.count > 20 && Self.classes.count > 15 && Self.configurations.count > 6)
  }

  @Test(arguments: tables + aliases + classes + configurations) func bytesInBytesOut(name: String) throws {
    let bytes = try Fixtures.bytes(name)
    #expect(Table(bytes).text.bytes == bytes)
    #expect(AliasesFile(bytes).text.bytes == bytes)
    #expect(ClassFile(bytes).text.bytes == bytes)
    #expect(ConfigurationFile(bytes).text.bytes == bytes)
  }

  /// An entry that comes and goes leaves every byte as it was, but for the newline that a last line lacked.
  @Test(arguments: tables) func anEntryComesAndGoes(name: String) throws {
    let bytes = try Fixtures.bytes(name)
    var table = Table(bytes)
    try table.set("RELAY", for: "mailcfg.test.example")
    #expect(table.text.changes.filter { $0.action != .added }.isEmpty)
    table.remove("mailcfg.test.example")
    #expect(table.text.bytes == bytes || table.text.bytes == bytes + [0x0A])
  }

  @Test(arguments: aliases) func anAliasComesAndGoes(name: String) throws {
    let bytes = try Fixtures.bytes(name)
    var file = AliasesFile(bytes)
    try file.set("mailcfg-test", to: ["anna", "bernd"])
    #expect(file.text.changes.filter { $0.action != .added }.isEmpty)
    file.remove("mailcfg-test")
    #expect(file.text.bytes == bytes || file.text.bytes == bytes + [0x0A])
  }

  @Test(.needs(.makemap, .dbDump), arguments: tables) func pairsAreMakemaps(name: String) throws {
    let bytes = try Fixtures.bytes(name)
    let table = Table(bytes)
    let answer = try Oracle.makemap(bytes)
    // What makemap takes for entries of their own is the tail of a line that is too long.
    let hasLongLine = table.diagnostics.contains { $0.code == .tableLineTooLong }
    let ours = stored(table.pairs)
    if hasLongLine {
      #expect(Set(ours).isSubset(of: Set(answer.pairs)))
    } else {
      #expect(ours == answer.pairs)
    }
    let isClean = table.diagnostics.allSatisfy { $0.severity != .error } && ours.count == table.pairs.pairs.count
    #expect(isClean == (answer.status == 0))
  }

  @Test(.needs(.sendmail, .dbDump), arguments: aliases) func pairsAreNewaliases(name: String) throws {
    let bytes = try Fixtures.bytes(name)
    let file = AliasesFile(bytes, hosts: LocalHosts(names: [Array("local.example".utf8)]))
    let answer = try Oracle.newaliases(bytes)
    #expect(storedAliases(file.pairs) == answer.pairs, "\(answer.messages)")
  }
}
