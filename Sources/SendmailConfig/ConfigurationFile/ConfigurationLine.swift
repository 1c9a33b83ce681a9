/// A logical line of sendmail.cf: one physical line with its continuations.
///
/// ```abnf
/// file         = *logical-line
/// logical-line = line *( blank line )        ; a line that begins with SP or TAB continues the one before
/// line         = *OCTET LF                   ; CR LF counts as LF
/// comment      = "#" *OCTET                  ; as the first byte, continuations included
///              / *SPACE "#" *OCTET           ; elsewhere, to the end of the physical line, from level 3 on
/// ```
/// `\#` is a `#` that begins no comment, and so is the `#` of `$#`. A NUL ends the logical line. White space at its end is
/// dropped.
public struct ConfigurationLine: Sendable, Equatable {
  /// The first byte: what the line is (`K`, `O`, `F` …); `#` for a comment, 0 for an empty line.
  ///
  /// A line that begins the file with a blank, or follows an empty line with one, has that blank or LF here: sendmail
  /// refuses it.
  public var kind: UInt8
  /// What follows the first byte as sendmail takes it: comments gone, `\#` as `#`, `$` as written, LF before continuations.
  public var body: ArraySlice<UInt8>
  /// The 1-based physical lines.
  public var lines: Range<Int>

  /// The 1-based first line.
  public var line: Int { lines.lowerBound }
}

extension ConfigurationLine {
  /// Cuts a text into logical lines.
  ///
  /// - Returns: The lines, and the configuration level that the last `V` line sets (0 without one).
  package static func lines(of text: Text) -> (lines: [ConfigurationLine], level: Int) {
    var result: [ConfigurationLine] = []
    var level = 0
    var index = 0
    while index < text.lineCount {
      let first = index
      index += 1
      while index < text.lineCount, let byte = text.buffer[text.lines[index].range].first, ASCII.isBlank(byte) {
        index += 1
      }
      var raw = text.buffer[text.lines[first].range.lowerBound..<text.lines[index - 1].range.upperBound]
      if raw.last == ASCII.lineFeed { raw.removeLast() }
      var line = ConfigurationLine(kind: 0, body: [], lines: first + 1..<index + 1)
      if raw.first == ASCII.numberSign {
        line.kind = ASCII.numberSign
        line.body = raw.dropFirst()
      } else {
        let effective = ConfigurationLine.effective(raw, level: level)
        line.kind = effective.first ?? 0
        line.body = effective.dropFirst()
      }
      if line.kind == UInt8(ascii: "V"), let new = ConfigurationLine.number(line.body) { level = new }
      result.append(line)
    }
    return (result, level)
  }

  /// The number at the head of some bytes, blanks before it aside; nil without a digit.
  package static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
    var rest = bytes.drop(while: ASCII.isSpace)
    let isNegative = rest.first == 0x2D
    if isNegative || rest.first == 0x2B { rest.removeFirst() }
    let digits = rest.prefix(while: ASCII.isDigit)
    guard !digits.isEmpty else { return nil }
    let value = digits.prefix(12).reduce(0) { $0 * 10 + Int($1 - 0x30) }
    return isNegative ? -value : value
  }

  /// A logical line as sendmail takes it, without a copy where nothing in it has to change.
  private static func effective(_ raw: ArraySlice<UInt8>, level: Int) -> ArraySlice<UInt8> {
    var bytes = raw
    if raw.contains(where: { $0 == ASCII.numberSign || $0 == ASCII.carriageReturn || $0 == ASCII.nul }) {
      var copy = Array(raw.prefix { $0 != ASCII.nul })
      for index in copy.indices.dropLast().reversed()
      where copy[index] == ASCII.carriageReturn && copy[index + 1] == ASCII.lineFeed {
        copy.remove(at: index)
      }
      if level >= 3 { dropComments(&copy) }
      bytes = copy[...]
    }
    while bytes.count > 1, let last = bytes.last, ASCII.isSpace(last) { bytes.removeLast() }
    return bytes
  }

  /// Takes comments out, and the backslash from `\#`.
  private static func dropComments(_ bytes: inout [UInt8]) {
    var index = 0
    while index < bytes.count {
      if bytes[index] == 0x24, index + 1 < bytes.count {
        index = MacroName.end(of: bytes, at: index)
        continue
      }
      guard bytes[index] == ASCII.numberSign, index > 0 else {
        index += 1
        continue
      }
      if bytes[index - 1] == ASCII.backslash {
        bytes.remove(at: index - 1)
        continue
      }
      var start = index
      while start > 1, ASCII.isSpace(bytes[start - 1]), bytes[start - 1] != ASCII.lineFeed { start -= 1 }
      let end = bytes[index...].firstIndex(of: ASCII.lineFeed) ?? bytes.count
      bytes.removeSubrange(start..<end)
      index = start
    }
  }
}
