internal import SendmailConfig

/// Several targets.
enum VirtualUserList: VirtualUserCheck {
  static let check = Check("virtmap.list", .warning, "A list of targets is refused", page: .virtmap)
  static let interest: VirtualUserTraits = .comma

  static func examine(_ entry: VirtualUserEntry, _ table: VirtualUserTableView, _ findings: inout FileFindings) {
    var isQuoted = false
    var depth = 0
    var mark: Int?
    for index in entry.target.indices {
      switch entry.target[index] {
      case ASCII.quote: isQuoted.toggle()
      case 0x28: depth += 1
      case 0x29: depth -= 1
      case ASCII.comma where !isQuoted && depth <= 0: mark = mark ?? index
      default: break
      }
    }
    guard let mark, !entry.target.contains(0x3C) else { return }
    findings.add(
      check, line: entry.line, column: entry.valueColumn + mark - entry.target.startIndex,
      message: "sendmail takes one target only: mail to \(entry.name) is refused with 553 5.1.3",
      remedy: "make an alias with the list, and name the alias here")
  }
}
