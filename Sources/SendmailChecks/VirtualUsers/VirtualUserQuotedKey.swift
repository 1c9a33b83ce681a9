internal import SendmailConfig

/// A quote, a backslash or angle brackets in a key.
enum VirtualUserQuotedKey: VirtualUserCheck {
  static let check = Check(
    "virtmap.quoted-key", .warning, "A key with quotes, a backslash or angle brackets never matches", page: .virtmap)
  static let interest: VirtualUserTraits = .quote

  static func examine(_ entry: VirtualUserEntry, _ table: VirtualUserTableView, _ findings: inout FileFindings) {
    findings.add(
      check, line: entry.line,
      message:
        "\(entry.name): addresses are looked up without quotes, backslashes and angle brackets: the entry matches nothing",
      remedy: "write the address without them")
  }
}
