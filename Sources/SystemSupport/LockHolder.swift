/// Who holds a lock, and who waits for one.
struct LockHolder {
  /// The process; 0 where it cannot be told.
  var process: Int32
  /// Whether nobody else can have the lock with it.
  var isExclusive: Bool
  /// Whether it has no lock yet, and waits for it.
  var isWaiting: Bool

  /// A process that holds a lock on a file, for messages.
  static func process(holding file: FileIdentity) -> Int32? {
    all(of: file).first { !$0.isWaiting && $0.process > 0 }?.process
  }

  /// All who hold or want a lock on a file, by the kernel's list `/proc/locks` (proc(5)).
  ///
  /// ```
  /// lock   = number ":" [ "->" ] kind "ADVISORY" ( "READ" / "WRITE" ) process device start end
  /// kind   = "FLOCK" / "POSIX" / "OFDLCK"
  /// device = 2*HEXDIG ":" 2*HEXDIG ":" inode       ; major, minor
  /// ```
  /// A line with `->` is of one who waits. Where devices have other numbers in the list than for stat(2), as with btrfs, or
  /// there is no list, nobody is found.
  static func all(of file: FileIdentity) -> [LockHolder] {
    guard let list = try? FileContents.anyBytes(of: "/proc/locks") else { return [] }
    let major = file.device >> 8 & 0xfff | file.device >> 32 & ~0xfff
    let minor = file.device & 0xff | file.device >> 12 & 0xffff_ff00
    let wanted = [major, minor].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) } + [String(file.inode)]
    return list.split(separator: UInt8(ascii: "\n")).compactMap { line in
      var words = line.split(separator: UInt8(ascii: " ")).dropFirst().map { String(decoding: $0, as: UTF8.self) }
      let isWaiting = words.first == "->"
      if isWaiting { words.removeFirst() }
      guard words.count > 4, words[4].split(separator: ":").map(String.init) == wanted else { return nil }
      return LockHolder(process: Int32(words[3]) ?? 0, isExclusive: words[2] == "WRITE", isWaiting: isWaiting)
    }
  }
}
