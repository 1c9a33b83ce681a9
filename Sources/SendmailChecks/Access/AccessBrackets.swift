internal import SendmailConfig

/// A client's address in brackets.
enum AccessBrackets: AccessEntryCheck {
  static let check = Check(
    "access.brackets", .warning, "A client's address in brackets lets nobody relay", page: .access, fixes: true)
  static let interest: AccessTraits = .bracket

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    let pattern = entry.pattern.bytes
    guard entry.key.tag == .connect || entry.key.tag?.name == "GreetPause", pattern.first == 0x5B,
      pattern.last == 0x5D
    else { return }
    let inside = ByteString(pattern.dropFirst().dropLast())
    let isAddress = AccessKey(inside).pattern
    switch isAddress {
    case .address, .network: break
    default: return
    }
    guard entry.action == .relay || entry.action == .ok else {
      findings.add(
        check, line: entry.line,
        message:
          "\(entry.entry.key.escaped): an address in brackets is looked up only for a client whose address has no "
          + "name in DNS; any other passes",
        remedy: "write \(entry.tagged(inside.bytes).escaped)",
        fix: table.fix(entry, keys: [entry.tagged(inside.bytes)]))
      return
    }
    table.report(
      check, entry,
      "an address in brackets is looked up only for a client whose address has no name in DNS, and never lets it relay",
      instead: [inside], &findings)
  }
}
