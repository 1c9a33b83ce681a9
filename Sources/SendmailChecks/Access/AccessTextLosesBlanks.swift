internal import SendmailConfig

/// A text of a refusal that loses blanks or what is in parentheses.
enum AccessTextLosesBlanks: AccessEntryCheck {
  static let check = Check(
    "access.text-loses-blanks", .note, "A text without quotes loses blanks and parentheses", page: .access, fixes: true)
  static let interest: AccessTraits = .replyLosesBlanks
  static let isExact = true

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    guard let reply = AccessReply.read(entry.entry.value), reply.code != nil, let shown = reply.withoutLostBlanks else {
      return
    }
    findings.add(
      check, line: entry.line, column: entry.valueColumn,
      message: "blanks beside punctuation and what is in parentheses go: sendmail answers \"\(shown.escaped)\"",
      remedy: "put the text into double quotes, its reply code included",
      fix: table.fix(entry, value: quoted(entry.entry.value, reply)))
  }

  private static func quoted(_ value: ByteString, _ reply: ReplyText) -> ByteString {
    let bytes = value.bytes.trimming(while: ASCII.isSpace)
    return ByteString(bytes.dropLast(reply.text.bytes.count) + [ASCII.quote] + reply.text.bytes + [ASCII.quote])
  }
}
