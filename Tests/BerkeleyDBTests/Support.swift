import BerkeleyDB
import Glibc
import Testing

/// A generator with a fixed seed (SplitMix64), so that a failing case can be run again.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) }
  }
}

/// A directory of its own for a test, removed with what is in it.
final class ScratchDirectory {
  let path: String

  init() throws {
    var template = Array("/tmp/berkeleydb-tests-XXXXXX".utf8CString)
    try unsafe template.withUnsafeMutableBufferPointer { buffer in
      _ = try unsafe #require(buffer.baseAddress.flatMap { unsafe mkdtemp($0) })
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  deinit {
    if let directory = unsafe opendir(path) {
      while let entry = unsafe readdir(directory) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
          unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
        }
        unsafe unlink("\(path)/\(name)")
      }
      unsafe closedir(directory)
    }
    unsafe rmdir(path)
  }
}

func readFile(_ path: String) throws -> [UInt8] {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  try #require(descriptor >= 0, "\(path): \(unsafe String(cString: strerror(errno)))")
  defer { close(descriptor) }
  var result: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe read(descriptor, &buffer, buffer.count)
    try #require(count >= 0)
    if count == 0 { return result }
    result += buffer[..<count]
  }
}

func writeFile(_ path: String, _ bytes: [UInt8]) throws {
  let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
  try #require(descriptor >= 0, "\(path): \(unsafe String(cString: strerror(errno)))")
  defer { close(descriptor) }
  var offset = 0
  while offset < bytes.count {
    let count = unsafe bytes[offset...].withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    try #require(count > 0)
    offset += count
  }
}

/// What a program printed, and how it ended.
struct Output {
  var standardOutput: [UInt8]
  var standardError: [UInt8]
  var status: Int32
}

/// Runs a program that is found in the path.
func run(_ program: String, _ arguments: [String], in scratch: ScratchDirectory) throws -> Output {
  let output = scratch.file("stdout")
  let errors = scratch.file("stderr")
  var actions = unsafe posix_spawn_file_actions_t()
  unsafe posix_spawn_file_actions_init(&actions)
  defer { unsafe posix_spawn_file_actions_destroy(&actions) }
  unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
  unsafe posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
  unsafe posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
  var process: pid_t = 0
  var argv: [UnsafeMutablePointer<CChar>?] = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
  defer { for unsafeargument in unsafe argv { unsafe free(argument) } }
  let result = unsafe posix_spawnp(&process, program, &actions, nil, &argv, environ)
  try #require(result == 0, "\(program): \(unsafe String(cString: strerror(result)))")
  var status: Int32 = 0
  while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
  let exit = status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F)
  return Output(standardOutput: try readFile(output), standardError: try readFile(errors), status: exit)
}

/// Whether Berkeley DB's own tools are there; where they must be, a test fails instead of being skipped.
let hasTools: Bool = {
  let value = unsafe getenv("CI").map { unsafe String(cString: $0) }
  if value == "true" { return true }
  let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? ""
  return path.split(separator: ":").contains { unsafe access("\($0)/db5.3_dump", X_OK) == 0 }
}()

/// A pair as the database holds it.
struct Pair: Hashable, Comparable {
  var key: [UInt8]
  var value: [UInt8]

  init(_ key: [UInt8], _ value: [UInt8]) {
    self.key = key
    self.value = value
  }

  init(_ key: String, _ value: String) { self.init(Array(key.utf8), Array(value.utf8)) }

  static func < (a: Pair, b: Pair) -> Bool {
    a.key == b.key ? a.value.lexicographicallyPrecedes(b.value) : a.key.lexicographicallyPrecedes(b.key)
  }
}

/// The pairs that db5.3_dump shows, in its order.
func dump(_ path: String, in scratch: ScratchDirectory) throws -> [Pair] {
  let output = try run("db5.3_dump", [path], in: scratch)
  try #require(output.status == 0, "db5.3_dump: \(String(decoding: output.standardError, as: UTF8.self))")
  let lines = output.standardOutput.split(separator: 0x0A, omittingEmptySubsequences: false)
  let start = try #require(lines.firstIndex { $0.elementsEqual("HEADER=END".utf8) }) + 1
  let end = try #require(lines.firstIndex { $0.elementsEqual("DATA=END".utf8) })
  func decode(_ line: ArraySlice<UInt8>) -> [UInt8] {
    func digit(_ byte: UInt8) -> UInt8 { byte < 0x3A ? byte &- 0x30 : byte &- 0x57 }
    let digits = Array(line.dropFirst())
    return stride(from: 0, to: digits.count - 1, by: 2).map { place -> UInt8 in
      let high = digit(digits[place])
      return high << 4 | digit(digits[place + 1])
    }
  }
  return stride(from: start, to: end, by: 2).map { Pair(decode(lines[$0]), decode(lines[$0 + 1])) }
}

/// All pairs, through the library.
func pairs(_ database: inout Database) throws -> [Pair] {
  var result: [Pair] = []
  try database.forEachPair { key, value in
    result.append(Pair(copy(key), copy(value)))
    return true
  }
  return result
}

func copy(_ span: Span<UInt8>) -> [UInt8] { span.indices.map { span[$0] } }
