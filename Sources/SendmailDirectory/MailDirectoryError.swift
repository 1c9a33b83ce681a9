public import SendmailConfig
internal import SystemSupport

/// Why a mail directory could not be read or changed: nothing in it has changed.
public struct MailDirectoryError: Error, Sendable, CustomStringConvertible {
  /// The kind of failure, with the exit code of `sysexits.h` that stands for it.
  public struct Code: RawRepresentable, Hashable, Sendable {
    /// The exit code.
    public let rawValue: Int32
    /// Takes an exit code.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The command was used wrongly.
    public static let usage = Code(rawValue: 64)
    /// What was given, or what stands in a file, is wrong.
    public static let badData = Code(rawValue: 65)
    /// A file is not there.
    public static let missing = Code(rawValue: 66)
    /// A file cannot be made.
    public static let cannotCreate = Code(rawValue: 73)
    /// Reading or writing failed.
    public static let inputOutput = Code(rawValue: 74)
    /// Somebody else is at work; try again.
    public static let locked = Code(rawValue: 75)
    /// A permission is missing.
    public static let permission = Code(rawValue: 77)
    /// sendmail.cf does not fit.
    public static let configuration = Code(rawValue: 78)
  }

  /// The kind of failure.
  public var code: Code
  /// What happened, where, and what to do.
  public var message: String
  /// The refusal of an edit, where that was it.
  public var editError: EditError?
  /// What later edits made of the lines of a change that cannot be undone for that, as a unified diff with `***` in the
  /// place of passwords; empty otherwise.
  public var overlap: [UInt8] { Text.diff(withoutSecrets: overlapWithSecrets) }
  /// The same with the passwords.
  public internal(set) var overlapWithSecrets: [UInt8] = []

  /// Makes an error.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = Secrets.masked(message: message)
  }

  /// Wraps the refusal of an edit.
  init(_ error: EditError) {
    self.init(error.code == .needsPermission ? .usage : .badData, error.message)
    editError = error
  }

  /// Wraps a failed system call.
  init(_ error: SystemError) {
    self.init(Code(rawValue: error.exitCode), error.description)
    if error.isLocked { message += "; try again, or give --wait SECONDS" }
    // Reasons of our own say what is lacking.
    if error.isPermission, error.problem == nil,
      error.call != "open" || error.path.hasSuffix(".mailcfg.journal") || error.path.hasSuffix(".mailcfg.lock")
    {
      message += "; a change takes the right to make files in the directory"
    }
    if case .hardLinked = error.problem { message += "; make it a file of its own first (cp, then mv)" }
    if error.isChanged { message += "; nothing was written, run the command again" }
  }

  /// The message.
  public var description: String { message }
}
