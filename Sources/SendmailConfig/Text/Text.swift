internal import SystemSupport

/// A lossless text: the bytes of a file as lines that can be replaced, and every other byte as it was.
///
/// One buffer holds the bytes as read, and behind them the bytes that edits have added; a line is a place in it. Lines
/// that were not replaced are byte-identical by construction: no final newline, CR LF, NUL, a byte-order mark, bytes that
/// are not UTF-8 and lines of a megabyte pass through. Beside the bytes a line costs 8 bytes of memory.
public struct Text: Sendable {
  /// One line: where it lies in the buffer, its terminator included.
  package struct Line: Sendable {
    package var start: UInt32
    package var length: UInt32

    @inline(__always)
    package var range: Range<Int> { Int(start)..<Int(start) + Int(length) }
  }

  /// The bytes as read, then the bytes that edits have added.
  package private(set) var buffer: [UInt8]
  /// How many bytes of the buffer were read.
  package let originalCount: Int
  /// The lines, in order.
  package private(set) var lines: [Line]

  /// What each edit added to the buffer, and which lines of those that were read it stands for, in the order of the edits.
  private var replacements: [Replacement] = []

  /// An edit that added bytes.
  private struct Replacement: Sendable {
    /// Where the bytes begin in the buffer.
    var start: UInt32
    /// From the start of the first line to that of the last one; nil where nothing that was read was replaced.
    var origin: ClosedRange<UInt32>?
  }

  /// The largest text in bytes: places are 32-bit numbers.
  public static let maximumCount = Int(UInt32.max)

  /// Takes the bytes of a file as its lines.
  ///
  /// - Precondition: There are at most ``maximumCount`` bytes.
  /// - Complexity: O(*n*) in bytes.
  public init(_ bytes: [UInt8] = []) {
    precondition(bytes.count <= Text.maximumCount, "a text of more than 4 GiB")
    buffer = bytes
    originalCount = bytes.count
    lines = Text.lines(of: bytes.span, from: 0)
  }

  /// The number of lines.
  ///
  /// A last line without a newline counts; the nothing behind a final newline does not.
  public var lineCount: Int { lines.count }

  /// Whether an edit has changed the text since it was read.
  public var isEdited: Bool {
    var expected = 0
    for line in lines {
      guard Int(line.start) == expected else { return true }
      expected += Int(line.length)
    }
    return expected != originalCount
  }

  /// The bytes of the text, to be written to the file.
  ///
  /// - Complexity: O(*n*) in bytes; a text that was not edited is not copied.
  public var bytes: [UInt8] {
    guard isEdited else { return buffer.count == originalCount ? buffer : Array(buffer[..<originalCount]) }
    var result: [UInt8] = []
    result.reserveCapacity(buffer.count)
    forEachRun { result.append(contentsOf: buffer[$0]) }
    return result
  }

  /// The number of bytes of the text.
  public var byteCount: Int { lines.reduce(0) { $0 + Int($1.length) } }

  /// The bytes of a line with its terminator.
  ///
  /// - Parameter number: The 1-based line number.
  public func line(_ number: Int) -> ArraySlice<UInt8> { buffer[lines[number - 1].range] }

  /// The place of a line's bytes in the buffer without its LF; a CR before it counts as text, as it does for sendmail.
  @inline(__always)
  package func content(at index: Int) -> Range<Int> {
    let range = lines[index].range
    return !range.isEmpty && buffer[range.upperBound - 1] == ASCII.lineFeed
      ? range.lowerBound..<range.upperBound - 1 : range
  }

  /// Whether the text ends inside a line, without LF.
  public var lacksFinalNewline: Bool {
    guard let last = lines.last else { return false }
    return buffer[last.range.upperBound - 1] != ASCII.lineFeed
  }

  /// The line end that the text itself uses: CR LF where most lines end so, else LF.
  package var lineEnd: [UInt8] {
    var carriageReturns = 0
    var sampled = 0
    for line in lines.prefix(1000) where line.length >= 1 && buffer[line.range.upperBound - 1] == ASCII.lineFeed {
      sampled += 1
      if line.length >= 2, buffer[line.range.upperBound - 2] == ASCII.carriageReturn { carriageReturns += 1 }
    }
    return carriageReturns * 2 > sampled ? [ASCII.carriageReturn, ASCII.lineFeed] : [ASCII.lineFeed]
  }

