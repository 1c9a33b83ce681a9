internal import Glibc

/// A system call that failed: what was tried, on which path, and the error number.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The call's own name, such as `open` or `renameat2`.
  package var call: String
  /// The path it was about, as the user would name it.
  package var path: String
  /// The value of `errno`.
  package var errno: Int32

  /// Makes the error of a call.
  package init(call: String, path: String, errno: Int32) {
    self.call = call
    self.path = path
    self.errno = errno
  }

  /// `path: what the system says (call)`.
  package var description: String { "\(path): \(unsafe String(cString: strerror(errno))) (\(call))" }
}
