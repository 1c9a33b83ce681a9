internal import SendmailConfig

/// Letters beyond ASCII.
enum VirtualUserNonASCII: VirtualUserCheck {
  static let check = Check(
    "virtmap.non-ascii", .warning, "A key with letters beyond ASCII matches hardly ever", page: .virtmap)
  static let interest: VirtualUserTraits = .nonASCII

  static func examine(_ entry: VirtualUserEntry, _ table: VirtualUserTableView, _ findings: inout FileFindings) {
    findings.add(
      check, line: entry.line,
      message:
        "\(entry.name): domains in addresses have no letters beyond ASCII, and only A–Z are folded to lower case",
      remedy: "write the domain in its xn-- form")
  }
}
