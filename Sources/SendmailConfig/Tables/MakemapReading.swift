internal import Glibc

/// A text as makemap(8) reads it from its standard input: what it stores, and what it refuses.
///
/// Makemap's own reading takes a line in pieces of 1023 bytes, and each piece behind the first of a line that is too long is
/// another line to it: the tail of a line, of a comment too, becomes an entry, and line numbers are off from there on.
/// ``Lines/whole`` leaves such a line out as a whole and counts as an editor does.
public struct MakemapReading: Sendable {
  /// What a line is.
  public enum Lines: Sendable {
    /// What is between two LF.
    case whole
    /// What makemap reads at a time: 1023 bytes at most.
    case pieces
  }

  /// A line that is refused.
  public struct Refusal: Sendable, Equatable {
    /// Why.
    public enum Reason: Sendable {
      /// More than 1022 bytes, or a NUL that hides the LF.
      case tooLong
      /// It begins with white space.
      case leadingSpace
      /// Nothing is behind the key.
      case noValue
    }
    /// The number of the line, from 1.
    public var line: Int
    /// Why it is refused.
    public var reason: Reason
    /// The key that has no value; else empty.
    public var key = ByteString("")
  }

  /// The pairs, in the order of the text, those that stand twice included.
  public private(set) var pairs: MapPairs
  /// The refused lines, in order.
  public private(set) var refusals: [Refusal] = []

  /// Reads a text.
  ///
  /// - Parameters:
  ///   - bytes: The text, at most 4 GiB.
  ///   - grammar: Separator, comment character, and whether a value may be empty.
  ///   - lines: What a line is.
  /// - Complexity: O(*n*) in bytes.
  public init(_ bytes: [UInt8], grammar: TableGrammar = TableGrammar(), lines: Lines = .whole) {
    pairs = MapPairs()
    let longest = TableGrammar.longestLine
    let text = bytes.span
    let count = bytes.count
    pairs.pairs.reserveCapacity(count / 40 + 1)
    var line = 0
    var start = 0
    while start < count {
      line += 1
      let limit = lines == .pieces ? min(count, start + longest + 1) : count
      let found = MakemapReading.lineFeed(bytes, start..<limit)
      let end = found ?? limit
      let kind =
        found == nil && end - start > longest
        ? .malformed(.tooLong) : grammar.classify(text, start..<end, terminated: found != nil)
      switch kind {
      case .blank, .comment: break
      case .entry(let fields):
        pairs.pairs.append(
          MapPairs.Pair(
            keyOffset: UInt32(truncatingIfNeeded: fields.key.lowerBound),
            keyLength: UInt16(truncatingIfNeeded: fields.key.count),
            valueOffset: UInt32(truncatingIfNeeded: fields.value.lowerBound),
            valueLength: UInt16(truncatingIfNeeded: fields.value.count), line: UInt32(truncatingIfNeeded: line)))
      case .malformed(let defect):
        refusals.append(MakemapReading.refusal(defect, line, bytes[start..<end], grammar))
      }
      start = end + (found == nil ? 0 : 1)
    }
    pairs.bytes = bytes
  }

  private static func refusal(
    _ defect: TableDefect, _ line: Int, _ content: ArraySlice<UInt8>, _ grammar: TableGrammar
  ) -> Refusal {
    switch defect {
    case .tooLong, .containsNUL: return Refusal(line: line, reason: .tooLong)
    case .leadingBlank: return Refusal(line: line, reason: .leadingSpace)
    case .noValue:
      let isKeyByte: (UInt8) -> Bool = { byte in
        grammar.separator.map { byte != $0 } ?? !ASCII.isSpace(byte)
      }
      let key = content.prefix { $0 != ASCII.nul && isKeyByte($0) }
      return Refusal(line: line, reason: .noValue, key: ByteString(key))
    }
  }

  /// The place of the next LF.
  private static func lineFeed(_ bytes: [UInt8], _ range: Range<Int>) -> Int? {
    unsafe bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return nil }
      let start = unsafe base + range.lowerBound
      guard let found = unsafe memchr(start, Int32(ASCII.lineFeed), range.count) else { return nil }
      return unsafe UnsafeRawPointer(found) - base
    }
  }
}
