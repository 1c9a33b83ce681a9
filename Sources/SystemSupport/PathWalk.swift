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
  /// The users, neither we nor root, whose links were followed.
  private var linkOwners: Set<UInt32> = []

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

  /// The directory at hand, opened for reading its names and for syncing; for its files alone where it may be searched only.
  func openedDirectory() throws(SystemError) -> Descriptor {
    var number = uninterrupted { unsafe openat(directory.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    let isPathOnly = number < 0 && errno == EACCES
    if isPathOnly {
      let flags = SYSTEM_O_PATH | O_DIRECTORY | O_CLOEXEC
      number = uninterrupted { unsafe openat(directory.number, ".", flags) }
    }
    // joined(separator:) has the runtime look up how an array is a sequence, at each start of a program.
    var path = walked.isEmpty ? "/" : ""
    for name in walked { path += "/" + name }
    if number < 0 { throw .last("open", path) }
    let opened = try Descriptor(owning: number, path: path, isPathOnly: isPathOnly)
    try checkWhereLinksLead(opened)
    return opened
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
    // The link that is looked at is the one that is read.
    let flags = SYSTEM_O_PATH | O_NOFOLLOW | O_CLOEXEC
    let number = uninterrupted { unsafe name.withPath { unsafe openat(directory.number, $0, flags) } }
    if number < 0 { throw .last("open", path) }
    let link = try Descriptor(owning: number, path: path)
    try checkTrust(link.status())
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe readlinkat(link.number, "", &buffer, buffer.count)
    if count < 0 {
      // No link, and what is no directory where one is wanted.
      throw SystemError(call: "open", path: path, errno: errno == EINVAL || errno == ENOENT ? ENOTDIR : errno)
    }
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
  private mutating func checkTrust(_ link: FileStatus) throws(SystemError) {
    guard link.kind == .link, link.owner != geteuid() else { return }
    let parent = try directory.status()
    if parent.mode & 0o1002 == 0o1002, link.owner != parent.owner {
      throw SystemError(.untrustedLink, call: "open", path: path)
    }
    if link.owner != 0 { linkOwners.insert(link.owner) }
  }

  /// Sees that a link of another user has led to a directory of that user.
  ///
  /// Where he may swap names, or owns the directory, he could else have us change whatever we may and he may not.
  private func checkWhereLinksLead(_ directory: Descriptor) throws(SystemError) {
    guard !linkOwners.isEmpty else { return }
    let owner = try directory.status().owner
    if let foreign = linkOwners.first(where: { $0 != owner }) {
      throw SystemError(.foreignLink(owner: foreign), call: "open", path: path)
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
