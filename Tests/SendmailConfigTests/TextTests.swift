import TestSupport
import Testing

@testable import SendmailConfig

/// Texts of any bytes, with line ends where they hurt.
func hostileText(_ random: inout SplitMix64, count: Int) -> [UInt8] {
  let pieces = [
    "\n", "\r\n", "\r", "\n\n", "\u{0}", "#", " ", "\t", "  ", "Connect:10.1", "key", "KEY", "value", "RELAY", ":",
    "\\", "\\\n",
    ",", "@", "\"", "a@b.example", "%1", "\u{FEFF}", "ä", "É", "\u{B}", "\u{C}", "# c\n", "k v\n", "K\tw\n",
    " indented\n",
    String(repeating: "x", count: 70), "-", "(", ")", "<", ">",
  ]
  var bytes = random.text(of: pieces, count: count)
  if random.oneIn(3) { bytes.append(UInt8(random.below(256))) }
  return bytes
}

@Suite struct TextTests {
  @Test func bytesInBytesOut() {
    var random = SplitMix64(seed: 1)
    for _ in 0..<3000 {
      let bytes = hostileText(&random, count: random.below(60))
      let text = Text(bytes)
      #expect(text.bytes == bytes)
      #expect(!text.isEdited)
      #expect((0..<text.lineCount).flatMap { text.line($0 + 1) } == bytes)
      #expect(text.unifiedDiff(from: "a", to: "b").isEmpty)
    }
    let megabyte = [UInt8](repeating: 0x61, count: 1 << 20)
    #expect(Text(megabyte).bytes == megabyte)
    #expect(Text(megabyte).lineCount == 1)
  }

  /// Random edits against the same edits of an array of lines; the diff is applied by `patch`.
  @Test func editsAndDiffs() throws {
    var random = SplitMix64(seed: 2)
    let directory = try TemporaryDirectory()
    var differences = 0
    for round in 0..<400 {
      let bytes = (0..<random.below(30)).flatMap { _ in hostileText(&random, count: 3).filter { $0 != 0 } + [0x0A] }
      var text = Text(bytes)
      var model = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast().map { Array($0) + [0x0A] }
      for _ in 0..<random.below(5) {
        let start = random.below(model.count + 1)
        let end = start + random.below(model.count - start + 1).quotientAndRemainder(dividingBy: 3).remainder
        let lines = (0..<random.below(3)).map { _ in Array("new \(random.below(1000))\n".utf8) }
        text.replaceLines(start..<end, with: lines.flatMap { $0 })
        model.replaceSubrange(start..<end, with: lines)
      }
      let edited = model.flatMap { $0 }
      #expect(text.bytes == edited)
      #expect(text.byteCount == edited.count)
      #expect(text.original.bytes == bytes)
      let diff = text.unifiedDiff(from: "old", to: "old")
      #expect(diff.isEmpty == text.changes.isEmpty)
      if diff.isEmpty || round % 4 != 0 { continue }
      differences += 1
      try directory.write("old", bytes)
      let outcome = try run("/usr/bin/patch", ["--binary", "-s", "old"], input: diff, directory: directory.path)
      #expect(outcome.status == 0, "\(outcome.outputText)\(printable(diff))")
      #expect(try directory.read("old") == edited)
    }
    #expect(differences > 50)
  }

  @Test func aLineBehindTheLastGetsANewline() {
    var text = Text(Array("a\nb".utf8))
    text.replaceLines(2..<2, with: Array("c\n".utf8))
    #expect(text.bytes == Array("a\nb\nc\n".utf8))
    #expect(text.changes == [LineChange(action: .added, line: 3, before: nil, after: "c")])
    #expect(
      String(decoding: text.unifiedDiff(from: "x", to: "x"), as: UTF8.self)
        == "--- x\n+++ x\n@@ -1,2 +1,3 @@\n a\n-b\n\\ No newline at end of file\n+b\n+c\n")
  }

  /// A last line without a newline is not a line that comes again where a longer one begins with its bytes.
  @Test func aLastLineThatGrows() {
    for (new, expected) in [("bc\n", "a\nbc\n"), ("bc", "a\nbc"), ("b\nc\n", "a\nb\nc\n"), ("b", "a\nb")] {
      var text = Text(Array("a\nb".utf8))
      text.replaceLines(1..<2, with: Array(new.utf8))
      #expect(String(decoding: text.bytes, as: UTF8.self) == expected)
    }
  }

  /// A line is told with the one that came in its place, however many others came with it.
  @Test func aLinePairsWithWhatItBecame() {
    var text = Text(Array("a # x\nb.\nc\nd\n".utf8))
    text.replaceLines(0..<1, with: Array("# x\na\n".utf8))
    text.replaceLines(2..<3, with: Array("b\n".utf8))
    text.replaceLines(1..<2, with: Array("A\n".utf8))
    text.removeLines([3])
    text.replaceLines(3..<4, with: Array("d1\nd2\n".utf8))
    #expect(
      text.changes == [
        LineChange(action: .added, line: 1, before: nil, after: "# x"),
        LineChange(action: .replaced, line: 2, before: "a # x", after: "A"),
        LineChange(action: .replaced, line: 3, before: "b.", after: "b"),
        LineChange(action: .removed, line: 3, before: "c", after: nil),
        LineChange(action: .replaced, line: 4, before: "d", after: "d1"),
        LineChange(action: .added, line: 5, before: nil, after: "d2"),
      ])
  }

  @Test func memory() {
    #expect(MemoryLayout<Text.Line>.stride <= 24)
  }
}
