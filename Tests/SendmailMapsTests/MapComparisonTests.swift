import SendmailConfig
import SendmailMaps
import TestSupport
import Testing

@Suite struct MapComparisonTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test func namesEachDifference() throws {
    let directory = try TemporaryDirectory(inMemory: true)
    let old = MapContents(MapPairs(["same": "1", "changed": "old", "gone": "3"]))
    try MapBuilder().build(old, at: directory.path("map.db"))
    let new = MapContents(MapPairs(["Same": "1", "same": "2", "Changed": "new", "first": "x", "second": "y"]))
    let comparison = try MapComparison(new, with: try MapReader(path: directory.path("map.db")))
    #expect(!comparison.agrees)
    #expect(comparison.expected == 4)
    #expect(comparison.found == 3)
    #expect(comparison.missing == 2)
    #expect(comparison.changed == 1)
    #expect(comparison.onlyInMap == 1)
    let expected = [
      MapDifference(key: bytes("changed"), expected: bytes("new"), found: bytes("old"), line: 3),
      MapDifference(key: bytes("gone"), expected: nil, found: bytes("3"), line: nil),
      MapDifference(key: bytes("first"), expected: bytes("x"), found: nil, line: 4),
      MapDifference(key: bytes("second"), expected: bytes("y"), found: nil, line: 5),
    ]
    #expect(Set(comparison.differences) == Set(expected))
    #expect(comparison.differences.suffix(2) == expected.suffix(2))
    let limited = try MapComparison(new, with: try MapReader(path: directory.path("map.db")), limit: 1)
    #expect(limited.differences.count == 1)
    #expect(limited.missing == 2 && limited.changed == 1 && limited.onlyInMap == 1)
  }

  @Test func seesTheFormAndTheMarker() throws {
    let directory = try TemporaryDirectory(inMemory: true)
    let pairs = MapPairs(["a": "b", "c": ""])
    try MapBuilder().build(MapContents(pairs), at: directory.path("map.db"))
    let reader = try MapReader(path: directory.path("map.db"))
    let comparison = try MapComparison(MapContents(pairs, conventions: .newaliases), with: reader)
    #expect(comparison.saysTheSame)
    #expect(!comparison.agrees)
    #expect(comparison.inOtherForm == 2)
    #expect(comparison.lacksMarker)
    #expect(comparison.differences.isEmpty)

    try MapBuilder().build(MapContents(pairs, conventions: .newaliases), at: directory.path("aliases.db"))
    let aliases = try MapReader(path: directory.path("aliases.db"))
    let reversed = try MapComparison(MapContents(pairs), with: aliases)
    #expect(reversed.inOtherForm == 2)
    #expect(reversed.onlyInMap == 1)
  }

  /// Maps that makemap built, from the text itself and from a changed one: the differences are the ones that were made.
  @Test(.needs(.makemap), arguments: MakemapCase.all)
  func agreesWithMakemapsMapAndSeesEveryChange(tool: MakemapCase) throws {
    for (seed, count) in [(21, 1), (22, 40), (23, 2500)] as [(UInt64, Int)] {
      var random = SplitMix64(seed: seed)
      let table = GeneratedTable(seed: seed, count: count)
      let directory = try TemporaryDirectory(inMemory: true)
      try directory.write("empty.cf", "")
      func makemap(_ name: String, _ text: [UInt8]) throws -> MapReader {
        _ = try run(
          try Tools.makemap, ["-C", "empty.cf"] + tool.options + [tool.type.rawValue, name], input: text,
          environment: Tools.environment, directory: directory.path)
        return try MapReader(path: directory.path("\(name).db"))
      }
      let contents = MapContents(table.pairs, conventions: tool.conventions)
      #expect(try MapComparison(contents, with: try makemap("same", table.text)).agrees)

      // Lines are dropped, changed and added in the text that the second map is built from.
      var changed = MapPairs()
      var text: [UInt8] = []
      for pair in table.pairs.pairs where !random.oneIn(10) {
        let key = Array(table.pairs.key(pair))
        let value = random.oneIn(10) ? bytes("changed \(pair.line)") : Array(table.pairs.value(pair))
        changed.append(key: key, value: value, line: Int(pair.line))
        text += key + [0x09] + value + [0x0A]
      }
      for number in 0..<random.below(20) {
        changed.append(key: bytes("added\(number)"), value: bytes("x"), line: 0)
        text += bytes("added\(number)\tx\n")
      }
      let comparison = try MapComparison(contents, with: try makemap("changed", text))
      guard tool.conventions.duplicates != .keepAll else { continue }
      let before = dictionary(table.pairs, tool.conventions)
      let after = dictionary(changed, tool.conventions)
      #expect(comparison.missing == before.keys.filter { after[$0] == nil }.count)
      #expect(comparison.onlyInMap == after.keys.filter { before[$0] == nil }.count)
      #expect(comparison.changed == before.filter { after[$0.key] != nil && after[$0.key] != $0.value }.count)
      #expect(comparison.inOtherForm == 0)
      for difference in comparison.differences {
        #expect(before[difference.key] == difference.expected)
        #expect(after[difference.key] == difference.found)
        #expect((difference.line == nil) == (difference.expected == nil))
      }
      #expect(
        comparison.differences.count == comparison.missing + comparison.onlyInMap + comparison.changed)
    }
  }

  /// The pairs that count, the slow way.
  private func dictionary(_ pairs: MapPairs, _ conventions: MapConventions) -> [[UInt8]: [UInt8]] {
    var result: [[UInt8]: [UInt8]] = [:]
    for pair in pairs.pairs {
      var key = Array(pairs.key(pair))
      if conventions.foldsCase { key = key.map { (65...90).contains($0) ? $0 + 32 : $0 } }
      if conventions.duplicates == .keepFirst, result[key] != nil { continue }
      result[key] = Array(pairs.value(pair))
    }
    return result
  }
}
