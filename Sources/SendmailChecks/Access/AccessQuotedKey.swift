internal import SendmailConfig

/// A quote or a backslash in a key.
enum AccessQuotedKey: AccessEntryCheck {
  static let check = Check(
    "access.quoted-key", .warning, "A key with a quote or a backslash never matches", page: .access)
  static let interest: AccessTraits = .quote

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    let hasBackslash = entry.pattern.bytes.contains(ASCII.backslash)
    findings.add(
      check, line: entry.line,
      message:
        "\(entry.entry.key.escaped): addresses are looked up without \(hasBackslash ? "backslashes" : "quotes"): "
        + "the entry matches nothing", remedy: "write the address without them")
  }
}
