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
/// lost together with the line of the NUL. What does not fit into the buffer is lost up to the next LF without a backslash
/// before it and the indented lines behind that. (Where the first byte that does not fit is a blank, newaliases itself never
/// ends.)
struct AliasLine {
  /// The longest logical line in bytes, its LF included: sendmail's buffer holds 8192 with the NUL at its end.
  static let longest = 8191

  /// The physical lines, 0-based.
  let lines: Range<Int>
  /// The bytes of the physical lines, line ends included.
  let raw: [UInt8]
  /// The bytes that sendmail joins them to, without the final LF.
  private(set) var joined: [UInt8]
  /// Whether sendmail says "alias line too long": more than ``longest`` bytes, or a NUL byte before an LF.
  private(set) var isTooLong = false
  /// How many of the physical lines sendmail counts: not those that it reads away behind what is too long.
  private(set) var countedLines = 0
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
      let read = line.prefix(AliasLine.longest - joined.count)
      let shown = text.buffer[read].prefix { $0 != ASCII.nul }
      pieces.append((joined.count, rawCount))
      joined += shown.last == ASCII.lineFeed ? shown.dropLast() : shown
      rawCount += line.count
      index += 1
      let next = read.count < line.count ? text.buffer[read.upperBound] : text.firstByte(of: index)
      let endsInBackslash = shown.last == ASCII.lineFeed && joined.last == ASCII.backslash
      if endsInBackslash { joined.removeLast() }
      guard let next else { break }
      if shown.last == ASCII.lineFeed || read.count == line.count, endsInBackslash || ASCII.isBlank(next) { continue }
      countedLines = index - first
      if shown.last != ASCII.lineFeed {
        isTooLong = true
        index = AliasLine.endOfSkipped(text, read.count < line.count ? read.upperBound..<line.upperBound : nil, index)
      }
      break
    }
    lines = first..<index
    if countedLines == 0 { countedLines = lines.count }
    raw = lines.count == 1 ? Array(text.line(first + 1)) : lines.flatMap { text.line($0 + 1) }
  }

  /// The first physical line that sendmail does not read away while it looks for the end of a line that is too long.
  ///
  /// - Parameters:
  ///   - rest: What is left of the line before `index`; nil where it begins with `index`.
  ///   - index: The next line.
  private static func endOfSkipped(_ text: Text, _ rest: Range<Int>?, _ index: Int) -> Int {
    var rest = rest
    var index = index
    // An empty line behind a backslash and its LF has that backslash before it, too.
    var endsInBackslash = false
    while index < text.lineCount || rest != nil {
      let part = rest ?? text.lines[index].range
      if rest == nil { index += 1 }
      rest = nil
      if part.count > 1 || text.buffer[part].first != ASCII.lineFeed {
        endsInBackslash = text.buffer[part].suffix(2).elementsEqual([ASCII.backslash, ASCII.lineFeed])
      }
      guard let next = text.firstByte(of: index), endsInBackslash || ASCII.isBlank(next) else { return index }
    }
    return index
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
  /// The first byte of a 0-based line; nil behind the last.
  fileprivate func firstByte(of index: Int) -> UInt8? {
    index < lines.count ? buffer[lines[index].range.lowerBound] : nil
  }

  /// Whether a 0-based physical line is a logical line by itself: the common case, which needs no joining.
  @inline(__always)
  func isWholeLogicalLine(_ index: Int) -> Bool {
    let content = content(at: index)
    guard content.count < AliasLine.longest, !buffer[content].contains(ASCII.nul) else { return false }
    if !content.isEmpty, buffer[content.upperBound - 1] == ASCII.backslash { return false }
    return index + 1 == lines.count || !ASCII.isBlank(buffer[lines[index + 1].range.lowerBound])
  }
}
