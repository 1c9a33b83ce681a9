internal import SendmailChecks
internal import SendmailConfig

/// Findings as a person reads them, grouped by file.
struct CheckText {
  /// Whether severities are coloured.
  var colored: Bool

  /// The lines to print.
  ///
  /// ```
  /// PATH:LINE:COLUMN: SEVERITY: MESSAGE [CODE]
  ///     REMEDY
  ///     PATH:LINE: NOTE
  /// ```
  func lines(of findings: [CheckFinding], omitted: [CheckReport.Omission]) -> [String] {
    var result: [String] = []
    for finding in findings {
      let diagnostic = finding.diagnostic
      result.append(
        "\(finding.path):\(diagnostic.line):\(diagnostic.column): \(word(diagnostic.severity)): \(diagnostic.message) "
          + "[\(diagnostic.code.rawValue)]")
      for place in finding.related { result.append("    \(place.path):\(place.line):\(place.column): \(place.note)") }
      result.append("    \(diagnostic.remedy)\(finding.fix == nil ? "" : " (--fix does it)")")
    }
    for omission in omitted {
      result.append(
        "\(omission.path): \(omission.count) more of \(omission.code.rawValue); --all lists them")
    }
    return result
  }

  private func word(_ severity: Diagnostic.Severity) -> String {
    guard colored else { return severity.rawValue }
    let color =
      switch severity {
      case .error: 31
      case .warning: 33
      case .note: 36
      }
    return "\u{1B}[\(color)m\(severity.rawValue)\u{1B}[0m"
  }

  /// How many there are, in words.
  static func summary(_ report: CheckReport, canFix: Bool) -> String {
    var counts: [Diagnostic.Severity: Int] = [:]
    for finding in report.findings { counts[finding.diagnostic.severity, default: 0] += 1 }
    for omission in report.omitted {
      let severity = report.findings.first { $0.diagnostic.code == omission.code }?.diagnostic.severity
      counts[severity ?? Check.named(omission.code)?.severity ?? .warning, default: 0] += omission.count
    }
    func number(_ severity: Diagnostic.Severity) -> String {
      let count = counts[severity] ?? 0
      return "\(count) \(severity.rawValue)\(count == 1 ? "" : "s")"
    }
    guard !report.findings.isEmpty else { return "nothing found" }
    let fixable = report.findings.count { $0.fix != nil }
    return [Diagnostic.Severity.error, .warning, .note].map(number).joined(separator: ", ")
      + (fixable > 0 && canFix ? "; check --fix mends \(fixable) of them" : "")
  }
}
