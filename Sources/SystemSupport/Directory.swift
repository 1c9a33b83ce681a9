internal import CSystemSupport
internal import Glibc

/// An opened directory.
///
/// All work on files goes through it by plain names, so that a directory or link that is swapped meanwhile does not
/// matter: what was checked is what is used.
package final class Directory: Sendable {
  /// The open directory.
  package let descriptor: Descriptor
  /// The absolute path without links, as it was when the directory was opened.
  package var path: String { descriptor.path }

  /// Takes over an opened directory.
  init(_ descriptor: Descriptor) { self.descriptor = descriptor }

  /// Opens a directory, following symbolic links as ``FileLocation`` does.
  ///
  /// - Throws: `ENOENT`, `ENOTDIR`, `EACCES` and so on, with the path as given.
  package convenience init(_ path: String) throws(SystemError) {
    var walk = try PathWalk(path)
    try walk.finishAtDirectory()
    try self.init(walk.openedDirectory())
  }

  /// The path of a name in this directory.
  package func path(of name: String) -> String { path == "/" ? "/\(name)" : "\(path)/\(name)" }

  /// What a name stands for, links not followed; `nil` if there is no such name.
  package func status(of name: String) throws(SystemError) -> FileStatus? {
    var status = stat()
    if unsafe name.withPath({ unsafe fstatat(descriptor.number, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 {
      return FileStatus(status)
    }
    if errno == ENOENT { return nil }
    throw .last("fstatat", path(of: name))
  }

  /// Opens a name, or creates it if `flags` say so.
  ///
  /// Never follows a link, never waits for the other end of a pipe.
  func open(_ name: String, _ flags: Int32, mode: UInt32 = 0) throws(SystemError) -> Descriptor {
    let flags = flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
    let number = uninterrupted {
      unsafe name.withPath { unsafe openat(descriptor.number, $0, flags, mode_t(mode)) }
    }
    if number < 0 {
      let error = SystemError.last("open", path(of: name))
      // ELOOP is what O_NOFOLLOW says of a link; the system's text for it speaks of too many.
      throw error.errno == ELOOP ? SystemError(.link, call: "open", path: error.path) : error
    }
    return try Descriptor(owning: number, path: path(of: name))
  }

  /// Opens a directory of this name, not a link to one.
  func openDirectory(_ name: String) throws(SystemError) -> Directory {
    Directory(try open(name, O_RDONLY | O_DIRECTORY))
  }

  /// Makes a directory that only its owner can enter.
  func makeDirectory(_ name: String, mode: UInt32) throws(SystemError) {
    if uninterrupted({ unsafe name.withPath { unsafe mkdirat(descriptor.number, $0, mode) } }) != 0 {
      throw .last("mkdir", path(of: name))
    }
  }

  /// Removes an empty directory; one that is not there is no error.
  func removeDirectory(_ name: String) throws(SystemError) { try remove(name, AT_REMOVEDIR, "rmdir") }

  /// Removes a name; one that is not there is no error.
  func unlink(_ name: String) throws(SystemError) { try remove(name, 0, "unlink") }

  private func remove(_ name: String, _ flags: Int32, _ call: String) throws(SystemError) {
    if uninterrupted({ unsafe name.withPath { unsafe unlinkat(descriptor.number, $0, flags) } }) != 0 && errno != ENOENT
    {
      throw .last(call, path(of: name))
    }
  }

  /// All names but `.` and `..`, in no order.
  ///
  /// Takes no further descriptor, so that cleaning up works when there is none left.
  func names() throws(SystemError) -> [String] {
    if descriptor.isPathOnly { throw SystemError(call: "open", path: path, errno: EACCES) }
    if lseek(descriptor.number, 0, SEEK_SET) != 0 { throw .last("lseek", path) }
    var names: [String] = []
    var buffer = [UInt8](repeating: 0, count: 32768)
    while true {
      let count = unsafe system_getdents64(descriptor.number, &buffer, UInt(buffer.count))
      if count < 0 { throw .last("getdents64", path) }
      if count == 0 { return names }
      // struct linux_dirent64: inode 8 bytes, offset 8, length of the entry 2, kind 1, name, NUL.
      var entry = 0
      while entry < count {
        let length = Int(
          unsafe buffer.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: entry + 16, as: UInt16.self) })
        let name = String(path: Array(buffer[(entry + 19)..<(entry + length)].prefix { $0 != 0 }))
        if name != "." && name != ".." { names.append(name) }
        entry += length
      }
    }
  }
}
