import BerkeleyDB
import TestSupport
import Testing

@Suite struct BulkTests {
  @Test(.needs(.dbDump, .dbVerify), arguments: [DatabaseType.hash, .btree])
  func storesWhatSinglePutsWouldStore(type: DatabaseType) throws {
    let scratch = try TemporaryDirectory(inMemory: true)
    let path = scratch.path("a.db")
    var random = SplitMix64(seed: 2)
    var expected: [[UInt8]: [UInt8]] = [:]
    // A small buffer, so that it fills often and some pairs are larger than it.
    var writer = BulkWriter(try Database(creating: path, type: type), bufferBytes: 4096)
    for _ in 0..<5000 {
      let key = random.bytes(Int.random(in: 0...8, using: &random))
      let large = Int.random(in: 0..<500, using: &random) == 0
      let value = random.bytes(Int.random(in: 0...(large ? 20_000 : 100), using: &random))
      let terminated = Bool.random(using: &random)
      try writer.append(key: key.span, value: value.span, terminator: terminated ? 0 : nil)
      let end: [UInt8] = terminated ? [0] : []
      expected[key + end] = value + end
    }
    let count = writer.count
    #expect(count == 5000)
    try writer.finish().close()
    let dumped = try dump(path)
    #expect(dumped.count == expected.count)
    #expect(Dictionary(dumped.map { ($0.key, $0.value) }) { a, _ in a } == expected)
  }

  @Test func nothingToWriteIsAnEmptyDatabase() throws {
    let scratch = try TemporaryDirectory(inMemory: true)
    var database = try BulkWriter(try Database(creating: scratch.path("a.db"), type: .hash)).finish()
    #expect(try pairs(&database).isEmpty)
  }

  @Test func errorsOfABatchAreReported() throws {
    let scratch = try TemporaryDirectory(inMemory: true)
    let path = scratch.path("a.db")
    try Database(creating: path, type: .hash).close()
    let error = #expect(throws: BerkeleyDBError.self) {
      var writer = BulkWriter(try Database(opening: path))
      try writer.append(key: [1].span, value: [2].span)
      _ = try writer.finish()
    }
    #expect(error?.operation == "DB->put")
  }
}

@Suite struct HashFunctionTests {
  /// Every hash database's header holds libdb's own value of a fixed string with its NUL, at byte 92.
  @Test func isTheOneThatLibdbPutIntoTheHeader() throws {
    let scratch = try TemporaryDirectory(inMemory: true)
    let path = scratch.path("a.db")
    try Database(creating: path, type: .hash).close()
    let bytes = try readFile(path)
    var stored: UInt32 = 0
    for byte in bytes[92..<96].reversed() { stored = stored << 8 | UInt32(byte) }
    #expect(HashFunction.hash(Array("%$sniglet^&\0".utf8).span) == stored)
  }

  /// libdb hands pairs out bucket by bucket.
  @Test(arguments: [1, 2, 16, 61, 1000])
  func tellsTheBucket(elements: Int) throws {
    let scratch = try TemporaryDirectory(inMemory: true)
    let layout = DatabaseLayout(fillFactor: 1000, elements: elements * 1000)
    var database = try Database(creating: scratch.path("a.db"), type: .hash, layout: layout)
    var random = SplitMix64(seed: 3)
    for _ in 0..<20_000 {
      try database.put(key: random.bytes(Int.random(in: 0...20, using: &random)).span, value: [1].span)
    }
    let buckets = try database.statistics().buckets
    let order = try pairs(&database).map {
      HashFunction.bucket(ofHash: HashFunction.hash($0.key.span), buckets: buckets)
    }
    #expect(order == order.sorted())
    #expect(Set(order).count > buckets / 2)
    #expect(order.allSatisfy { $0 < buckets })
  }
}
