internal import SendmailConfig

/// `From:… RELAY`.
enum AccessRelayFrom: AccessEntryCheck {
  static let check = Check("access.relay-from", .warning, "From: with RELAY lets nobody relay", page: .access)
  static let interest: AccessTraits = .relayFrom
  static let isExact = true

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    guard table.facts.relaysMailFrom != true else { return }
    findings.add(
      check, line: entry.line, column: entry.valueColumn,
      message: "\(entry.entry.key.escaped): a sender's address lets nobody relay"
        + (table.facts.relaysMailFrom == nil ? " without FEATURE(`relay_mail_from')" : "")
        + "; RELAY means OK here",
      remedy: "write OK, or let the client relay: mailcfg relay add ADDRESS")
  }
}
