import Glibc
import Testing

@testable import SystemSupport

@Suite struct FileContentsTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  @Test func readsAllBytesAndWhatTheFileIs() throws {
    scratch.write("a", "one\0two\r\n\u{FC}", mode: 0o640)
    let contents = try FileContents(scratch("a"))
    #expect(contents.bytes == Array("one\0two\r\n\u{FC}".utf8))
    #expect(contents.bytes.capacity >= contents.bytes.count + 64 * 1024)
    var status = stat()
    #expect(unsafe stat(scratch("a"), &status) == 0)
    #expect(contents.status.identity == FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino)))
    #expect(contents.status.size == 11)
    #expect(contents.status.mode == 0o640)
    #expect(contents.status.owner == geteuid())
    #expect(contents.status.linkCount == 1)
    #expect(contents.status.modified.nanoseconds == status.st_mtim.tv_nsec)
  }

  @Test func readsAnEmptyFile() throws {
    scratch.write("a", "")
    #expect(try FileContents(scratch("a")).bytes.isEmpty)
  }

  /// The length is no more than a hint: files of /proc have none, and one that grows has had another.
  @Test(arguments: [0, 1, 70_000, 5_000_000]) func readsToTheEndWhateverTheLengthWas(hint: Int) throws {
    let text = String(repeating: "0123456789abcdef", count: 200_000)
    scratch.write("a", text)
    let file = try Directory(scratch.path).open("a", O_RDONLY)
    #expect(try FileContents.read(file, expected: hint) == Array(text.utf8))
  }

  @Test func readsAFileWithoutALength() throws {
    #expect(try FileContents("/proc/self/status").bytes.starts(with: "Name:".utf8))
  }

  @Test func refusesWhatIsNoRegularFile() throws {
    scratch.makePipe("pipe")
    scratch.makeDirectory("sub")
    #expect(failure { () throws(SystemError) in _ = try FileContents(scratch("pipe")) }?.problem == .notRegular(.pipe))
    #expect(
      failure { () throws(SystemError) in _ = try FileContents(scratch("sub")) }?.problem == .notRegular(.directory))
    #expect(failure { () throws(SystemError) in _ = try FileContents("/dev/zero") }?.problem == .notRegular(.device))
    #expect(failure { () throws(SystemError) in _ = try FileContents(scratch("none")) }?.isMissing == true)
    #expect(failure { () throws(SystemError) in _ = try FileContents("/") }?.problem == .notRegular(.directory))
  }

  @Test func refusesWhatIsTooLong() throws {
    scratch.write("a", "")
    scratch.setLength("a", 1 << 32)
    let error = failure { () throws(SystemError) in _ = try FileContents(scratch("a")) }
    #expect(error?.problem == .tooLarge)
    #expect(error?.description == "\(scratch("a")): is longer than 4 GiB")
  }
}
