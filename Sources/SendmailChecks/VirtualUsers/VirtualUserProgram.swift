internal import SendmailConfig

/// A program, a file or a list for a target.
enum VirtualUserProgram: VirtualUserCheck {
  static let check = Check(
    "virtmap.program", .warning, "A program, file or list is refused as a target", page: .virtmap)
  static let interest: VirtualUserTraits = [.bar, .wrapped, .colon]

  static func examine(_ entry: VirtualUserEntry, _ table: VirtualUserTableView, _ findings: inout FileFindings) {
    guard !entry.traits.contains(.error), VirtualUserTarget.needsAlias(ByteString(entry.target)) else { return }
    findings.add(
      check, line: entry.line, column: entry.valueColumn,
      message:
        "programs, files and lists are reached through an alias only: mail to \(entry.name) is refused with 550 5.7.1",
      remedy: "make an alias that leads there, and name the alias here")
  }
}
