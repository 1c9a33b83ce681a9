internal import SendmailConfig

/// A user with nothing behind the `@`.
enum VirtualUserNoDomain: VirtualUserCheck {
  static let check = Check("virtmap.no-domain", .warning, "A user without a domain is never looked up", page: .virtmap)
  static let interest: VirtualUserTraits = .noDomain

  static func examine(_ entry: VirtualUserEntry, _ table: VirtualUserTableView, _ findings: inout FileFindings) {
    findings.add(
      check, line: entry.line,
      message: "\(entry.name): addresses are looked up with their domain: the entry matches nothing",
      remedy: "write one entry for each domain, or an alias")
  }
}
