internal import Glibc

/// Owner, group and mode for a file that is not there yet.
package struct NewFileAttributes: Sendable {
  /// The permission bits before the umask, or a default access list of the directory, takes some away.
  package var mode: UInt32
  /// The owner's user id; `nil` for ours.
  package var owner: UInt32?
  /// The group id; `nil` for ours, or the directory's if that is set-group-id.
  package var group: UInt32?
  /// Whether ``owner`` becomes that of a file which is there already, too.
  package var ownsOldToo = false

  /// Makes attributes; `mode` is subject to the umask as with open(2).
  package init(mode: UInt32, owner: UInt32? = nil, group: UInt32? = nil) {
    self.mode = mode
    self.owner = owner
    self.group = group
  }
}

extension Descriptor {
  private static let accessList = "system.posix_acl_access"
  private static let label = "security.selinux"

  /// Gives this new file the owner, group, mode, access list, security label and user attributes of an old one.
  ///
  /// The new file is not reachable by others meanwhile, so the order matters only to the kernel, which clears mode bits
  /// when the owner changes and derives mode bits from an access list.
  /// - Throws: ``FileProblem/cannotKeep(_:)`` if a right is lacking to keep what the old file has.
  func dress(like old: Descriptor, _ status: FileStatus) throws(SystemError) {
    try own(status.owner, status.group)
    let names = try old.attributeNames()
    for name in names where name.hasPrefix("user.") { try copy(name, from: old) }
    if names.contains(Self.label) { try copyLabel(from: old) }
    if names.contains(Self.accessList) {
      try copy(Self.accessList, from: old)
    } else {
      // One may have come from the directory's default list.
      try removeAttribute(Self.accessList)
    }
    try setMode(status.mode)
  }

  /// Gives this new file the owner, group and mode that were asked for.
  func dress(owner: UInt32?, group: UInt32?, mode: UInt32) throws(SystemError) {
    let status = try status()
    try own(owner ?? status.owner, group ?? status.group)
    try setMode(mode)
  }

  /// Gives the file, if it has no other name, to a user.
  package func give(to user: UInt32) throws(SystemError) {
    guard try regularStatus().linkCount == 1 else { return }
    if uninterrupted({ fchown(number, user, .max) }) != 0 { throw .last("fchown", path) }
  }

  private func own(_ owner: UInt32, _ group: UInt32) throws(SystemError) {
    let status = try status()
    if status.owner == owner && status.group == group { return }
    if uninterrupted({ fchown(number, owner, group) }) == 0 { return }
    if errno != EPERM { throw .last("fchown", path) }
    let what =
      status.owner != owner
      ? "cannot be given to its owner, user \(owner); that takes root (CAP_CHOWN)"
      : "cannot be given to its group, \(group); that takes membership in it, or root"
    throw SystemError(.cannotKeep(what), call: "fchown", path: path)
  }

  private func setMode(_ mode: UInt32) throws(SystemError) {
    if try status().mode != mode && uninterrupted({ fchmod(number, mode_t(mode)) }) != 0 { throw .last("fchmod", path) }
    // The kernel takes the set-group-id bit off a file whose group is not ours, without an error.
    if try status().mode & 0o777 != mode & 0o777 {
      throw SystemError(.cannotKeep("cannot keep its mode"), call: "fchmod", path: path)
    }
  }

  private func copy(_ name: String, from old: Descriptor) throws(SystemError) {
    guard let value = try old.attribute(name), try attribute(name) != value else { return }
    do {
      try setAttribute(name, value)
    } catch {
      if !error.isPermission && error.errno != ENOTSUP { throw error }
      throw SystemError(.cannotKeep("cannot keep its attribute \(name)"), call: "fsetxattr", path: path)
    }
  }

  /// Where SELinux is switched on, every file has a label; on a system without, old labels may lie about that only root
  /// can set, and that nobody reads.
  private func copyLabel(from old: Descriptor) throws(SystemError) {
    do {
      try copy(Self.label, from: old)
    } catch {
      if try attribute(Self.label) != nil { throw error }
    }
  }
}
