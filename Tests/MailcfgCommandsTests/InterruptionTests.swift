import Glibc
import TestSupport
import Testing

/// mailcfg killed at a system call of a change: the next change completes it or takes it back, and says so.
@Suite(.needsStrace) struct InterruptionTests {
  static let notice = "mailcfg: an earlier change that was stopped half-way was "

  /// Calls of a change to a text and its map, in their order.
  ///
  /// The fifth `fsync` is that of the journal, when all has been
  /// written; from then on the change is to be completed. The first two of `utimensat` are before it.
  static let moments: [(call: String, when: Int)] =
    [("mkdirat", 1), ("utimensat", 1), ("utimensat", 2)] + (1...6).map { ("fsync", $0) } + [
      ("renameat2", 1), ("renameat2", 2), ("utimensat", 3), ("utimensat", 4),
    ]
    + [("fsync", 7)] + (1...4).map { ("unlinkat", $0) }

  /// Runs mailcfg under strace, which kills it when it makes a system call for the nth time.
  private func kill(_ place: Workplace, at call: String, _ when: Int, _ arguments: [String]) throws -> Outcome {
    try run(
      "strace",
      ["-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e", "inject=\(call):signal=KILL:when=\(when)"]
        + [Tools.mailcfg, "--mail-dir", "etc-mail"] + arguments,
      environment: ["MAILCFG_MAIL_DIR": "", "LC_ALL": "C"], directory: place.directory.path)
  }

  @Test(.needs(.makemap, .dbDump), arguments: moments)
  func theNextChangeCompletesItOrTakesItBack(call: String, when: Int) throws {
    let place = try Workplace("hosting")
    try place("build")
    let before = try place.read("access")
    try place("--no-build", "relay", "add", "192.0.2.7")
    let after = try place.read("access")
    try place("relay", "remove", "192.0.2.7")
    try #require(try place.read("access") == before)
    let files = try place.names()

    let killed = try kill(place, at: call, when, ["relay", "add", "192.0.2.7"])
    try #require(killed.status == 128 + SIGKILL, "\(killed.errorText)")
    // Whoever reads meanwhile finds whole files.
    let text = try place.read("access")
    #expect(text == before || text == after)
    let value = try place.pairs("access.db").count
    #expect(value == 14 || value == 15)

    let next = try place("alias", "add", "sales", "dora")
    let isNew = try place.read("access") == after
    #expect(try isNew || place.read("access") == before)
    try place.expectMap("access.db", of: "access")
    #expect(try place.names() == files)
    if call == "mkdirat" || call == "fsync" && when < 5 || call == "utimensat" && when < 3 {
      #expect(!isNew)
      #expect(next.errorText.hasPrefix(Self.notice + "taken back\n"), "\(next.errorText)")
    } else {
      #expect(isNew)
      #expect(next.errorText.hasPrefix(Self.notice + "completed: "), "\(next.errorText)")
      #expect(next.errorText.contains("/etc-mail/access"))
    }
    #expect(!(try place("alias", "add", "sales", "dora").errorText.contains("half-way")))

    let again = try place("relay", "add", "192.0.2.7")
    #expect(again.outputText.contains("nothing to do") == isNew)
    #expect(try place.read("access") == after)
    try place("relay", "remove", "192.0.2.7")
    #expect(try place.read("access") == before)
  }

  /// Killed when all is in place but what is known of the map is not written down: nothing is left to do, and the next change
  /// finds a map that it does not know.
  @Test(.needs(.makemap, .dbDump)) func killedBeforeTheStateIsWritten() throws {
    let place = try Workplace("hosting")
    try place("build")
    let known = try place.read(".mailcfg.state")
    // The first is that of the lock file.
    let killed = try kill(place, at: "ftruncate", 2, ["relay", "add", "192.0.2.7"])
    try #require(killed.status == 128 + SIGKILL, "\(killed.errorText)")
    try #require(try place.read(".mailcfg.state") == known)
    #expect(try place("relay", "add", "192.0.2.7").outputText.contains("nothing to do"))
    try place.expectMap("access.db", of: "access")
    #expect(
      try place("relay", "add", "192.0.2.8").errorText == place("--dry-run", "relay", "add", "192.0.2.9").errorText)
    try place.expectMap("access.db", of: "access")
    try #require(try place.read(".mailcfg.state") != known)
  }

  /// In JSON too the notice is told, on standard error; the object on standard output stays one.
  @Test func theNoticeIsToldBesideJSON() throws {
    let place = try Workplace("hosting")
    try place("build")
    _ = try kill(place, at: "renameat2", 2, ["relay", "add", "192.0.2.7"])
    let next = try place("--json", "relay", "add", "192.0.2.7")
    #expect(next.errorText.hasPrefix(Self.notice + "completed: "))
    #expect(try ChangeOutputTests.decode(ChangeOutputTests.Change.self, next).changed == false)
  }

  /// A change to one file alone is whole in every moment too.
  @Test(arguments: [("fsync", 1), ("renameat2", 1), ("unlinkat", 1)])
  func aChangeToOneFile(call: String, when: Int) throws {
    let place = try Workplace("hosting")
    let before = try place.read("sendmail.cw")
    _ = try kill(place, at: call, when, ["host", "add", "a.example"])
    let now = try place.read("sendmail.cw")
    #expect(now == before || now.count == before.count + "a.example\n".utf8.count)
    let next = try place("host", "add", "a.example")
    #expect(next.errorText.contains("half-way"))
    #expect(try place.read("sendmail.cw").count > before.count)
    #expect(try place.names() == ["access", "aliases", "sendmail.cw", "virtmaps"])
  }

  /// A file that somebody else has replaced since is left alone.
  @Test func whatSomebodyElseReplacedIsLeftAlone() throws {
    let place = try Workplace("hosting")
    try place("build")
    _ = try kill(place, at: "renameat2", 1, ["relay", "add", "192.0.2.7"])
    place.write("access.new", "other.example OK\n")
    #expect(unsafe rename(place.path("access.new"), place.path("access")) == 0)
    let next = try place("alias", "add", "sales", "dora")
    #expect(next.errorText.contains("/etc-mail/access: somebody else has replaced it since; it was left alone"))
    #expect(try place.text("access") == "other.example OK\n")
    #expect(try place.names().filter { $0.hasPrefix(".") } == [])
  }
}

extension Trait where Self == ConditionTrait {
  /// The test kills mailcfg by strace(1), which few machines have, and containers may forbid.
  static var needsStrace: Self {
    .enabled(
      if: Tools.isCI || (try? run("strace", ["-qq", "-o", "/dev/null", "true"]))?.status == 0,
      "strace is not installed, or may not trace here")
  }
}
