import Glibc
import TestSupport
import Testing

/// Each system call of a change made to fail, in turn: a clear error and the old state, or, where the call is one that
/// mailcfg can do without or make again, the new state.
@Suite(.needsStrace, .needs(.makemap, .sendmail, .dbDump, .dbVerify)) struct FailureTests {
  /// An error, and the exit codes that may tell of it.
  struct Failure: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String
    let statuses: Set<Int32>
    var testDescription: String { name }

    static let all = [
      Failure(name: "ENOSPC", text: "No space left on device", statuses: [74]),
      Failure(name: "EIO", text: "Input/output error", statuses: [74]),
      Failure(name: "EACCES", text: "Permission denied", statuses: [77]),
      Failure(name: "EMFILE", text: "Too many open files", statuses: [74]),
      Failure(name: "EINTR", text: "Interrupted system call", statuses: [74]),
    ]
  }

  /// The calls that a signal may interrupt: they are made again.
  static let interruptible: Set = [
    "openat", "read", "pread64", "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "flock", "fchmod", "fchown",
    "mkdirat", "unlinkat",
  ]

  /// What is tried of sendmail's own programs with every run: where an error has once left the new map, or litter, and what
  /// libdb, which makes a call again that a signal has interrupted, fails with all the same.
  private static let weakest = ["fsync": "EIO", "newfstatat": "EIO", "read": "EINTR", "write": "EINTR"]

  @Test(arguments: Scenario.all) func atEachCall(scenario: Scenario) throws {
    let staging = try Staging(scenario)
    let moments = try SystemCalls.moments(
      of: staging, SystemCalls.changing + SystemCalls.looking, onlyChanging: false)
    let cases = moments.flatMap { moment in Failure.all.map { (moment, $0) } }
    let step = Proof.step(scenario.isTriedWhole ? 61 : 307)
    var counts = (failed: 0, done: 0)
    for (index, (moment, failure)) in cases.enumerated()
    where index % step == step / 2 || scenario.isProgram && Self.weakest[moment.name] == failure.name {
      let place = try staging.place()
      if try failsWhole(place, staging, moment, failure) { counts.failed += 1 } else { counts.done += 1 }
    }
    Proof.report(
      "fail, \(scenario.name): \(moments.count) calls, each with \(Failure.all.map(\.name).joined(separator: ", ")); "
        + "\(counts.failed) errors with the old state, \(counts.done) times done all the same")
  }

  /// Runs a scenario with a call that fails, and sees that it is all or nothing.
  ///
  /// - Returns: Whether it failed.
  private func failsWhole(
    _ place: Workplace, _ staging: Staging, _ moment: SystemCalls.Moment, _ failure: Failure
  ) throws -> Bool {
    let before = try place.contentsAndTimes()
    let outcome = try staging.run(place, behind: SystemCalls.failing(at: moment, failure.name))
    let what: Comment = "\(moment) \(failure.name): \(outcome.status) \(outcome.outputText)\(outcome.errorText)"
    let now = try Holdings(place)
    // newaliases says what it cannot open, and ends with 0, as sendmail's own.
    let isSaid = staging.scenario.isProgram && outcome.outputText.contains(failure.text)
    let hasFailed = outcome.status != 0 || isSaid
    // A history that cannot be opened is in no change's way, and it is said that this one has no record.
    var new = staging.new
    if outcome.errorText.contains("has no record there") { new.records = staging.old.records }
    if hasFailed {
      #expect((now == staging.old) as Bool, what)
      #expect(try place.contentsAndTimes().filter { !before.contains($0) } == [], what)
      if !staging.scenario.isProgram {
        // Of a directory that cannot be made it is said so.
        let statuses = moment.name == "mkdir" && failure.name != "EACCES" ? [73] : failure.statuses
        #expect(statuses.contains(outcome.status), what)
        #expect(outcome.errorText.contains(failure.text), what)
      }
      if failure.name == "EINTR" { #expect(!Self.interruptible.contains(moment.name), what) }
    } else {
      #expect((now == new) as Bool, what)
    }
    #expect(try place.litter() == [], what)
    // No lock is left, and what could not be done can be done now.
    let again = try staging.run(place, wait: "0")
    // An undoing without a record is not known to have been; what it would undo is no longer there.
    let isDone = !hasFailed && new.records != staging.new.records && staging.scenario.command.first == "undo"
    #expect(again.status == (isDone ? 65 : 0), "\(what): \(again.errorText)")
    #expect((try Holdings(place) == new) as Bool, what)
    return hasFailed
  }
}

extension Workplace {
  /// For each file its name, mode, owner, inode, links, size and the time of its last change of contents.
  ///
  /// The history gets another time where a record was added and taken away again.
  fileprivate func contentsAndTimes() throws -> [String] {
    try snapshot().filter { !$0.hasPrefix(".mailcfg.state ") && !$0.hasPrefix(".mailcfg.history ") }.map { line in
      line.firstRange(of: " changed ").map { String(line[..<$0.lowerBound]) } ?? line
    }
  }
}
