internal import Glibc

/// The rights of a user, told from modes: what somebody else's process could do, without being it.
package struct UserRights: Sendable, Hashable {
  /// The user.
  package var user: UInt32
  /// The groups, the first one included.
  package var groups: [UInt32]

  /// Makes rights.
  package init(user: UInt32, groups: [UInt32]) {
    self.user = user
    self.groups = groups
  }

  /// The rights of an account; nil where there is none.
  package init?(account name: [UInt8]) {
    guard let account = Account(named: name) else { return nil }
    let (name, group) = (String(path: name), account.group)
    var count: Int32 = 64
    var groups = [gid_t](repeating: 0, count: 64)
    if unsafe name.withPath({ unsafe getgrouplist($0, group, &groups, &count) }) < 0 {
      groups = [gid_t](repeating: 0, count: Int(count))
      _ = unsafe name.withPath { unsafe getgrouplist($0, group, &groups, &count) }
    }
    self.init(user: account.user, groups: [group] + groups.prefix(Int(max(count, 0))))
  }

  /// Whether the user may enter a directory.
  func mayEnter(_ status: stat) -> Bool { user == 0 || bits(status) & 0o1 != 0 }

  /// Whether the user may read a file.
  ///
  /// sendmail gives root the rights of everybody, to his own files as to those of others, unless he is to own the file.
  func mayRead(_ status: stat, mustOwn: Bool) -> Bool {
    (user == 0 && !mustOwn ? UInt32(status.st_mode) : bits(status)) & 0o4 != 0
  }

  private func bits(_ status: stat) -> UInt32 {
    status.st_mode >> (status.st_uid == user ? 6 : user != 0 && groups.contains(status.st_gid) ? 3 : 0) & 0o7
  }
}

/// The rules by which sendmail reads a file of addresses, an `:include:` or a `.forward`, or refuses it (operations guide,
/// "File Modes" and option DontBlameSendmail).
extension AliasFileSafety {
  /// Sees that a list may be read on a user's behalf.
  ///
  /// - Parameter mustOwn: Whether it must belong to the user, or to root: a `.forward`.
  /// - Returns: What it is and to whom it belongs, and whether others may change it: sendmail takes no programs and files from it then.
  package func checkList(
    _ path: String, as rights: UserRights, mustOwn: Bool
  ) throws(Refusal) -> (status: FileStatus, isUnsafe: Bool) {
    var warnings: [String] = []
    try checkSearch(path, rights)
    let parent = try unsafeDirectories(above: path) { warnings.append($0) }
    if let parent { throw parent }
    var isUnsafe = false
    for warning in warnings {
      let isGroup = warning.hasPrefix("Group")
      guard leniency.contains(isGroup ? .listInGroupWritableDirectory : .listInUnsafeDirectory) else {
        throw Self.directory(warning)
      }
    }
    // Where nothing but a group's directories are let pass, they are trusted, too.
    if !warnings.isEmpty, leniency.contains(.listInUnsafeDirectory), !leniency.contains(.safeListInUnsafeDirectory) {
      isUnsafe = true
    }
    let allowsLinks = warnings.isEmpty || leniency.contains(.linkedList)
    let status = try followed(path, symbolicLinks: allowsLinks)
    if status.st_mode & 0o020 != 0 {
      guard leniency.contains(.groupWritableList) else { throw Refusal("Group writable file") }
      if !leniency.contains(.safeGroupWritableList) { isUnsafe = true }
    }
    if status.st_mode & 0o002 != 0 {
      guard leniency.contains(.worldWritableList) else { throw Refusal("World writable file") }
      isUnsafe = true
    }
    if mustOwn, status.st_uid != rights.user, status.st_uid != 0 { throw Refusal(errno: EACCES) }
    guard rights.mayRead(status, mustOwn: mustOwn) else { throw Refusal(errno: EACCES) }
    return (FileStatus(status), isUnsafe)
  }

  /// Sees that the user may go the way to a file.
  private func checkSearch(_ path: String, _ rights: UserRights) throws(Refusal) {
    let bytes = path.pathBytes
    for end in bytes.indices.dropFirst() where bytes[end] == UInt8(ascii: "/") {
      var status = stat()
      guard unsafe String(path: Array(bytes[..<end])).withPath({ unsafe stat($0, &status) }) == 0 else { return }
      if status.st_mode & S_IFMT == S_IFDIR, !rights.mayEnter(status) { throw Refusal(errno: EACCES) }
    }
  }
}