  /// Replaces whole lines by whole lines.
  ///
  /// A text without a final newline gets one where lines are added behind its last line: the one case in which an edit
  /// touches a neighbour. It is a bare LF even among CR LF: the CR would become part of the neighbour. What is the same as
  /// before is no change.
  ///
  /// - Parameters:
  ///   - indices: The 0-based lines to be replaced; an empty range inserts before its bound.
  ///   - bytes: Zero or more lines, each with its terminator.
  /// - Complexity: O(*n*) in lines.
  package mutating func replaceLines(_ indices: Range<Int>, with bytes: [UInt8]) {
    var indices = indices
    var bytes = bytes
    // Lines that come again at either end are no change.
    while let first = indices.first, isWholeHead(lines[first].range, of: bytes) {
      bytes.removeFirst(lines[first].range.count)
      indices.removeFirst()
    }
    while let last = indices.last, isWholeTail(lines[last].range, of: bytes) {
      bytes.removeLast(lines[last].range.count)
      indices.removeLast()
    }
    guard !(indices.isEmpty && bytes.isEmpty) else { return }
    if !bytes.isEmpty, indices.lowerBound == lines.count, lacksFinalNewline {
      let last = lines.count - 1
      bytes = Array(buffer[lines[last].range]) + [ASCII.lineFeed] + bytes
      indices = last..<indices.upperBound
    }
    precondition(buffer.count + bytes.count <= Text.maximumCount, "a text of more than 4 GiB")
    let start = buffer.count
    if !bytes.isEmpty {
      var origin: ClosedRange<UInt32>?
      for index in indices {
        guard let one = self.origin(ofLineAt: lines[index].start) else { continue }
        origin = origin.map { min($0.lowerBound, one.lowerBound)...max($0.upperBound, one.upperBound) } ?? one
      }
      replacements.append(Replacement(start: UInt32(truncatingIfNeeded: start), origin: origin))
    }
    buffer.append(contentsOf: bytes)
    lines.replaceSubrange(indices, with: Text.lines(of: buffer.span, from: start))
  }

  /// The lines that were read which a line came in the place of, by their starts; nil for a line that is new.
  ///
  /// - Parameter start: The place of the line in the buffer.
  package func origin(ofLineAt start: UInt32) -> ClosedRange<UInt32>? {
    guard start >= originalCount else { return start...start }
    var (low, high) = (0, replacements.count)
    while low < high {
      let middle = (low + high) / 2
      if replacements[middle].start <= start { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? nil : replacements[low - 1].origin
  }

  /// Whether bytes begin with this whole line: a last line without LF may be the beginning of a longer one.
  private func isWholeHead(_ line: Range<Int>, of bytes: [UInt8]) -> Bool {
    guard bytes.starts(with: buffer[line]) else { return false }
    return bytes.count == line.count || buffer[line.upperBound - 1] == ASCII.lineFeed
  }

  /// Whether bytes end with this whole line.
  private func isWholeTail(_ line: Range<Int>, of bytes: [UInt8]) -> Bool {
    guard bytes.suffix(line.count).elementsEqual(buffer[line]) else { return false }
    return bytes.count == line.count || bytes[bytes.count - line.count - 1] == ASCII.lineFeed
  }

  /// Adds whole lines behind the last one.
  package mutating func append(_ bytes: [UInt8]) { replaceLines(lines.count..<lines.count, with: bytes) }

  /// Removes whole lines.
  ///
  /// - Parameter indices: The 0-based lines.
  /// - Complexity: O(*n*) in lines, however many are removed.
  package mutating func removeLines(_ indices: Set<Int>) {
    guard !indices.isEmpty else { return }
    var kept: [Line] = []
    kept.reserveCapacity(lines.count)
    for (index, line) in lines.enumerated() where !indices.contains(index) { kept.append(line) }
    lines = kept
  }

  /// Calls `body` with each run of lines that lie one behind the other in the buffer.
  package func forEachRun(_ body: (Range<Int>) -> Void) {
    var run: Range<Int>?
    for line in lines {
      if let current = run, current.upperBound == Int(line.start) {
        run = current.lowerBound..<line.range.upperBound
      } else {
        if let current = run { body(current) }
        run = line.range
      }
    }
    if let run { body(run) }
  }

  /// Cuts bytes into lines behind each LF.
  private static func lines(of bytes: Span<UInt8>, from offset: Int) -> [Line] {
    var result: [Line] = []
    // Mail tables have some 40 bytes a line: one allocation is right for most, two for nearly all.
    result.reserveCapacity((bytes.count - offset) / 40 + 1)
    var start = offset
    while let index = firstIndex(of: ASCII.lineFeed, in: bytes, start..<bytes.count) {
      result.append(
        Line(start: UInt32(truncatingIfNeeded: start), length: UInt32(truncatingIfNeeded: index + 1 - start)))
      start = index + 1
    }
    if start < bytes.count {
      result.append(
        Line(start: UInt32(truncatingIfNeeded: start), length: UInt32(truncatingIfNeeded: bytes.count - start)))
    }
    return result
  }
}
