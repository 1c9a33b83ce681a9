internal import CSystemSupport
internal import Glibc

/// A walk along a path, one name at a time, each opened relative to the directory before it.
///
/// The kernel never follows a link for us: each link is read and its text walked, so that at every moment the directory
/// at hand is one that was opened, and the path without links is known.
struct PathWalk {
  /// As many links as the kernel follows itself (path_resolution(7)).
  static let linkLimit = 40

  private let path: String
  private var directory: Descriptor
  private var walked: [String]
  /// The names still to go, the next one last.
  private var pending: [String]
  private var links = 0

  init(_ path: String) throws(SystemError) {
    self.path = path
    if path.isEmpty { throw SystemError(call: "open", path: path, errno: ENOENT) }
    if path.utf8.contains(0) { throw SystemError(call: "open", path: path, errno: EINVAL) }
    walked = path.hasPrefix("/") ? [] : try Self.workingDirectory()
    directory = try Self.open(AT_FDCWD, path.hasPrefix("/") ? "/" : ".", path)
    pending = Self.names(path)
  }

  /// Goes to the directory that holds the path's last name, links in the last place followed.
  ///
  /// - Returns: The last name, which is a file's, or nobody's yet.
  mutating func finishAtFile() throws(SystemError) -> String {
    while let name = pending.popLast() {
      if pending.isEmpty && name != ".." && name != "." {
        var status = stat()
        if unsafe name.withPath({ unsafe fstatat(directory.number, $0, &status, AT_SYMLINK_NOFOLLOW) }) != 0 {
          if errno == ENOENT { return name }
          throw .last("stat", path)
        }
        if status.st_mode & S_IFMT != S_IFLNK { return name }
        try follow(name)
      } else {
        try enter(name)
      }
    }
    throw SystemError(.notRegular(.directory), call: "open", path: path)
  }

  /// Goes to the directory that the path names.
  mutating func finishAtDirectory() throws(SystemError) {
    while let name = pending.popLast() { try enter(name) }
  }

  /// The directory at hand, opened for reading its names and for syncing.
  func openedDirectory() throws(SystemError) -> Descriptor {
    let number = uninterrupted { unsafe openat(directory.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    if number < 0 { throw .last("open", "/" + walked.joined(separator: "/")) }
    return try Descriptor(owning: number, path: "/" + walked.joined(separator: "/"))
  }

  private mutating func enter(_ name: String) throws(SystemError) {
    do {
      directory = try Self.open(directory.number, name, path)
      switch name {
      case ".": break
      case "..": _ = walked.popLast()
      default: walked.append(name)
      }
    } catch {
      // O_DIRECTORY with O_NOFOLLOW says the one or the other of a link.
      if error.errno != ENOTDIR && error.errno != ELOOP { throw error }
      try follow(name)
    }
  }

  private mutating func follow(_ name: String) throws(SystemError) {
    links += 1
    if links > Self.linkLimit { throw SystemError(call: "readlink", path: path, errno: ELOOP) }
    try checkTrust(name)
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe name.withPath { unsafe readlinkat(directory.number, $0, &buffer, buffer.count) }
    if count < 0 { throw SystemError(call: "open", path: path, errno: errno == EINVAL ? ENOTDIR : errno) }
    let bytes = buffer.prefix(count).lazy.map { UInt8(bitPattern: $0) }
    if count == buffer.count { throw SystemError(call: "readlink", path: path, errno: ENAMETOOLONG) }
    let target = String(path: Array(bytes))
    if target.isEmpty { throw SystemError(call: "readlink", path: path, errno: ENOENT) }
    if target.hasPrefix("/") {
      self.directory = try Self.open(AT_FDCWD, "/", path)
      walked = []
    }
    pending += Self.names(target)
  }

  /// Keeps to the rule of `fs.protected_symlinks` (proc(5)), which the kernel applies only where it follows itself.
  private func checkTrust(_ name: String) throws(SystemError) {
    var link = stat()
    var parent = stat()
    if unsafe name.withPath({ unsafe fstatat(directory.number, $0, &link, AT_SYMLINK_NOFOLLOW) }) != 0
      || fstat(directory.number, &parent) != 0
    {
      throw .last("stat", path)
    }
    let isShared = parent.st_mode & 0o1002 == 0o1002
    if isShared && link.st_mode & S_IFMT == S_IFLNK && link.st_uid != geteuid() && link.st_uid != parent.st_uid {
      throw SystemError(.untrustedLink, call: "readlink", path: path)
    }
  }

  /// The names of a path, last first.
  ///
  /// A final slash leaves a `.`, which only a directory has.
  private static func names(_ path: String) -> [String] {
    var names = path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
    let wantsDirectory = path.utf8.last == UInt8(ascii: "/") || names.last == "."
    names.removeAll { $0 == "." }
    if wantsDirectory { names.append(".") }
    return names.reversed()
  }

  private static func open(_ parent: Int32, _ name: String, _ path: String) throws(SystemError) -> Descriptor {
    let flags = SYSTEM_O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    let number = uninterrupted { unsafe name.withPath { unsafe openat(parent, $0, flags) } }
    if number < 0 { throw .last("open", path) }
    return try Descriptor(owning: number, path: path)
  }

  private static func workingDirectory() throws(SystemError) -> [String] {
    guard let path = unsafe getcwd(nil, 0) else { throw .last("getcwd", ".") }
    defer { unsafe free(path) }
    return String(path: unsafe Array(UnsafeRawBufferPointer(start: path, count: strlen(path)))).split(separator: "/")
      .map(
        String.init)
  }
}
