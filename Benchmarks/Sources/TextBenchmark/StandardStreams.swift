import Glibc

/// Bytes in and out, and what the process holds in memory.
enum StandardStreams {
  /// All bytes of standard input, which is a file.
  static func input() -> [UInt8] {
    var status = stat()
    guard fstat(STDIN_FILENO, &status) == 0 else { exit(66) }
    return [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, count in
      while count < buffer.count {
        let got = read(STDIN_FILENO, buffer.baseAddress.map { $0 + count }, buffer.count - count)
        guard got > 0 else { break }
        count += got
      }
    }
  }

  static func write(_ text: String, to descriptor: Int32) { write(Array(text.utf8), to: descriptor) }

  static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { exit(74) }
      rest = rest.dropFirst(count)
    }
  }

  /// The memory that the process has written to, in bytes: data, not code.
  static var writtenBytes: Int {
    let descriptor = open("/proc/self/smaps_rollup", O_RDONLY)
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &buffer, buffer.count)
    let words = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self).split { $0 == " " || $0 == "\n" }
    guard let index = words.firstIndex(of: "Anonymous:"), index + 1 < words.count else { exit(70) }
    return (Int(words[index + 1]) ?? 0) * 1024
  }
}

/// Random numbers that are the same in every run (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
struct SplitMix64 {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number from 0 to `bound` - 1.
  mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: next() % UInt64(bound)) }
}
