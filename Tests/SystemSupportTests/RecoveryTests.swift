import Glibc
import Testing

@testable import SystemSupport

/// What is left when the program is killed, and what becomes of it.
@Suite struct RecoveryTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    SampleChange.prepare(scratch)
  }

  private func recover() throws -> Recovery? {
    try WriterLock(Directory(scratch("etc/mail")), wait: 0).recover()
  }

  @Test func thereIsNothingToDoAsARule() throws { #expect(try recover() == nil) }

  @Test(arguments: [(true, false), (false, true), (true, true), (false, false)], [true, false])
  func killedAfterAnyStepItIsAllOldOrAllNew(kind: (canExchange: Bool, isOne: Bool), isRecorded: Bool) async throws {
    let (canExchange, isOne) = kind
    struct Case: Codable {
      var change: SampleChange
      var count: Int
    }
    let change = SampleChange(path: scratch.path, canExchange: canExchange, isOne: isOne, isRecorded: isRecorded)
    var outcomes: [Set<String>] = []
    for count in 0..<40 {
      for name in SampleChange.after.keys { unsafe unlink(scratch(name)) }
      for (name, text) in SampleChange.before { scratch.write(name, text) }
      SampleChange.prepareRecords(scratch)
      let readers = try SampleChange.before.keys.map {
        try FileLocation(scratch($0)).directory.open(
          String($0.split(separator: "/").last ?? ""), O_RDONLY)
      }
      let opened = try readers.map { try $0.status().modified.seconds }

      let result = try await #require(processExitsWith: .signal(SIGKILL)) {
        [this = Case(change: change, count: count) as Case] in
        var left = this.count
        _ = try this.change.make { step throws(SystemError) in
          left -= 1
          if left < 0 { kill(getpid(), SIGKILL) }
        }
        kill(getpid(), SIGKILL)
      }
      _ = result
      let recovery = try recover()
      let state = try #require(try change.state(), "after \(count) steps")
      #expect(state == [] || state == change.whole, "after \(count) steps")
      #expect(recovery == nil || recovery?.isCompleted == (state == change.whole))
      #expect(recovery?.superseded ?? [] == [])
      #expect(recovery?.unrecorded == nil)
      #expect(change.hasRecord == (isRecorded && state == change.whole), "after \(count) steps")
      #expect(try recover() == nil)
      // Whoever still has an old file open is told.
      if state == change.whole {
        for (reader, second) in zip(readers, opened) where try reader.status().linkCount == 0 {
          #expect(try reader.status().modified.seconds > second)
        }
      }
      outcomes.append(state)
      if outcomes.count > 2 && recovery == nil && state == change.whole { break }
    }
    #expect(outcomes.first == [] && outcomes.last == change.whole)
    #expect(outcomes.count > (isOne ? 13 : 19) && outcomes.count < 40)
    // Once it takes effect it stays so.
    let turn = try #require(outcomes.firstIndex(of: change.whole))
    #expect(outcomes[turn...].allSatisfy { $0 == change.whole })
  }

  /// Leaves the change as a kill after the given step would.
  private func leave(after last: FileChange.Step) async throws {
    struct Case: Codable {
      var path: String
      var step: Int
    }
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [this = Case(path: scratch.path, step: last.rawValue) as Case] in
      _ = try SampleChange(path: this.path).make { step throws(SystemError) in
        if step.rawValue == this.step { kill(getpid(), SIGKILL) }
      }
    }
  }

  @Test func whatSomebodyElseReplacedSinceIsLeftAlone() async throws {
    try await leave(after: .committed)
    scratch.write("theirs", "theirs")
    scratch.move("theirs", "etc/mail/access")
    let recovery = try #require(try recover())
    #expect(recovery.isCompleted)
    #expect(recovery.superseded == [scratch("etc/mail/access")])
    #expect(Set(recovery.completed) == Set(["etc/mail/access.db", "etc/aliases", "etc/mail/cw"].map { scratch($0) }))
    #expect(scratch.read("etc/mail/access") == "theirs")
    #expect(try scratch.names("etc/mail") == ["access", "access.db", "cw"])
  }

  @Test func aTornJournalTakesBack() async throws {
    try await leave(after: .committed)
    let length = try scratch.status("etc/mail/.mailcfg.journal").size
    scratch.setLength("etc/mail/.mailcfg.journal", length - 3)
    #expect(try recover()?.isCompleted == false)
    #expect(try SampleChange(path: scratch.path).state() == [])
  }

  @Test func anEmptyJournalIsNoObstacle() throws {
    scratch.write("etc/mail/.mailcfg.journal", "", mode: 0o600)
    #expect(try recover() == Recovery())
    #expect(try SampleChange(path: scratch.path).state() == [])
  }

  @Test func aMovedMailDirectoryIsRecoveredWhereItIs() async throws {
    try await leave(after: .exchanged)
    scratch.move("etc", "moved")
    let lock = try WriterLock(Directory(scratch("moved/mail")), wait: 0)
    _ = try lock.recover()
    #expect(scratch.read("moved/mail/access") == "new text!")
    #expect(scratch.read("moved/mail/access.db") == "new map!")
  }

  /// A copy of the mail directory has the journal too, and its first command is to change nothing in the live directories.
  @Test func aCopyChangesNothingElsewhere() async throws {
    try await leave(after: .committed)
    scratch.makeDirectory("copy")
    scratch.write("copy/.mailcfg.journal", try #require(scratch.read("etc/mail/.mailcfg.journal")), mode: 0o600)
    let recovery = try #require(try WriterLock(Directory(scratch("copy")), wait: 0).recover())
    #expect(recovery.completed == [] && recovery.elsewhere == [scratch("etc/aliases")])
    #expect(scratch.read("etc/aliases") == "old aliases")
    #expect(try scratch.names("copy") == [])
    #expect(try recover()?.isCompleted == true)
    #expect(scratch.read("etc/aliases") == "new aliases!")
  }

  @Test func waitsForTheLocksOfOthers() async throws {
    try await leave(after: .committed)
    let file = try Directory(scratch("etc/mail")).open("access.db", O_RDONLY)
    #expect(try file.tryFlock())
    let lock = try WriterLock(Directory(scratch("etc/mail")), wait: 0)
    #expect(failure { () throws(SystemError) in _ = try lock.recover(wait: 0.05) }?.isLocked == true)
    file.unlock()
    #expect(try lock.recover()?.isCompleted == true)
    let change = SampleChange(path: scratch.path)
    #expect(try change.state() == change.whole)
  }

  // MARK: Whose journal it is

  @Test(.enabled(if: isRoot)) func anotherUsersJournalIsNotObeyed() async throws {
    try await leave(after: .committed)
    scratch.setOwner("etc/mail/.mailcfg.journal", 65534, 65534)
    let error = failure { () throws(SystemError) in
      _ = try WriterLock(Directory(scratch("etc/mail")), wait: 0).recover()
    }
    #expect(error?.problem == .foreignJournal(owner: 65534))
    // Nor if the directory is that user's, since the journal leads out of it.
    scratch.setOwner("etc/mail", 65534, 65534)
    #expect(throws: SystemError.self) { try recover() }
    #expect(scratch.read("etc/aliases") == "old aliases")
  }

  @Test(.enabled(if: isRoot)) func theOwnersJournalIsObeyedInHisOwnDirectory() async throws {
    scratch.setOwner("etc/mail", 65534, 65534)
    for name in ["access", "access.db"] { scratch.setOwner("etc/mail/\(name)", 65534, 65534) }
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = scratch.path as String] in
      setgid(65534)
      setuid(65534)
      _ = try SampleChange(path: path, isOne: true).make { step throws(SystemError) in
        if step == .exchanged { kill(getpid(), SIGKILL) }
      }
    }
    #expect(try recover()?.completed == [scratch("etc/mail/access")])
    #expect(try scratch.status("etc/mail/access").owner == 65534)
  }

  @Test func aLinkedOrWritableJournalIsNotObeyed() throws {
    scratch.write("etc/mail/.mailcfg.journal", ChangeJournal.header, mode: 0o666)
    #expect(
      failure { () throws(SystemError) in _ = try WriterLock(Directory(scratch("etc/mail")), wait: 0).recover() }?
        .problem == .foreignJournal(owner: geteuid()))
    scratch.remove("etc/mail/.mailcfg.journal")
    scratch.write("real", ChangeJournal.header, mode: 0o600)
    scratch.link("../../real", "etc/mail/.mailcfg.journal")
    #expect(throws: SystemError.self) { try recover() }
  }
}
