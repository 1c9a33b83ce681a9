internal import Glibc

/// What the system tells of another process (proc(5)).
package struct ForeignProcess: Sendable {
  /// The process id.
  package let number: Int32

  /// Names a process, which need not be there.
  package init(_ number: Int32) { self.number = number }

  /// The file name of the program that it runs; `nil` where that cannot be told, as of one that is not there.
  ///
  /// A program that was replaced since, as by an upgrade, has ` (deleted)` behind its name. Where the program is not to be
  /// seen it is the name that the process goes by, which it may change.
  package var programName: String? {
    if let path = try? linkTarget("/proc/\(number)/exe") { return path.pathName }
    guard let name = try? FileContents("/proc/\(number)/comm").bytes else { return nil }
    return String(path: Array(name.prefix { $0 != UInt8(ascii: "\n") }))
  }

  /// The user whose rights it has; `nil` where that cannot be told, as of one that is not there.
  ///
  /// The owner of its directory in `/proc` is root where it has changed its rights.
  package var user: UInt32? {
    guard let status = try? FileContents("/proc/\(number)/status").bytes else { return nil }
    let line = status.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: "Uid:".utf8) }
    // The real one first, then the effective one.
    guard let words = line?.split(separator: UInt8(ascii: "\t")), words.count > 2 else { return nil }
    return UInt32(String(decoding: words[2], as: UTF8.self))
  }
}
