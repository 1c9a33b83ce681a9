public import SendmailConfig

/// One thing that `mailcfg check` looks for.
///
/// Its code is stable; ``all`` has every check, those of the parsers included.
public struct Check: Sendable, Hashable {
  /// The page of Docs/checks that explains a check.
  public enum Page: String, Sendable, CaseIterable {
    /// What holds for every table in makemap's grammar.
    case tables
    /// The access table.
    case access
    /// The virtual user table.
    case virtmap
    /// The aliases, and the files that they include.
    case aliases
    /// The mailertable.
    case mailertable
    /// The genericstable.
    case genericstable
    /// Class files.
    case classes
    /// Modes and owners of files and directories.
    case files
    /// Compiled maps.
    case maps
    /// sendmail.cf.
    case configuration
    /// Waiver comments.
    case waivers
  }

  /// The stable name, such as `access.cidr`.
  public let code: Diagnostic.Code
  /// How bad a finding of it is, unless the finding says otherwise.
  public let severity: Diagnostic.Severity
  /// What it finds, in one short sentence without a full stop.
  public let summary: String
  /// The page that explains it.
  public let page: Page
  /// Whether findings of it may bring a fix; each finding says so for itself.
  public let mayBeFixed: Bool

  init(
    _ code: Diagnostic.Code, _ severity: Diagnostic.Severity, _ summary: String, page: Page, fixes: Bool = false
  ) {
    self.code = code
    self.severity = severity
    self.summary = summary
    self.page = page
    mayBeFixed = fixes
  }

  init(
    _ code: String, _ severity: Diagnostic.Severity, _ summary: String, page: Page, fixes: Bool = false
  ) {
    self.init(Diagnostic.Code(rawValue: code), severity, summary, page: page, fixes: fixes)
  }

  /// Where it is explained: a file of this project and the anchor of its section.
  public var documentation: String {
    let anchor = code.rawValue.lowercased().filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
    return "Docs/checks/\(page.rawValue).md#\(anchor)"
  }

  /// The check with a code; nil where there is none.
  public static func named(_ code: Diagnostic.Code) -> Check? { byCode[code] }

  private static let byCode: [Diagnostic.Code: Check] = Dictionary(uniqueKeysWithValues: all.map { ($0.code, $0) })
}
