/// A logical line of an aliases file: physical lines that sendmail joins before it looks at what they say.
///
/// ```abnf
/// logical-line = physical *continuation
/// continuation = "\" LF physical          ; the backslash and the LF go, the next line is taken verbatim
///              / LF (SP / HTAB) *OCTET    ; the LF goes, the blank stays
/// ```
/// So a comment swallows the indented lines behind it, and the line behind its final backslash (aliases(5)). The rule looks
/// at what has been joined so far: an empty line behind `\\` lets the first backslash join once more.
///
/// A NUL byte hides the rest of its physical line and its LF: an indented line behind it is joined as ever, any other one is
/// lost together with the line of the NUL.
struct AliasLine {
  /// The longest logical line in bytes, without its LF: sendmail's buffer holds 8192.
  static let longest = 8190

  /// The physical lines, 0-based.
  let lines: Range<Int>
  /// The bytes of the physical lines, line ends included.
  let raw: [UInt8]
  /// The bytes that sendmail joins them to, without the final LF.
  private(set) var joined: [UInt8]
  /// Whether sendmail says "alias line too long": more than ``longest`` bytes, or a NUL byte before an LF.
  private(set) var isTooLong = false
  /// Where pieces of ``joined`` come from, in order; each runs to the next.
  private var pieces: [(joined: Int, raw: Int)]

  /// Joins the lines from a 0-based physical line on.
  init(_ text: Text, from first: Int) {
    var index = first
    joined = []
    pieces = []
    var rawCount = 0
    while true {
      let line = text.lines[index].range
      let whole = text.content(at: index)
      let isTerminated = whole.upperBound < line.upperBound
      let content = whole.lowerBound..<(text.buffer[whole].firstIndex(of: ASCII.nul) ?? whole.upperBound)
      let isCut = content.upperBound < whole.upperBound
      if !isTooLong {
        pieces.append((joined.count, rawCount))
        joined += text.buffer[content]
        isTooLong = joined.count > AliasLine.longest
      }
      rawCount += line.count
      index += 1
      guard isTerminated else { break }
      let endsInBackslash = !isCut && !isTooLong && joined.last == ASCII.backslash
      if endsInBackslash { joined.removeLast() }
      guard index < text.lineCount else {
        isTooLong = isTooLong || isCut
        break
      }
      let isIndented = ASCII.isBlank(text.buffer[text.lines[index].range.lowerBound])
      // Looking for the end of the line that a NUL has hidden, sendmail reads away the next one.
      if isCut, !isIndented, !isTooLong {
        isTooLong = true
        continue
      }
      guard endsInBackslash || isIndented else { break }
    }
    lines = first..<index
    raw = lines.count == 1 ? Array(text.line(first + 1)) : lines.flatMap { text.line($0 + 1) }
  }

  /// The place in ``raw`` of a byte of ``joined``, or of its end.
  func rawOffset(_ offset: Int) -> Int {
    let piece = pieces.last { $0.joined <= offset } ?? (0, 0)
    return piece.raw + offset - piece.joined
  }

  /// The place in ``raw`` right behind the byte of ``joined`` before `offset`, on that byte's own line.
  func rawEnd(_ offset: Int) -> Int { offset == 0 ? rawOffset(0) : rawOffset(offset - 1) + 1 }
}

extension Text {
  /// Whether a 0-based physical line is a logical line by itself: the common case, which needs no joining.
  @inline(__always)
  func isWholeLogicalLine(_ index: Int) -> Bool {
    let content = content(at: index)
    guard content.count <= AliasLine.longest, !buffer[content].contains(ASCII.nul) else { return false }
    if !content.isEmpty, buffer[content.upperBound - 1] == ASCII.backslash { return false }
    return index + 1 == lines.count || !ASCII.isBlank(buffer[lines[index + 1].range.lowerBound])
  }
}
