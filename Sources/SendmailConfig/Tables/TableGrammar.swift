internal import SystemSupport

/// How makemap reads the lines of a table (`makemap(8)`): its separator and its comment character.
///
/// ```abnf
/// line      = record LF / last-record        ; at most 1022 bytes before the LF, no NUL
/// record    = blank-line / comment / entry
/// blank-line =                               ; no byte at all
/// comment   = "#" *OCTET                     ; in column 1 only
/// entry     = key 1*SPACE value              ; SPACE is SP / HTAB / VT / FF / CR
/// key       = NONSPACE *NONSPACE             ; runs to the first SPACE
/// value     = NONSPACE *OCTET                ; verbatim to the end of the line, trailing blanks and "# …" included
/// ```
/// With a separator byte of its own (`-t`) blanks are ordinary bytes, and any number of separators stand between key and
/// value; the key may then be empty.
public struct TableGrammar: Sendable, Equatable {
  /// The byte between key and value; nil for any run of white space.
  public var separator: UInt8?
  /// The byte that makes a comment of a line that begins with it; nil for none.
  public var comment: UInt8?
  /// Whether an entry may have no value (`-e`).
  public var allowsEmptyValues: Bool

  /// makemap's own grammar where nothing is said.
  public init(separator: UInt8? = nil, comment: UInt8? = 0x23, allowsEmptyValues: Bool = false) {
    self.separator = separator
    self.comment = comment
    self.allowsEmptyValues = allowsEmptyValues
  }

  /// The longest line in bytes, without its LF: makemap's buffer holds 1024.
  public static let longestLine = 1022
}

/// What a line of a table is.
@usableFromInline
package enum TableLine: Equatable {
  case blank
  case comment
  case entry(TableFields)
  case malformed(TableDefect)
}

/// Where key and value of a line end and begin: offsets into the buffer.
@usableFromInline
package struct TableFields: Equatable {
  @usableFromInline package var key: Range<Int>
  @usableFromInline package var value: Range<Int>

  @inlinable package init(key: Range<Int>, value: Range<Int>) {
    self.key = key
    self.value = value
  }
}

/// Why makemap refuses a line.
@usableFromInline
package enum TableDefect: Equatable {
  case tooLong
  case containsNUL
  case leadingBlank
  case noValue
}

extension TableGrammar {
  /// Says what a line is.
  ///
  /// - Parameters:
  ///   - bytes: The buffer.
  ///   - content: The line's place in it, without its LF.
  ///   - terminated: Whether an LF follows. makemap takes a NUL in a last line without LF for its end.
  ///   - mayHoldNUL: Whether there can be a NUL in the line.
  @inline(__always)
  package func classify(
    _ bytes: Span<UInt8>, _ content: Range<Int>, terminated: Bool, mayHoldNUL: Bool = true
  ) -> TableLine {
    let start = content.lowerBound
    var end = content.upperBound
    guard end - start <= TableGrammar.longestLine else { return .malformed(.tooLong) }
    if mayHoldNUL, let index = firstIndex(of: ASCII.nul, in: bytes, content) {
      if terminated { return .malformed(.containsNUL) }
      end = index
    }
    guard start < end else { return .blank }
    let first = bytes[start]
    if first == comment { return .comment }
    var index = start
    if let separator {
      while index < end, bytes[index] != separator { index += 1 }
    } else {
      guard !ASCII.isSpace(first) else { return .malformed(.leadingBlank) }
      index = unsafe TableGrammar.endOfKey(bytes.bytes, start..<end)
    }
    let key = start..<index
    if let separator {
      while index < end, bytes[index] == separator { index += 1 }
    } else {
      while index < end, ASCII.isSpace(bytes[index]) { index += 1 }
    }
    guard index < end || allowsEmptyValues else { return .malformed(.noValue) }
    return .entry(TableFields(key: key, value: index..<end))
  }

  /// Where the key of a line ends that begins with one: at its first white space, which its LF is too.
  ///
  /// Eight bytes at a time: below 0x21 there is little but white space.
  @inline(__always)
  static func endOfKey(_ bytes: RawSpan, _ line: Range<Int>) -> Int {
    var index = line.lowerBound
    while index + 8 <= bytes.byteCount, index < line.upperBound {
      let word = unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
      // The lowest mark is right; those above it need not be.
      let marks = (word &- 0x2121_2121_2121_2121) & ~word & 0x8080_8080_8080_8080
      guard marks != 0 else {
        index += 8
        continue
      }
      index += marks.trailingZeroBitCount >> 3
      if index >= line.upperBound { return line.upperBound }
      if ASCII.isSpace(unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)) { return index }
      index += 1
    }
    while index < line.upperBound, !ASCII.isSpace(unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)) {
      index += 1
    }
    return min(index, line.upperBound)
  }
}
