internal import Glibc

/// The rules by which sendmail trusts an aliases file, its map and a class file, or refuses them (operations guide,
/// "File Modes" and option DontBlameSendmail).
///
/// Where root asks for a text, the owner's bits decide, and where root asks for a map, the bits that everybody else in its
/// place would have: that root may do anything is not known here. Anybody else's files may lie where others can change them;
/// only links are not taken there.
package struct AliasFileSafety: Sendable {
  /// What option DontBlameSendmail allows, as far as these files are concerned.
  package struct Leniency: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let trustStickyBit = Leniency(rawValue: 1 << 0)
    package static let groupWritableDirectory = Leniency(rawValue: 1 << 1)
    package static let groupWritableAliases = Leniency(rawValue: 1 << 2)
    package static let worldWritableAliases = Leniency(rawValue: 1 << 3)
    package static let linkedAliases = Leniency(rawValue: 1 << 4)
    package static let mapInUnsafeDirectory = Leniency(rawValue: 1 << 5)
    package static let mapThroughSymbolicLink = Leniency(rawValue: 1 << 6)
    package static let mapThroughHardLink = Leniency(rawValue: 1 << 7)
    package static let classInUnsafeDirectory = Leniency(rawValue: 1 << 8)
    package static let linkedClass = Leniency(rawValue: 1 << 9)
    package static let linkedMap = Leniency(rawValue: 1 << 10)
    package static let groupWritableList = Leniency(rawValue: 1 << 11)
    package static let worldWritableList = Leniency(rawValue: 1 << 12)
    package static let listInUnsafeDirectory = Leniency(rawValue: 1 << 13)
    package static let listInGroupWritableDirectory = Leniency(rawValue: 1 << 14)
    package static let safeGroupWritableList = Leniency(rawValue: 1 << 15)
    package static let safeListInUnsafeDirectory = Leniency(rawValue: 1 << 16)
    package static let linkedList = Leniency(rawValue: 1 << 17)
  }

  /// Why a file is refused, in sendmail's words.
  package struct Refusal: Error, Equatable, Sendable {
    /// The words.
    package var reason: String

    init(_ reason: String) { self.reason = reason }

    /// What the system said of a file when it was opened.
    package init(_ error: SystemError) { self.init(errno: error.errno) }

    init(errno number: Int32) {
      reason = unsafe String(cString: strerror(number))
    }
  }

  /// Reads a file that was checked.
  package static func contents(_ path: String) throws(Refusal) -> FileContents {
    do throws(SystemError) { return try FileContents(path) } catch { throw Refusal(error) }
  }

  /// What is allowed.
  package var leniency: Leniency
  /// The user whose files root takes for its own (`O TrustedUser`); 0 for none.
  package var trustedUser: UInt32

  /// Makes the rules of a configuration.
  package init(_ leniency: Leniency = [], trustedUser: UInt32 = 0) {
    self.leniency = leniency
    self.trustedUser = trustedUser
  }

  // MARK: Files

  /// Whether sendmail locks an aliases file while it reads it.
  package enum Locking: Sendable {
    /// It opens it for writing, and locks it.
    case locked
    /// It may not write to it, and reads it without a lock: nobody may write to it.
    case readOnly
    /// The same, and somebody may write to it, of which sendmail warns.
    case unlocked
  }

  /// Sees that an aliases file may be read.
  ///
  /// - Parameter warn: Gets each warning about a directory, as `World writable directory PATH`.
  /// - Returns: Whether sendmail locks it.
  package func checkAliases(_ path: String, warn: (String) -> Void) throws(Refusal) -> Locking {
    // Where links are allowed everywhere, sendmail looks at the directories first.
    if !leniency.contains(.linkedAliases) { _ = try linkStatus(path) }
    var isSafe = true
    let parent = try unsafeDirectories(above: path) { warning in
      if isRoot { warn(warning) }
      isSafe = false
    }
    if let parent { throw parent }
    let allowsLinks = isSafe || leniency.contains(.linkedAliases)
    let status = try followed(path, symbolicLinks: allowsLinks)
    if status.st_mode & 0o020 != 0, !leniency.contains(.groupWritableAliases) { throw Refusal("Group writable file") }
    if status.st_mode & 0o002 != 0, !leniency.contains(.worldWritableAliases) { throw Refusal("World writable file") }
    if status.st_mode & 0o111 != 0 { throw Refusal("Executable files not allowed") }
    if status.st_nlink != 1, !allowsLinks { throw Refusal("Hard links not allowed") }
    if try mayWrite(path, status) { return .locked }
    // Having failed to open it for reading and writing, sendmail tries again for reading, and warns again.
    if isRoot { for warning in unsafeDirectories(above: path) { warn(warning) } }
    if textBits(status) & 0o4 == 0 { throw Refusal(errno: EACCES) }
    return status.st_mode & 0o222 == 0 ? .readOnly : .unlocked
  }

  /// Whether sendmail can open a text for reading and writing.
  ///
  /// - Throws: What keeps it from reading, too: that the file is immutable.
  private func mayWrite(_ path: String, _ status: stat) throws(Refusal) -> Bool {
    if textBits(status) & 0o6 != 0o6 { return false }
    if unsafe path.withPath({ unsafe faccessat(AT_FDCWD, $0, W_OK, AT_EACCESS) }) == 0 { return true }
    if errno == EACCES || errno == EROFS { return false }
    throw Refusal(errno: errno)
  }

  private var isRoot: Bool { geteuid() == 0 }

  /// Sees that a class file may be read.
  package func checkClass(_ path: String) throws(Refusal) {
    let status = try readable(path, inUnsafeDirectory: .classInUnsafeDirectory, links: .linkedClass)
    try checkSearch(path)
    if textBits(status) & 0o4 == 0 { throw Refusal(errno: EACCES) }
  }

  /// Sees that keys may be looked up in a map.
  ///
  /// - Parameter countsModes: Whether it counts what the modes allow to this process.
  package func checkLookUps(_ path: String, countsModes: Bool) throws(Refusal) {
    let status = try readable(path, inUnsafeDirectory: .mapInUnsafeDirectory, links: .linkedMap)
    guard countsModes else { return }
    try checkSearch(path)
    if mapBits(status) & 0o4 == 0 { throw Refusal(errno: EACCES) }
  }

  /// Sees that the modes of the directories let this process through.
  private func checkSearch(_ path: String) throws(Refusal) {
    do throws(SafeFile.Refusal) { try SafeFile().checkSearch(path) } catch { throw Refusal(errno: EACCES) }
  }

  /// The state of a file that neither its directories nor links keep sendmail from.
  private func readable(
    _ path: String, inUnsafeDirectory: Leniency, links: Leniency
  ) throws(Refusal) -> stat {
    var unsafeDirectory: String?
    let parent = try unsafeDirectories(above: path) { unsafeDirectory = unsafeDirectory ?? $0 }
    if let parent { throw parent }
    if let unsafeDirectory, isRoot, !leniency.contains(inUnsafeDirectory) { throw Self.directory(unsafeDirectory) }
    let allowsLinks = unsafeDirectory == nil || leniency.contains(links)
    let status = try followed(path, symbolicLinks: allowsLinks)
    if status.st_nlink != 1, !allowsLinks { throw Refusal("Hard links not allowed") }
    return status
  }

  /// Sees that a map may be built.
  ///
  /// - Parameters:
  ///   - path: The map's own path.
  ///   - warn: Gets each warning about a directory, where that is no reason to refuse.
  package func checkMap(_ path: String, warn: (String) -> Void) throws(Refusal) {
    var unsafeDirectory: String?
    let isLenient = leniency.contains(.mapInUnsafeDirectory)
    let parent = try unsafeDirectories(above: path) { warning in
      unsafeDirectory = unsafeDirectory ?? warning
      if isLenient, isRoot { warn(warning) }
    }
    if let parent { throw parent }
    if let unsafeDirectory, !isLenient, isRoot { throw Self.directory(unsafeDirectory) }
    var status = stat()
    if unsafe path.withPath({ unsafe lstat($0, &status) }) != 0 {
      if errno != ENOENT { throw Refusal(errno: errno) }
      if unsafe path.pathParent.withPath({ unsafe faccessat(AT_FDCWD, $0, W_OK | X_OK, AT_EACCESS) }) != 0 {
        throw Refusal(errno: errno)
      }
      return
    }
    if status.st_mode & S_IFMT == S_IFLNK {
      if !leniency.contains(.mapThroughSymbolicLink) { throw Refusal("Symbolic links not allowed") }
      if unsafe path.withPath({ unsafe stat($0, &status) }) != 0 {
        throw Refusal(errno: errno == ENOENT ? EEXIST : errno)
      }
    }
    if status.st_mode & S_IFMT != S_IFREG { throw Refusal("Regular files only") }
    if status.st_mode & 0o111 != 0 { throw Refusal("Executable files not allowed") }
    if status.st_nlink != 1, !leniency.contains(.mapThroughHardLink) { throw Refusal("Hard links not allowed") }
    try checkSearch(path)
    if mapBits(status) & 0o2 == 0 { throw Refusal(errno: EACCES) }
    if unsafe path.withPath({ unsafe faccessat(AT_FDCWD, $0, W_OK, AT_EACCESS) }) != 0 { throw Refusal(errno: errno) }
  }

  func linkStatus(_ path: String) throws(Refusal) -> stat {
    var status = stat()
    if unsafe path.withPath({ unsafe lstat($0, &status) }) != 0 { throw Refusal(errno: errno) }
    return status
  }

  func followed(_ path: String, symbolicLinks: Bool) throws(Refusal) -> stat {
    let link = try linkStatus(path)
    var status = link
    if unsafe path.withPath({ unsafe stat($0, &status) }) != 0 { throw Refusal(errno: errno) }
    if !symbolicLinks, link.st_mode & S_IFMT == S_IFLNK { throw Refusal("Symbolic links not allowed") }
    if status.st_mode & S_IFMT != S_IFREG { throw Refusal("Regular files only") }
    return status
  }

  /// The bits that count for a text: to root, the owner's.
  private func textBits(_ status: stat) -> UInt32 {
    geteuid() == 0 ? status.st_mode >> 6 & 0o7 : mapBits(status)
  }

  /// The bits that count for a map.
  private func mapBits(_ status: stat) -> UInt32 {
    let user = geteuid()
    if status.st_uid == user || (user == 0 && trustedUser != 0 && status.st_uid == trustedUser) {
      return status.st_mode >> 6 & 0o7
    }
    if status.st_gid == getegid() || Self.groups.contains(status.st_gid) { return status.st_mode >> 3 & 0o7 }
    return status.st_mode & 0o7
  }

  /// The supplementary groups of this process.
  private static var groups: [gid_t] {
    let count = getgroups(0, nil)
    var groups = [gid_t](repeating: 0, count: Int(max(count, 0)))
    let filled = unsafe getgroups(Int32(groups.count), &groups)
    return Array(groups.prefix(Int(max(filled, 0))))
  }

  // MARK: Directories

  /// The directories on the way to a file that others than their owner may change, as `World writable directory PATH`.
  package func unsafeDirectories(above path: String) -> [String] {
    var found: [String] = []
    _ = try? walk(path.pathParent, links: 0) { found.append($0) }
    return found
  }

  static func directory(_ warning: String) -> Refusal {
    Refusal(warning.split(separator: " ").prefix(3).joined(separator: " "))
  }

  /// Tells of each directory on the way to a file that others than its owner may change.
  ///
  /// - Returns: Why the way cannot be gone; nil where it can.
  func unsafeDirectories(above path: String, _ found: (String) -> Void) throws(Refusal) -> Refusal? {
    do throws(Refusal) {
      try walk(path.pathParent, links: 0, found)
      return nil
    } catch { return error }
  }

  /// Looks at the path up to each of its slashes, and at all of it; `.` and `..` within it are passed over.
  private func walk(_ directory: String, links: Int, _ found: (String) -> Void) throws(Refusal) {
    let bytes = directory.pathBytes
    let slash = UInt8(ascii: "/")
    if bytes.first == slash { try examine("/", links: links, found) }
    var start = bytes.startIndex
    for end in 1...max(bytes.count, 1) where end >= bytes.count || bytes[end] == slash {
      let name = bytes[start..<min(end, bytes.count)].drop { $0 == slash }
      let isDots = name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8)
      // What ends in a slash has been looked at.
      let isLooked = end >= bytes.count && name.isEmpty
      if !isDots || start == 0, !isLooked, end > 1 || bytes.first != slash {
        try examine(String(path: Array(bytes[..<min(end, bytes.count)])), links: links, found)
      }
      start = end
    }
  }

  private func examine(_ path: String, links: Int, _ found: (String) -> Void) throws(Refusal) {
    let status = try linkStatus(path)
    if status.st_mode & S_IFMT == S_IFLNK {
      if links > 10 { throw Refusal(errno: ELOOP) }
      let target: String
      do throws(SystemError) { target = try linkTarget(path) } catch { throw Refusal(errno: error.errno) }
      if target.hasPrefix("/") {
        try walk(target, links: links + 1, found)
      } else {
        let parent = path.pathParent
        try walk(parent == "/" ? "/" + target : "\(parent)/\(target)", links: links + 1, found)
      }
      return
    }
    if status.st_mode & S_IFMT != S_IFDIR { throw Refusal(errno: ENOTDIR) }
    let isSticky = status.st_mode & S_ISVTX != 0 && leniency.contains(.trustStickyBit)
    if status.st_mode & 0o002 != 0 {
      if !isSticky { found("World writable directory \(path)") }
    } else if status.st_mode & 0o020 != 0, !isSticky, !leniency.contains(.groupWritableDirectory) {
      found("Group writable directory \(path)")
    }
  }
}
