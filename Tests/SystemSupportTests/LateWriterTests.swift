import Dispatch
import Glibc
import Synchronization
import Testing

@testable import SystemSupport

/// Programs that open a file, lock it, and open it by its name again to write to it, as sendmail's makemap does: none finds
/// another file under the name.
@Suite struct LateWriterTests {
  let scratch: Scratch
  let sample: SampleChange

  init() throws {
    scratch = try Scratch()
    SampleChange.prepare(scratch)
    sample = SampleChange(path: scratch.path)
  }

  /// Opens the file at once; locks it, opens it again and writes to it as soon as it may.
  ///
  /// - Returns: Whether it was the same file both times; awaits the end.
  private func startWriter(_ name: String) -> @Sendable () -> Bool? {
    let path = scratch("etc/mail/\(name)")
    let file = unsafe open(path, O_RDWR | O_CLOEXEC)
    let isSame = Mutex<Bool?>(nil)
    let group = DispatchGroup()
    DispatchQueue(label: "another program").async(group: group) {
      // What a program needs between the two calls.
      usleep(20_000)
      flock(file, LOCK_EX)
      let again = unsafe open(path, O_RDWR | O_TRUNC | O_CLOEXEC)
      unsafe write(again, "theirs", 6)
      var (first, second) = (stat(), stat())
      unsafe fstat(file, &first)
      unsafe fstat(again, &second)
      close(again)
      close(file)
      let result = first.st_ino == second.st_ino
      isSame.withLock { $0 = result }
    }
    return {
      group.wait()
      return isSame.withLock { $0 }
    }
  }

  @Test(arguments: [FileChange.Step.committed, .locked, .checked, .exchanged], [true, false])
  func aMapKeepsItsNameUntilTheWriterIsThrough(since moment: FileChange.Step, isOne: Bool) throws {
    // The text is the only one that is exchanged, or the map is one of several.
    let name = isOne ? "access" : "access.db"
    let change = SampleChange(path: scratch.path, isOne: isOne)
    let inode = try scratch.status("etc/mail/\(name)").identity
    var isSame: (() -> Bool?)?
    var isChecked = false
    let error = failure { () throws(SystemError) in
      _ = try change.make { step throws(SystemError) in
        // The file that was there still is when all begins anew.
        if step == .locked, isSame != nil, !isChecked {
          isChecked = true
          #expect((try? scratch.status("etc/mail/\(name)").identity) == inode)
        }
        let isThere = (try? scratch.status("etc/mail/\(name)").identity) == inode
        if step == moment, isSame == nil, isThere { isSame = startWriter(name) }
      }
    }
    if let isSame {
      #expect(isSame() == true)
    } else {
      #expect(moment == .exchanged && isOne)
    }
    if isOne, isSame != nil {
      // What they wrote to a text is not written over.
      #expect(error?.isChanged == true)
      #expect(scratch.read("etc/mail/access") == "theirs")
    } else {
      #expect(error == nil)
      #expect(try change.state() == change.whole)
    }
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
    var tries = 0
    #expect(try sample.make { step in tries += step == .locked ? 1 : 0 } == nil)
    #expect(tries == 1)
    #expect(try sample.state() == sample.whole)
  }
}
