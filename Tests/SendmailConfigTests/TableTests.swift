import TestSupport
import Testing

@testable import SendmailConfig

/// What makemap would store of the pairs: keys folded, the first of each.
func stored(_ pairs: MapPairs) -> [DumpedMap.Pair] {
  var seen: Set<[UInt8]> = []
  return pairs.pairs.compactMap { pair in
    let key = ByteString(pairs.key(pair)).folded.bytes
    return seen.insert(key).inserted ? DumpedMap.Pair(key: key, value: Array(pairs.value(pair))) : nil
  }.sorted()
}

@Suite struct TableTests {
  /// The same pairs as makemap, over hostile tables; where a line is too long, without what its tail became.
  @Test(.needs(.makemap, .dbDump)) func pairsAreMakemaps() throws {
    var random = SplitMix64(seed: 3)
    var withPairs = 0
    for _ in 0..<600 {
      let bytes = hostileText(&random, count: random.below(40))
      let table = Table(bytes)
      let answer = try Oracle.makemap(bytes)
      let ours = stored(table.pairs)
      #expect(ours == answer.pairs, "\(printable(bytes))")
      let lines = answer.messages.compactMap { message -> Int? in
        guard let word = message.split(separator: " ").drop(while: { $0 != "line" }).dropFirst().first else {
          return nil
        }
        return message.contains("duplicate key") ? nil : Int(word.dropLast())
      }
      #expect(table.diagnostics.filter { $0.severity == .error }.map(\.line) == lines, "\(printable(bytes))")
      withPairs += ours.isEmpty ? 0 : 1
    }
    #expect(withPairs > 200)
  }

  @Test(.needs(.makemap, .dbDump), arguments: 1018...1026) func lineLength(count: Int) throws {
    let line = "k " + String(repeating: "v", count: count - 2)
    for text in [line, line + "\n", line + "\nnext line\n"] {
      let table = Table(Array(text.utf8))
      let answer = try Oracle.makemap(Array(text.utf8))
      #expect(stored(table.pairs) == answer.pairs)
      #expect(table.diagnostics.isEmpty == (answer.status == 0))
    }
  }

  @Test func theTailOfALongLineIsNoEntry() {
    let table = Table(Array(("# " + String(repeating: "x", count: 1021) + "evil.example RELAY\nb c\n").utf8))
    #expect(table.entries.map(\.key) == ["b"])
    #expect(table.diagnostics.map(\.code) == [.tableLineTooLong])
  }

  @Test func firstWins() throws {
    var table = Table(Array("Key one\nkey two\n".utf8))
    #expect(table.entry(for: "KEY")?.value == "one")
    try table.set("three", for: "key")
    #expect(table.text.bytes == Array("Key three\nkey two\n".utf8))
    #expect(table.remove("kEY") == .removed(count: 2))
    #expect(table.text.bytes.isEmpty)
  }

  @Test(arguments: [
    ("a\tb\nlonger.key\tb\n", "c", "c\td"),
    ("a               b\nlonger.key      b\n", "c", "c               d"),
    ("a\t\tb\nlonger.key\tb\n", "c", "c\t\td"),
    ("a\t\tb\nlonger.key\tb\n", "longer.key.than.all", "longer.key.than.all\td"),
    ("a b\nlonger.key b\n", "c", "c d"),
    ("a b\r\n", "c", "c d\r"),
    ("", "c", "c\td"),
    ("# only a comment", "c", "c\td"),
  ])
  func newLinesFollowTheFile(text: String, key: String, line: String) throws {
    var table = Table(Array(text.utf8))
    try table.set("d", for: ByteString(key))
    let missing = text.isEmpty || text.utf8.last == 0x0A ? "" : "\n"
    #expect(String(decoding: table.text.bytes, as: UTF8.self) == text + missing + line + "\n")
  }

  @Test func aReplacedValueKeepsTheLine() throws {
    var table = Table(Array("  stray\n# c\nKey \t old\r\n\u{0}\nlast x".utf8))
    try table.set("new", for: "key")
    try table.set("y", for: "last")
    #expect(table.text.bytes == Array("  stray\n# c\nKey \t new\r\n\u{0}\nlast y".utf8))
    #expect(try table.set("new", for: "key") == .unchanged(line: 3))
  }

  @Test func aLastValueThatGrows() throws {
    var table = Table(Array("a b\nc REJ".utf8))
    try table.set("REJECT me", for: "c")
    #expect(table.text.bytes == Array("a b\nc REJECT me".utf8))
  }

  /// A separator that is repeated is never padded with blanks, and an entry without a value does not say there is none.
  @Test func separatorsOfOtherGrammars() throws {
    var colons = Table(Array("a:::b\nccc:d\n".utf8), grammar: TableGrammar(separator: 0x3A))
    try colons.set("f", for: "e")
    #expect(colons.entry(for: "e")?.value == "f")
    var empty = Table(Array("a\nb\n".utf8), grammar: TableGrammar(allowsEmptyValues: true))
    try empty.set("f", for: "e")
    #expect(empty.entry(for: "e")?.value == "f")
    for separator in [0x0A, 0] as [UInt8] {
      var table = Table(grammar: TableGrammar(separator: separator))
      #expect(throws: EditError.self) { try table.set("f", for: "e") }
      #expect(table.text.bytes.isEmpty)
    }
  }

  /// Whatever is asked for, makemap finds the old entries and that one, or it is refused and nothing changes.
  @Test(.needs(.makemap, .dbDump)) func noInjection() throws {
    var random = SplitMix64(seed: 4)
    var accepted = 0
    var refused = 0
    for _ in 0..<500 {
      let bytes = hostileText(&random, count: random.below(12))
      var table = Table(bytes)
      let key = ByteString(
        random.oneIn(2) ? hostileText(&random, count: 1 + random.below(2)) : Array("k\(random.below(9))".utf8))
      let value = ByteString(hostileText(&random, count: 1 + random.below(2)))
      do throws(EditError) {
        try table.set(value, for: key)
        accepted += 1
        var expected = stored(Table(bytes).pairs).filter { $0.key != key.folded.bytes }
        // A line that ends in CR LF keeps its CR, which makemap takes for a part of the value.
        let answer = try? Oracle.makemap(table.text.bytes)
        let found = answer?.pairs.first { $0.key == key.folded.bytes }
        #expect(
          found.map { $0.value == value.bytes || $0.value == value.bytes + [0x0D] } ?? false, "\(printable(bytes))")
        if let found { expected.append(found) }
        #expect(answer?.pairs == expected.sorted(), "\(printable(bytes)) \(key.escaped) \(value.escaped)")
      } catch {
        refused += 1
        #expect(table.text.bytes == bytes)
      }
    }
    #expect(accepted > 100 && refused > 100)
  }
}
