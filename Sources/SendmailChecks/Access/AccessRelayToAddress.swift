internal import SendmailConfig

/// `To:user@domain RELAY`.
enum AccessRelayToAddress: AccessEntryCheck {
  static let check = Check(
    "access.relay-to-address", .warning, "RELAY for a single address needs relaytofulladdress", page: .access)
  static let interest: AccessTraits = .relayMailbox
  static let isExact = true

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    guard table.facts.relaysToFullAddress != true else { return }
    switch entry.key.pattern {
    case .user, .mailbox: break
    default: return
    }
    findings.add(
      check, line: entry.line, column: entry.valueColumn,
      message: "\(entry.entry.key.escaped): recipients are let relay by their domain only"
        + (table.facts.relaysToFullAddress == nil ? ", unless access_db has the argument relaytofulladdress" : "")
        + ": the entry lets no mail through",
      remedy: "name the domain (To:domain RELAY), or add the argument to the .mc file")
  }
}
