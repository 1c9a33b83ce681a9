import Glibc
import Testing

@testable import SystemSupport

@Suite struct FileLocationTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    scratch.makeDirectory("real")
    scratch.makeDirectory("real/deep")
    scratch.write("real/file", "contents")
  }

  private func link(_ target: String, _ name: String) { scratch.link(target, name) }
  private func locate(_ name: String) throws -> String { try FileLocation(scratch(name)).path }

  @Test func followsLinksToTheFile() throws {
    link("real/file", "a")
    link(scratch("a"), "b")
    link("../../b", "real/deep/c")
    link("real/deep", "d")
    for name in ["real/file", "a", "b", "real/deep/c", "d/c", "d/../file", "./real/../real//deep/./../file"] {
      #expect(try locate(name) == scratch("real/file"), "\(name)")
    }
    #expect(try FileLocation(scratch("d/c")).askedPath == scratch("d/c"))
  }

  @Test func agreesWithTheKernelAboutManyPaths() throws {
    link("real/deep", "d")
    link("../file", "real/deep/up")
    link("/", "root")
    link("d/up", "e")
    let parts = [
      "real", "deep", "d", "up", "..", ".", "e", "file", "root", String(scratch.path.dropFirst()), "none", "",
    ]
    var random = SplitMix(seed: 7)
    var found = 0
    for _ in 0..<4000 {
      let path = scratch((0...random.next(5)).map { _ in parts[random.next(parts.count)] }.joined(separator: "/"))
      let mine = try? FileContents(path).status.identity
      let file = unsafe open(path, O_RDONLY)
      defer { close(file) }
      var status = stat()
      let isOpen = unsafe file >= 0 && fstat(file, &status) == 0
      let isFile = isOpen && status.st_mode & S_IFMT == S_IFREG
      #expect(mine?.inode == (isFile ? UInt64(status.st_ino) : nil), "\(path)")
      found += isFile ? 1 : 0
    }
    #expect(found > 100)
  }

  @Test func aDanglingLinkLeadsToWhereItsFileWouldBe() throws {
    link("real/new", "a")
    let location = try FileLocation(scratch("a"))
    #expect(location.path == scratch("real/new"))
    #expect(try location.status() == nil)
    link("nowhere/new", "b")
    #expect(failure { () throws(SystemError) in _ = try FileLocation(scratch("b")) }?.isMissing == true)
  }

  @Test func refusesCirclesAndDirectories() throws {
    link("b", "a")
    link("a", "b")
    #expect(failure { () throws(SystemError) in _ = try FileLocation(scratch("a")) }?.errno == ELOOP)
    #expect(failure { () throws(SystemError) in _ = try FileLocation(scratch("real/")) }?.errno == EISDIR)
    #expect(failure { () throws(SystemError) in _ = try FileLocation(scratch("real/file/")) }?.errno == ENOTDIR)
    #expect(failure { () throws(SystemError) in _ = try FileLocation(scratch("real/file/x")) }?.errno == ENOTDIR)
    #expect(failure { () throws(SystemError) in _ = try FileLocation("") }?.errno == ENOENT)
    #expect(failure { () throws(SystemError) in _ = try FileLocation(scratch("real/file\0x")) }?.errno == EINVAL)
  }

  @Test func workGoesOnInTheDirectoryThatWasOpened() throws {
    let location = try FileLocation(scratch("real/file"))
    scratch.move("real", "moved")
    scratch.makeDirectory("other")
    scratch.write("other/file", "not mine")
    link("other", "real")
    #expect(try FileContents(location).bytes == Array("contents".utf8))
  }

  @Test func aFileSwappedForALinkIsNotFollowed() throws {
    let location = try FileLocation(scratch("real/file"))
    scratch.remove("real/file")
    link("/etc/passwd", "real/file")
    #expect(throws: SystemError.self) { try FileContents(location) }
    #expect(throws: SystemError.self) { try location.directory.open("file", O_RDONLY) }
  }

  @Test(.enabled(if: isRoot)) func doesNotTrustOthersLinksInASharedDirectory() throws {
    scratch.makeDirectory("shared")
    scratch.setMode("shared", 0o1777)
    link("../real/file", "shared/mine")
    link("../real/file", "shared/theirs")
    scratch.setOwner("shared/theirs", 65534, 65534)
    #expect(try locate("shared/mine") == scratch("real/file"))
    let error = failure { () throws(SystemError) in _ = try FileLocation(scratch("shared/theirs")) }
    #expect(error?.problem == .untrustedLink)
    scratch.setMode("shared", 0o755)
    let other = failure { () throws(SystemError) in _ = try FileLocation(scratch("shared/theirs")) }
    #expect(other?.problem == .foreignLink(owner: 65534))
    scratch.setOwner("real", 65534, 65534)
    #expect(try locate("shared/theirs") == scratch("real/file"))
  }
}

/// A small generator with a fixed seed.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func next(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
