internal import Glibc

/// A user of this system, as passwd(5) or wherever the system keeps its users has him.
///
/// The functions whose names end in `_r` alone are asked: what the others return, the next call on any thread overwrites.
package struct Account: Sendable {
  /// The name.
  package var name: String
  /// The user's number.
  package var user: UInt32
  /// The number of the first group.
  package var group: UInt32
  /// The comment, mostly the person's name.
  package var comment: String
  /// The home directory.
  package var home: String
  /// The shell.
  package var shell: String

  /// The account of a name; nil where there is none, as for a name that is no C string.
  package init?(named name: some Sequence<UInt8>) {
    guard let name = Account.string(name) else { return nil }
    let found = unsafe Account.ask(passwd()) {
      unsafe getpwnam_r(name, $0, $1, $2, $3)
    } reading: {
      unsafe Account($0)
    }
    guard let found else { return nil }
    self = found
  }

  /// The account of a user's number; nil where there is none.
  package init?(user: UInt32) {
    let found = unsafe Account.ask(passwd()) {
      unsafe getpwuid_r(user, $0, $1, $2, $3)
    } reading: {
      unsafe Account($0)
    }
    guard let found else { return nil }
    self = found
  }

  /// The number of a group; nil where there is none of the name.
  package static func group(named name: some Sequence<UInt8>) -> UInt32? {
    guard let name = string(name) else { return nil }
    return unsafe ask(Glibc.group()) {
      unsafe getgrnam_r(name, $0, $1, $2, $3)
    } reading: {
      unsafe $0.gr_gid
    }
  }

  private init(_ entry: passwd) {
    unsafe name = String(cString: entry.pw_name)
    user = unsafe entry.pw_uid
    group = unsafe entry.pw_gid
    unsafe comment = String(cString: entry.pw_gecos)
    unsafe home = String(cString: entry.pw_dir)
    unsafe shell = String(cString: entry.pw_shell)
  }

  /// A name for C; nil for an empty one and for one that has NUL in it.
  private static func string(_ name: some Sequence<UInt8>) -> [CChar]? {
    let name = name.map { CChar(bitPattern: $0) }
    return name.isEmpty || name.contains(0) ? nil : name + [0]
  }

  /// Calls one of the `_r` functions, with more room for what the entry points to as long as it asks for more.
  private static func ask<Entry, Result>(
    _ empty: Entry,
    _ call: (
      UnsafeMutablePointer<Entry>, UnsafeMutablePointer<CChar>, Int, UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>
    ) -> Int32,
    reading body: (Entry) -> Result
  ) -> Result? {
    var entry = empty
    var found: UnsafeMutablePointer<Entry>?
    var buffer = [CChar](repeating: 0, count: 1024)
    while true {
      switch unsafe call(&entry, &buffer, buffer.count, &found) {
      case EINTR: continue
      case ERANGE where buffer.count < 1 << 24: buffer = [CChar](repeating: 0, count: buffer.count * 4)
      case 0: return unsafe found == nil ? nil : body(entry)
      default: return nil
      }
    }
  }
}
