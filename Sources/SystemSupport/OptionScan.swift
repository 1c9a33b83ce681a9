internal import CSystemSupport
internal import Glibc
internal import Synchronization

/// The options and operands of a command line as the C library's getopt(3) finds them.
///
/// Its own, not one like it: it permutes, unless `POSIXLY_CORRECT` is in the environment, and what is an option of the
/// programs that scripts have always called stays one.
package struct OptionScan: Sendable {
  /// What getopt found, in the order of the command line.
  package enum Finding: Sendable, Equatable {
    /// An option, and its argument if it takes one.
    case option(UInt8, argument: [UInt8] = [])
    /// A letter that is no option; nothing behind it was looked at.
    case unknown(UInt8)
    /// An option at the end that lacks its argument.
    case lacksArgument(UInt8)
  }

  /// The options; what is refused is the last.
  package private(set) var findings: [Finding] = []
  /// What is no option, in order; empty where something was refused.
  package private(set) var operands: [[UInt8]] = []

  /// getopt keeps its place in variables of the process.
  private static let turn = Mutex(())

  /// Scans a command line.
  ///
  /// - Parameters:
  ///   - arguments: The whole of it, the program's name included. No argument holds a NUL.
  ///   - options: The letters, each with a colon behind it if it takes an argument.
  package init(_ arguments: [[UInt8]], options: String) {
    var findings: [Finding] = []
    var operands: [[UInt8]] = []
    OptionScan.turn.withLock { _ in
      var pointers: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { argument in
        unsafe argument.withUnsafeBytes { bytes in
          let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count + 1, alignment: 1)
          unsafe copy.copyMemory(from: bytes)
          unsafe copy[bytes.count] = 0
          return unsafe copy.bindMemory(to: CChar.self).baseAddress
        }
      }
      unsafe pointers.append(nil)
      // getopt changes their order, but not which there are.
      defer { unsafe pointers.forEach { unsafe $0?.deallocate() } }
      system_getopt_start()
      while true {
        let letter = unsafe system_getopt(Int32(arguments.count), &pointers, options)
        if letter == -1 { break }
        if letter == Int32(UInt8(ascii: "?")) {
          let refused = UInt8(truncatingIfNeeded: system_getopt_refused())
          let isKnown = refused != UInt8(ascii: ":") && options.utf8.contains(refused)
          findings.append(isKnown ? .lacksArgument(refused) : .unknown(refused))
          return
        }
        let argument = unsafe system_getopt_argument().map { unsafe OptionScan.bytes($0) }
        findings.append(.option(UInt8(truncatingIfNeeded: letter), argument: argument ?? []))
      }
      for index in Int(system_getopt_index())..<max(arguments.count, Int(system_getopt_index())) {
        if let pointer = unsafe pointers[index] { operands.append(unsafe OptionScan.bytes(pointer)) }
      }
    }
    self.findings = findings
    self.operands = operands
  }

  /// The bytes of a C string.
  private static func bytes(_ pointer: UnsafePointer<CChar>) -> [UInt8] {
    let bytes = unsafe UnsafeRawBufferPointer(start: pointer, count: strlen(pointer))
    return unsafe Array(bytes)
  }
}
