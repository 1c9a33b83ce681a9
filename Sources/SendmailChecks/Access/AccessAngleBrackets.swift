internal import SendmailConfig

/// An address in angle brackets, or the empty sender.
enum AccessAngleBrackets: AccessEntryCheck {
  static let check = Check(
    "access.angle-brackets", .warning, "An address in angle brackets, or <>, never matches", page: .access, fixes: true)
  static let interest: AccessTraits = .angle

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    let inside = entry.pattern.bytes.filter { $0 != 0x3C && $0 != 0x3E }
    guard !inside.isEmpty else {
      findings.add(
        check, line: entry.line,
        message: "\(entry.entry.key.escaped): the empty sender is taken before the table is asked: it cannot be listed",
        remedy: "remove the line")
      return
    }
    table.report(
      check, entry, "addresses are looked up without angle brackets: the entry matches nothing",
      instead: [ByteString(inside)], &findings)
  }
}
