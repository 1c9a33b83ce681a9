import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// `mailcfg history` and `mailcfg undo`.
@Suite struct HistoryCommandTests {
  struct History: Decodable {
    struct User: Decodable {
      var name: String?
      var number: UInt32?
    }
    struct Text: Decodable {
      var table: String
      var file: String
      var added: Int
      var removed: Int
      var diff: String?
    }
    struct Change: Decodable {
      var id: Int
      var time: String
      var user: User
      var sudoUser: User?
      var command: [String]?
      var reason: String?
      var undoes: Int?
      var undoneBy: Int?
      var undoable: Bool
      var texts: [Text]
    }
    var version: Int
    var changes: [Change]
  }

  static func history(_ place: Workplace, _ arguments: String...) throws -> [History.Change] {
    try ChangeOutputTests.decode(History.self, place.run(["--json", "history"] + arguments)).changes
  }

  private static let texts = ["access", "virtmaps", "aliases", "sendmail.cw"]

  private static func bytes(_ place: Workplace) throws -> [[UInt8]] { try texts.map { try place.read($0) } }

  /// Sees that every map is what the real programs make of its text.
  private static func expectMaps(_ place: Workplace) throws {
    try place.expectMap("access.db", of: "access")
    try place.expectMap("virtmaps.db", of: "virtmaps")
    try place.expectAliasMap(hostNames: [])
  }

  /// Right after a change its undo brings back the very bytes, and the undo of that the change.
  @Test(.needs(.makemap, .dbDump), arguments: ChangeOutputTests.commands.filter { $0[0] != "build" })
  func undoRestoresEveryByte(command: [String]) throws {
    let place = try Workplace("hosting")
    try place("-q", "build")
    let before = try Self.bytes(place)
    try place.run(["-q"] + command)
    let after = try Self.bytes(place)
    let change = try #require(try Self.history(place).first)
    #expect(change.id == 1 && change.command == ["--mail-dir", "etc-mail", "-q"] + command && change.undoable)

    let everything = try place.everything()
    let dry = try place("undo", "--dry-run")
    #expect(try place.everything() == everything)
    #expect(dry.outputText.hasPrefix("--- etc-mail/"))
    let undo = try place("undo")
    #expect(try Self.bytes(place) == before)
    #expect(undo.outputText.contains("etc-mail/"))
    try place.expectMap("access.db", of: "access")
    try place.expectMap("virtmaps.db", of: "virtmaps")
    #expect(try place("status", "--json").outputText.contains("\"agrees\" : false") == false)
    #expect(try place("undo").outputText == "etc-mail: there is no change to undo; nothing to do\n")
    #expect(try place("undo", "1").outputText == "etc-mail: change 1 is undone already, by change 2; nothing to do\n")

    try place("undo", "2")
    #expect(try Self.bytes(place) == after)
    #expect(try Self.history(place).map(\.undoneBy) == [nil, 3, nil])
    #expect(try Self.history(place).map(\.undoes) == [2, 1, nil])
    try place("undo")
    #expect(try Self.bytes(place) == before)
    #expect(try Self.history(place).map(\.undoneBy) == [nil, nil, 3, 4])
  }

  /// One undo after the other goes back to the beginning.
  @Test func backToTheBeginning() throws {
    let place = try Workplace("hosting")
    try place("-q", "build")
    var states = [try Self.bytes(place)]
    let commands = ChangeOutputTests.commands.filter { $0[0] != "build" }
    for command in commands {
      try place.run(["-q"] + command)
      states.append(try Self.bytes(place))
    }
    let made = try Self.history(place).count
    #expect(made > 15)
    var undone = 0
    while !(try place("undo").outputText.contains("no change to undo")) { undone += 1 }
    #expect(undone == made)
    #expect(try Self.bytes(place) == states[0])
    #expect(try place("status").outputText.contains("differ") == false)
  }

  /// A change in the middle is taken back and what others did before and since stays.
  @Test(.needs(.makemap, .dbDump)) func inTheMiddle() throws {
    let place = try Workplace("hosting")
    try place("-q", "build")
    try place("-q", "relay", "add", "192.0.2.7")
    try place("-q", "relay", "add", "198.18.4.0/22", "--comment", "branch")
    try place("-q", "relay", "add", "192.0.2.9")
    place.write("access", try place.read("access") + Array("\nhand.example\tREJECT\n".utf8))
    try place("undo", "2")
    let text = try place.text("access")
    #expect(text.contains("192.0.2.7") && text.contains("192.0.2.9") && text.contains("hand.example"))
    #expect(!text.contains("198.18"))
    try place.expectMap("access.db", of: "access")
  }

