internal import Glibc

/// Whose rights sendmail goes on with when it has read its sendmail.cf as root (option RunAsUser).
package struct RunAsUser: Sendable {
  /// A name that no user or group has.
  package struct Unknown: Error {
    /// What has no such name.
    package enum Kind: String, Sendable {
      case user, group
    }

    /// What has no such name.
    package var kind: Kind
    /// The name.
    package var name: [UInt8]
  }

  private var user: uid_t = 0
  private var group: gid_t = 0

  /// Nobody's but root's.
  package init() {}

  /// Takes a value of the option: a user, or user and group with a colon, dot or slash between, by name or number.
  ///
  /// The first user who is not root counts.
  ///
  /// - Throws: ``Unknown``.
  package mutating func set(_ value: [UInt8]) throws(Unknown) {
    let name = value.prefix { !":./".utf8.contains($0) }
    let groupName = value[name.endIndex...].dropFirst()
    var account = (user: uid_t(0), group: gid_t(0))
    if name.first.map({ (0x30...0x39).contains($0) }) ?? false {
      account.user = Account.user(ofOption: name) ?? 0
    } else if let found = Account(named: name) {
      account = (found.user, found.group)
    } else {
      throw Unknown(kind: .user, name: Array(name))
    }
    if !groupName.isEmpty {
      guard let found = Account.group(ofOption: groupName) else { throw Unknown(kind: .group, name: Array(groupName)) }
      account.group = found
    }
    if user == 0 { (user, group) = account }
  }

  /// Gives up root's rights for the user's, where there is one and this process is root's.
  ///
  /// - Returns: What failed, in sendmail's words; nil where nothing did.
  package func take() -> String? {
    guard getuid() == 0, user != 0 || group != 0 else { return nil }
    var groups = [group]
    let ids = (user: Int32(bitPattern: user), group: Int32(bitPattern: group))
    if unsafe setgroups(1, &groups) != 0 { return failure("setgroups(1, \(ids.group))") }
    if setgid(group) != 0 { return failure("setgid(\(ids.group))") }
    if user != 0, setuid(user) != 0 { return failure("setuid(\(ids.user))") }
    return nil
  }

  private func failure(_ call: String) -> String {
    let reason = unsafe String(cString: strerror(errno))
    return "drop_privileges: \(call) failed: \(reason)"
  }
}
