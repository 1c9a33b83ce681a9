internal import SendmailConfig

/// `QUARANTINE` for a client.
enum AccessQuarantineOnConnect: AccessEntryCheck {
  static let check = Check(
    "access.quarantine-on-connect", .warning, "QUARANTINE for a client does nothing without delay_checks", page: .access
  )
  static let interest: AccessTraits = .quarantineConnect

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    guard table.facts.delaysChecks != true else { return }
    findings.add(
      check, line: entry.line, column: entry.valueColumn,
      message: table.facts.delaysChecks == false
        ? "clients are judged before there is a message (no FEATURE(`delay_checks')): nothing is quarantined"
        : "without FEATURE(`delay_checks') clients are judged before there is a message: nothing is quarantined",
      remedy: "quarantine by sender (From:), or add the feature to the .mc file")
  }
}
