internal import SendmailConfig

/// A refusal whose codes contradict each other.
enum VirtualUserErrorCodeMismatch: VirtualUserCheck {
  static let check = Check(
    "virtmap.error-code-mismatch", .warning, "Reply code and enhanced status code contradict each other", page: .virtmap
  )
  static let interest: VirtualUserTraits = .error

  static func examine(_ entry: VirtualUserEntry, _ table: VirtualUserTableView, _ findings: inout FileFindings) {
    let reply = VirtualUserError(entry.target).reply
    guard reply.codesDiffer, let code = reply.code, let enhanced = reply.effectiveEnhancedCode else { return }
    findings.add(
      check, line: entry.line, column: entry.valueColumn,
      message:
        "sendmail answers \(code) \(enhanced.escaped): one says \(code < 500 ? "try again" : "never try again"), "
        + "the other the opposite", remedy: "begin both with 4 for a refusal for now, with 5 for one for good")
  }
}
