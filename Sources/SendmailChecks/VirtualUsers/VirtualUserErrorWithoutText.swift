internal import SendmailConfig

/// `error:` without a word, or without a text.
enum VirtualUserErrorWithoutText: VirtualUserCheck {
  static let check = Check(
    "virtmap.error-without-text", .warning, "error: wants a word or code, and a text", page: .virtmap)
  static let interest: VirtualUserTraits = .error

  static func examine(_ entry: VirtualUserEntry, _ table: VirtualUserTableView, _ findings: inout FileFindings) {
    let error = VirtualUserError(entry.target)
    guard error.reply.text.isEmpty else { return }
    findings.add(
      check, line: entry.line, column: entry.valueColumn,
      message: "\(ByteString(entry.target).escaped): without a text sendmail answers with what is left of the address",
      remedy: "write error:nouser 550 5.1.1 and a text")
  }
}
