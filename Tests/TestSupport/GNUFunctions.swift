internal import Glibc

/// Functions of the GNU C library that the module Glibc does not show, because it is not built with `_GNU_SOURCE`.
enum GNUFunctions {
  /// As pipe2(2).
  static func pipe2(_ ends: UnsafeMutablePointer<Int32>, _ flags: Int32) throws(TestSupportError) -> Int32 {
    typealias Function = @convention(c) (UnsafeMutablePointer<Int32>, Int32) -> Int32
    return unsafe unsafeBitCast(try address(of: "pipe2"), to: Function.self)(ends, flags)
  }

  /// As setns(2).
  static func setns(_ descriptor: Int32, _ kind: Int32) throws(TestSupportError) -> Int32 {
    typealias Function = @convention(c) (Int32, Int32) -> Int32
    return unsafe unsafeBitCast(try address(of: "setns"), to: Function.self)(descriptor, kind)
  }

  /// As posix_spawn_file_actions_addchdir_np(3).
  static func addChangeDirectory(
    _ actions: UnsafeMutablePointer<posix_spawn_file_actions_t>, _ directory: String
  ) throws(TestSupportError) {
    typealias Function =
      @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, UnsafePointer<CChar>) -> Int32
    let function = unsafe unsafeBitCast(
      try address(of: "posix_spawn_file_actions_addchdir_np"), to: Function.self)
    _ = unsafe directory.withCString { unsafe function(actions, $0) }
  }

  private static func address(of name: String) throws(TestSupportError) -> UnsafeMutableRawPointer {
    guard let symbol = unsafe dlsym(nil, name) else { throw TestSupportError("there is no \(name) in the C library") }
    return unsafe symbol
  }
}
