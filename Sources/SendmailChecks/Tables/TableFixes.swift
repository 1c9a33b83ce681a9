internal import SendmailConfig

/// Changes to texts that several checks propose.
enum TableFixes {
  /// The first line without its byte-order mark.
  static func withoutByteOrderMark(_ text: Text) -> TextFix? {
    guard text.lineCount > 0 else { return nil }
    return TextFix(lines: 0..<1, replacement: Array(text.line(1).dropFirst(3)))
  }

  /// Every line that ends in CR LF with LF alone; nil where that is no certain mend.
  static func withoutCarriageReturns(_ text: Text) -> TextFix? {
    var edits: [TextFix.Edit] = []
    for index in 0..<text.lineCount {
      let line = text.line(index + 1)
      guard line.suffix(2).elementsEqual([ASCII.carriageReturn, ASCII.lineFeed]) else { continue }
      edits.append(TextFix.Edit(lines: index..<index + 1, replacement: line.dropLast(2) + [ASCII.lineFeed]))
    }
    return edits.isEmpty ? nil : TextFix(edits)
  }

  /// An entry's line with another key, value, or both; what stands between them and behind stays.
  static func replacing(
    _ line: Int, of table: Table, keys: [ByteString]? = nil, value: ByteString? = nil, comment: ByteString? = nil
  ) -> TextFix? {
    guard case .entry(let fields) = table.classify(line) else { return nil }
    let text = table.text
    let separator = text.buffer[fields.key.upperBound..<fields.value.lowerBound]
    let end = text.buffer[fields.value.upperBound..<text.lines[line].range.upperBound]
    let old = ByteString(text.buffer[fields.key])
    var replacement: [UInt8] = []
    if let comment { replacement += Array("# ".utf8) + comment.bytes + text.lineEnd }
    for (number, key) in (keys ?? [old]).enumerated() {
      // A last line without LF ends the text, and not the line before its own copy.
      if number > 0, replacement.last != ASCII.lineFeed { replacement.append(ASCII.lineFeed) }
      let start = replacement.count
      replacement += key.bytes + separator + (value?.bytes ?? Array(text.buffer[fields.value])) + end
      guard replacement.count - start <= TableGrammar.longestLine else { return nil }
    }
    let new = (keys ?? []).map(\.folded).filter { $0 != old.folded }
    return TextFix(lines: line..<line + 1, replacement: replacement, newKeys: new)
  }
}
