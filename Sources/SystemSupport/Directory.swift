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
    if unsafe fstatat(descriptor.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 { return FileStatus(status) }
    if errno == ENOENT { return nil }
    throw .last("fstatat", path(of: name))
  }

  /// Opens a name, or creates it if `flags` say so.
  ///
  /// Never follows a link, never waits for the other end of a pipe.
  func open(_ name: String, _ flags: Int32, mode: UInt32 = 0) throws(SystemError) -> Descriptor {
    let flags = flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
    let number = uninterrupted { unsafe openat(descriptor.number, name, flags, mode_t(mode)) }
    if number < 0 { throw .last("open", path(of: name)) }
    return try Descriptor(owning: number, path: path(of: name))
  }

  /// Opens a directory of this name, not a link to one.
  func openDirectory(_ name: String) throws(SystemError) -> Directory {
    Directory(try open(name, O_RDONLY | O_DIRECTORY))
  }

  /// Makes a directory that only its owner can enter.
  func makeDirectory(_ name: String) throws(SystemError) {
    if unsafe mkdirat(descriptor.number, name, 0o700) != 0 { throw .last("mkdir", path(of: name)) }
  }

  /// Removes an empty directory; one that is not there is no error.
  func removeDirectory(_ name: String) throws(SystemError) { try remove(name, AT_REMOVEDIR, "rmdir") }

  /// Removes a name; one that is not there is no error.
  func unlink(_ name: String) throws(SystemError) { try remove(name, 0, "unlink") }

  private func remove(_ name: String, _ flags: Int32, _ call: String) throws(SystemError) {
    if uninterrupted({ unsafe unlinkat(descriptor.number, name, flags) }) != 0 && errno != ENOENT {
      throw .last(call, path(of: name))
    }
  }

  /// All names but `.` and `..`, in no order.
  func names() throws(SystemError) -> [String] {
    let again = unsafe openat(descriptor.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard again >= 0 else { throw .last("open", path) }
    guard let stream = unsafe fdopendir(again) else {
      let error = SystemError.last("fdopendir", path)
      close(again)
      throw error
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else { break }
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    if errno != 0 { throw .last("readdir", path) }
    return names
  }
}
