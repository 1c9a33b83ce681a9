/// A line that an edit added, replaced or removed.
public struct LineChange: Sendable, Equatable {
  /// What happened to a line.
  public enum Action: String, Sendable {
    /// The line is new.
    case added
    /// The line stands in the place of another.
    case replaced
    /// The line is gone.
    case removed
  }

  /// What happened.
  public var action: Action
  /// The 1-based number of the line: in the new text, for a removed line in the old one.
  public var line: Int
  /// The line as it was, without its terminator; nil for an added one.
  public var before: ByteString?
  /// The line as it is, without its terminator; nil for a removed one.
  public var after: ByteString?
}

/// Where the text as read and the edited text differ: lines as 0-based ranges.
struct TextHunk {
  var old: Range<Int>
  var new: Range<Int>
  /// The removed bytes' place in the buffer; they lie one behind the other.
  var removed: Range<Int>
}

extension Text {
  /// The bytes as they were read.
  package var originalBytes: ArraySlice<UInt8> { buffer[..<originalCount] }

  /// The text as it was read, before any edit.
  public var original: Text { Text(Array(buffer[..<originalCount])) }

  /// Whether the bytes are others than those that were read.
  ///
  /// - Complexity: O(*n*) in lines; in bytes where an edited text is as long as before.
  package var isChanged: Bool {
    isEdited && (byteCount != originalCount || !bytes.elementsEqual(originalBytes))
  }

  /// The parts of the buffer, one behind the other, that make up the text.
  package var runs: [Range<Int>] {
    var runs: [Range<Int>] = []
    forEachRun { runs.append($0) }
    return runs
  }

  /// The places in the buffer of the lines that edits removed and added, each with its terminator.
  package var changedRanges: [(removed: [Range<Int>], added: [Range<Int>])] {
    hunks().map { hunk in (Text.cut(buffer[hunk.removed]).map(\.indices), hunk.new.map { lines[$0].range }) }
  }

  /// What the edits changed, line by line, in the order of the text.
  ///
  /// - Complexity: O(*n*) in bytes.
  public var changes: [LineChange] {
    var result: [LineChange] = []
    for hunk in hunks() {
      let removed = Text.cut(buffer[hunk.removed])
      for (old, new) in pairs(in: hunk, removed) {
        let before = old.map { Text.trimmed(removed[$0]) }
        let after = new.map { Text.trimmed(line($0 + 1)) }
        // Only its line end was added: the neighbour of a line behind the last one.
        if before == after { continue }
        let action: LineChange.Action = before == nil ? .added : after == nil ? .removed : .replaced
        let number = (new ?? hunk.old.lowerBound + (old ?? 0)) + 1
        result.append(LineChange(action: action, line: number, before: before, after: after))
      }
    }
    return result
  }

  /// Each line that a hunk removed, with the one that came in its place, and each line that it added.
  ///
  /// Of several lines in the place of one it is the first that is a comment as the old one is, or as it is none.
  private func pairs(in hunk: TextHunk, _ removed: [ArraySlice<UInt8>]) -> [(old: Int?, new: Int?)] {
    func isComment(_ line: ArraySlice<UInt8>) -> Bool { line.first == ASCII.numberSign }
    var result: [(old: Int?, new: Int?)] = []
    var old = 0
    var new = hunk.new.lowerBound
    while new < hunk.new.upperBound {
      let origin = origin(ofLineAt: lines[new].start)
      let rest = lines[new..<hunk.new.upperBound]
      let end = rest.firstIndex { self.origin(ofLineAt: $0.start) != origin } ?? rest.endIndex
      var left = 0
      if let origin {
        while old < removed.count, removed[old].startIndex < origin.lowerBound {
          result.append((old, nil))
          old += 1
        }
        left = removed[old...].prefix { $0.startIndex <= origin.upperBound }.count
      }
      for index in new..<end {
        guard left > 0, end - index <= left || isComment(removed[old]) == isComment(line(index + 1)) else {
          result.append((nil, index))
          continue
        }
        result.append((old, index))
        old += 1
        left -= 1
      }
      new = end
    }
    return result + (old..<removed.count).map { ($0, nil) }
  }

