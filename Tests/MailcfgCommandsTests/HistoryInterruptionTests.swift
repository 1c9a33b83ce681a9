import Glibc
import TestSupport
import Testing

/// mailcfg killed at each of those system calls, in turn, by which a change or an undo takes effect: the history has the
/// change exactly if it did, and can take it back.
@Suite(.needsStrace) struct HistoryInterruptionTests {
  static let calls = ["write", "fsync", "renameat2", "utimensat", "unlinkat", "mkdirat", "lseek"]

  /// Runs mailcfg under strace, which kills it when it makes a system call for the nth time; false where it comes to its end.
  private func kill(_ place: Workplace, at call: String, _ when: Int, _ arguments: [String]) throws -> Bool {
    let outcome = try run(
      "strace",
      ["-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e", "inject=\(call):signal=KILL:when=\(when)"]
        + [Tools.mailcfg, "--mail-dir", "etc-mail", "-q"] + arguments,
      environment: ["MAILCFG_MAIL_DIR": "", "LC_ALL": "C"], directory: place.directory.path)
    try #require(outcome.status == 0 || outcome.status == 128 + SIGKILL, "\(outcome.errorText)")
    return outcome.status != 0
  }

  /// Kills one command after the other; for each sees what is left, and takes it back.
  private func walk(
    _ call: String, _ prepare: (Workplace) throws -> Void, _ command: [String], file: String,
    isMade: (Workplace) throws -> Bool
  ) throws {
    let place = try Workplace("hosting")
    try place("-q", "build")
    try prepare(place)
    let files = try place.names()
    let before = try place.read(file)
    var when = 1
    while true {
      let count = try HistoryCommandTests.history(place).count
      let isKilled = try kill(place, at: call, when, command)
      // Whoever asks first completes the change, or takes it back.
      let changes = try HistoryCommandTests.history(place)
      let isNew = try place.read(file) != before
      #expect(try isMade(place) == isNew, "\(call) \(when)")
      #expect(changes.count == count + (isNew ? 1 : 0), "\(call) \(when)")
      #expect(changes.map(\.id) == Array((0..<changes.count).map { changes.count - $0 }), "\(call) \(when)")
      #expect(try place.names() == files, "\(call) \(when)")
      if file == "access" { try place.expectMap("access.db", of: "access") }
      if isNew {
        #expect(changes[0].command?.suffix(command.count) == command[...], "\(call) \(when)")
        try place("-q", "undo", "\(changes[0].id)")
        #expect(try place.read(file) == before, "\(call) \(when)")
      }
      guard isKilled else { break }
      when += 1
      try #require(when < 400)
    }
  }

  @Test(.needs(.makemap, .dbDump), arguments: calls) func aChange(call: String) throws {
    try walk(call, { try $0("-q", "host", "add", "first.example") }, ["relay", "add", "192.0.2.7"], file: "access") {
      try $0.text("access").contains("192.0.2.7")
    }
  }

  /// The first change makes the history: one file more of the exchange.
  @Test(.needs(.makemap, .dbDump), arguments: ["fsync", "renameat2", "utimensat", "unlinkat", "mkdirat"])
  func theFirstChange(call: String) throws {
    var when = 1
    while true {
      let place = try Workplace("hosting")
      try place("-q", "build")
      let before = try place.read("access")
      let isKilled = try kill(place, at: call, when, ["relay", "add", "192.0.2.7"])
      let count = try HistoryCommandTests.history(place).count
      #expect(count == (try place.read("access") == before ? 0 : 1), "\(call) \(when)")
      try place.expectMap("access.db", of: "access")
      guard isKilled else { break }
      when += 1
    }
    #expect(when > 1)
  }

  /// A change of one file alone, which no map belongs to.
  @Test(arguments: ["fsync", "renameat2", "utimensat", "unlinkat", "mkdirat", "write", "ftruncate"])
  func aChangeOfOneFile(call: String) throws {
    try walk(call, { try $0("-q", "relay", "add", "192.0.2.7") }, ["host", "add", "a.example"], file: "sendmail.cw") {
      try $0.text("sendmail.cw").contains("a.example")
    }
  }

  @Test(.needs(.makemap, .dbDump), arguments: calls) func anUndo(call: String) throws {
    try walk(call, { try $0("-q", "relay", "add", "192.0.2.7") }, ["undo", "1"], file: "access") {
      try !$0.text("access").contains("192.0.2.7")
    }
  }

  /// A change that failed where its record could not be written is taken back whole.
  @Test(arguments: ["ENOSPC", "EIO"]) func theRecordCannotBeWritten(error: String) throws {
    let place = try Workplace("hosting")
    try place("-q", "build")
    try place("-q", "host", "add", "first.example")
    let before = try place.read("access")
    let history = try place.read(".mailcfg.history")
    var isMet = false
    for when in 1...12 {
      let outcome = try run(
        "strace",
        ["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:error=\(error):when=\(when)"]
          + [Tools.mailcfg, "--mail-dir", "etc-mail", "-q", "relay", "add", "192.0.2.7"],
        environment: ["MAILCFG_MAIL_DIR": "", "LC_ALL": "C"], directory: place.directory.path)
      if outcome.status == 0 { break }
      #expect(outcome.status == 74)
      isMet = isMet || outcome.errorText.contains(".mailcfg.history")
      #expect(try place.read("access") == before)
      #expect(try place.read(".mailcfg.history") == history)
      #expect(try place("-q", "status", status: 0).errorText == "")
    }
    #expect(isMet)
  }
}
