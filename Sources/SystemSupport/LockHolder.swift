/// Who holds a lock, for messages.
enum LockHolder {
  /// A process that holds a lock on a file, by the kernel's list `/proc/locks` (proc(5)).
  ///
  /// ```
  /// lock   = number ":" kind "ADVISORY" ( "READ" / "WRITE" ) process device start end
  /// kind   = "FLOCK" / "POSIX" / "OFDLCK"
  /// device = 2*HEXDIG ":" 2*HEXDIG ":" inode       ; major, minor
  /// ```
  /// A line whose second word is `->` is of one who waits. Where devices have other numbers in the list than for stat(2),
  /// as with btrfs, or there is no list, nobody is found.
  static func process(holding file: FileIdentity) -> Int32? {
    guard let list = try? FileContents("/proc/locks") else { return nil }
    let major = file.device >> 8 & 0xfff | file.device >> 32 & ~0xfff
    let minor = file.device & 0xff | file.device >> 12 & 0xffff_ff00
    let wanted = [major, minor].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) } + [String(file.inode)]
    for line in list.bytes.split(separator: UInt8(ascii: "\n")) {
      let words = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
      guard words.count > 5, words[1] != "->", words[5].split(separator: ":").map(String.init) == wanted,
        let process = Int32(words[4]), process > 0
      else { continue }
      return process
    }
    return nil
  }
}
