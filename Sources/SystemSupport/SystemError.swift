internal import Glibc

/// Something about a file that could not be done: what was tried, on which path, and why.
///
/// A failed system call has its error number. Where the reason is ours and not the kernel's, such as a file that is
/// locked or no longer the one that was read, ``problem`` names it and ``errno`` holds the nearest number.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The call's own name, such as `open` or `renameat2`.
  package var call: String
  /// The path it was about, as the user would name it.
  package var path: String
  /// The value of `errno`.
  package var errno: Int32
  /// The reason in our own terms, if the error number alone does not tell it.
  package var problem: FileProblem?

  /// Makes the error of a call.
  package init(call: String, path: String, errno: Int32) {
    self.call = call
    self.path = path
    self.errno = errno
  }

  /// Makes an error with a reason of our own.
  init(_ problem: FileProblem, call: String, path: String) {
    self.call = call
    self.path = path
    self.errno = problem.errno
    self.problem = problem
  }

  /// Makes the error of a call that has just failed.
  static func last(_ call: String, _ path: String) -> SystemError {
    SystemError(call: call, path: path, errno: Glibc.errno)
  }

  /// `path: what the system says (call)`, or `path: the reason` in our own words.
  package var description: String {
    if let problem { return "\(path): \(problem)" }
    return "\(path): \(unsafe String(cString: strerror(errno))) (\(call))"
  }

  /// Whether the file, or a directory on the way to it, is not there.
  package var isMissing: Bool { errno == ENOENT || errno == ENOTDIR }

  /// Whether a right is lacking, or the file system is mounted read-only.
  package var isPermission: Bool { errno == EACCES || errno == EPERM || errno == EROFS }

  /// Whether somebody else holds the lock.
  package var isLocked: Bool {
    if case .locked = problem { return true }
    return false
  }

  /// Whether the file was changed by somebody else since it was read, so that trying again from the start may succeed.
  package var isChanged: Bool { problem == .changed }

  /// The exit code that `sysexits.h` has for this error: 66, 74, 75 or 77.
  package var exitCode: Int32 {
    if isLocked || isChanged { return EX_TEMPFAIL }
    if isPermission { return EX_NOPERM }
    return isMissing ? EX_NOINPUT : EX_IOERR
  }
}
