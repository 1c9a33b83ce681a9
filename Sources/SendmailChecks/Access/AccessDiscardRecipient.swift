internal import SendmailConfig

/// `DISCARD` for a recipient.
enum AccessDiscardRecipient: AccessEntryCheck {
  static let check = Check(
    "access.discard-recipient", .warning, "DISCARD for a recipient throws the mail away for all its recipients",
    page: .access)
  static let interest: AccessTraits = .discardsTo
  static let isExact = true

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    findings.add(
      check, line: entry.line, column: entry.valueColumn,
      message: "mail to \(entry.pattern.escaped) and to others is accepted and thrown away for all of them",
      remedy: "let an alias or a virtual user lead to /dev/null, or refuse the recipient with an error")
  }
}
