internal import SendmailConfig

/// A reply code of one class and an enhanced code of another.
enum AccessErrorCodeMismatch: AccessEntryCheck {
  static let check = Check(
    "access.error-code-mismatch", .warning, "Reply code and enhanced status code contradict each other", page: .access)
  static let interest: AccessTraits = .replyMismatch

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    guard let reply = AccessReply.read(entry.entry.value), let code = reply.code else { return }
    guard 400...599 ~= code else {
      return findings.add(
        check, line: entry.line, column: entry.valueColumn,
        message: "sendmail refuses, and answers \(code)\(reply.effectiveEnhancedCode.map { " \($0.escaped)" } ?? ""), "
          + "which the client takes for something else",
        remedy: "begin with 4 for a refusal for now, with 5 for one for good")
    }
    guard reply.codesDiffer, let enhanced = reply.effectiveEnhancedCode else { return }
    findings.add(
      check, line: entry.line, column: entry.valueColumn,
      message:
        "sendmail answers \(code) \(enhanced.escaped): one says \(code < 500 ? "try again" : "never try again"), "
        + "the other the opposite", remedy: "begin both with 4 for a refusal for now, with 5 for one for good")
  }
}
