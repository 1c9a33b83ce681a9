/// Something in a text that sendmail refuses, drops, or takes in a way that cannot have been meant.
public struct Diagnostic: Sendable, Equatable {
  /// How bad it is.
  public enum Severity: String, Sendable {
    /// sendmail's own program refuses or drops the line.
    case error
    /// sendmail takes the line, and surely not as it was meant.
    case warning
    /// Worth knowing.
    case note
  }

  /// What it is, in a form that stays the same from release to release, such as `table.leading-blank`.
  public struct Code: RawRepresentable, Hashable, Sendable {
    /// The stable name.
    public let rawValue: String
    /// Takes a stable name.
    public init(rawValue: String) { self.rawValue = rawValue }
  }

  /// The stable name of the finding.
  public var code: Code
  /// How bad it is.
  public var severity: Severity
  /// The 1-based line.
  public var line: Int
  /// The 1-based column, in bytes.
  public var column: Int
  /// What is wrong and what follows from it.
  public var message: String
  /// What to do about it.
  public var remedy: String

  /// Makes a finding.
  public init(code: Code, severity: Severity, line: Int, column: Int = 1, message: String, remedy: String) {
    self.code = code
    self.severity = severity
    self.line = line
    self.column = column
    self.message = Secrets.masked(message: message)
    self.remedy = Secrets.masked(message: remedy)
  }

  /// `path:line:column: severity: message; remedy [code]`.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - word: What to print for the severity, where it is to be coloured.
  /// - Returns: One line, without a line end.
  public func text(path: String, severity word: String? = nil) -> String {
    "\(path):\(line):\(column): \(word ?? severity.rawValue): \(message); \(remedy) [\(code.rawValue)]"
  }
}
