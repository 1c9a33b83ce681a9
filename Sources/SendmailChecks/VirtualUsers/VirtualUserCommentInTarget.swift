internal import SendmailConfig

/// A `#` behind a target.
enum VirtualUserCommentInTarget: VirtualUserCheck {
  static let check = Check(
    "virtmap.comment-in-target", .warning, "A # behind a target begins no comment", page: .virtmap, fixes: true)
  static let interest: VirtualUserTraits = .numberSign

  static func examine(_ entry: VirtualUserEntry, _ table: VirtualUserTableView, _ findings: inout FileFindings) {
    let target = entry.target
    guard let mark = TrailingComment.start(in: target) else { return }
    let value = ByteString(target[..<mark].trimming(while: ASCII.isBlank))
    let note = ByteString(target[(mark + 1)...].trimming(while: ASCII.isSpace))
    findings.add(
      check, line: entry.line, column: entry.valueColumn + mark - target.startIndex,
      message: "# begins a comment only in column 1: it becomes part of the address",
      remedy: "put the comment on a line of its own above the entry",
      fix: TableFixes.replacing(entry.index, of: table.table, value: value, comment: note))
  }
}
