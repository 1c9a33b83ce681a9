internal import Glibc
internal import SendmailConfig

/// The users of this system.
enum SystemUser {
  /// The number of a user that an option names: by name, or by number.
  static func number(_ name: ByteString) -> UInt32? {
    if let number = UInt32(name.description) { return number }
    return unsafe getpwnam(name.description)?.pointee.pw_uid
  }

  /// The name of a user.
  static func name(_ number: UInt32) -> [UInt8]? {
    guard let entry = unsafe getpwuid(number) else { return nil }
    return unsafe Array(String(cString: entry.pointee.pw_name).utf8)
  }
}
