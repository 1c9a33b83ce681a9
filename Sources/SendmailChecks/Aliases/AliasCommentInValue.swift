internal import SendmailConfig

/// A `#` behind a destination.
enum AliasCommentInValue: AliasCheck {
  static let check = Check(
    "alias.comment-in-value", .warning, "A # behind a destination begins no comment", page: .aliases, fixes: true)

  static func examine(_ alias: AliasView, _ context: CheckContext, _ findings: inout FileFindings) {
    for destination in alias.destinations {
      let text = destination.text
      guard let mark = mark(in: text) else { continue }
      let place = alias.place(destination.range.lowerBound + mark)
      findings.add(
        check, line: place.line, column: place.column, entry: alias.firstLine,
        message: "# begins a comment only in column 1: \(ByteString(text).escaped) is one destination",
        remedy: "put the comment on a line of its own above the alias", fix: fix(alias, place))
      // The rest of the line belongs to it, commas included.
      return
    }
  }

  /// Where a comment begins that was meant as one: a `#` at the head of a destination or behind a blank.
  static func mark(in text: [UInt8]) -> Int? {
    guard text.first != ASCII.quote, text.first != 0x7C, text.contains(ASCII.numberSign) else { return nil }
    return text.indices.first { index in
      text[index] == ASCII.numberSign && (index == 0 || ASCII.isBlank(text[index - 1]))
    }
  }

  /// The comment above the alias, and nothing in its place.
  private static func fix(_ alias: AliasView, _ place: (line: Int, column: Int)) -> TextFix? {
    let line = alias.text.line(place.line)
    let start = line.startIndex + place.column - 1
    guard start < line.endIndex, line[start] == ASCII.numberSign, !line[..<start].contains(ASCII.quote) else {
      return nil
    }
    let content = line.trimming(while: { $0 == ASCII.lineFeed || $0 == ASCII.carriageReturn })
    guard content.last != ASCII.backslash else { return nil }
    let comment = content[start...].drop { $0 == ASCII.numberSign }.trimming(while: ASCII.isBlank)
    let head = line[..<start].reversed().drop(while: ASCII.isBlank).reversed()
    guard head.last != ASCII.colon, !head.isEmpty else { return nil }
    let end = line[content.endIndex...]
    return TextFix([
      TextFix.Edit(
        lines: alias.firstLine - 1..<alias.firstLine - 1,
        replacement: Array("# ".utf8) + comment + alias.text.lineEnd),
      TextFix.Edit(lines: place.line - 1..<place.line, replacement: Array(head) + end),
    ])
  }
}
