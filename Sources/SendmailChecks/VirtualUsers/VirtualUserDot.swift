internal import SendmailConfig

/// A domain with a dot before or behind it.
enum VirtualUserDot: VirtualUserCheck {
  static let check = Check(
    "virtmap.dot", .warning, "A domain with a leading or final dot never matches", page: .virtmap, fixes: true)
  static let interest: VirtualUserTraits = .dot

  static func examine(_ entry: VirtualUserEntry, _ table: VirtualUserTableView, _ findings: inout FileFindings) {
    let key = entry.rule.key
    let domain = key.domain?.bytes ?? []
    let isLeading = domain.first == 0x2E
    let bare = domain.trimming { $0 == 0x2E }
    let new = ByteString((key.user?.bytes ?? []) + [ASCII.at] + bare)
    findings.add(
      check, line: entry.line,
      message:
        "\(entry.name): domains are looked up without a \(isLeading ? "leading" : "final") dot: the entry matches nothing",
      remedy: isLeading ? "write one entry for each domain: nothing stands for those below it" : "write \(new.escaped)",
      fix: isLeading || bare.isEmpty ? nil : TableFixes.replacing(entry.index, of: table.table, keys: [new]))
  }
}
