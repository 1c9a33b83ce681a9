internal import SendmailConfig

/// Letters beyond ASCII.
enum AccessNonASCII: AccessEntryCheck {
  static let check = Check(
    "access.non-ascii", .warning, "A key with letters beyond ASCII matches hardly ever", page: .access)
  static let interest: AccessTraits = .nonASCII

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    findings.add(
      check, line: entry.line,
      message:
        "\(entry.entry.key.escaped): host names have no letters beyond ASCII, and only A–Z are folded to lower case",
      remedy: "write the domain in its xn-- form")
  }
}
