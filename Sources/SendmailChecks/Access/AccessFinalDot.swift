internal import SendmailConfig

/// A key with a dot at its end.
enum AccessFinalDot: AccessEntryCheck {
  static let check = Check(
    "access.final-dot", .warning, "A key with a final dot never matches", page: .access, fixes: true)
  static let interest: AccessTraits = .finalDot

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    guard !entry.traits.contains(.oddNumbers) else { return }
    let rest = entry.pattern.bytes.reversed().drop { $0 == 0x2E }.reversed()
    table.report(
      check, entry, "names and prefixes of addresses are looked up without a final dot: the entry matches nothing",
      instead: rest.isEmpty ? [] : [ByteString(Array(rest))], &findings)
  }
}
