import Glibc
import SendmailConfig
import SendmailDirectory
import TestSupport
import Testing

/// A change over several tables with their maps: all or nothing.
@Suite struct ChangeTests {
  let directory: TemporaryDirectory
  let mail: MailDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try directory.copyAsItIs("hosting")
    mail = try MailDirectory(directory.path)
    try mail.build()
  }

  /// Changes three tables at once.
  private static func edit(_ tables: inout MailTables) throws(EditError) {
    try tables.access.allowRelay(from: "203.0.113.25", note: "ACME Exchange")
    try tables.aliases.add("sales", to: ["dora", "emil"])
    try tables.virtualUsers.set("anna", for: "new@shop.example")
  }

  @Test(.needs(.makemap, .sendmail, .dbDump)) func severalTablesChangeAtOnce() throws {
    let change = try mail.change(reason: "ticket 4711") { tables throws(EditError) in try Self.edit(&tables) }
    #expect(change.isChange)
    #expect(change.texts.map(\.table) == [.access, .virtmap, .alias])
    #expect(change.maps.filter(\.isRebuilt).map(\.table) == [.access, .virtmap, .alias])
    #expect(change.maps.map(\.entries) == [15, 17, 17])
    #expect(change.diff.contains("+Connect:203.0.113.25  RELAY\n"))
    #expect(change.diff.contains("+new@shop.example\tanna\n"))
    #expect(change.notices == [])
    #expect(try directory.pairs("access.db") == Oracle.makemap(directory.read("access")).pairs)
    #expect(try directory.pairs("virtmaps.db") == Oracle.makemap(directory.read("virtmaps")).pairs)
    #expect(try directory.pairs("aliases.db") == Oracle.newaliases(directory.read("aliases"), hostNames: []).pairs)
    #expect(
      try directory.names() == [
        "access", "access.db", "aliases", "aliases.db", "sendmail.cw", "virtmaps", "virtmaps.db",
      ])
    let values = try mail.lookup(["connect:203.0.113.25", "Connect:203.0.113.26"], in: .access)
    #expect(values == ["RELAY", nil])
  }

  @Test func anEditThatIsRefusedTakesAllBack() throws {
    let before = try directory.files()
    let error = try mail.refusal { tables throws(EditError) in
      try Self.edit(&tables)
      try tables.access.allowRelay(from: "203.0.113.300")
    }
    #expect(error.code == .badData)
    #expect(error.editError?.code == .badAddress)
    #expect(try directory.files() == before)
    // A destination that would need an option.
    let program = try mail.refusal(of: [.alias, .access]) { tables throws(EditError) in
      try tables.access.allowRelay(from: "203.0.113.25")
      try tables.aliases.add("sales", to: ["|/bin/sh"])
    }
    #expect(program.code == .usage)
    #expect(program.editError?.code == .needsPermission)
    #expect(try directory.files() == before)
  }

  /// An error of the caller's own stops the change, and comes out as it is.
  @Test func anErrorOfTheCallerTakesAllBack() throws {
    let before = try directory.files()
    #expect(throws: TestSupportError.self) {
      try mail.change { tables in
        try Self.edit(&tables)
        throw TestSupportError("the caller's own")
      }
    }
    #expect(try directory.files() == before)
  }

  /// What is in the way of one of the files stops the change to all.
  @Test(arguments: ["hard link of a text", "hard link of a map", "no map", "map of another type", "directory"])
  func whatIsInTheWayOfOneStopsAll(what: String) throws {
    let code: MailDirectoryError.Code
    switch what {
    case "hard link of a text":
      #expect(unsafe link(directory.path("aliases"), directory.path("second")) == 0)
      code = .inputOutput
    case "hard link of a map":
      #expect(unsafe link(directory.path("virtmaps.db"), directory.path("second")) == 0)
      code = .inputOutput
    case "no map":
      try directory.write("aliases.db", "no map\n")
      code = .badData
    case "map of another type":
      try directory.write(
        "sendmail.cf",
        "V10\nKaccess hash /etc/mail/access\nKvirtuser btree /etc/mail/virtmaps\nO AliasFile=/etc/mail/aliases\n")
      code = .badData
    default:
      #expect(unsafe unlink(directory.path("virtmaps.db")) == 0)
      #expect(unsafe mkdir(directory.path("virtmaps.db"), 0o755) == 0)
      code = .badData
    }
    let mail = try MailDirectory(directory.path)
    let before = try directory.files()
    let error = try mail.refusal { tables throws(EditError) in try Self.edit(&tables) }
    #expect(error.code == code, "\(error)")
    #expect(try directory.files() == before)
    if what != "hard link of a text" {
      let build = try failure { _ = try mail.build(force: what.hasPrefix("hard")) }
      #expect(build.code == code, "\(build)")
      #expect(try directory.files() == before)
    }
  }

  /// The maps of two tables in two directories, the second of which may not be written; for root, who may write
  /// everywhere, something else lies in the second map's place.
  @Test func aMapThatCannotBeMadeStopsAll() throws {
    let isRoot = geteuid() == 0
    try directory.makeDirectory("second")
    let second = directory.path("second")
    try writeFile(second + "/virtmaps", try directory.read("virtmaps"))
    try directory.write(
      "for-the-test.cf", "V10\nKaccess hash \(directory.path("access"))\nKvirtuser hash \(second)/virtmaps\n")
    let mail = try MailDirectory(directory.path, configuration: directory.path("for-the-test.cf"))
    if isRoot { try directory.makeDirectory("second/virtmaps.db") }
    #expect(unsafe chmod(second, 0o555) == 0)
    defer { _ = unsafe chmod(second, 0o755) }
    // The second directory's own time moves where root stages in it.
    func state() throws -> [String] { try directory.files().filter { !isRoot || !$0.hasPrefix("second ") } }
    let before = try state()
    let error = try mail.refusal(of: [.access, .virtmap]) { tables throws(EditError) in
      try tables.access.allowRelay(from: "203.0.113.25")
      try tables.virtualUsers.set("anna", for: "new@shop.example")
    }
    #expect(error.code == (isRoot ? .badData : .permission))
    #expect(error.message.contains("second"))
    #expect(try state() == before)
    #expect(try listDirectory(second).sorted() == (isRoot ? ["virtmaps", "virtmaps.db"] : ["virtmaps"]))
  }

  @Test func nothingChangedIsNothingWritten() throws {
    let before = try directory.files()
    let nothing = try mail.change { (_) throws(EditError) in }
    #expect(!nothing.isChange)
    #expect(nothing.diff == "")
    let same = try mail.change { tables throws(EditError) in
      try tables.access.allowRelay(from: "192.0.2.10")
      try tables.aliases.add("SALES", to: ["anna"])
      try tables.virtualUsers.set("anna", for: "webmaster@shop.example")
      _ = try tables.hosts.add("shop.example")
    }
    #expect(!same.isChange)
    let back = try mail.change { tables throws(EditError) in
      try Self.edit(&tables)
      _ = try tables.access.removeRelay(from: RelayClient("203.0.113.25"))
      try tables.aliases.drop(["dora", "emil"], from: "sales")
      tables.virtualUsers.remove("new@shop.example")
    }
    #expect(!back.isChange)
    #expect(back.texts.isEmpty)
    #expect(try directory.files() == before)
  }

  @Test func aDryRunWritesNothing() throws {
    let before = try directory.snapshot()
    let options = MailDirectory.Options(isDryRun: true)
    let dry = try mail.change(options: options) { tables throws(EditError) in try Self.edit(&tables) }
    #expect(try directory.snapshot() == before)
    let real = try mail.change { tables throws(EditError) in try Self.edit(&tables) }
    #expect(dry.diff == real.diff)
    #expect(dry.maps.map(\.entries) == real.maps.map(\.entries))
  }

  @Test func onlyTheTablesThatAreAskedForAreRead() throws {
    try mail.change(to: [.access]) { tables throws(EditError) in
      #expect(tables.aliases.aliases.isEmpty)
      #expect(tables.hosts.members.isEmpty)
      try tables.access.allowRelay(from: "203.0.113.25")
    }
    let tables = try mail.read([.access, .host])
    #expect(tables.hosts.members.count == 8)
    #expect(try tables.access.relayDecision(for: RelayClient("203.0.113.25")).mayRelay)
  }

  /// Another program that takes no lock of ours writes the file while a change is being made.
  @Test(arguments: [false, true])
  func whatAnotherWritesMeanwhileIsNotLost(replaces: Bool) throws {
    let theirs = Array("Connect:192.0.2.99 RELAY\n".utf8)
    let error = try mail.refusal { tables throws(EditError) in
      try Self.edit(&tables)
      do {
        try directory.write(replaces ? "access.new" : "access", theirs)
        if replaces { #expect(unsafe rename(directory.path("access.new"), directory.path("access")) == 0) }
      } catch { Issue.record(error) }
    }
    #expect(error.code == .locked)
    #expect(error.message.contains("run the command again"))
    #expect(try directory.read("access") == theirs)
    #expect(try directory.read("aliases") == Fixtures.bytes("hosting/aliases"))
    #expect(try directory.read("virtmaps") == Fixtures.bytes("hosting/virtmaps"))
    #expect(try directory.names().filter { $0.hasPrefix(".") } == [])
  }

  /// Where a text may get into a table.
  enum Place: CaseIterable {
    case accessKey, virtualUser, virtualDomain, alias, destination, newDestination, host, client

    func put(_ text: ByteString, into tables: inout MailTables) throws(EditError) {
      switch self {
      case .accessKey: try tables.access.set("OK", for: text)
      case .virtualUser: try tables.virtualUsers.set("anna", for: text + "@x.example")
      case .virtualDomain: try tables.virtualUsers.set("anna", for: "a@" + text)
      case .alias: try tables.aliases.set(text, to: ["anna"])
      case .destination: try tables.aliases.add("sales", to: [text])
      case .newDestination: try tables.aliases.set("new", to: [text])
      case .host: try tables.hosts.add(text)
      case .client: try tables.access.allowRelay(from: "\(text)")
      }
    }
  }

  /// What argv cannot carry, a program can: NUL, and bytes that are no UTF-8.
  @Test func nulAndLineBreaksAreRefused() throws {
    let before = try directory.files()
    let bad: [ByteString] = [
      "a\0b.example", "\0", "a.example\0", "a\nb.example", "\n", "a.example\n", "a\r\nb.example", " a.example",
      "#a.example", "",
    ]
    for text in bad {
      for place in Place.allCases {
        // A catch-all, and a domain that is none but does no harm.
        if place == .virtualUser && text.isEmpty || place == .virtualDomain && text == "#a.example" { continue }
        let error = try mail.refusal("\(place): \(text.escaped)") { tables throws(EditError) in
          try place.put(text, into: &tables)
        }
        #expect(error.code == .badData, "\(place): \(text.escaped): \(error)")
        #expect(error.editError != nil)
        #expect(!error.message.contains { $0.isNewline || $0 == "\0" }, "\(place): \(text.escaped)")
      }
    }
    for text in ["a\0b", "a\nb", "\n", "OK\0", "OK\n", "OK\r", " OK", ""] as [ByteString] {
      let access = try mail.refusal { tables throws(EditError) in try tables.access.set(text, for: "a.example") }
      #expect(access.code == .badData)
      let user = try mail.refusal { tables throws(EditError) in
        try tables.virtualUsers.set(text, for: "a@shop.example")
      }
      #expect(user.code == .badData)
    }
    for note in ["a\0b", "a\nb", "a\r", "\u{1B}[31m"] as [ByteString] {
      let error = try mail.refusal { tables throws(EditError) in
        _ = try tables.access.allowRelay(from: RelayClient("203.0.113.25"), note: note)
      }
      #expect(error.editError?.code == .badComment)
    }
    #expect(try directory.files() == before)
  }

  @Test func bytesThatAreNoUTF8AreKept() throws {
    let key = ByteString([0x6D, 0xFC] + Array("ller@shop.example".utf8))
    try mail.change(to: [.virtmap]) { tables throws(EditError) in try tables.virtualUsers.set("anna", for: key) }
    #expect(try mail.lookup([key], in: .virtmap) == ["anna"])
    #expect(try directory.read("virtmaps").split(separator: 0x0A).contains { $0.starts(with: key.bytes) })
  }

  @Test func aNewTableIsMadeWithItsMap() throws {
    #expect(unsafe unlink(directory.path("virtmaps")) == 0)
    #expect(unsafe unlink(directory.path("virtmaps.db")) == 0)
    let change = try mail.change(to: [.virtmap]) { tables throws(EditError) in
      try tables.virtualUsers.set("anna", for: "@shop.example")
    }
    #expect(change.texts.map(\.isNew) == [true])
    #expect(try mail.dump(.virtmap).map { "\($0.key) \($0.value)" } == ["@shop.example anna"])
  }
}

private func + (left: ByteString, right: ByteString) -> ByteString { ByteString(left.bytes + right.bytes) }

@Suite struct TablesOfAChangeTests {
  @Test func anEditOfAnotherTableIsNotLost() throws {
    let directory = try TemporaryDirectory()
    try directory.write("access", "a.example OK\n")
    let mail = try MailDirectory(directory.path)
    // A table that is not there yet is made.
    try mail.change { tables in try tables.aliases.add("sales", to: ["anna"]) }
    #expect(try directory.readText("aliases") == "sales: anna\n")
    // One that was not announced is refused.
    #expect(throws: MailDirectoryError.self) {
      try mail.change(to: [.access]) { tables in try tables.aliases.add("sales", to: ["bernd"]) }
    }
    #expect(try directory.readText("aliases") == "sales: anna\n")
  }
}
