import Glibc
import SendmailConfig
import SystemSupport
import TestSupport
import Testing

@testable import SendmailDirectory

/// The history by the library, and the format of its file.
@Suite struct HistoryTests {
  let directory: TemporaryDirectory
  var mail: MailDirectory { get throws { try MailDirectory(directory.path) } }

  init() throws {
    directory = try TemporaryDirectory()
    try directory.write("access", "Connect:192.0.2 RELAY\n")
    try directory.write("aliases", "root: anna\r\npostmaster: root")
  }

  private func record() -> ChangeRecord {
    let patch = TextPatch(hunks: [
      .init(
        old: 0, new: 0,
        lines: [
          .init(.kept, "a b\n"), .init(.removed, ByteString([0xE4, 0x25, 0x0D, 0x0A])), .init(.added, "AuthInfo:x P"),
        ])
    ])
    let text = ChangeRecord.TextRecord(
      table: .access, place: "dir name/%\u{FC}", isNew: false, removedLines: 1, addedLines: 1, patch: patch,
      contents: KnownMaps.Contents(size: 10, fingerprint: Fingerprint(first: 1, second: 2)),
      key: FingerprintKey(first: 3, second: 4))
    var cut = text
    cut.patch = nil
    cut.table = .host
    cut.isNew = true
    var record = ChangeRecord(ChangeOrigin(reason: "a\nb", undoes: 4), MailDirectory.Options(), [text, cut])
    record.id = 5
    record.time = 1_700_000_000
    record.user = ChangeRecord.User(number: 7, name: nil)
    record.sudoUser = ChangeRecord.User(number: 9, name: "an na")
    record.command = ["undo", "", "4"]
    return record
  }

