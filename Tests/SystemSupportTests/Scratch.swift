import CSystemSupport
import Glibc
import Testing

@testable import SystemSupport

/// A directory of a test's own, with what the tests need to look at files without the code under test.
final class Scratch {
  let path: String

  init() throws {
    path = "/tmp/" + StagingDirectory.newName().dropFirst()
    try #require(unsafe mkdir(path, 0o755) == 0)
  }

  deinit { run("rm", "-rf", path) }

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ name: String, _ text: String, mode: mode_t = 0o644) {
    let file = unsafe open(self(name), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    let bytes = Array(text.utf8)
    #expect(unsafe Glibc.write(file, bytes, bytes.count) == bytes.count)
    fchmod(file, mode)
    close(file)
  }

  func makeDirectory(_ name: String, mode: mode_t = 0o755) {
    unsafe mkdir(self(name), 0o700)
    setMode(name, mode)
  }
  func makePipe(_ name: String) { unsafe mkfifo(self(name), 0o600) }
  func link(_ target: String, _ name: String) { #expect(unsafe symlink(target, self(name)) == 0) }
  func hardLink(_ name: String, _ other: String) { #expect(unsafe Glibc.link(self(name), self(other)) == 0) }
  func move(_ name: String, _ other: String) { #expect(unsafe rename(self(name), self(other)) == 0) }
  func remove(_ name: String) { #expect(unsafe unlink(self(name)) == 0) }
  func setMode(_ name: String, _ mode: mode_t) { #expect(unsafe chmod(self(name), mode) == 0) }
  func setOwner(_ name: String, _ owner: uid_t, _ group: gid_t) {
    #expect(unsafe lchown(self(name), owner, group) == 0)
  }
  func setLength(_ name: String, _ length: Int) { #expect(unsafe truncate(self(name), length) == 0) }

  func read(_ name: String) -> String? { readText(self(name)) }

  /// All names below, sorted; our lock file, which stays, left out.
  func names(_ sub: String = "") throws -> [String] {
    try Directory(sub.isEmpty ? path : self(sub)).names().filter { $0 != ".mailcfg.lock" }.sorted()
  }

  func status(_ name: String) throws -> FileStatus {
    try #require(FileStatus(following: self(name)))
  }
}

func readText(_ path: String) -> String? {
  let file = unsafe open(path, O_RDONLY)
  if file < 0 { return nil }
  defer { close(file) }
  var text: [UInt8] = []
  var part = [UInt8](repeating: 0, count: 65536)
  while true {
    let count = unsafe Glibc.read(file, &part, part.count)
    if count <= 0 { return String(decoding: text, as: UTF8.self) }
    text += part[..<count]
  }
}

/// Runs a program of the system and waits for it.
@discardableResult func run(_ words: String...) -> Int32 {
  var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
  defer { unsafe arguments.forEach { unsafe free($0) } }
  var child: pid_t = 0
  guard unsafe posix_spawnp(&child, words[0], nil, nil, &arguments, environ) == 0 else { return -1 }
  var status: Int32 = 0
  unsafe waitpid(child, &status, 0)
  return status
}

/// The error that a call throws.
func failure(_ body: () throws(SystemError) -> Void) -> SystemError? {
  do {
    try body()
    return nil
  } catch {
    return error
  }
}

let isRoot = geteuid() == 0
