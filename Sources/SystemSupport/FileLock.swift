internal import CSystemSupport
internal import Glibc

extension Descriptor {
  /// Tries to take, without waiting, both locks that builds of sendmail use: flock(2) and one by fcntl(2).
  ///
  /// The one does not see the other.
  ///
  /// The fcntl lock is one of the open file (`F_OFD_SETLK`), not of the process, since closing any other descriptor of
  /// the same file would drop the latter. A write lock on the whole file needs a descriptor that is open for writing; with
  /// another it is a read lock on the first byte, which keeps out who wants to write, and ``tryLockRest()`` does the rest. On
  /// NFS, where the kernel makes a flock of it that would stand in the way of the other (flock(2), NOTES), it is left out.
  ///
  /// - Returns: Whether both are held; if not, neither is.
  func tryLock() throws(SystemError) -> Bool {
    guard try tryFlock() else { return false }
    do throws(SystemError) {
      guard try hasUseForRecordLock() else { return true }
      let isForReading = fcntl(number, F_GETFL) & O_ACCMODE == O_RDONLY
      if try isForReading ? tryRecordLock(F_RDLCK, 0, count: 1) : tryRecordLock(F_WRLCK) { return true }
      flock(number, LOCK_UN)
      return false
    } catch {
      flock(number, LOCK_UN)
      throw error
    }
  }

  /// Tries to lock by fcntl(2), without waiting, what ``tryLock()`` leaves out where it has a descriptor for reading only.
  func tryLockRest() throws(SystemError) -> Bool {
    guard try hasUseForRecordLock() else { return true }
    return try tryRecordLock(F_WRLCK, 1)
  }

  /// Tries to take the flock alone.
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

  /// Whether a process has the file open for writing, as far as that can be told; the descriptor has to be one for reading.
  ///
  /// The kernel gives a read lease (fcntl(2), F_SETLEASE) only on a file that nobody has open for writing, and only to the
  /// file's owner or root. It is given back at once.
  var isOpenForWriting: Bool {
    // Who opens the file just then is held up, and we are sent a signal: one that nobody minds, unlike SIGIO.
    guard fcntl(number, SYSTEM_F_SETSIG, SIGURG) == 0 else { return false }
    if fcntl(number, SYSTEM_F_SETLEASE, F_RDLCK) != 0 { return errno == EAGAIN }
    _ = fcntl(number, SYSTEM_F_SETLEASE, F_UNLCK)
    return false
  }

  /// Waits until no process has the file open for writing, as far as that can be told, for some seconds at most.
  package func waitForWriters(atMost seconds: Double) {
    let deadline = Deadline(after: seconds)
    while isOpenForWriting, !deadline.isOver { deadline.pauseForOthers() }
  }

  private func hasUseForRecordLock() throws(SystemError) -> Bool {
    var system = statfs()
    if unsafe fstatfs(number, &system) != 0 { throw .last("fstatfs", path) }
    return system.f_type != SYSTEM_NFS_MAGIC
  }

  private func tryRecordLock(_ type: Int32, _ start: Int = 0, count: Int = 0) throws(SystemError) -> Bool {
    var command = SYSTEM_F_OFD_SETLK
    while true {
      var lock = Glibc.flock()
      lock.l_type = Int16(type)
      lock.l_whence = Int16(SEEK_SET)
      lock.l_start = start
      lock.l_len = count
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
