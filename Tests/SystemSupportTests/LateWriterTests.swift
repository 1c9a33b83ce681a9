import Dispatch
import Glibc
import Synchronization
import Testing

@testable import SystemSupport

/// Programs that look at a file, open it, and empty it once they have its lock, as sendmail's makemap does: none empties one that
/// is another than it looked at.
@Suite struct LateWriterTests {
  let scratch: Scratch
  let sample: SampleChange

  init() throws {
    scratch = try Scratch()
    SampleChange.prepare(scratch)
    sample = SampleChange(path: scratch.path)
  }

  /// What became of a writer.
  private enum End { case hasWritten, hasRefused, isMixedUp }

  /// Looks at a file and opens it at once, as far as it may; locks it, opens it again by its name and writes to it.
  ///
  /// As sendmail's programs do, it ends if the open file is not the one that it has just looked at, or has another number of names;
  /// what it is mixed up by is that the second one is another than the `first`, which it has looked at long before.
  ///
  /// - Returns: Waits for the end.
  private func startWriter(_ name: String, first: FileIdentity? = nil) -> @Sendable () -> End? {
    let path = scratch("etc/mail/\(name)")
    let end = Mutex<End?>(nil)
    let group = DispatchGroup()
    let isOnItsWay = DispatchSemaphore(value: 0)
    DispatchQueue(label: "another program").async(group: group) {
      let looked = FileStatus(following: path)
      isOnItsWay.signal()
      let file = unsafe open(path, O_RDWR | O_CLOEXEC)
      defer { close(file) }
      var status = stat()
      unsafe fstat(file, &status)
      if FileStatus(status).identity != looked?.identity || FileStatus(status).linkCount != looked?.linkCount {
        return end.withLock { $0 = .hasRefused }
      }
      // What a program needs between the two calls.
      usleep(20_000)
      flock(file, LOCK_EX)
      let again = unsafe open(path, O_RDWR | O_TRUNC | O_CLOEXEC)
      defer { close(again) }
      unsafe fstat(again, &status)
      if FileStatus(status).identity != first ?? looked?.identity { return end.withLock { $0 = .isMixedUp } }
      unsafe write(again, "theirs", 6)
      end.withLock { $0 = .hasWritten }
    }
    isOnItsWay.wait()
    usleep(10_000)
    return {
      group.wait()
      return end.withLock { $0 }
    }
  }

  /// Who has the old file open waits for its lock, and is let in.
  @Test(arguments: [true, false]) func whoHasOpenedTheOldFileIsLetIn(isOne: Bool) throws {
    // The text is the only one that is exchanged, or the map is one of several.
    let name = isOne ? "access" : "access.db"
    let change = SampleChange(path: scratch.path, isOne: isOne)
    var writer: (() -> End?)?
    let error = failure { () throws(SystemError) in
      _ = try change.make { step throws(SystemError) in if step == .committed { writer = startWriter(name) } }
    }
    #expect(writer?() == .hasWritten)
    if isOne {
      // What they wrote to a text is not written over.
      #expect(error?.isChanged == true)
      #expect(scratch.read("etc/mail/access") == "theirs")
    } else {
      #expect(error == nil)
      #expect(try change.state() == change.whole)
    }
  }

  /// Who opens the old text when all is ready for the exchange is let in, too, as newaliases is; and who writes nothing there has
  /// changed nothing.
  @Test(arguments: [FileChange.Step.locked, .checked], [true, false])
  func whoOpensTheOldTextIsLetIn(at moment: FileChange.Step, canExchange: Bool) throws {
    var change = sample
    change.canExchange = canExchange
    let path = scratch("etc/mail/access")
    let group = DispatchGroup()
    var begun = false
    let error = failure { () throws(SystemError) in
      _ = try change.make { step in
        guard step == moment, !begun else { return }
        begun = true
        DispatchQueue(label: "another program").async(group: group) {
          let file = unsafe open(path, O_RDWR | O_CLOEXEC)
          flock(file, LOCK_EX)
          usleep(20_000)
          close(file)
        }
        usleep(20_000)
      }
    }
    group.wait()
    // Where files cannot be exchanged the new one is gone when the old one is back.
    #expect(error?.isChanged == (canExchange ? nil : true))
    #expect(try change.state() == (canExchange ? change.whole : []))
  }

  /// Who waits for a lock has the time that he needs, though readers keep him from it for longer than anybody else is waited for.
  @Test(arguments: [1.5, 30]) func whoWaitsForTheLockHasHisTime(wait: Double) throws {
    let path = scratch("etc/mail/access.db")
    let group = DispatchGroup()
    // Both by fcntl(2): the reader's lock and that of the change go together, the writer's waits for both.
    let reader = unsafe open(path, O_RDONLY | O_CLOEXEC)
    Self.lock(reader, F_RDLCK)
    DispatchQueue(label: "the reader").async(group: group) {
      usleep(2_500_000)
      close(reader)
    }
    let written = Mutex(false)
    DispatchQueue(label: "another program").async(group: group) {
      let file = unsafe open(path, O_RDWR | O_CLOEXEC)
      Self.lock(file, F_WRLCK)
      unsafe write(file, "their", 5)
      written.withLock { $0 = true }
      close(file)
    }
    usleep(100_000)
    let error = failure { () throws(SystemError) in _ = try sample.make(wait: wait) }
    if wait < 2 {
      #expect(error?.problem == .locked(holder: nil))
      #expect(try sample.state() == [])
    } else {
      #expect(error == nil)
      #expect(written.withLock { $0 })
      #expect(try sample.state() == sample.whole)
    }
    group.wait()
  }

