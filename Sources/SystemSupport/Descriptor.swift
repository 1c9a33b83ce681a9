internal import CSystemSupport
internal import Glibc

/// Makes a call again as long as a signal interrupts it.
func uninterrupted(_ call: () -> Int32) -> Int32 {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}

/// An open file, closed when the last reference goes.
///
/// Its number is never 0, 1 or 2, so that a program started with its standard descriptors closed does not print its
/// messages into a file.
package final class Descriptor: Sendable {
  /// The descriptor's number, 3 or above.
  package let number: Int32
  /// The path for error messages.
  package let path: String
  /// Whether it is that of a directory whose files can be reached, and whose names cannot be read (`O_PATH`).
  let isPathOnly: Bool

  /// Takes over a descriptor that has just been opened; moves it if it is one of the first three.
  init(owning number: Int32, path: String, isPathOnly: Bool = false) throws(SystemError) {
    self.path = path
    self.isPathOnly = isPathOnly
    if number > 2 {
      self.number = number
    } else {
      let moved = fcntl(number, F_DUPFD_CLOEXEC, 3)
      let error = SystemError.last("fcntl", path)
      close(number)
      if moved < 0 { throw error }
      self.number = moved
    }
  }

  deinit { close(number) }

  /// What the file is now.
  package func status() throws(SystemError) -> FileStatus {
    var status = stat()
    if unsafe fstat(number, &status) != 0 { throw .last("fstat", path) }
    return FileStatus(status)
  }

  /// What the file is now; refuses anything but a regular file.
  func regularStatus() throws(SystemError) -> FileStatus {
    let status = try status()
    if status.kind != .regular { throw SystemError(.notRegular(status.kind), call: "fstat", path: path) }
    return status
  }

  /// Waits until the contents, or a directory's names, are on the disk.
  package func sync() throws(SystemError) {
    // fsync(2) takes only what is open for reading or writing. The kernel writes such a directory in its own time, as after
    // the work of sendmail's programs, which sync none: the file itself is on the disk, and its name is the old or the new.
    if isPathOnly { return }
    if uninterrupted({ fsync(number) }) != 0 { throw .last("fsync", path) }
  }

  /// Writes all bytes, however many calls it takes, at the descriptor's position.
  func write(_ bytes: borrowing Span<UInt8>) throws(SystemError) {
    let failure = unsafe bytes.withUnsafeBytes { buffer -> Int32 in
      var done = 0
      while done < buffer.count {
        let count = unsafe Glibc.write(number, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done)
        if count > 0 {
          done += count
        } else if count == 0 {
          return ENOSPC
        } else if errno != EINTR {
          return errno
        }
      }
      return 0
    }
    if failure != 0 { throw SystemError(call: "write", path: path, errno: failure) }
  }

  /// Sets when the contents were last changed; leaves the time of the last access alone.
  package func setModified(_ time: FileTime) throws(SystemError) {
    let omitted = timespec(tv_sec: 0, tv_nsec: SYSTEM_UTIME_OMIT)
    let times = [omitted, timespec(tv_sec: time.seconds, tv_nsec: time.nanoseconds)]
    if uninterrupted({ unsafe futimens(number, times) }) != 0 { throw .last("futimens", path) }
  }

  /// Moves the time of the last change on, so that whoever has the file open sees that it is no longer the live one.
  ///
  /// The new time is now, or a second after the old time if that is later: sendmail compares whole seconds, and only
  /// "later than when I opened it" makes it open the file by name again.
  func moveModifiedOn() throws(SystemError) {
    let old = try status().modified
    try setModified(max(.now, FileTime(seconds: old.seconds + 1, nanoseconds: old.nanoseconds)))
  }
}
