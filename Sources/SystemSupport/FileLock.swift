internal import CSystemSupport
internal import Glibc

extension Descriptor {
  /// Tries to take, without waiting, both locks that builds of sendmail use: ``tryRecordLock()`` and ``tryFlock()``.
  ///
  /// The one does not see the other.
  ///
  /// - Returns: Whether both are held; if not, neither is.
  func tryLock() throws(SystemError) -> Bool {
    var isLocked = false
    defer { if !isLocked { unlock() } }
    guard try tryRecordLock() else { return false }
    isLocked = try tryFlock()
    return isLocked
  }

  /// Tries to take the lock by fcntl(2) on the whole file.
  ///
  /// It is one of the open file (`F_OFD_SETLK`), not of the process, since closing any other descriptor of the same file would
  /// drop the latter. With a descriptor that is open for reading it is a read lock, which keeps out who wants to write, but not
  /// who reads: he is in nobody's way. It is left out on NFS, where the kernel makes a flock of it that would stand in the way
  /// of the other (flock(2), NOTES).
  func tryRecordLock() throws(SystemError) -> Bool {
    guard try hasUseForRecordLock() else { return true }
    return try tryRecordLock(recordLockType())
  }

  /// Tries to take the flock(2).
  func tryFlock() throws(SystemError) -> Bool {
    while flock(number, LOCK_EX | LOCK_NB) != 0 {
      if errno == EWOULDBLOCK { return false }
      if errno != EINTR { throw .last("flock", path) }
    }
    return true
  }

  /// Gives both locks back.
  func unlock() {
    _ = try? tryRecordLock(F_UNLCK)
    flock(number, LOCK_UN)
  }

  private func recordLockType() throws(SystemError) -> Int32 {
    let flags = fcntl(number, F_GETFL)
    if flags < 0 { throw .last("fcntl", path) }
    return flags & O_ACCMODE == O_RDONLY ? F_RDLCK : F_WRLCK
  }

  private func hasUseForRecordLock() throws(SystemError) -> Bool {
    var system = statfs()
    if unsafe fstatfs(number, &system) != 0 { throw .last("fstatfs", path) }
    return system.f_type != SYSTEM_NFS_MAGIC
  }

  private func tryRecordLock(_ type: Int32) throws(SystemError) -> Bool {
    var command = SYSTEM_F_OFD_SETLK
    while true {
      var lock = Glibc.flock()
      lock.l_type = Int16(type)
      lock.l_whence = Int16(SEEK_SET)
      if unsafe fcntl(number, command, &lock) == 0 { return true }
      switch errno {
      case EAGAIN, EACCES: return false
      case EINTR: continue
      case EINVAL where command == SYSTEM_F_OFD_SETLK: command = F_SETLK  // a kernel before 3.15
      default: throw .last("fcntl", path)
      }
    }
  }
}
