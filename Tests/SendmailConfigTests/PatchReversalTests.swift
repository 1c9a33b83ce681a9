import TestSupport
import Testing

@testable import SendmailConfig

/// Patches taken back, from the text they led to and from texts that others have edited since.
@Suite struct PatchReversalTests {
  private func patch(_ text: Text) throws -> TextPatch { try #require(text.patch(limit: .max)) }

  /// Replaces lines in a text, as somebody else does who writes it anew.
  private func edited(_ bytes: [UInt8], _ lines: Range<Int>, _ replacement: String) -> [UInt8] {
    var text = Text(bytes)
    text.replaceLines(lines, with: Array(replacement.utf8))
    return text.bytes
  }

  private func reversed(_ patch: TextPatch, from bytes: [UInt8], isExact: Bool = false) -> [UInt8]? {
    var text = Text(bytes)
    let reversal = PatchReversal(of: patch, from: text, isExact: isExact)
    guard !reversal.hasOverlap else { return nil }
    reversal.apply(to: &text)
    return text.bytes
  }

  private func lines(_ names: String) -> [UInt8] { names.flatMap { Array("\($0) entry\n".utf8) } }

  /// Any edits of any text, taken back at once: byte for byte what it was; and the diff is the same as the text's own.
  @Test func exactly() throws {
    var random = SplitMix64(seed: 11)
    var count = 0
    for _ in 0..<1000 {
      let bytes = hostileText(&random, count: random.below(60))
      var text = Text(bytes)
      for _ in 0..<1 + random.below(4) {
        let start = random.below(text.lineCount + 1)
        let end = start + random.below(min(4, text.lineCount - start + 1))
        let new = (0..<random.below(3)).map { _ in random.pick(["new\n", "a b\r\n", "\n", "\u{0}x\n"]) }.joined()
        text.replaceLines(start..<end, with: Array(new.utf8))
      }
      guard text.isChanged else { continue }
      count += 1
      let patch = try patch(text)
      #expect(patch.unifiedDiff(from: "a", to: "b") == text.unifiedDiff(from: "a", to: "b"))
      #expect(reversed(patch, from: text.bytes, isExact: true) == bytes)
    }
    #expect(count > 600)
  }

  /// Edits of other lines, wherever they are, stay when a patch is taken back; of the same lines, or where a line is not to be
  /// told from others, nothing is done.
  @Test func laterEditsElsewhereStay() throws {
    var random = SplitMix64(seed: 12)
    var taken = 0
    for _ in 0..<1500 {
      let model = (0..<8 + random.below(30)).map { "line \($0) \(random.below(1000))\n" }
      let place = random.below(model.count)
      let end = min(model.count, place + random.below(3))
      let new = (0..<random.below(3)).map { "new \($0) \(random.below(1000))\n" }
      guard end > place || !new.isEmpty else { continue }
      var text = Text(Array(model.joined().utf8))
      text.replaceLines(place..<end, with: Array(new.joined().utf8))
      let patch = try patch(text)
      let middle = Array(model[..<place]) + new + Array(model[end...])

      // One later edit, near or far.
      let later = random.below(middle.count + 1)
      let laterEnd = min(middle.count, later + random.below(2))
      let laterNew = random.oneIn(2) ? ["later \(random.below(1000))\n"] : []
      guard laterEnd > later || !laterNew.isEmpty else { continue }
      let now = Array(middle[..<later]) + laterNew + Array(middle[laterEnd...])
      let result = reversed(patch, from: Array(now.joined().utf8)).map { String(decoding: $0, as: UTF8.self) }
      let shift = new.count - (end - place)
      if laterEnd <= place, later < place || laterEnd < place {
        // Before: what comes of it is the old text with the later edit.
        let expected = (Array(model[..<later]) + laterNew + Array(model[laterEnd...])).joined()
        if laterEnd + 3 <= place || !new.isEmpty { #expect(result == expected) }
        if result != nil { #expect(result == expected) }
      } else if later >= place + new.count, later > place {
        let expected = (Array(model[..<(later - shift)]) + laterNew + Array(model[(laterEnd - shift)...])).joined()
        if later >= place + new.count + 3 || !new.isEmpty { #expect(result == expected) }
        if result != nil { #expect(result == expected) }
      } else if later < place + new.count, laterEnd > place {
        // A line of the patch was changed, or all that it did is as it was.
        #expect(result == nil || result == now.joined() && now == model)
      }
      if result != nil { taken += 1 }
    }
    #expect(taken > 700)
  }

  @Test func whereLinesAreNotTheOnlyOnes() throws {
    var text = Text(lines("aabc"))
    text.replaceLines(1..<2, with: [])
    let removal = try patch(text)
    // The same place twice.
    #expect(reversed(removal, from: lines("abcabc")) == nil)
    #expect(reversed(removal, from: lines("xabc")) == lines("xaabc"))
    text = Text(lines("abc"))
    text.replaceLines(1..<1, with: lines("x"))
    let addition = try patch(text)
    #expect(reversed(addition, from: lines("bxax")) == nil)
    #expect(reversed(addition, from: lines("cbxa")) == lines("cba"))
    // It is gone already; or something stands in its place, as it may where the text had ended or begun.
    #expect(PatchReversal(of: addition, from: Text(lines("abc")), isExact: false).outcomes == [.alreadyReversed])
    #expect(PatchReversal(of: addition, from: Text(lines("azbc")), isExact: false).outcomes == [.overlap])
    #expect(PatchReversal(of: addition, from: Text(lines("zabc")), isExact: false).outcomes == [.overlap])
    text = Text(lines("abcdefg"))
    text.replaceLines(3..<3, with: lines("x"))
    let inner = try patch(text)
    #expect(PatchReversal(of: inner, from: Text(lines("zabcdefg")), isExact: false).outcomes == [.alreadyReversed])
    #expect(PatchReversal(of: inner, from: Text(lines("zabczdefg")), isExact: false).outcomes == [.overlap])
    // A blank line says nothing about its place.
    text = Text(lines("abc"))
    text.replaceLines(1..<1, with: [0x0A])
    #expect(reversed(try patch(text), from: lines("de") + [0x0A]) == nil)
  }

  /// What went from the end or the beginning of a text does not come back before what stands there now: the first of two entries
  /// with one key counts.
  @Test func endsThatOthersHaveWrittenTo() throws {
    var text = Text(lines("abcz"))
    text.replaceLines(3..<4, with: [])
    let last = try patch(text)
    #expect(reversed(last, from: lines("abc")) == lines("abcz"))
    #expect(reversed(last, from: lines("xabc")) == lines("xabcz"))
    #expect(PatchReversal(of: last, from: Text(lines("abcy")), isExact: false).outcomes == [.overlap])
    #expect(PatchReversal(of: last, from: Text(lines("abcz")), isExact: false).outcomes == [.alreadyReversed])
    text = Text(lines("zabc"))
    text.replaceLines(0..<1, with: [])
    let first = try patch(text)
    #expect(reversed(first, from: lines("abcx")) == lines("zabcx"))
    #expect(PatchReversal(of: first, from: Text(lines("yabc")), isExact: false).outcomes == [.overlap])
    // A line that came tells its place, whatever stands behind it now.
    text = Text(lines("abcz"))
    text.replaceLines(3..<4, with: lines("v"))
    #expect(reversed(try patch(text), from: lines("abcvy")) == lines("abczy"))
  }

  /// A last line without a line end gets one where it is the last no more.
  @Test func lineEnds() throws {
    var text = Text(Array("a one\nb two".utf8))
    text.append(Array("c three\n".utf8))
    let patch = try patch(text)
    #expect(text.bytes == Array("a one\nb two\nc three\n".utf8))
    #expect(reversed(patch, from: text.bytes, isExact: true) == Array("a one\nb two".utf8))
    #expect(reversed(patch, from: text.bytes) == Array("a one\nb two".utf8))
    #expect(reversed(patch, from: text.bytes + Array("d four".utf8)) == Array("a one\nb two\nd four".utf8))
    var shorter = Text(Array("a one\nb two".utf8))
    shorter.replaceLines(1..<2, with: [])
    let removal = try self.patch(shorter)
    #expect(reversed(removal, from: Array("a one\n".utf8)) == Array("a one\nb two".utf8))
    #expect(reversed(removal, from: Array("a one".utf8)) == Array("a one\nb two".utf8))
    var changed = Text(Array("a one\nb two".utf8))
    changed.replaceLines(1..<2, with: Array("c three\n".utf8))
    let change = try self.patch(changed)
    #expect(reversed(change, from: Array("a one\nc three\nz\n".utf8)) == Array("a one\nb two\nz\n".utf8))
  }

  @Test func overlapsAreShown() throws {
    var text = Text(lines("abcdefgh"))
    text.replaceLines(3..<4, with: lines("x"))
    let patch = try patch(text)
    let now = edited(text.bytes, 3..<4, "x changed\n")
    let reversal = PatchReversal(of: patch, from: Text(now), isExact: false)
    #expect(
      String(decoding: reversal.overlaps(from: "t (then)", to: "t (now)"), as: UTF8.self) == """
        --- t (then)
        +++ t (now)
        @@ -1,7 +1,7 @@
         a entry
         b entry
         c entry
        -x entry
        +x changed
         e entry
         f entry
         g entry

        """)
  }
}
