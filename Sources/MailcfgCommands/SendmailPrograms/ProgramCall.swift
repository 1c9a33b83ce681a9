internal import Glibc
package import SendmailConfig
package import SendmailDirectory
package import SystemSupport

/// A call of one of sendmail's programs: what it was given, and where its answers go.
package struct ProgramCall {
  /// The command line in bytes; the first is the program's name as it was called.
  package var arguments: [[UInt8]]
  /// Standard output, buffered.
  package var output: ByteSink
  /// Standard error, not buffered.
  package var errors: ByteSink
  /// What this machine is taken to be called; nil asks the system.
  package var machine: MachineNames?
  /// Reads all of standard input.
  package var input: () throws(SystemError) -> [UInt8]

  /// A call by the arguments and standard descriptors of this process.
  package init(_ arguments: [[UInt8]]) {
    self.arguments = arguments
    output = ByteSink(to: STDOUT_FILENO, bufferBytes: 1 << 16)
    errors = ByteSink(to: STDERR_FILENO, bufferBytes: 0)
    input = { () throws(SystemError) in try FileContents.standardInput() }
  }

  /// A call within a program: `input` is what it reads, and what it prints is kept.
  package init(_ arguments: [[UInt8]], input: [UInt8]) {
    self.arguments = arguments
    output = ByteSink()
    errors = ByteSink()
    self.input = { () throws(SystemError) in input }
  }

  /// The name that begins the program's messages: its own, without the directory.
  package var name: ByteString { ByteString(SendmailProgram.baseName(arguments.first ?? [])) }

  /// Prints `name: message` on standard error.
  package func complain(_ message: ByteString) {
    // Where both go to one place, they stand in order there.
    output.flush()
    errors.write(name.bytes + Array(": ".utf8) + message.bytes + [ASCII.lineFeed])
  }

  /// The options and operands, by getopt(3); what it refuses is said as it says it.
  ///
  /// - Parameter options: The letters of getopt.
  package func scan(_ options: String) -> OptionScan { OptionScan(arguments, options: options) }

  /// Says what getopt(3) would say of an option that it refuses.
  package func complain(refused finding: OptionScan.Finding) {
    let whole = arguments.first ?? []
    switch finding {
    case .option: break
    case .unknown(let letter):
      errors.write(whole + Array(": invalid option -- '".utf8) + [letter] + Array("'\n".utf8))
    case .lacksArgument(let letter):
      errors.write(whole + Array(": option requires an argument -- '".utf8) + [letter] + Array("'\n".utf8))
    }
  }
}

/// Where bytes go: to a descriptor, or into memory.
package final class ByteSink {
  /// What was written and not passed on yet; everything, where there is no descriptor.
  package private(set) var bytes: [UInt8] = []
  /// Whether what is written is lost where the descriptor is closed, as on a full disk: the dump of a map.
  package var mustBeOpen = false
  /// What went wrong first; what is written after that is dropped.
  package private(set) var failure: SystemError?
  private let descriptor: Int32?
  private let bufferBytes: Int

  /// Keeps what is written.
  package init() {
    descriptor = nil
    bufferBytes = 0
  }

  /// Passes what is written on to a descriptor, once so many bytes have come together.
  package init(to descriptor: Int32, bufferBytes: Int) {
    self.descriptor = descriptor
    self.bufferBytes = bufferBytes
  }

  /// Writes.
  package func write(_ more: some Collection<UInt8>) {
    bytes += more
    if descriptor != nil, bytes.count > bufferBytes { flush() }
  }

  /// Writes a line.
  package func line(_ text: String) { write(Array(text.utf8) + [ASCII.lineFeed]) }

  /// Passes on what is left.
  package func flush() {
    guard let descriptor else { return }
    var done = 0
    while failure == nil, done < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress.map { unsafe $0 + done }, bytes.count - done)
      }
      if count >= 0 {
        done += count
      } else if errno != EINTR {
        failure = SystemError(call: "write", path: "standard output", errno: errno)
      }
    }
    bytes.removeAll(keepingCapacity: true)
  }
}