  @Test func laterEditsThatOverlapAreShown() throws {
    let place = try Workplace("hosting")
    try place("-q", "build")
    try place("-q", "access", "set", "From:new.example", "REJECT")
    try place("-q", "access", "set", "From:new.example", "OK")
    let message = try place.refused(65, "undo", "1")
    #expect(
      message.hasPrefix("mailcfg: change 1 cannot be undone: later edits changed the same lines of etc-mail/access"))
    #expect(message.contains("\n--- etc-mail/access (after change 1)\n+++ etc-mail/access (now)\n@@ "))
    #expect(message.contains("\n-From:new.example  REJECT\n+From:new.example  OK\n"))
    #expect(try place.refused(65, "-n", "undo", "1") == message)
    #expect(try place.refused(65, "--json", "undo", "1") == message)
    // By hand too.
    try place("-q", "undo", "2")
    try place.replace("From:new.example  REJECT", with: "From:new.example  DISCARD", in: "access")
    #expect(try place.refused(65, "undo", "1").contains("+From:new.example  DISCARD\n"))
    // What was taken back by hand is done.
    try place.replace("From:new.example  DISCARD\n", with: "", in: "access")
    #expect(
      try place("undo", "1").outputText.hasPrefix("etc-mail: everything is as it was before change 1; nothing to do\n"))
  }

  @Test func wrongNumbers() throws {
    let place = try Workplace("hosting")
    #expect(try place.refused(65, "undo", "1").contains("there is no change 1: the history is empty"))
    #expect(try place("undo").outputText == "etc-mail: there is no change to undo; nothing to do\n")
    #expect(try place("history").outputText == "")
    #expect(try place("history").errorText == "mailcfg: etc-mail: no change has been made by mailcfg so far\n")
    #expect(try Self.history(place).isEmpty)
    try place("-q", "host", "add", "a.example")
    #expect(try place.refused(65, "undo", "9").contains("which has 1 to 1"))
    #expect(try place.refused(65, "history", "9").contains("which has 1 to 1"))
    try place.refused(64, "history", "--limit", "0")
    try place.refused(64, "undo", "x")
  }

  @Test func theListTellsWhoAndWhen() throws {
    let place = try Workplace("hosting")
    let start = time(nil)
    try place.run(
      ["-q", "relay", "add", "192.0.2.7", "--comment", "ACME's $1"],
      environment: ["SUDO_USER": "anna", "SUDO_UID": "1007"])
    try place.run(["-q", "host", "add", "a.example"], environment: ["SUDO_USER": "", "SUDO_UID": ""])
    let end = time(nil)
    let list = try place.run(["history"]).outputText.split(separator: "\n")
    #expect(list.count == 2)
    #expect(
      list[0].hasPrefix("2  20")
        && list[0].hasSuffix("  \(CurrentUser.name)  --mail-dir etc-mail -q host add a.example"))
    #expect(
      list[1].hasSuffix(
        "  \(CurrentUser.name) (anna)  --mail-dir etc-mail -q relay add 192.0.2.7 --comment 'ACME'\\''s $1'"))
    let changes = try Self.history(place)
    #expect(changes[1].sudoUser?.name == "anna" && changes[1].sudoUser?.number == 1007)
    #expect(changes[1].user.number == getuid() && changes[0].sudoUser?.name == nil)
    #expect(changes[1].reason == "ACME's $1")
    let seconds = try TestSupport.run("date", ["-u", "-d", changes[0].time, "+%s"]).outputText
    let moment = try #require(Int(seconds.dropLast()))
    #expect((start...end).contains(moment))
    #expect(try Self.history(place, "--limit", "1").map(\.id) == [2])
    #expect(try place("history", "1").outputText.contains("\n+Connect:192.0.2.7  RELAY\n"))
    #expect(try place("-v", "history", "--limit", "1").outputText.contains("+a.example\n"))
    // In another zone another hour.
    let there = try place.run(["history", "2"], environment: ["TZ": "UTC-5"]).outputText
    #expect(try place("history", "2").outputText != there)
  }

  /// What changes no text has no record, nor what changes nothing.
  @Test(.needs(.makemap)) func whatHasNoRecord() throws {
    let place = try Workplace("hosting")
    try place("init")
    try place("-q", "build")
    try place("--dry-run", "relay", "add", "192.0.2.7")
    try place("relay", "add", "192.0.2.10")
    try place("access", "remove", "no.example")
    try place("-q", "makemap", "hash", "etc-mail/access", status: 64)
    try place.refused(65, "access", "set", "a b", "OK")
    #expect(try place.names().contains("access.db"))
    #expect(try listDirectory(place.mail).contains(".mailcfg.history") == false)
    let change = try place("--json", "relay", "add", "192.0.2.7")
    #expect(change.outputText.contains("\"id\" : 1"))
    #expect(!(try place("--json", "relay", "add", "192.0.2.7").outputText.contains("\"id\"")))
    #expect(try Self.history(place).count == 1)
  }

  /// A table that a change has made stays, empty; `check --fix` and `virtmap convert` are changes as others.
  @Test func otherChanges() throws {
    let place = try Workplace()
    place.write("access", "Connect:198.51.100.0/24 RELAY\n")
    try place("-q", "virtmap", "set", "a@b.example", "anna")
    #expect(try Self.history(place)[0].texts[0].added == 1)
    #expect(try place("history", "1").outputText.contains("\n  etc-mail/virtmaps: made\n"))
    try place("-q", "undo")
    #expect(try place.text("virtmaps") == "")
    #expect(try place.pairs("virtmaps.db").isEmpty)
    try place("-q", "check", "--elsewhere", "--fix", "access")
    #expect(try place.text("access") == "Connect:198.51.100 RELAY\n")
    try place("-q", "undo")
    #expect(try place.text("access") == "Connect:198.51.100.0/24 RELAY\n")
    place.write("virtmaps", "b.example anna\n")
    try place("-q", "virtmap", "convert")
    #expect(try place.text("virtmaps") == "@b.example anna\n")
    try place("-q", "undo")
    #expect(try place.text("virtmaps") == "b.example anna\n")
  }

  @Test func aProgramThatComesBackIsNamed() throws {
    let place = try Workplace()
    place.write("aliases", "root: anna\nprog: |/bin/cat\n")
    try place("-q", "alias", "remove", "prog")
    let undo = try place("undo")
    #expect(undo.errorText == "mailcfg: etc-mail/aliases: prog delivers to the program |/bin/cat again\n")
    #expect(try place.text("aliases") == "root: anna\nprog: |/bin/cat\n")
  }

  @Test(.needs(.dbDump)) func changesAtOnceAreAllRecorded() throws {
    let place = try Workplace("hosting")
    try place("-q", "build")
    let children = try (1...8).map { number in
      try ChildProcess(
        Tools.mailcfg,
        ["--mail-dir", "etc-mail", "--wait", "60", "-q", "access", "set", "From:n\(number).example", "OK"],
        environment: ["MAILCFG_MAIL_DIR": ""], directory: place.directory.path)
    }
    for child in children { #expect(try child.finish().status == 0) }
    let changes = try Self.history(place)
    #expect(changes.map(\.id) == [8, 7, 6, 5, 4, 3, 2, 1])
    #expect(Set(changes.compactMap { $0.command?[7] }).count == 8)
    for number in [3, 1, 8, 5, 2, 7, 4, 6] { try place("-q", "undo", "\(number)") }
    #expect(try place.read("access") == Fixtures.bytes("hosting/access"))
    try place.expectMap("access.db", of: "access")
  }

  // MARK: Users

  @Test(.needsPermissionsThatCount) func anOrdinaryUsersOwnDirectory() throws {
    let place = try Workplace("hosting")
    for command in [["-q", "relay", "add", "192.0.2.7"], ["-q", "undo"]] {
      let outcome = try Unprivileged.mailcfg(["--mail-dir", "etc-mail"] + command, directory: place.directory.path)
      #expect(outcome.status == 0, "\(outcome.errorText)")
    }
    #expect(try place.mode(".mailcfg.history") == 0o600)
    #expect(try place.read("access") == Fixtures.bytes("hosting/access"))
  }

  /// Who may not write the history makes his change without it, and hears of it; who may not read it is told who can.
  @Test(.needsPermissionsThatCount) func aHistoryOfAnotherUser() throws {
    let place = try Workplace("hosting")
    try place("-q", "build")
    place.write(".mailcfg.history", "", mode: 0)
    let command = ["--mail-dir", "etc-mail", "relay", "add", "192.0.2.7"]
    let change = try Unprivileged.mailcfg(command, directory: place.directory.path)
    #expect(change.status == 0)
    #expect(change.errorText.contains("mailcfg undo cannot take it back"), "\(change.errorText)")
    #expect(try place.text("access").contains("192.0.2.7"))
    let history = try Unprivileged.mailcfg(["--mail-dir", "etc-mail", "history"], directory: place.directory.path)
    #expect(history.status == 77)
    #expect(history.errorText.contains("only its owner or root can read the history"))
  }

  /// A history that others could have written is not believed, nor written to; what they left there stays.
  @Test(arguments: ["mode", "owner", "link", "name", "directory", "version"])
  func aHistoryThatIsNotTrusted(how: String) throws {
    let place = try Workplace("hosting")
    try place("-q", "build")
    try place("-q", "relay", "add", "192.0.2.7")
    let path = place.path(".mailcfg.history")
    switch how {
    case "mode": #expect(unsafe chmod(path, 0o622) == 0)
    case "owner":
      guard CurrentUser.isRoot else { return }
      #expect(unsafe chown(path, 1234, 1234) == 0)
    case "name": #expect(unsafe link(path, place.path("second")) == 0)
    case "version":
      let text = try place.text(".mailcfg.history").dropFirst("mailcfg history 1".count)
      place.write(".mailcfg.history", "mailcfg history 2" + text, mode: 0o600)
    default:
      #expect(unsafe rename(path, place.path("other")) == 0)
      if how == "link" { #expect(unsafe symlink("other", path) == 0) } else { #expect(unsafe mkdir(path, 0o700) == 0) }
    }
    let before = how == "directory" ? [] : try place.read(".mailcfg.history")
    // It is about this very change, so --quiet does not keep it back.
    for (number, options) in [(8, []), (9, ["-q"])] as [(Int, [String])] {
      let change = try place.run(options + ["relay", "add", "192.0.2.\(number)"])
      #expect(change.errorText.contains("mailcfg undo cannot take it back"), "\(change.errorText)")
      #expect(try place.text("access").contains("192.0.2.\(number)"))
    }
    let text = try place.read("access")
    let status: Int32 =
      switch how {
      case "mode", "owner", "name": 77
      case "version": 65
      default: 74
      }
    for command in ["undo", "history"] {
      let outcome = try place(command, status: status)
      #expect(outcome.outputText == "")
      if how == "version" {
        #expect(
          outcome.errorText.hasSuffix(
            "/.mailcfg.history is no history that this version of mailcfg knows; move it away to begin a new one\n"))
      }
    }
    #expect(try place.read("access") == text)
    if how != "directory" { #expect(try place.read(".mailcfg.history") == before) }
  }

  /// Made by root in a user's directory, it is the user's.
  @Test(.enabled(if: CurrentUser.isRoot, "only root can make a file for somebody else"))
  func rootMakesItForTheDirectorysOwner() throws {
    let place = try Workplace("hosting")
    #expect(unsafe chown(place.mail, 1234, 4321) == 0)
    try place.run(["-q", "relay", "add", "192.0.2.7"])
    let status = try place.status(".mailcfg.history")
    #expect(status.st_uid == 1234 && status.st_gid == 4321 && status.st_mode & 0o7777 == 0o600)
    try place("-q", "undo")
    #expect(try place.status(".mailcfg.history").st_uid == 1234)
  }

  /// A history that anybody can read is closed again by the next change.
  @Test func theModeIsMended() throws {
    let place = try Workplace("hosting")
    try place("-q", "relay", "add", "192.0.2.7")
    #expect(unsafe chmod(place.path(".mailcfg.history"), 0o644) == 0)
    try place("-q", "relay", "add", "192.0.2.8")
    #expect(try place.mode(".mailcfg.history") == 0o600)
    #expect(try Self.history(place).count == 2)
  }
}
