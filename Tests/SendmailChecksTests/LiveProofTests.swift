import Glibc
import SendmailChecks
import SendmailConfig
import TestSupport
import Testing

/// What a running sendmail answers, and how it takes modes and owners.
@Suite(.needsLiveSendmail) struct LiveProofTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// A mail directory with the wrong example of a section in it.
  private func site(_ code: String, others: [String: String] = [:]) throws -> SendmailSite {
    let section = try #require(DocumentedCheck.all.first { $0.code == code })
    for (name, bytes) in section.wrong where !name.hasPrefix("/") && name != "ls" { try directory.write(name, bytes) }
    for (name, text) in others { try directory.write(name, text) }
    try directory.write("local-host-names", "example.org\n")
    let site = try SendmailSite(mailDirectory: directory.path)
    try site.buildMaps()
    return site
  }

  @Test func aTextWithoutQuotesLosesBlanks() throws {
    let session = try site("access.text-loses-blanks").start().connect(from: "127.0.0.77")
    let reply = try session.command("MAIL FROM:<a@spam.example>")
    #expect(reply == "550 5.7.1 <a@spam.example>... No,thank you")
  }

  /// A refusal that is answered otherwise than its value says is found, and no other.
  @Test func refusalsWithOtherCodesAreFound() throws {
    let values = [
      "\"RELAY\"", "\"REJECT\"", "REJECT", "192.0.2.7 RELAY", "550text", "550-5.7.1 text", "55 text", "5500 text",
      "550 5.7.1 text", "550 text", "\"550 text\"", "\"no text\"", "ERROR:5.7.1:\"550 text\"", "ERROR:5.7.1:550",
      "ERROR:5.7.1:550 text", "ERROR:550 5.7.1 text", "ERROR:2.1.1:250 fine", "250 fine", "\"250 fine\"", "354 go",
      "450 later", "ERROR:4.7.1:451 later", "RELAY;", "4711", "421 4.7.0 bye",
    ]
    let table = values.enumerated().map { "From:v\($0).example \($1)\n" }.joined()
    let session = try site("access.text-loses-blanks", others: ["access": table]).start().connect(from: "127.0.0.77")
    let found = Checker().run(try ExampleInput.make(["access": Array(table.utf8)])).findings
    for (number, value) in values.enumerated() {
      try session.command("RSET")
      let reply = try session.command("MAIL FROM:<a@v\(number).example>")
      // A refusal of sendmail's own making, or one that is none for the client.
      let isOdd = reply.hasPrefix("553 5.3.0") || !["4", "5"].contains(reply.prefix(1))
      let codes = found.filter { $0.diagnostic.line == number + 1 }.map(\.diagnostic.code.rawValue)
      #expect(codes.isEmpty != isOdd, "\(value): \(reply) \(codes)")
      if value == "421 4.7.0 bye" { break }
    }
  }

  /// Virtual users that are refused otherwise than their values say are found, and no others.
  @Test func virtualUsersThatAreRefusedOtherwiseAreFound() throws {
    let values = [
      "error:5.1.1 550 gone", "error:5.1.1:550 gone", "error:nouser 550 5.1.1 gone", "error:nouser gone",
      "error:4.7.0 450 later", "error:4.7.0:450 later", "error:5.1.1 gone", "%0", "%1", "anna", "v8@example.org",
      "v9+x@example.org",
    ]
    let table = values.enumerated().map { "v\($0)@example.org \($1)\n" }.joined() + "v12+*@example.org %0\n"
    let others = ["virtusertable": table]
    let session = try site("virtmap.error-code-mismatch", others: others).start().connect(from: "127.0.0.77")
    let input = ["virtusertable": Array(table.utf8), "local-host-names": Array("example.org\n".utf8)]
    let found = Checker().run(try ExampleInput.make(input)).findings
    for number in 0...values.count {
      let reply = try session.recipient("v\(number)\(number == 12 ? "+d" : "")@example.org")
      let isOdd = reply.hasPrefix("553 5.3.0") || reply.hasPrefix("554 ")
      let codes = found.filter { $0.diagnostic.line == number + 1 }.map(\.diagnostic.code.rawValue)
      #expect(codes.isEmpty != isOdd, "\(number): \(reply) \(codes)")
    }
  }

  @Test func clientsAreNotQuarantined() throws {
    let others = ["access": "Connect:127.0.0.77 QUARANTINE:odd\nTo:root@example.org OK\n"]
    let session = try site("access.quarantine-on-connect", others: others).start().connect(from: "127.0.0.77")
    #expect(try session.command("MAIL FROM:<a@remote.test>").hasPrefix("250 "))
    #expect(try session.command("RCPT TO:<root@example.org>").hasPrefix("250 "))
  }

  @Test func codesThatContradictEachOtherAreSentAsTheyAre() throws {
    let session = try site("virtmap.error-code-mismatch").start().connect(from: "127.0.0.77")
    #expect(try session.recipient("info@example.org") == "450 5.1.1 <info@example.org>... No such user")
  }

  @Test func aRateThatIsNoNumberIsNone() throws {
    // Read as a number it is 0, which any rate is above, and not the word 0 that stands for no limit.
    let others = [
      "sendmail.cf": """
      V10/Berkeley
      Karith arith
      Stest
      R$*\t\t$: $(arith l $@ $1 $@ 3 $)

      """
    ]
    for (name, text) in others { try directory.write(name, text) }
    let site = try SendmailSite(mailDirectory: directory.path, configuration: directory.path("other.cf"))
    let bytes = try directory.read("sendmail.cf")
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst(2)
    let own = String(decoding: try directory.read("other.cf"), as: UTF8.self)
    try directory.write("other.cf", own + lines.joined(separator: "\n") + "\n")
    let outcome = try site.sendmail(["-bt"], input: Array("test unlimited\n".utf8))
    #expect(outcome.outputText.contains("returns: TRUE"), "\(outcome.outputText)\(outcome.errorText)")
  }

  @Test func aUserDatabaseThatIsNoBtreePutsMailOff() throws {
    let section = try #require(DocumentedCheck.all.first { $0.code == "map.user-database" })
    try directory.write("userdb", try #require(section.wrong["userdb"]))
    for name in ["virtusertable", "mailertable"] { try directory.write(name, "") }
    let site = try SendmailSite(mailDirectory: directory.path)
    try site.buildMaps()
    let text = try directory.readText("sendmail.cf")
    try directory.write("sendmail.cf", text + "O UserDatabaseSpec=\(directory.path)/userdb.db\n")
    for type in ["btree", "hash", ""] {
      // A type of none is a file that is no database.
      _ = unsafe unlink(directory.path("userdb.db"))
      try directory.write("userdb.db", type.isEmpty ? "anna:maildrop anna@example.net\n" : "")
      if !type.isEmpty {
        _ = try run(
          try Tools.makemap, ["-C", site.configuration, type, directory.path("userdb")],
          input: try directory.read("userdb"), environment: Tools.environment)
      }
      let daemon = try site.start()
      let session = try daemon.connect(from: "127.0.0.77")
      for (user, isKnown) in [("anna", true), ("nosuch", false), ("root", true)] {
        let reply = try session.recipient(user)
        switch (type, isKnown) {
        case ("btree", true): #expect(reply == "250 2.1.5 <\(user)>... Recipient ok")
        case ("btree", false): #expect(reply == "550 5.1.1 <\(user)>... User unknown")
        default: #expect(reply == "250 2.1.5 <\(user)>... Recipient ok (will queue)")
        }
      }
      guard type != "btree" else { continue }
      let said = try site.sendmail(["-odi", "-v", "root"], input: Array("Subject: a mail\n\nThe mail.\n".utf8))
        .outputText
      #expect(said.contains("root... queued (user database error)"), "\(said)")
    }
  }

  // MARK: Modes and owners

  @Test func newaliasesRefusesAFileThatOthersMayWriteTo() throws {
    let site = try site("file.unsafe-aliases")
    for (mode, reason) in [
      (UInt32(0o664), "Group writable file"), (0o646, "World writable file"), (0o755, "Executable files"),
    ] {
      #expect(unsafe chmod(directory.path("aliases"), mode) == 0)
      let outcome = try site.sendmail(["-bi"])
      #expect(outcome.outputText.contains(reason) && outcome.status == 0, "\(outcome.outputText)")
    }
  }

  @Test func aDirectoryThatOthersMayWriteToHidesMapsAndClassFiles() throws {
    let site = try site("file.unsafe-directory")
    #expect(unsafe chmod(directory.path, 0o757) == 0)
    let outcome = try site.sendmail(["-bv", "root"])
    let said = outcome.outputText + outcome.errorText
    #expect(said.contains("fileclass: cannot open") && said.contains("World writable directory"), "\(said)")
    #expect(outcome.status == 71)
  }

  @Test func aMapOfAnotherUserHasToBeReadableForAll() throws {
    let site = try site("file.unreadable")
    let map = directory.path("access.db")
    #expect(try site.lookUp(["from:spam.example"], in: "access") == ["REJECT"])
    #expect(unsafe chown(map, 8, 8) == 0 && chmod(map, 0o640) == 0)
    #expect(throws: TestSupportError.self) { try site.lookUp(["from:spam.example"], in: "access") }
    #expect(unsafe chmod(map, 0o644) == 0)
    #expect(try site.lookUp(["from:spam.example"], in: "access") == ["REJECT"])
  }

  @Test func aMapThatAllMayWriteToIsTaken() throws {
    let site = try site("file.writable")
    #expect(unsafe chmod(directory.path("access.db"), 0o666) == 0)
    #expect(try site.lookUp(["from:spam.example"], in: "access") == ["REJECT"])
  }

  @Test func whereALinkLeadsIsNotLookedAt() throws {
    let site = try site("file.unsafe-link")
    try directory.makeDirectory("open", mode: 0o777)
    let target = directory.path("open/real.db")
    #expect(unsafe chmod(directory.path("open"), 0o777) == 0)
    #expect(
      unsafe rename(directory.path("access.db"), target) == 0 && symlink(target, directory.path("access.db")) == 0)
    #expect(try site.lookUp(["from:spam.example"], in: "access") == ["REJECT"])
  }

  @Test func aLinkIsReadAndNotWritten() throws {
    let site = try site("file.linked-map")
    let map = directory.path("access.db")
    #expect(unsafe rename(map, directory.path("real.db")) == 0 && symlink("real.db", map) == 0)
    #expect(try site.lookUp(["from:spam.example"], in: "access") == ["REJECT"])
    #expect(throws: TestSupportError.self) { try site.buildMaps() }
  }
}