  /// Waits for a lock by fcntl(2).
  private static func lock(_ file: Int32, _ type: Int32) {
    var lock = flock(l_type: Int16(type), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
    let wait: Int32 = 38  // F_OFD_SETLKW
    #expect(unsafe fcntl(file, wait, &lock) == 0)
  }

  /// Of several writers, one behind the other, each has his own time.
  @Test func eachWriterHasHisTime() throws {
    let path = scratch("etc/mail/access.db")
    let group = DispatchGroup()
    DispatchQueue(label: "the first").async(group: group) {
      let file = unsafe open(path, O_RDWR | O_CLOEXEC)
      usleep(700_000)
      flock(file, LOCK_EX)
      usleep(300_000)
      close(file)
    }
    let second = Mutex<Bool?>(nil)
    DispatchQueue(label: "the second").async(group: group) {
      usleep(900_000)
      let file = unsafe open(path, O_RDWR | O_CLOEXEC)
      defer { close(file) }
      usleep(400_000)
      flock(file, LOCK_EX)
      var status = stat()
      unsafe fstat(file, &status)
      let isStillThere = FileStatus(status).identity == FileStatus(following: path)?.identity
      second.withLock { $0 = isStillThere }
    }
    usleep(100_000)
    #expect(try sample.make(wait: 30) == nil)
    group.wait()
    #expect(second.withLock { $0 } == true)
    #expect(try sample.state() == sample.whole)
  }

  /// Who opens the old map when all is ready for the exchange is told that it is another.
  @Test(arguments: [FileChange.Step.locked, .checked], [true, false])
  func whoOpensTheOldFileTooLateIsRefused(at moment: FileChange.Step, canExchange: Bool) throws {
    var change = sample
    change.canExchange = canExchange
    var writer: (() -> End?)?
    #expect(try change.make { step in if step == moment { writer = startWriter("access.db") } } == nil)
    #expect(writer?() == .hasRefused)
    #expect(try change.state() == change.whole)
  }

  /// Who has looked at the old map, and opens the new one, is told so before he empties it.
  @Test(arguments: [FileChange.Step.movedOn, .unlocked, .recorded, .lasting])
  func whoOpensTheNewFileIsRefused(at moment: FileChange.Step) throws {
    let old = try scratch.status("etc/mail/access.db").identity
    var writer: (() -> End?)?
    #expect(try sample.make { step in if step == moment { writer = startWriter("access.db", first: old) } } == nil)
    #expect(writer?() == .hasRefused)
    #expect(try sample.state() == sample.whole)
    #expect(try scratch.status("etc/mail/access.db").linkCount == 1)
  }

  /// Nobody can hold a change up by keeping a file open.
  @Test func whoKeepsAFileOpenIsNotWaitedForLong() throws {
    let file = unsafe open(scratch("etc/mail/access.db"), O_RDWR | O_CLOEXEC)
    defer { close(file) }
    let begin = ContinuousClock.now
    #expect(try sample.make(wait: 0) == nil)
    let time = ContinuousClock.now - begin
    #expect(time > .milliseconds(900) && time < .seconds(30))
    #expect(try sample.state() == sample.whole)
  }

  /// Who has a file open for reading only, as a running sendmail has, is not waited for.
  @Test func readersAreNotWaitedFor() throws {
    let file = unsafe open(scratch("etc/mail/access.db"), O_RDONLY | O_CLOEXEC)
    defer { close(file) }
    let begin = ContinuousClock.now
    #expect(try sample.make(wait: 0) == nil)
    #expect(ContinuousClock.now - begin < .milliseconds(900))
    #expect(try sample.state() == sample.whole)
  }

  /// When a change is over, or has failed, anybody can write again at once.
  @Test(arguments: [FileChange.Step.done, .checked, .exchanged, .unlocked, .lasting])
  func nothingKeepsWritersOutAfterwards(failure moment: FileChange.Step) throws {
    _ = failure { () throws(SystemError) in
      _ = try sample.make { step throws(SystemError) in
        if step == moment, step != .done { throw SystemError(call: "fstat", path: "", errno: EIO) }
      }
    }
    for name in SampleChange.before.keys {
      let file = unsafe open(scratch(name), O_RDWR | O_NONBLOCK | O_CLOEXEC)
      #expect(file >= 0, "\(name)")
      close(file)
    }
  }

  /// The signals of leases end nobody's process, in whichever thread they arrive.
  @Test func manyThreadsLiveThroughTheSignals() async throws {
    await #expect(processExitsWith: .success) {
      let threads = DispatchGroup()
      for _ in 0..<4 {
        DispatchQueue(label: "user of the library").async(group: threads) {
          for _ in 0..<5 {
            guard let tests = try? LateWriterTests() else { exit(1) }
            var writers: [() -> End?] = []
            let leftover = try! tests.sample.make { step in
              if step == .checked || step == .unlocked { writers.append(tests.startWriter("access.db")) }
            }
            if leftover != nil || writers.map({ $0() }) != [.hasRefused, .hasRefused] { exit(1) }
          }
        }
      }
      threads.wait()
    }
  }
}
