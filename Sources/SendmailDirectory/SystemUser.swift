internal import Glibc
internal import SendmailConfig
internal import SystemSupport

/// The users of this system.
enum SystemUser {
  /// The number of a user that an option names: by name, or by number.
  static func number(_ name: ByteString) -> UInt32? {
    guard let first = name.bytes.first, ASCII.isDigit(first) else { return CurrentProcess.userID(named: name.bytes) }
    return name.bytes.prefix(while: ASCII.isDigit).reduce(0) { $0 &* 10 &+ UInt32($1 - 0x30) }
  }

  /// What the system knows of an account.
  struct Account {
    var name: String
    var user: UInt32
    var group: UInt32
    var comment: String
    var home: String
    var shell: String
  }

  /// The account of a name; nil where there is none.
  static func account(_ name: ByteString) -> Account? {
    // A name that is no C string has no account.
    guard !name.isEmpty, !name.bytes.contains(0) else { return nil }
    var entry = unsafe passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16384)
    let text = name.bytes.map { CChar(bitPattern: $0) } + [0]
    guard unsafe getpwnam_r(text, &entry, &buffer, buffer.count, &found) == 0, unsafe found != nil else { return nil }
    return unsafe Account(
      name: String(cString: entry.pw_name), user: entry.pw_uid, group: entry.pw_gid,
      comment: String(cString: entry.pw_gecos), home: String(cString: entry.pw_dir),
      shell: String(cString: entry.pw_shell))
  }

  /// The name of a user.
  static func name(_ number: UInt32) -> [UInt8]? {
    guard let entry = unsafe getpwuid(number) else { return nil }
    return unsafe Array(String(cString: entry.pointee.pw_name).utf8)
  }
}
