internal import Glibc
internal import SendmailConfig
internal import SystemSupport

/// One of sendmail's own programs that mailcfg stands in for, under its own name or as `mailcfg NAME`.
package enum SendmailProgram: String, CaseIterable, Sendable {
  case makemap, editmap, newaliases, praliases

  /// The program that a command line asks for, and the call as it would have got it.
  ///
  /// - Parameter arguments: The whole command line; a symbolic link to mailcfg with a program's name makes it that program.
  package static func requested(by arguments: [[UInt8]]) -> (program: SendmailProgram, arguments: [[UInt8]])? {
    if let name = arguments.first, let program = SendmailProgram(name: baseName(name)) { return (program, arguments) }
    if arguments.count > 1, let program = SendmailProgram(name: arguments[1][...]) {
      return (program, Array(arguments[1...]))
    }
    return nil
  }

  private init?(name: ArraySlice<UInt8>) {
    guard let name = String(validating: name, as: UTF8.self) else { return nil }
    self.init(rawValue: name)
  }

  /// What is behind the last slash of a path.
  package static func baseName(_ path: [UInt8]) -> ArraySlice<UInt8> {
    path[(path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)...]
  }

  /// Sets up this process as the program does when it starts.
  package func prepareProcess() {
    guard self == .newaliases else { return }
    // Maps are built to the end, though nobody may read any more what is said about them.
    CurrentProcess.ignorePipeSignal()
    // A new map has the same mode whoever calls.
    CurrentProcess.setFileModeMask(0o022)
  }

  /// Does what the program is asked for.
  ///
  /// - Returns: The exit status.
  package func run(_ call: ProgramCall) -> Int32 {
    let status =
      switch self {
      case .makemap: Makemap.run(call)
      case .editmap: Editmap.run(call)
      case .newaliases: Newaliases.run(call)
      case .praliases: Praliases.run(call)
      }
    call.output.flush()
    // What it says are messages about work that is done: its status is that of the work.
    if self == .newaliases { return status }
    // Nobody reads what goes to a standard output that is closed; sendmail's programs do not mind.
    if let failure = call.output.failure, status == 0, failure.errno != EBADF || call.output.mustBeOpen {
      call.complain(ByteString("\(failure)"))
      return ExitStatus.inputOutput
    }
    return status
  }
}