  /// A format that another version reads: pinned, checksum and all.
  @Test func isWrittenLikeThis() {
    #expect(
      record().text == """
        change 5 1700000000
        user 7 \n\
        sudo an%20na 9
        command undo  4
        reason a%0ab
        undoes 4
        text access old dir%20name/%25%c3%bc 00000000000000030000000000000004 10:00000000000000010000000000000002 1 1 whole
        hunk 0 0
        =a b%0a
        -%e4%25%0d%0a
        +AuthInfo:x P
        text host new dir%20name/%25%c3%bc 00000000000000030000000000000004 10:00000000000000010000000000000002 1 1 cut
        end 5 354 5c7c7a5bfd801aaa

        """)
  }

  @Test func readsWhatItWrites() throws {
    let written = record()
    let bytes = Array((ChangeRecord.header + written.text).utf8)
    let read = try #require(ChangeRecord.records(in: bytes).first?.record)
    #expect(read.text == written.text)
    #expect(read.texts[0].patch == written.texts[0].patch)
    #expect((read.id, read.time, read.undoes) == (5, 1_700_000_000, 4))
    #expect(read.command == ["undo", "", "4"] && read.reason == "a\nb")
    #expect(read.user == written.user && read.sudoUser == written.sudoUser)
    #expect(!read.isUndoable && read.texts[0].patch != nil)
  }

  @Test func tornOrFlippedARecordIsNotThere() {
    var first = record()
    first.id = 4
    let start = Array((ChangeRecord.header + first.text).utf8)
    let bytes = start + Array(record().text.utf8)
    for end in start.count..<bytes.count {
      #expect(ChangeRecord.records(in: Array(bytes[..<end])).map(\.record.id) == [4])
    }
    for index in start.indices {
      var flipped = bytes
      flipped[index] ^= 1
      let ids = ChangeRecord.records(in: flipped).map(\.record.id)
      // Without its last line end it swallows the beginning of the next one.
      if index == start.count - 1 { continue }
      #expect(ids == [5] || index < ChangeRecord.header.utf8.count && ids == [4, 5], "\(index)")
    }
  }

  @Test func changesOfTheLibrary() throws {
    let before = try directory.read("aliases")
    let change = try mail.change(reason: "ticket 4711") { tables in
      try tables.access.allowRelay(from: "203.0.113.25", note: "ACME")
      try tables.aliases.add("sales", to: ["anna", "bernd"])
    }
    #expect(change.id == 1)
    let record = try #require(try mail.history().first)
    #expect(record.reason == "ticket 4711" && record.command == nil)
    #expect(record.texts.map(\.table) == [.access, .alias])
    #expect(record.texts.map(\.place) == ["access", "aliases"])
    #expect(String(decoding: record.texts[0].diff(), as: UTF8.self).contains("+Connect:203.0.113.25 RELAY\n"))
    let undo = try mail.undo()
    #expect(undo.record?.id == 1 && undo.change.id == 2)
    #expect(undo.change.texts.count == 2)
    #expect(try directory.read("aliases") == before)
    #expect(try mail.undo().record == nil)
    #expect(try mail.undo(1).record?.undoneBy == 2)
    let error = try failure { _ = try mail.undo(17) }
    #expect(error.code == .badData)
  }

  /// Texts elsewhere, by absolute path; and a table that has moved since.
  @Test func textsElsewhere() throws {
    try directory.makeDirectory("mail")
    try directory.write("mail/access", "Connect:192.0.2 RELAY\n")
    let mail = try MailDirectory(directory.path("mail"))
    try mail.change { try $0.aliases.add("sales", to: ["anna"]) }
    #expect(try mail.history()[0].texts.map(\.place) == [directory.path("aliases")])
    #expect(try listDirectory(directory.path).contains(".mailcfg.history") == false)
    try directory.write("mail/aliases", "sales: anna\n")
    let error = try failure { _ = try mail.undo() }
    #expect(error.code == .configuration && error.message.contains("was made to \(directory.path("aliases"))"))
    #expect(unsafe unlink(directory.path("mail/aliases")) == 0)
    try mail.undo()
    #expect(try directory.read("aliases") == Array("root: anna\r\npostmaster: root".utf8))
  }

  @Test func aPasswordComesBack() throws {
    let mail = try mail
    let secret: ByteString = "\"U:anna\" \"P:marker\""
    try mail.change { try $0.access.set(secret, for: "AuthInfo:mx.example") }
    let change = try mail.change { $0.access.table.remove("AuthInfo:mx.example") }
    #expect(!change.diff.contains("marker") && change.diff.contains("-AuthInfo:mx.example\t***"))
    #expect(String(decoding: change.texts[0].diffWithSecrets, as: UTF8.self).contains("marker"))
    try mail.undo()
    #expect(try mail.read([.access]).access.table.entry(for: "AuthInfo:mx.example")?.value == secret)
  }

  /// What comes back may stand before an entry that somebody has made since; the first of a table counts, the last alias.
  @Test func whatCountsByNowGoesOnCounting() throws {
    let rest = "# a\n# b\n# c\n# d\nFrom:spam.example REJECT\n"
    try directory.write("access", "Connect:192.0.2 RELAY\nConnect:198.51.100.1 RELAY\n\(rest)")
    try mail.change { $0.access.table.remove("Connect:198.51.100.1") }
    let later = "Connect:192.0.2 RELAY\n\(rest)connect:198.51.100.1 REJECT\n"
    try directory.write("access", later)
    let error = try failure { _ = try mail.undo() }
    #expect(error.code == .badData)
    #expect(error.message.contains("access:7 is what counts for connect:198.51.100.1"), "\(error)")
    #expect(try directory.readText("access") == later)
    // One that says the same is in nobody's way, nor is one that stands before.
    try directory.write("access", "Connect:198.51.100.1 REJECT\n" + later.replacing("REJECT", with: "RELAY"))
    try mail.undo()
    #expect(try mail.read([.access]).access.table.entry(for: "Connect:198.51.100.1")?.value == "REJECT")

    try directory.write("aliases", "# a\n# b\n# c\nroot: anna\n# d\n# e\n# f\n")
    try mail.change { _ = $0.aliases.remove("root") }
    try directory.write("aliases", "root: eve\n# a\n# b\n# c\n# d\n# e\n# f\n")
    #expect(try failure { _ = try mail.undo() }.message.contains("aliases:1 is what counts for root"))
    try directory.write("aliases", "# a\n# b\n# c\n# d\n# e\n# f\nroot: eve\n")
    try mail.undo()
    #expect(try directory.readText("aliases") == "# a\n# b\n# c\nroot: anna\n# d\n# e\n# f\nroot: eve\n")
  }

  /// A comment is no place for a password, but people write it there.
  @Test func aPasswordInACommentIsNotWrittenDown() throws {
    var options = MailDirectory.Options()
    options.command = [
      "relay", "add", "203.0.113.9", "--comment", "AuthInfo:x marker", "--comment=authinfo:x\tmarker",
      "AuthInfo:x \"P:marker\"", "AuthInfo:mx.example", "ticket AuthInfo: marker",
    ]
    try mail.change(reason: "AuthInfo:x marker", options: options) { try $0.access.allowRelay(from: "203.0.113.9") }
    let record = try #require(try mail.history().first)
    #expect(try !directory.readText(".mailcfg.history").contains("marker"))
    #expect(record.reason == "AuthInfo:x ***")
    #expect(
      record.command == [
        "relay", "add", "203.0.113.9", "--comment", "AuthInfo:x ***", "--comment=authinfo:x ***", "AuthInfo:x ***",
        "AuthInfo:mx.example", "ticket AuthInfo: ***",
      ])
  }

  @Test func aTornTailIsWrittenOver() throws {
    let mail = try mail
    for number in 1...3 { try mail.change { try $0.access.set("OK", for: ByteString("From:n\(number).example")) } }
    let whole = try directory.read(".mailcfg.history")
    for tail in ["xx", "change 4 12\nuser 0 root\n", "end 4 0 cbf29ce484222325\n", "\n"] {
      try directory.write(".mailcfg.history", whole + Array(tail.utf8), mode: 0o600)
      #expect(try mail.history().map(\.id) == [1, 2, 3])
      let change = try mail.change { try $0.access.set("REJECT", for: ByteString("From:t\(tail.utf8.count).example")) }
      #expect(change.id == 4)
      #expect(try mail.history().map(\.id) == [1, 2, 3, 4])
      #expect(try directory.read(".mailcfg.history").starts(with: whole))
    }
    // An empty file is a new one.
    try directory.write(".mailcfg.history", "", mode: 0o600)
    #expect(try mail.change { try $0.access.set("OK", for: "From:n.example") }.id == 1)
  }

  /// The file is bounded, by records and by bytes, and so is a record.
  @Test func itIsBounded() throws {
    let mail = try mail
    try mail.change { try $0.access.set("OK", for: "From:n0.example") }
    var text = ChangeRecord.header
    var record = try mail.history()[0]
    for id in 1...HistoryFile.mostRecords {
      record.id = id
      text += record.text
    }
    try directory.write(".mailcfg.history", text, mode: 0o600)
    let change = try mail.change { try $0.access.set("OK", for: "From:n1.example") }
    #expect(change.id == 2001)
    let kept = try mail.history().map(\.id)
    #expect(kept == Array(1001...2001))
    let small = try directory.read(".mailcfg.history").count
    try mail.change { try $0.access.set("OK", for: "From:n2.example") }
    #expect(try mail.history().count == 1002)
    #expect(try directory.read(".mailcfg.history").count < small + 1000)

    // A quarter of a megabyte a change.
    let line = "#" + String(repeating: "x", count: 1000)
    func lines(_ name: String, _ count: Int) -> [UInt8] { (0..<count).flatMap { Array("\(line)\(name)\($0)\n".utf8) } }
    for number in 0..<24 {
      try mail.change { $0.edit(.access) { $0.append(lines("a\(number)-", 250)) } }
      #expect(try directory.read(".mailcfg.history").count <= HistoryFile.mostBytes)
    }
    let last = try mail.history()
    #expect(last.last?.id == 2026 && last.count < 24)
    try mail.undo()

    let many = try mail.change { $0.edit(.access) { $0.append(lines("b", 600)) } }
    #expect(many.id == 2028)
    let large = try #require(try mail.history().last)
    #expect(!large.isUndoable && large.texts[0].addedLines == 600 && large.texts[0].diff().isEmpty)
    let error = try failure { _ = try mail.undo() }
    #expect(error.code == .badData && error.message.contains("too large"))
  }
}
