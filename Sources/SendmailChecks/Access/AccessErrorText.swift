internal import SendmailConfig

/// A value that is no keyword, with which sendmail refuses.
enum AccessErrorText: AccessEntryCheck {
  static let check = Check(
    .accessErrorText, .warning, "A value that is no keyword becomes the text of a refusal", page: .access, fixes: true)
  static let interest: AccessTraits = .otherText

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    // Where the blank behind the tag is the trouble, that is told.
    if entry.traits.contains(.empty), entry.key.tag != nil { return }
    guard
      var doubt = table.table.doubts(about: AccessRule(entry: entry.entry)).first(where: { $0.code == .accessErrorText }
      )
    else { return }
    let fix = fix(entry, table)
    if fix != nil { doubt.remedy = "put the comment on a line of its own above the entry" }
    // The value may stand further to the right than one blank behind the key.
    doubt.column = entry.valueColumn
    findings.add(doubt, code: .accessErrorText, entry: entry.line, fix: fix)
  }

  /// `REJECT # note`: the note as a comment of its own.
  private static func fix(_ entry: AccessEntry, _ table: AccessTableView) -> TextFix? {
    let value = entry.entry.value.bytes
    guard let mark = value.firstIndex(of: ASCII.numberSign), mark > 0, ASCII.isBlank(value[mark - 1]) else {
      return nil
    }
    let word = ByteString(value[..<mark].trimming(while: ASCII.isBlank))
    let note = ByteString(value[(mark + 1)...].trimming(while: ASCII.isSpace))
    if case .other = AccessAction(word, tag: entry.key.tag) { return nil }
    return table.fix(entry, value: word, comment: note)
  }
}
