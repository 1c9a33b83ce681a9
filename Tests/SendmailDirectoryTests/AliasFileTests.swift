import Glibc
import SendmailConfig
import SendmailDirectory
import TestSupport
import Testing

/// The forms of option AliasFile, compared with the real newaliases on the same option.
@Suite struct AliasFileTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  static let text = "Root: anna\nstaff: anna,\n\tbernd\nroot: carla\nroot:dora\n\"Help Desk\": emil\n"

  private func mail(_ aliasFile: String) throws -> MailDirectory {
    try directory.write("access", "")
    try directory.write("sendmail.cf", "V10/Berkeley\nKaccess hash /etc/mail/access\nO AliasFile=\(aliasFile)\n")
    return try MailDirectory(directory.path)
  }

  @Test(
    .needs(.sendmail, .dbDump),
    arguments: ["", "hash:", "btree:", "implicit:", "hash:-A ", "hash:-N ", "hash:-N -A ", "btree:-A "])
  func theMapIsThatOfNewaliases(specification: String) throws {
    try directory.write("aliases", Self.text)
    let mail = try mail("\(specification)/etc/mail/aliases")
    try mail.build([.alias])
    let answer = try Oracle.newaliases(Array(Self.text.utf8), hostNames: [], specification: specification)
    #expect(!answer.pairs.isEmpty)
    #expect(try directory.pairs("aliases.db") == answer.pairs)
    #expect(try DumpedMap(path: directory.path("aliases.db")).header["type"] == answer.header["type"])
    #expect(try mail.status().map(\.agrees) == [false, true])
    try mail.change(to: [.alias]) { tables throws(EditError) in try tables.aliases.add("staff", to: ["fritz"]) }
    let after = try Oracle.newaliases(directory.read("aliases"), hostNames: [], specification: specification)
    #expect(try directory.pairs("aliases.db") == after.pairs)
  }

  /// Of several files the first that is a text with a map is ours.
  @Test func severalFiles() throws {
    try directory.write("aliases", Self.text)
    try directory.write("lists", "list: anna\n")
    for (option, name) in [
      ("/etc/mail/lists,/etc/mail/aliases", "lists"), ("/etc/mail/aliases, hash:/etc/mail/lists", "aliases"),
      ("nis:mail.aliases,/etc/mail/lists", "lists"), ("text:/etc/mail/aliases, btree:/etc/mail/lists", "lists"),
      ("/etc/mail/aliases\nO AliasFile=/etc/mail/lists", "aliases"),
    ] {
      #expect(try mail(option).path(of: .alias) == directory.path(name), "\(option)")
    }
    let error = try failure { _ = try mail("nis:mail.aliases").read([.alias]) }
    #expect(error.code == .configuration)
    #expect(error.message.contains("AliasFile"))
  }

  /// Names of this host may stand behind an alias; class w tells which.
  @Test(.needs(.sendmail, .dbDump)) func namesOfThisHost() throws {
    let text = "info@local.example: anna\nx@other.example: bernd\nsales: carla\n"
    try directory.write("aliases", text)
    try directory.write("local-host-names", "local.example\n")
    let mail = try MailDirectory(directory.path)
    let change = try mail.build([.alias])
    let answer = try Oracle.newaliases(Array(text.utf8), hostNames: ["local.example"])
    #expect(try directory.pairs("aliases.db") == answer.pairs)
    #expect(change.findings.map(\.finding.severity) == [.error])
    #expect(change.findings.map(\.finding.line) == [2])
  }

  /// Without the record `@` sendmail waits for somebody to finish the map.
  @Test(.needs(.makemap, .dbDump)) func aMapWithoutItsMarkerIsBuiltAgain() throws {
    try directory.write("aliases", "root: anna\n")
    try directory.write("empty.cf", "")
    let outcome = try run(
      try Tools.makemap, ["-C", directory.path("empty.cf"), "-N", "hash", directory.path("aliases")],
      input: Array("root anna\n".utf8), environment: Tools.environment)
    #expect(outcome.status == 0)
    let mail = try MailDirectory(directory.path)
    let status = try #require(try mail.status().first)
    #expect(status.agrees == false)
    #expect(status.reason?.contains("@") == true)
    #expect(try mail.build([.alias]).maps.map(\.isRebuilt) == [true])
    #expect(try directory.pairs("aliases.db") == [.init("@\0", "@\0"), .init("root\0", "anna\0")])
  }
}
