internal import ArgumentParser
internal import FoundationEssentials
internal import Glibc
internal import SendmailConfig
internal import SendmailDirectory
internal import SystemSupport

/// Where a command's answers and messages go: results to standard output, messages to standard error.
struct Output {
  let options: GlobalOptions

  /// Prints a line of the result.
  func result(_ text: String) { Output.write(Array((text + "\n").utf8), to: STDOUT_FILENO) }

  /// Prints bytes of the result as they are.
  func result(_ bytes: [UInt8]) { Output.write(bytes, to: STDOUT_FILENO) }

  /// Prints one JSON object.
  func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    result(Array(try encoder.encode(value)) + [0x0A])
  }

  /// Prints a message for people; `--quiet` keeps it back.
  func note(_ text: String, always: Bool = false) {
    if always || !options.quiet { Output.say(masked(text)) }
  }

  /// Prints why nothing can be done, and ends the process.
  static func fail(_ message: String, _ code: Int32) -> Never {
    say(message)
    exit(code)
  }

  /// A message without the passwords that it may quote.
  func masked(_ message: String) -> String { options.showSecrets ? message : Secrets.masked(message: message) }

  /// Prints a line on standard error.
  ///
  /// What it quotes moves no cursor and begins no line of its own.
  private static func say(_ message: String) {
    write(Array("mailcfg: \(ByteString(message).escaped)\n".utf8), to: STDERR_FILENO)
  }

  /// Prints what failed.
  func failed(_ error: MailDirectoryError) {
    Output.say(error.message)
    Output.write(options.showSecrets ? error.overlapWithSecrets : error.overlap, to: STDERR_FILENO)
  }

  /// Prints a finding; `--quiet` keeps back what is no error.
  func finding(_ finding: Diagnostic, path: String, always: Bool = false) {
    if options.quiet, finding.severity != .error, !always { return }
    let severity = finding.severity.rawValue
    let colored = "\u{1B}[\(finding.severity == .error ? 31 : 33)m\(severity)\u{1B}[0m"
    let text = finding.text(path: ByteString(path).escaped, severity: usesColor ? colored : severity)
    Output.write(Array((text + "\n").utf8), to: STDERR_FILENO)
  }

  /// How many findings of a file are told where they are not what was asked for; `build`, `check` and `--verbose` tell all.
  static let findingLimit = 5

  /// Prints findings that are not what was asked for: the first of them, unless `--verbose` asks for more.
  ///
  /// - Parameters:
  ///   - findings: The findings.
  ///   - path: Their file.
  ///   - hint: How to see all.
  func findings(_ findings: [Diagnostic], path: String, hint: String = "-v tells them all") {
    let shown = options.verbose ? findings.count : Output.findingLimit
    for finding in findings.prefix(shown) { self.finding(finding, path: path) }
    if findings.count > shown {
      note("\(path): \(findings.count - shown) more; \(hint)", always: true)
    }
  }

  private var usesColor: Bool { usesColor(onStandardOutput: false) }

  /// Whether severities are coloured on standard output, or on standard error.
  func usesColor(onStandardOutput isResult: Bool) -> Bool {
    switch options.color {
    case .always: true
    case .never: false
    case .auto:
      CurrentProcess.isTerminal(isResult ? STDOUT_FILENO : STDERR_FILENO)
        && CurrentProcess.environment("NO_COLOR") == nil
    }
  }

  /// Runs a command's work; a failure becomes its message on standard error and its exit code.
  static func run(_ options: GlobalOptions, _ body: (Output) throws -> Void) throws {
    let output = Output(options: options)
    do {
      try body(output)
    } catch let error as MailDirectoryError {
      output.failed(error)
      throw ExitCode(error.code.rawValue)
    } catch let error as EditError {
      say(error.message)
      throw ExitCode(MailDirectoryError.Code.badData.rawValue)
    }
  }

  static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        // A reader that closed its end has what it wanted; what a full disk swallowed is an answer lost.
        guard descriptor == STDOUT_FILENO, errno != EPIPE else { return }
        let error = SystemError(call: "write", path: "standard output", errno: errno)
        fail("\(error)", MailDirectoryError.Code.inputOutput.rawValue)
      }
      rest = rest.dropFirst(count)
    }
  }
}

extension ExitCode {
  /// The answer is no.
  static let no = ExitCode(1)
}

/// The current day in local time.
extension CalendarDate {
  static var today: CalendarDate? {
    var now = time(nil)
    var parts = unsafe tm()
    guard unsafe localtime_r(&now, &parts) != nil else { return nil }
    return unsafe CalendarDate(year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday))
  }
}
