internal import SendmailConfig

/// A domain without `@`.
enum VirtualUserBareDomain: VirtualUserCheck {
  static let check = Check(.virtualUserBareDomain, .warning, "A domain without @ is never looked up", page: .virtmap)
  static let interest: VirtualUserTraits = .bareDomain

  static func examine(_ entry: VirtualUserEntry, _ table: VirtualUserTableView, _ findings: inout FileFindings) {
    findings.add(
      VirtualUserTable.bareDomain(entry.rule), code: .virtualUserBareDomain, entry: entry.line)
  }
}
