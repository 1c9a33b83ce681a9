internal import SendmailConfig

/// Two words for a target.
enum VirtualUserBlank: VirtualUserCheck {
  static let check = Check(
    "virtmap.blank-in-target", .warning, "Two words are one address", page: .virtmap)
  static let interest: VirtualUserTraits = .blank

  static func examine(_ entry: VirtualUserEntry, _ table: VirtualUserTableView, _ findings: inout FileFindings) {
    let target = entry.target
    guard !entry.traits.contains(.numberSign), !entry.traits.contains(.program), !entry.traits.contains(.comma),
      !target.contains(where: { [0x22, 0x28, 0x3C].contains($0) })
    else { return }
    findings.add(
      check, line: entry.line, column: entry.valueColumn,
      message: "\(ByteString(target).escaped) is one address, its blanks dots: there is hardly such a user",
      remedy: "write one target; several go into an alias")
  }
}
