internal import CSystemSupport
internal import Glibc

extension Directory {
  /// Makes a file's name stand for another, and the other's for it, in one step.
  ///
  /// - Returns: Whether the kernel and the file system can do that (renameat2(2), RENAME_EXCHANGE); if not, nothing is done.
  func exchange(_ name: String, _ other: Directory, _ otherName: String) throws(SystemError) -> Bool {
    if try rename(name, other, otherName, SYSTEM_RENAME_EXCHANGE) { return true }
    return false
  }

  /// Moves a file to a name that is free.
  ///
  /// - Throws: ``FileProblem/changed`` if it is not free.
  func moveIfFree(_ name: String, to other: Directory, _ otherName: String) throws(SystemError) {
    do {
      if try rename(name, other, otherName, SYSTEM_RENAME_NOREPLACE) { return }
      try link(name, to: other, otherName)
      try unlink(name)
    } catch {
      if error.errno != EEXIST { throw error }
      throw SystemError(.changed, call: error.call, path: other.path(of: otherName))
    }
  }

  /// Moves a file to a name, in the place of whatever has it.
  func move(_ name: String, to other: Directory, _ otherName: String) throws(SystemError) {
    if unsafe both(name, otherName, { unsafe renameat(descriptor.number, $0, other.descriptor.number, $1) }) != 0 {
      throw .last("rename", other.path(of: otherName))
    }
  }

  /// Gives a file a second name.
  func link(_ name: String, to other: Directory, _ otherName: String) throws(SystemError) {
    if unsafe both(name, otherName, { unsafe linkat(descriptor.number, $0, other.descriptor.number, $1, 0) }) != 0 {
      throw .last("link", other.path(of: otherName))
    }
  }

  private func rename(_ name: String, _ other: Directory, _ otherName: String, _ flags: UInt32)
    throws(SystemError) -> Bool
  {
    let result = unsafe both(name, otherName) {
      unsafe system_renameat2(descriptor.number, $0, other.descriptor.number, $1, flags)
    }
    if result == 0 { return true }
    if errno == EINVAL || errno == ENOSYS { return false }
    if errno == EBUSY { throw SystemError(.mountPoint, call: "renameat2", path: other.path(of: otherName)) }
    throw .last("renameat2", other.path(of: otherName))
  }

  private func both(
    _ name: String, _ other: String, _ call: (UnsafePointer<CChar>, UnsafePointer<CChar>) -> Int32
  ) -> Int32 {
    unsafe name.withPath { name in unsafe other.withPath { unsafe call(name, $0) } }
  }
}
