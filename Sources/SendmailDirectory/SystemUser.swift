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

  /// The name of a user.
  static func name(_ number: UInt32) -> [UInt8]? {
    guard let entry = unsafe getpwuid(number) else { return nil }
    return unsafe Array(String(cString: entry.pointee.pw_name).utf8)
  }
}
