internal import SendmailConfig

/// What is found in one file: at most so many findings a check, the others counted; waivers silence theirs.
struct FileFindings {
  /// The file.
  let path: String
  /// How many findings of a check are kept.
  let limit: Int
  /// The findings, in the order in which they were made.
  private(set) var findings: [CheckFinding] = []
  /// How many findings a check has, those that are not kept included.
  private(set) var counts: [Diagnostic.Code: Int] = [:]
  /// The waivers of the file.
  private(set) var waivers: Waivers
  /// How many findings there are in all, those that a waiver silences included.
  private(set) var total = 0
  private var once: Set<String> = []

  init(path: String, limit: Int, waivers: Waivers = Waivers()) {
    self.path = path
    self.limit = limit
    self.waivers = waivers
  }

  /// Adds a finding.
  ///
  /// - Parameters:
  ///   - check: The check.
  ///   - line: The 1-based line.
  ///   - column: The 1-based column.
  ///   - entry: The 1-based first line of the entry that it belongs to, for waivers; nil for `line`, 0 for the whole file.
  ///   - severity: How bad it is; nil for the check's own.
  ///   - message: What is wrong and what follows from it.
  ///   - remedy: What to do about it.
  ///   - related: Other places.
  ///   - fix: The change that mends it.
  mutating func add(
    _ check: Check, line: Int, column: Int = 1, entry: Int? = nil, severity: Diagnostic.Severity? = nil,
    message: @autoclosure () -> String, remedy: @autoclosure () -> String,
    related: @autoclosure () -> [CheckFinding.RelatedPlace] = [], fix: @autoclosure () -> TextFix? = nil
  ) {
    guard takes(check.code, entry: entry ?? line) else { return }
    findings.append(
      CheckFinding(
        path: path,
        diagnostic: Diagnostic(
          code: check.code, severity: severity ?? check.severity, line: line, column: column, message: message(),
          remedy: remedy()),
        related: related(), fix: fix()))
  }

  /// Adds what a parser found.
  mutating func add(
    _ diagnostic: @autoclosure () -> Diagnostic, code: Diagnostic.Code, entry: Int,
    related: @autoclosure () -> [CheckFinding.RelatedPlace] = [], fix: @autoclosure () -> TextFix? = nil
  ) {
    guard takes(code, entry: entry) else { return }
    findings.append(CheckFinding(path: path, diagnostic: diagnostic(), related: related(), fix: fix()))
  }

  /// Adds a finding that was made elsewhere.
  mutating func add(_ finding: CheckFinding, entry: Int) {
    guard takes(finding.diagnostic.code, entry: entry) else { return }
    findings.append(finding)
  }

  /// Whether further findings of a check need only be counted: enough are listed, and nothing silences one.
  func onlyCounts(_ check: Check) -> Bool { (counts[check.code] ?? 0) >= limit && waivers.all.isEmpty }

  /// Counts findings that are not listed.
  mutating func count(_ check: Check, _ number: Int) {
    total += number
    counts[check.code, default: 0] += number
  }

  /// Whether this is the first time that a key comes up.
  mutating func isFirst(_ key: String) -> Bool { once.insert(key).inserted }

  private mutating func takes(_ code: Diagnostic.Code, entry: Int) -> Bool {
    total += 1
    if waivers.silence(code, entry: entry) { return false }
    counts[code, default: 0] += 1
    return counts[code, default: 0] <= limit
  }
}
