import Glibc
import Testing

@testable import SystemSupport

/// What a change does when it succeeds.
@Suite struct FileChangeTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    SampleChange.prepare(scratch)
  }

  private func change() throws -> FileChange { try FileChange(WriterLock(Directory(scratch("etc/mail")), wait: 0)) }

  @Test(arguments: [true, false], [true, false])
  func putsAllIntoPlaceAndLeavesNothingBehind(canExchange: Bool, isOne: Bool) throws {
    let change = SampleChange(path: scratch.path, canExchange: canExchange, isOne: isOne)
    #expect(try change.state() == [])
    #expect(try change.make() == nil)
    #expect(try change.state() == change.whole)
    #expect(try scratch.names("etc/mail") == (isOne ? ["access", "access.db"] : ["access", "access.db", "cw"]))
  }

  @Test func aChangeOfNothingWritesNothing() throws {
    let before = try scratch.status("etc/mail/access")
    #expect(try change().publish(wait: 0) == nil)
    #expect(try scratch.status("etc/mail/access") == before)
    #expect(try scratch.names("etc/mail") == ["access", "access.db"])
  }

  @Test func aDroppedChangeLeavesNothingBehind() throws {
    do {
      let change = try change()
      let staged = try change.stage(Array("new".utf8), at: FileLocation(scratch("etc/mail/access")))
      _ = try change.reserve(
        FileLocation(scratch("etc/aliases.db")), attributes: NewFileAttributes(mode: 0o640))
      #expect(try staged.contents().bytes == Array("new".utf8))
      #expect(readText(staged.path) == "new")
      #expect(try scratch.names("etc/mail").count == 4)
    }
    #expect(try SampleChange(path: scratch.path).state() == [])
  }

  /// A sendmail that runs keeps the map open, and opens it by name again when its time has moved on by a second.
  @Test func aReaderSeesTheTimeMoveOnWhenAnotherProcessMakesTheChange() async throws {
    let reader = unsafe open(scratch("etc/mail/access.db"), O_RDONLY)
    defer { close(reader) }
    var status = stat()
    #expect(unsafe fstat(reader, &status) == 0)
    let opened = status.st_mtim.tv_sec
    await #expect(processExitsWith: .success) { [change = SampleChange(path: scratch.path) as SampleChange] in
      if try change.make() != nil { exit(1) }
    }
    #expect(unsafe fstat(reader, &status) == 0)
    #expect(status.st_mtim.tv_sec > opened)
    #expect(scratch.read("etc/mail/access.db") == "new map!")
  }

  /// Seconds from now, and whether the old time counts instead of now.
  @Test(arguments: [(-1000, false), (0, true), (500, true)])
  func theOldTimeMovesOnByASecondAtLeast(offset: Int, isFromOld: Bool) throws {
    let old = try FileLocation(scratch("etc/mail/access")).directory.open("access", O_RDWR)
    let time = FileTime(seconds: FileTime.now.seconds + offset, nanoseconds: 999_999_999)
    try old.setModified(time)
    #expect(try SampleChange(path: scratch.path).make() == nil)
    let moved = try old.status().modified
    #expect(moved.seconds > time.seconds)
    #expect(isFromOld == (moved == FileTime(seconds: time.seconds + 1, nanoseconds: time.nanoseconds)))
    #expect(try old.status().linkCount == 0)
    #expect(try scratch.status("etc/mail/access").modified.seconds <= FileTime.now.seconds)
  }

  @Test func theFileBehindALinkIsReplacedAndTheLinkStays() throws {
    scratch.makeDirectory("real")
    scratch.write("real/table", "old", mode: 0o640)
    scratch.link("../../real/table", "etc/mail/virtmaps")
    let change = try change()
    try change.stage(Array("new".utf8), at: FileLocation(scratch("etc/mail/virtmaps")))
    #expect(try scratch.names("real").count == 2)
    #expect(try change.publish(wait: 0) == nil)
    #expect(scratch.read("real/table") == "new")
    #expect(try Directory(scratch("etc/mail")).status(of: "virtmaps")?.kind == .link)
    #expect(try scratch.names("real") == ["table"])
  }

  @Test func aDanglingLinkGetsItsFile() throws {
    scratch.link("there", "etc/mail/virtmaps")
    let change = try change()
    try change.stage(
      Array("new".utf8), at: FileLocation(scratch("etc/mail/virtmaps")), expecting: .nothing,
      attributes: NewFileAttributes(mode: 0o600))
    #expect(try change.publish(wait: 0) == nil)
    #expect(scratch.read("etc/mail/there") == "new")
    #expect(try scratch.status("etc/mail/there").mode == 0o600)
  }

  @Test func oneFileUnderTwoNamesIsStagedOnce() throws {
    scratch.link("access", "etc/mail/other")
    let change = try change()
    try change.stage([], at: FileLocation(scratch("etc/mail/access")))
    let error = failure { () throws(SystemError) in
      try change.stage([], at: FileLocation(scratch("etc/mail/other")))
    }
    #expect(error?.errno == EEXIST)
  }

  @Test func whatTheMakerOfAReservedFileLeavesMustBeOneFile() throws {
    for trick in ["link", "hard link", "pipe", "nothing"] {
      let change = try change()
      let map = try change.reserve(
        FileLocation(scratch("etc/mail/access.db")), attributes: NewFileAttributes(mode: 0o640))
      switch trick {
      case "link": unsafe symlink(scratch("etc/aliases"), map.path)
      case "hard link": unsafe link(scratch("etc/aliases"), map.path)
      case "pipe": unsafe mkfifo(map.path, 0o600)
      default: break
      }
      #expect(throws: SystemError.self, "\(trick)") { _ = try change.publish(wait: 0) }
      #expect(try SampleChange(path: scratch.path).state() == [])
    }
  }

  @Test func standardDescriptorsThatAreClosedStayUnused() async throws {
    await #expect(processExitsWith: .exitCode(42)) { [change = SampleChange(path: scratch.path) as SampleChange] in
      for number: Int32 in 0...2 { close(number) }
      let result = try change.make { step throws(SystemError) in
        for number in 0...2 {
          // Others may use the numbers, such as Dispatch for its timers; we do not.
          var target = [CChar](repeating: 0, count: 200)
          let count = unsafe readlink("/proc/self/fd/\(number)", &target, target.count)
          let text = String(decoding: target.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
          if text.hasPrefix(change.path) { exit(1) }
        }
      }
      exit(result == nil ? 42 : 2)
    }
    let change = SampleChange(path: scratch.path)
    #expect(try change.state() == change.whole)
  }
}
