import BerkeleyDB
import Glibc
import SendmailConfig
import SendmailMaps
import TestSupport
import Testing

/// Many look-ups at a time find what one after the other finds, in either form and order.
@Suite struct MapLookupTests {
  /// Looks keys up all at once.
  private func answers(_ keys: [[UInt8]], _ lookup: inout MapLookup) throws -> [[UInt8]?] {
    var places: [Range<Int>] = []
    var bytes: [UInt8] = []
    for key in keys {
      places.append(bytes.count..<bytes.count + key.count)
      bytes += key + [0x0A]
    }
    var result: [[UInt8]?] = []
    try lookup.lookUp(bytes.span, keys: places) { number, value in
      #expect(number == result.count)
      if let value { result.append(value.indices.map { value[$0] }) } else { result.append(nil) }
    }
    return result
  }

  /// Random maps in both forms, and in a mixture of them as `makemap -o -N` makes one.
  @Test(arguments: [MapType.hash, .btree], 1...12 as ClosedRange<UInt64>)
  func manyAtATimeFindWhatOneByOneFinds(type: MapType, seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let directory = try TemporaryDirectory(inMemory: true)
    let path = directory.path("map.db")
    let table = GeneratedTable(seed: seed, count: [3, 60, 3000][Int(seed % 3)])
    let conventions = MapConventions(foldsCase: seed % 2 == 0, includesNul: seed % 3 == 0, marker: seed % 5 == 0)
    try MapBuilder(type: type).build(MapContents(table.pairs, conventions: conventions), at: path)
    if seed % 4 == 0 {
      var database = try Database(opening: path, access: .readWrite)
      for (key, value) in [("plain", "P"), ("both", "B"), ("both\0", "N\0"), ("nul\0", "N\0")] {
        try database.put(key: Array(key.utf8).span, value: Array(value.utf8).span)
      }
      try database.close()
    }
    var keys: [[UInt8]] = []
    for _ in 0..<(random.oneIn(2) ? 8 : 2000) {
      switch random.below(8) {
      case 0: keys.append([])
      case 1: keys.append(Array(random.pick(["plain", "both", "nul", "@", "none"]).utf8))
      case 2: keys.append((0..<random.below(400)).map { _ in UInt8(random.below(256)) })
      default:
        let key = table.pairs.key(random.pick(table.pairs.pairs))
        keys.append(random.oneIn(2) ? Array(key) : key.map { $0 &- 0x61 < 26 ? $0 & 0xDF : $0 })
      }
    }
    for form in [MapReader.KeyForm.either, .plain, .nulTerminated] {
      for folds in [true, false] {
        let reader = try MapReader(path: path, type: type, foldsCase: folds, keyForm: form)
        let expected = try keys.map { try reader.value(forKey: $0) }
        var lookup = try MapLookup(path: path, type: type, foldsCase: folds, keyForm: form)
        // In two parts: what the first has found out counts for the second.
        let half = random.below(keys.count)
        let found = try answers(Array(keys[..<half]), &lookup) + answers(Array(keys[half...]), &lookup)
        #expect(found == expected)
        var single = try MapLookup(path: path, foldsCase: folds, keyForm: form)
        for (key, value) in zip(keys, expected).prefix(50) { #expect(try single.value(forKey: key) == value) }
      }
    }
  }

  /// The map that is in its place counts, once the open one is told apart by its time.
  @Test func aReplacedMapIsOpenedAnew() throws {
    let directory = try TemporaryDirectory(inMemory: true)
    let (path, other) = (directory.path("map.db"), directory.path("other.db"))
    let key = Array("a".utf8)
    try MapBuilder().build(MapContents(MapPairs(["a": "old"])), at: path)
    var lookup = try MapLookup(path: path)
    #expect(try lookup.value(forKey: key) == Array("old".utf8))
    try MapBuilder().build(
      MapContents(MapPairs(["a": "new"]), conventions: MapConventions(includesNul: true)), at: other)
    #expect(unsafe rename(path, directory.path("gone.db")) == 0)
    #expect(unsafe rename(other, path) == 0)
    #expect(unsafe utimes(directory.path("gone.db"), [timeval(), timeval()]) == 0)
    try lookup.reopenIfChanged()
    #expect(try lookup.value(forKey: key) == Array("new".utf8))
  }

  @Test func wrongFilesAreErrors() throws {
    let directory = try TemporaryDirectory(inMemory: true)
    try directory.write("text.db", "# a text\nx y\n")
    try directory.write("empty.db", "")
    try MapBuilder(type: .btree).build(MapContents(MapPairs(["a": "b"])), at: directory.path("tree.db"))
    for (name, type) in [("text.db", nil), ("empty.db", .hash), ("none.db", nil), ("tree.db", .hash)]
      as [(String, MapType?)]
    {
      let error = #expect(throws: MapError.self) { _ = try MapLookup(path: directory.path(name), type: type) }
      #expect(error?.code == .database)
      #expect(error?.message.isEmpty == false)
    }
  }
}
