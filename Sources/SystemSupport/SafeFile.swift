internal import Glibc

/// The rules by which sendmail's own programs take a file for a map, or refuse it, even to root (`makemap(8)`, and what
/// the operations guide says of file modes).
///
/// They ask what the owner's, the group's or the others' bits say, and do not know that root may do anything.
package struct SafeFile: Sendable {
  /// What is to be done with the file.
  package enum Use: Sendable {
    /// Reading.
    case reading
    /// Changing one that is there.
    case changing
    /// Replacing what it holds, or making it.
    case building
  }

  /// Why a file is refused.
  package enum Refusal: Error, Equatable, Sendable, CustomStringConvertible {
    case symbolicLink, notRegular, executable, hardLink, nameTooLong
    /// What the system says.
    case system(Int32)

    /// In the words of sendmail's programs.
    package var description: String {
      switch self {
      case .symbolicLink: "Symbolic links not allowed"
      case .notRegular: "Regular files only"
      case .executable: "Executable files not allowed"
      case .hardLink: "Hard links not allowed"
      case .nameTooLong: "Name too long"
      case .system(let number): unsafe String(cString: strerror(number))
      }
    }
  }

  /// Whether symbolic and hard links are taken (`makemap -s`).
  package var allowsLinks: Bool
  /// The user whose files root takes for its own (`O TrustedUser`); 0 for none.
  package var trustedUser: UInt32

  /// Makes the rules of a program.
  package init(allowsLinks: Bool = false, trustedUser: UInt32 = 0) {
    self.allowsLinks = allowsLinks
    self.trustedUser = trustedUser
  }

  /// The longest path in bytes.
  private static let longestPath = 4095

  /// Sees that a file may be used.
  ///
  /// - Returns: The file as it is; nil where there is none and one may be made.
  /// - Throws: ``Refusal``.
  package func check(_ path: String, for use: Use) throws(Refusal) -> FileStatus? {
    if path.pathBytes.count > Self.longestPath { throw .nameTooLong }
    try checkSearch(path)
    var status = stat()
    let isThere = unsafe path.withPath { unsafe lstat($0, &status) } == 0
    if !isThere {
      // A file where a directory should be is no place that one may enter.
      if errno == ENOTDIR { throw .system(EACCES) }
      guard errno == ENOENT, use == .building else { throw .system(errno) }
      try checkParent(path)
      return nil
    }
    if status.st_mode & S_IFMT == S_IFLNK {
      guard allowsLinks else { throw .symbolicLink }
      if unsafe path.withPath({ unsafe stat($0, &status) }) != 0 {
        throw .system(errno == ENOENT && use == .building ? EEXIST : errno)
      }
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
    if use != .reading, status.st_mode & 0o111 != 0 { throw .executable }
    if !allowsLinks, status.st_nlink > 1 { throw .hardLink }
    let wanted: UInt32 = use == .reading ? 0o4 : 0o6
    if bits(FileStatus(status)) & wanted != wanted { throw .system(EACCES) }
    return FileStatus(status)
  }

  /// Sees that each directory of the path as it was given lets the owner, the group or everybody through: one of those that this
  /// process is will do.
  func checkSearch(_ path: String) throws(Refusal) {
    let bytes = path.pathBytes
    let ends = Self.directoryEnds(bytes)
    for directory in ends.isEmpty ? ["."] : ends.map({ String(path: Array(bytes[..<$0])) }) {
      var status = stat()
      // What is not there is told of when the file is looked at.
      guard unsafe directory.withPath({ unsafe stat($0, &status) }) == 0 else { return }
      let isOwner = status.st_uid == getuid() && status.st_mode & 0o100 != 0
      let isMember = isOfGroup(status.st_gid) && status.st_mode & 0o010 != 0
      guard isOwner || isMember || status.st_mode & 0o001 != 0 else { throw .system(EACCES) }
    }
  }

  /// Where the directories of a path end as it was given: in front of each slash, and behind the one at its head.
  private static func directoryEnds(_ bytes: [UInt8]) -> [Int] {
    let ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: "/") && $0 > 0 }
    return (bytes.first == UInt8(ascii: "/") ? [1] : []) + ends
  }

  private func isOfGroup(_ group: UInt32) -> Bool { group == getegid() || Self.groups.contains(group) }

  /// The permission bits that count for this process, 0 to 7.
  private func bits(_ status: FileStatus) -> UInt32 {
    let user = getuid()
    if status.owner == user || (user == 0 && trustedUser != 0 && status.owner == trustedUser) {
      return status.mode >> 6 & 0o7
    }
    if isOfGroup(status.group) { return status.mode >> 3 & 0o7 }
    return status.mode & 0o7
  }

  /// The supplementary groups of this process.
  private static var groups: [UInt32] {
    let count = getgroups(0, nil)
    var groups = [gid_t](repeating: 0, count: Int(max(count, 0)))
    let filled = unsafe getgroups(Int32(groups.count), &groups)
    return Array(groups.prefix(Int(max(filled, 0))))
  }

  /// Sees that a file may be made.
  private func checkParent(_ path: String) throws(Refusal) {
    let parent = path.pathParent
    var status = stat()
    if unsafe parent.withPath({ unsafe stat($0, &status) }) != 0 { throw .system(errno) }
    if bits(FileStatus(status)) & 0o3 != 0o3 { throw .system(EACCES) }
  }

  /// Sees that the system would let a file be written that ``check(_:for:)`` has found, or be made where it found none: not on a
  /// disk that is read-only, for one.
  ///
  /// - Throws: ``Refusal``.
  package func checkWriting(_ path: String, _ status: FileStatus?) throws(Refusal) {
    let (asked, rights) = status == nil ? (path.pathParent, W_OK | X_OK) : (path, W_OK)
    if unsafe asked.withPath({ unsafe faccessat(AT_FDCWD, $0, rights, AT_EACCESS) }) != 0 { throw .system(errno) }
  }

  // MARK: Warnings

  /// The directories on the way to a file into which others than their owner may write, in the words of sendmail's programs.
  ///
  /// The path is walked as it was given, from its own first name, not from the root.
  package static func warnings(of path: String) -> [String] {
    var warnings: [String] = []
    walk(path.pathParent, links: 0, &warnings)
    return warnings
  }

  private static func walk(_ directory: String, links: Int, _ warnings: inout [String]) {
    guard links < 10 else { return }
    let bytes = directory.pathBytes
    let slash = UInt8(ascii: "/")
    var last = -1
    for end in directoryEnds(bytes) + [bytes.count] where end != last {
      last = end
      let prefix = bytes[..<end]
      let name = prefix[(prefix.dropLast(end > 1 ? 0 : 1).lastIndex(of: slash).map { $0 + 1 } ?? 0)...]
      // Not looked at, but for a path that begins with it.
      if end != name.count, name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) { continue }
      examine(String(path: Array(prefix)), links: links, &warnings)
    }
  }

  private static func examine(_ path: String, links: Int, _ warnings: inout [String]) {
    var status = stat()
    guard unsafe path.withPath({ unsafe lstat($0, &status) }) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFLNK {
      guard let target = try? linkTarget(path) else { return }
      if target.hasPrefix("/") {
        walk(target, links: links + 1, &warnings)
      } else {
        let parent = path.pathBytes.contains(UInt8(ascii: "/")) ? path.pathParent + "/" : ""
        if links < 10 { examine(parent + target, links: links + 1, &warnings) }
      }
      return
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { return }
    if status.st_mode & 0o002 != 0 {
      warnings.append("WARNING: World writable directory \(path)")
    } else if status.st_mode & 0o020 != 0 {
      warnings.append("WARNING: Group writable directory \(path)")
    }
  }
}
