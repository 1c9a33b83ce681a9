internal import SendmailConfig

/// A refusal of a recipient that no rule looks up.
enum AccessToWithoutBlocklist: AccessEntryCheck {
  static let check = Check(
    "access.to-without-blocklist", .warning, "To: refuses nobody without blocklist_recipients", page: .access)
  static let interest: AccessTraits = .refusesTo

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    guard findings.isFirst("to-without-blocklist") else { return }
    findings.add(
      check, line: entry.line,
      message: "this sendmail.cf has no FEATURE(`blocklist_recipients'): of To: entries only RELAY counts, this one "
        + "refuses nothing (first of its kind)", remedy: "add the feature to the .mc file, or remove the lines")
  }
}
