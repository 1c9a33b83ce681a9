internal import Glibc

/// The user who runs the tests.
package enum CurrentUser {
  /// Whether it is root.
  package static let isRoot = geteuid() == 0
  /// The name.
  package static let name: String = {
    guard let entry = unsafe getpwuid(geteuid()) else { return "root" }
    return unsafe String(cString: entry.pointee.pw_name)
  }()
}
