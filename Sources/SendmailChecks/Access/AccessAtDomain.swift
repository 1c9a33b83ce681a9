internal import SendmailConfig

/// A domain behind an `@` without a user.
enum AccessAtDomain: AccessEntryCheck {
  static let check = Check("access.at-domain", .warning, "@domain never matches", page: .access, fixes: true)
  static let interest: AccessTraits = .leadingAt

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    let domain = entry.pattern.bytes.drop { $0 == ASCII.at }
    table.report(
      check, entry, "domains are looked up without an @: the entry matches nothing",
      instead: domain.isEmpty ? [] : [ByteString(domain)], &findings)
  }
}
