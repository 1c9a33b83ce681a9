import BerkeleyDB
import TestSupport
import Testing

/// Hash databases written page by page, without libdb: libdb's own programs verify and dump them, libdb reads and changes them.
@Suite struct HashFileWriterTests {
  /// Pairs that share beginnings, with values on pages of their own among them; no key twice.
  private func generate(_ count: Int, _ random: inout SplitMix64) -> [[UInt8]: [UInt8]] {
    var pairs: [[UInt8]: [UInt8]] = [:]
    while pairs.count < count {
      let own = random.bytes(random.oneIn(50) ? random.below(HashFileWriter.longestKey) : random.below(4))
      let key = random.pick([[], Array("Connect:".utf8), [0], [255, 0]]) + own
      let sizes = [0, 1, 40, 1000, 1023, 1024, 1025, 4070, 4071, 9000]
      let isOdd = random.oneIn(20)
      guard key.count < HashFileWriter.longestKey else { continue }
      pairs[key] = random.bytes(isOdd ? random.pick(sizes) : random.below(60))
    }
    return pairs
  }

  /// Writes pairs in the order that the writer asks for, or in any order in their buckets.
  private func write(
    _ pairs: [[UInt8]: [UInt8]], to path: String, buckets: Int, terminator: UInt8?, isOrdered: Bool
  ) throws {
    let end = terminator.map { [$0] } ?? []
    var writer = try HashFileWriter(creating: path, buckets: buckets)
    let placed = pairs.map { pair in
      let stored = pair.key + end
      let hash = HashFunction.hash(stored.span)
      return (pair.key, pair.value, stored, HashFunction.bucket(ofHash: hash, buckets: buckets))
    }
    let sorted = placed.sorted { left, right in
      if left.3 != right.3 { return left.3 < right.3 }
      return isOrdered && isBefore(left.2, right.2)
    }
    for (key, value, _, bucket) in sorted {
      try writer.append(key: key.span, value: value.span, terminator: terminator, bucket: bucket)
    }
    try writer.finish(waitsForDisk: false)
  }

  private func isBefore(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    for (a, b) in zip(left, right) where a != b { return a < b }
    return left.count > right.count
  }

  private func stored(_ pairs: [[UInt8]: [UInt8]], _ terminator: UInt8?) -> Set<Pair> {
    let end = terminator.map { [$0] } ?? []
    return Set(pairs.map { Pair(key: $0.key + end, value: $0.value + end) })
  }

  @Test(.needs(.dbDump, .dbVerify), arguments: [(2, 0), (2, 1), (2, 900), (16, 3), (16, 1500), (256, 20), (256, 2500)])
  func libdbReadsWhatIsWritten(buckets: Int, count: Int) throws {
    for (terminator, isOrdered) in [(nil, true), (0, true), (nil, false), (0, false)] as [(UInt8?, Bool)] {
      var random = SplitMix64(seed: UInt64(buckets + count))
      let scratch = try TemporaryDirectory(inMemory: true)
      let path = scratch.path("a.db")
      let pairs = generate(count, &random)
      try write(pairs, to: path, buckets: buckets, terminator: terminator, isOrdered: isOrdered)
      let expected = stored(pairs, terminator)
      #expect(try Set(dump(path)) == expected)
      try Database.verify(path: path)
      var database = try Database(opening: path)
      for pair in expected { #expect(try database.value(forKey: pair.key.span) == pair.value) }
      let absent = random.bytes(30)
      #expect(try database.value(forKey: absent.span) == nil)
      #expect(try database.statistics().buckets == buckets)
      // What deletions subtract from.
      #expect(try readFile(path)[88..<92].reversed().reduce(0) { $0 << 8 | Int($1) } == expected.count)
    }
  }

  /// What is written like this is changed for years by others: sendmail's editmap, one change of ours in a copy.
  @Test(.needs(.dbDump, .dbVerify)) func libdbChangesWhatIsWritten() throws {
    var random = SplitMix64(seed: 7)
    let scratch = try TemporaryDirectory(inMemory: true)
    let path = scratch.path("a.db")
    var writer = try HashFileWriter(creating: path, buckets: 64)
    var pairs: [[UInt8]: [UInt8]] = [:]
    // A dictionary's order is another in each process.
    var added: [[UInt8]] = []
    let keys = Dictionary(grouping: (0..<5000).map { _ in random.bytes(12) }) { key in
      HashFunction.bucket(ofHash: HashFunction.hash(key.span), buckets: 64)
    }
    for bucket in 0..<64 {
      for key in keys[bucket, default: []].sorted(by: isBefore) {
        let value = random.bytes(random.oneIn(9) ? 3000 : 40)
        pairs[key] = value
        added.append(key)
        try writer.append(key: key.span, value: value.span, bucket: bucket)
      }
    }
    try writer.finish(waitsForDisk: true)
    var database = try Database(opening: path, access: .readWrite)
    for round in 0..<6000 {
      if round % 3 == 2 {
        let key = added.remove(at: random.below(added.count))
        pairs[key] = nil
        #expect(try database.delete(key: key.span))
      } else {
        let key = random.bytes(12)
        let value = random.bytes(random.oneIn(30) ? 5000 : 40)
        pairs[key] = value
        added.append(key)
        try database.put(key: key.span, value: value.span)
      }
    }
    try database.close()
    #expect(try Set(dump(path)) == stored(pairs, nil))
  }

  /// Every field of the header but the file's own number, and those that libdb sets to what was asked for.
  @Test(arguments: [2, 4, 256]) func theHeaderIsAsLibdbWritesIt(buckets: Int) throws {
    let scratch = try TemporaryDirectory(inMemory: true)
    let factor = 10
    let layout = DatabaseLayout(pageSize: HashFileWriter.pageSize, fillFactor: factor, elements: buckets * factor)
    try Database(creating: scratch.path("libdb.db"), type: .hash, layout: layout).close()
    try HashFileWriter(creating: scratch.path("own.db"), buckets: buckets).finish(waitsForDisk: false)
    func header(_ name: String) throws -> [UInt8] {
      var bytes = Array(try readFile(scratch.path(name)).prefix(512))
      for offset in [52..<72, 84..<92].joined() { bytes[offset] = 0 }
      return bytes
    }
    #expect(try header("own.db") == header("libdb.db"))
  }

  @Test func whatIsThereIsLeftAlone() throws {
    let scratch = try TemporaryDirectory(inMemory: true)
    let path = scratch.path("a.db")
    try writeFile(path, Array("text".utf8))
    #expect(throws: BerkeleyDBError(.EEXIST, operation: "open", path: path)) {
      _ = try HashFileWriter(creating: path, buckets: 2)
    }
    #expect(try readFile(path) == Array("text".utf8))
  }
}
