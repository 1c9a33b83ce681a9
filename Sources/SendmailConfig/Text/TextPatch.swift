/// What edits did to a text, with three lines of context around each place: enough to take it back from a text that others
/// have edited since.
package struct TextPatch: Sendable, Equatable {
  /// What became of a line.
  package enum Sign: UInt8, Sendable {
    /// It stands in both texts.
    case kept = 0x20
    /// It stands in the old text only.
    case removed = 0x2D
    /// It stands in the new text only.
    case added = 0x2B
  }

  /// A line of a hunk, with its terminator.
  package struct Line: Sendable, Equatable {
    package var sign: Sign
    package var bytes: ByteString

    package init(_ sign: Sign, _ bytes: ByteString) {
      self.sign = sign
      self.bytes = bytes
    }
  }

  /// Edits that lie close to each other.
  package struct Hunk: Sendable, Equatable {
    /// The 0-based number of its first line in the old text.
    package var old: Int
    /// The 0-based number of its first line in the new text.
    package var new: Int
    /// Its lines.
    package var lines: [Line]

    package init(old: Int, new: Int, lines: [Line]) {
      self.old = old
      self.new = new
      self.lines = lines
    }

    /// The lines that stand in one of the texts.
    package func lines(of side: Sign) -> [ByteString] {
      lines.compactMap { $0.sign == .kept || $0.sign == side ? $0.bytes : nil }
    }

    /// How many of its first lines are context.
    package var leadingContext: Int { lines.prefix { $0.sign == .kept }.count }
    /// How many of its last lines are context.
    package var trailingContext: Int {
      leadingContext == lines.count ? 0 : lines.reversed().prefix { $0.sign == .kept }.count
    }
  }

  /// How many lines around an edit belong to its hunk, where there are so many.
  package static let context = 3

  /// The hunks, in the order of the text.
  package var hunks: [Hunk]

  /// Takes hunks.
  package init(hunks: [Hunk]) { self.hunks = hunks }

  /// As a unified diff.
  package func unifiedDiff(from old: String, to new: String) -> [UInt8] {
    guard !hunks.isEmpty else { return [] }
    var result = UnifiedDiff.heading(from: old, to: new)
    for hunk in hunks {
      result += UnifiedDiff.heading(
        hunk.old..<hunk.old + hunk.lines(of: .removed).count, hunk.new..<hunk.new + hunk.lines(of: .added).count)
      for line in hunk.lines { UnifiedDiff.append(line.sign, line.bytes.bytes[...], to: &result) }
    }
    return result
  }
}

extension Text {
  /// What the edits did; nil where the lines of it have more than `limit` bytes.
  ///
  /// - Complexity: O(*n*) in bytes.
  package func patch(limit: Int) -> TextPatch? {
    var count = 0
    forEachGroup { _, _, forEachLine in forEachLine { _, line in count += line.count } }
    guard count <= limit else { return nil }
    var hunks: [TextPatch.Hunk] = []
    forEachGroup { old, new, forEachLine in
      var lines: [TextPatch.Line] = []
      forEachLine { sign, line in lines.append(TextPatch.Line(sign, ByteString(line))) }
      hunks.append(TextPatch.Hunk(old: old.lowerBound, new: new.lowerBound, lines: lines))
    }
    return TextPatch(hunks: hunks)
  }

  /// How many lines the edits removed, and how many they added.
  package var changedLineCounts: (removed: Int, added: Int) {
    var counts = (removed: 0, added: 0)
    for (removed, added) in changedRanges {
      counts.removed += removed.count
      counts.added += added.count
    }
    return counts
  }
}
