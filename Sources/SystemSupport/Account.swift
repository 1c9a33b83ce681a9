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
    unsafe self.init { unsafe getpwnam_r(name, $0, $1, $2, $3) }
  }

  /// The account of a user's number; nil where there is none.
  package init?(user: UInt32) {
    unsafe self.init { unsafe getpwuid_r(user, $0, $1, $2, $3) }
  }

  /// The number of a user that option TrustedUser names: by digits at the head, or by name; nil where there is none.
  package static func user(ofOption value: some Collection<UInt8>) -> UInt32? {
    number(value) ?? Account(named: value)?.user
  }

  /// The number that a value begins with, without regard for its size.
  private static func number(_ value: some Collection<UInt8>) -> UInt32? {
    let digits = value.prefix { (0x30...0x39).contains($0) }
    return digits.isEmpty ? nil : digits.reduce(0) { $0 &* 10 &+ UInt32($1 - 0x30) }
  }

  /// The number of a group that an option names, in the same way.
  package static func group(ofOption value: some Collection<UInt8>) -> UInt32? {
    number(value) ?? group(named: value)
  }

  /// The number of a group; nil where there is none of the name.
  package static func group(named name: some Sequence<UInt8>) -> UInt32? {
    guard let name = string(name) else { return nil }
    return unsafe ask(Glibc.group(), { unsafe getgrnam_r(name, $0, $1, $2, $3) }) { unsafe $0.gr_gid }
  }

  private init?(_ call: Call<passwd>) {
    let found = unsafe Account.ask(passwd(), call) { entry in
      unsafe Account(
        name: String(cString: entry.pw_name), user: entry.pw_uid, group: entry.pw_gid,
        comment: String(cString: entry.pw_gecos), home: String(cString: entry.pw_dir),
        shell: String(cString: entry.pw_shell))
    }
    guard let found else { return nil }
    self = found
  }

  private init(name: String, user: UInt32, group: UInt32, comment: String, home: String, shell: String) {
    (self.name, self.user, self.group) = (name, user, group)
    (self.comment, self.home, self.shell) = (comment, home, shell)
  }

  /// A name for C; nil for an empty one and for one that has NUL in it.
  private static func string(_ name: some Sequence<UInt8>) -> [CChar]? {
    let name = name.map { CChar(bitPattern: $0) }
    return name.isEmpty || name.contains(0) ? nil : name + [0]
  }

  /// One of the `_r` functions with the name or number that is asked for: the entry, the room for what it points to, and
  /// where the entry is put that was found.
  private typealias Call<Entry> = (
    UnsafeMutablePointer<Entry>, UnsafeMutablePointer<CChar>, Int, UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>
  ) -> Int32

  /// Makes such a call, with more room for what the entry points to as long as it asks for more.
  private static func ask<Entry, Result>(
    _ empty: Entry, _ call: Call<Entry>, reading body: (Entry) -> Result
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