  /// The edits as a unified diff with three lines of context; empty where there are none.
  ///
  /// - Parameters:
  ///   - old: The name behind `---`.
  ///   - new: The name behind `+++`.
  /// - Complexity: O(*n*) in bytes.
  public func unifiedDiff(from old: String, to new: String) -> [UInt8] {
    var result: [UInt8] = []
    forEachGroup { oldRange, newRange, forEachLine in
      if result.isEmpty { result = UnifiedDiff.heading(from: old, to: new) }
      result += UnifiedDiff.heading(oldRange, newRange)
      forEachLine { sign, line in UnifiedDiff.append(sign, line, to: &result) }
    }
    return result
  }

  /// Calls `body` with the lines of each group of edits, those of the text as read and those of the edited text, and with
  /// what goes through the lines of both.
  ///
  /// Groups have three lines of context, and further apart than that.
  package func forEachGroup(
    _ body: (
      _ old: Range<Int>, _ new: Range<Int>,
      _ forEachLine: (_ body: (TextPatch.Sign, ArraySlice<UInt8>) -> Void) -> Void
    ) -> Void
  ) {
    let hunks = self.hunks()
    let context = TextPatch.context
    var index = 0
    while index < hunks.count {
      var last = index
      while last + 1 < hunks.count, hunks[last + 1].new.lowerBound - hunks[last].new.upperBound <= 2 * context {
        last += 1
      }
      let group = hunks[index...last]
      let before = min(context, hunks[index].new.lowerBound)
      let after = min(context, lines.count - hunks[last].new.upperBound)
      let oldRange = hunks[index].old.lowerBound - before..<hunks[last].old.upperBound + after
      let newRange = hunks[index].new.lowerBound - before..<hunks[last].new.upperBound + after
      body(oldRange, newRange) { body in
        var position = newRange.lowerBound
        for hunk in group {
          for kept in position..<hunk.new.lowerBound { body(.kept, line(kept + 1)) }
          for removed in Text.cut(buffer[hunk.removed]) { body(.removed, removed) }
          for added in hunk.new { body(.added, line(added + 1)) }
          position = hunk.new.upperBound
        }
        for kept in position..<newRange.upperBound { body(.kept, line(kept + 1)) }
      }
      index = last + 1
    }
  }

  /// The places where the edited text differs from the text as read.
  ///
  /// Edits never reorder: the lines that were read lie in the buffer in their order, so a gap between two of them is what
  /// was removed, and lines from behind ``originalCount`` are what was added.
  private func hunks() -> [TextHunk] {
    var hunks: [TextHunk] = []
    var oldLine = 0
    var oldOffset = 0
    var newLine = 0
    func finish(at offset: Int, from firstNew: Int) {
      guard offset > oldOffset || newLine > firstNew else { return }
      let count = Text.lineCount(buffer[oldOffset..<offset])
      hunks.append(
        TextHunk(old: oldLine..<oldLine + count, new: firstNew..<newLine, removed: oldOffset..<offset))
      oldLine += count
      oldOffset = offset
    }
    var firstNew = 0
    for (index, line) in lines.enumerated() where Int(line.start) < originalCount {
      newLine = index
      finish(at: Int(line.start), from: firstNew)
      oldLine += 1
      oldOffset = line.range.upperBound
      firstNew = index + 1
    }
    newLine = lines.count
    finish(at: originalCount, from: firstNew)
    return hunks
  }

  private static func lineCount(_ bytes: ArraySlice<UInt8>) -> Int {
    guard let last = bytes.last else { return 0 }
    return bytes.count { $0 == ASCII.lineFeed } + (last == ASCII.lineFeed ? 0 : 1)
  }

  private static func cut(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    var result: [ArraySlice<UInt8>] = []
    var rest = bytes
    while !rest.isEmpty {
      let end = rest.firstIndex(of: ASCII.lineFeed).map { $0 + 1 } ?? rest.endIndex
      result.append(rest[..<end])
      rest = rest[end...]
    }
    return result
  }

  private static func trimmed(_ line: ArraySlice<UInt8>) -> ByteString {
    var line = line
    if line.last == ASCII.lineFeed { line.removeLast() }
    if line.last == ASCII.carriageReturn { line.removeLast() }
    return ByteString(line)
  }
}
