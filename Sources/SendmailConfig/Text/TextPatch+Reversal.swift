/// Takes a patch back from a text.
///
/// A hunk is taken back where its lines, with their context, stand in the text exactly once, wherever that is; or, where
/// somebody has changed the lines around them, where the lines that it added stand exactly once by themselves. As `patch -R`
/// without fuzz, but for the place: line numbers of a text that others have edited say nothing. What stands there twice, or
/// not at all, is left to a person.
package struct PatchReversal {
  /// What becomes of a hunk.
  package enum Outcome: Sendable, Equatable {
    /// Lines to be replaced, and what by.
    case edit(Range<Int>, with: [ByteString])
    /// The text is there as it was before the patch.
    case alreadyReversed
    /// Later edits have changed the same lines.
    case overlap
  }

  /// The outcomes, one a hunk.
  package private(set) var outcomes: [Outcome] = []
  /// Whether the text is, byte for byte, the one that the patch has led to.
  package let isExact: Bool
  private let text: Text
  private let patch: TextPatch
  private var places: [ArraySlice<UInt8>: [Int]] = [:]

  /// Finds the places of the hunks.
  ///
  /// - Parameters:
  ///   - patch: What is to be taken back.
  ///   - text: The text.
  ///   - isExact: Whether it is, byte for byte, the text that the patch has led to.
  /// - Complexity: O(*n*) in bytes of the text, for lines that do not stand in it again and again.
  package init(of patch: TextPatch, from text: Text, isExact: Bool) {
    self.text = text
    self.patch = patch
    self.isExact = isExact
    if isExact {
      outcomes = patch.hunks.map { hunk in
        matches(hunk.lines(of: .added), at: hunk.new) ? edit(hunk, at: hunk.new, trimmed: false) : .overlap
      }
      if !outcomes.contains(.overlap) { return }
    }
    findPlaces()
    outcomes = patch.hunks.map(outcome)
    refuseDisorder()
  }

  /// Whether later edits overlap.
  package var hasOverlap: Bool { outcomes.contains(.overlap) }

  /// The text with the patch taken back.
  package func apply(to text: inout Text) {
    for case .edit(let lines, let replacement) in outcomes.reversed() {
      var bytes: [UInt8] = []
      for (index, line) in replacement.enumerated() {
        bytes += line.bytes
        // It was the last line of its text, and is not now.
        let isLast = index == replacement.count - 1 && lines.upperBound == text.lineCount
        if !isLast, line.bytes.last != ASCII.lineFeed { bytes.append(ASCII.lineFeed) }
      }
      text.replaceLines(lines, with: bytes)
    }
  }

  // MARK: Places

  /// Finds where lines of the hunks stand in the text.
  private mutating func findPlaces() {
    for hunk in patch.hunks {
      for line in hunk.lines { places[PatchReversal.content(line.bytes.bytes[...])] = [] }
    }
    for index in 0..<text.lineCount {
      let line = text.buffer[text.content(at: index)]
      if places[line] != nil { places[line, default: []].append(index) }
    }
  }

  /// The 0-based lines where a block of lines begins.
  private func places(of block: [ByteString]) -> [Int] {
    guard let first = block.first else { return text.lineCount == 0 ? [0] : [] }
    return (places[PatchReversal.content(first.bytes[...])] ?? []).filter { matches(block, at: $0) }
  }

  private func matches(_ block: [ByteString], at start: Int) -> Bool {
    guard start + block.count <= text.lineCount else { return false }
    return block.indices.allSatisfy { index in
      text.buffer[text.content(at: start + index)] == PatchReversal.content(block[index].bytes[...])
    }
  }

  private func outcome(_ hunk: TextPatch.Hunk) -> Outcome {
    let new = hunk.lines(of: .added)
    let whole = places(of: new)
    let core = PatchReversal.core(hunk)
    // Lines that only went are told the place by those around them alone.
    let hasAdded = core.contains { $0.sign == .added && PatchReversal.isDistinctive($0.bytes) }
    if let place = whole.only, hasAdded || isAnchored(hunk, at: place, new.count, least: 1) {
      return edit(hunk, at: place, trimmed: false)
    }
    guard whole.count < 2 else { return .overlap }
    let added = core.filter { $0.sign != .removed }.map(\.bytes)
    if added.contains(where: PatchReversal.isDistinctive) {
      if let place = places(of: added).only { return edit(hunk, at: place, trimmed: true) }
    }
    let before = hunk.lines(of: .removed)
    let isGone = !core.contains { line in
      line.sign == .added && PatchReversal.isDistinctive(line.bytes)
        && places[PatchReversal.content(line.bytes.bytes[...])]?.isEmpty == false
    }
    guard isGone, !before.isEmpty, let place = places(of: before).only else { return .overlap }
    return isAnchored(hunk, at: place, before.count, least: TextPatch.context) ? .alreadyReversed : .overlap
  }

  /// Whether a hunk with fewer lines of context than `least`, since the text began or ended there, is at that end now.
  ///
  /// If not, somebody may have put something in the place of what is to come back, and the first of two entries counts.
  private func isAnchored(_ hunk: TextPatch.Hunk, at place: Int, _ count: Int, least: Int) -> Bool {
    (hunk.leadingContext >= least || place == 0)
      && (hunk.trailingContext >= least || place + count == text.lineCount)
  }

  /// The edit that takes a hunk back, with the lines of its new text standing at `start`.
  ///
  /// - Parameter trimmed: Whether they stand there without their context.
  private func edit(_ hunk: TextPatch.Hunk, at start: Int, trimmed: Bool) -> Outcome {
    let core = PatchReversal.core(hunk)
    let first = trimmed ? start : start + hunk.leadingContext
    let count = core.count { $0.sign != .removed }
    return .edit(first..<first + count, with: core.filter { $0.sign != .added }.map(\.bytes))
  }

  /// Hunks that were found in another order than they stand in the patch, or one in another, were not found.
  private mutating func refuseDisorder() {
    var end = 0
    for index in outcomes.indices {
      guard case .edit(let lines, _) = outcomes[index] else { continue }
      if lines.lowerBound < end { outcomes[index] = .overlap }
      end = max(end, lines.upperBound)
    }
  }

  /// The lines of a hunk without the context at its ends.
  private static func core(_ hunk: TextPatch.Hunk) -> ArraySlice<TextPatch.Line> {
    hunk.lines.dropFirst(hunk.leadingContext).dropLast(hunk.trailingContext)
  }

  /// A line without its LF, which a last line may lack.
  private static func content(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    line.last == ASCII.lineFeed ? line.dropLast() : line
  }

  /// Whether a line says something: by a blank line or a rule of dashes nobody knows a place.
  private static func isDistinctive(_ line: ByteString) -> Bool {
    line.bytes.contains { byte in
      ASCII.isLetterOrDigit(byte) || byte >= 0x80
    }
  }

  // MARK: Overlaps

  /// What later edits made of the lines that a patch had led to, as a unified diff, for the hunks that cannot be taken back.
  package func overlaps(from old: String, to new: String) -> [UInt8] {
    var result: [UInt8] = []
    for (hunk, outcome) in zip(patch.hunks, outcomes) where outcome == .overlap {
      if result.isEmpty { result = UnifiedDiff.heading(from: old, to: new) }
      let block = hunk.lines(of: .added)
      let found = self.region(of: block, near: hunk.new)
      // What others have put where the text began or ended then is shown, too.
      let before = found.lowerBound - max(0, TextPatch.context - hunk.leadingContext)
      let behind = found.upperBound + max(0, TextPatch.context - hunk.trailingContext)
      let region = max(0, before)..<min(text.lineCount, behind)
      result += UnifiedDiff.heading(hunk.new..<hunk.new + block.count, region)
      let now = region.map { ByteString(text.line($0 + 1)) }
      for line in PatchReversal.difference(block, now) {
        UnifiedDiff.append(line.sign, line.bytes.bytes[...], to: &result)
      }
    }
    return result
  }

  /// The lines of the text that come nearest to a block: from the first to the last that it shares with it, close to where
  /// it stood.
  private func region(of block: [ByteString], near place: Int) -> Range<Int> {
    let reach = 200
    let window = max(0, min(place, text.lineCount) - reach)..<min(text.lineCount, place + block.count + reach)
    var shared: [(line: Int, place: Int)] = []
    for (index, line) in block.enumerated() where PatchReversal.isDistinctive(line) {
      let found = (places[PatchReversal.content(line.bytes[...])] ?? []).filter { window.contains($0) }
      if let nearest = found.min(by: { abs($0 - place) < abs($1 - place) }) { shared.append((index, nearest)) }
    }
    guard let first = shared.min(by: { $0.place < $1.place }), let last = shared.max(by: { $0.place < $1.place }) else {
      let start = min(place, text.lineCount)
      return start..<min(text.lineCount, start + block.count)
    }
    // What stands in the place of the block's own first and last lines belongs to it.
    return max(0, first.place - first.line)..<min(text.lineCount, last.place + block.count - last.line)
  }

  /// The difference of two short lists of lines, by their longest common subsequence.
  private static func difference(_ old: [ByteString], _ new: [ByteString]) -> [TextPatch.Line] {
    guard old.count * new.count <= 1 << 22 else {
      return old.map { TextPatch.Line(.removed, $0) } + new.map { TextPatch.Line(.added, $0) }
    }
    let width = new.count + 1
    var common = [Int32](repeating: 0, count: (old.count + 1) * width)
    for row in old.indices.reversed() {
      for column in new.indices.reversed() {
        common[row * width + column] =
          old[row] == new[column]
          ? common[(row + 1) * width + column + 1] + 1
          : max(common[(row + 1) * width + column], common[row * width + column + 1])
      }
    }
    var lines: [TextPatch.Line] = []
    var (row, column) = (0, 0)
    while row < old.count || column < new.count {
      if row < old.count, column < new.count, old[row] == new[column] {
        lines.append(TextPatch.Line(.kept, old[row]))
        (row, column) = (row + 1, column + 1)
      } else if column == new.count
        || row < old.count && common[(row + 1) * width + column] >= common[row * width + column + 1]
      {
        lines.append(TextPatch.Line(.removed, old[row]))
        row += 1
      } else {
        lines.append(TextPatch.Line(.added, new[column]))
        column += 1
      }
    }
    return lines
  }
}

extension [Int] {
  /// The element, where there is just one.
  fileprivate var only: Int? { count == 1 ? first : nil }
}
