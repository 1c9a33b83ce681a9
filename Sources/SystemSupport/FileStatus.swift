internal import CSystemSupport
internal import Glibc

/// Which file it is, whatever its names are.
package struct FileIdentity: Hashable, Sendable {
  /// The device number.
  package var device: UInt64
  /// The inode number.
  package var inode: UInt64
}

/// A point in time as file systems keep it.
package struct FileTime: Hashable, Comparable, Sendable {
  /// Seconds since the epoch.
  package var seconds: Int
  /// Nanoseconds within the second, 0 to 999,999,999.
  package var nanoseconds: Int

  /// Makes a time from its two parts.
  package init(seconds: Int, nanoseconds: Int = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  init(_ time: timespec) { self.init(seconds: time.tv_sec, nanoseconds: time.tv_nsec) }

  /// The time by the system's clock.
  package static var now: FileTime {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return FileTime(time)
  }

  /// The same moment in the second before.
  var secondBefore: FileTime { FileTime(seconds: seconds - 1, nanoseconds: nanoseconds) }

  /// The next moment that can be told from this.
  var next: FileTime {
    nanoseconds < 999_999_999
      ? FileTime(seconds: seconds, nanoseconds: nanoseconds + 1) : FileTime(seconds: seconds + 1, nanoseconds: 0)
  }

  /// Whether the first is earlier.
  package static func < (first: FileTime, second: FileTime) -> Bool {
    (first.seconds, first.nanoseconds) < (second.seconds, second.nanoseconds)
  }
}

/// What `fstat(2)` says about a file.
package struct FileStatus: Hashable, Sendable {
  /// The kind of file.
  package enum Kind: String, Sendable {
    /// A file with contents.
    case regular = "regular file"
    /// A directory.
    case directory
    /// A symbolic link.
    case link = "symbolic link"
    /// A pipe.
    case pipe
    /// A block or character device.
    case device
    /// A socket.
    case socket
  }

  /// Which file it is.
  package var identity: FileIdentity
  /// The kind of file.
  package var kind: Kind
  /// The length in bytes.
  package var size: Int
  /// When the contents were last changed.
  package var modified: FileTime
  /// When anything about it was last changed: contents, owner, mode, names.
  package var changed: FileTime
  /// The permission bits, 0 to 0o7777.
  package var mode: UInt32
  /// The owner's user id.
  package var owner: UInt32
  /// The group id.
  package var group: UInt32
  /// The number of names (hard links).
  package var linkCount: UInt64

  /// What a path leads to; `nil` if that cannot be said.
  package init?(following path: String) {
    var status = stat()
    if unsafe path.withPath({ unsafe stat($0, &status) }) != 0 { return nil }
    self.init(status)
  }

  init(_ status: stat) {
    identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .regular
      case S_IFDIR: .directory
      case S_IFLNK: .link
      case S_IFIFO: .pipe
      case S_IFSOCK: .socket
      default: .device
      }
    size = Int(status.st_size)
    modified = FileTime(status.st_mtim)
    changed = FileTime(status.st_ctim)
    mode = UInt32(status.st_mode & 0o7777)
    owner = status.st_uid
    group = status.st_gid
    linkCount = UInt64(status.st_nlink)
  }
}
