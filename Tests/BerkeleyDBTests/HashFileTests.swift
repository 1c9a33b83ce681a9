import BerkeleyDB
import TestSupport
import Testing

/// Hash databases read page by page, without libdb: what libdb finds, and of damaged files an error at worst.
@Suite struct HashFileTests {
  /// Looks a key up in a file.
  private func find(_ key: [UInt8], _ file: inout HashFile) throws(BerkeleyDBError) -> [UInt8]? {
    var value: [UInt8] = []
    // The key need not stand alone.
    let bytes = [1, 2] + key + [3]
    let hash = HashFunction.hash(key.span)
    return try file.appendValue(forKey: bytes, 2..<2 + key.count, hash: hash, to: &value) ? value : nil
  }

  /// Opens a file that has to be readable without libdb.
  private func open(_ path: String, cacheBytes: Int = 256 << 20) throws -> HashFile {
    guard let file = try HashFile(path: path, cacheBytes: cacheBytes) else { throw TestSupportError("left to libdb") }
    return file
  }

  /// Random databases that libdb writes and changes: every key and many others, with a cache of all pages and of a few.
  @Test(arguments: [(512, false), (512, true), (4096, false), (4096, true), (65_536, true)], [1, 50, 3000])
  func findsWhatLibdbFinds(layout: (pageSize: Int, hasLargeKeys: Bool), count: Int) throws {
    let (pageSize, hasLargeKeys) = layout
    let scratch = try TemporaryDirectory(inMemory: true)
    let path = scratch.path("a.db")
    var random = SplitMix64(seed: UInt64(pageSize + count))
    var database = try Database(creating: path, type: .hash, layout: DatabaseLayout(pageSize: pageSize))
    var keys: [[UInt8]] = [[]]
    for round in 0..<count {
      // Values on pages of their own are among them, and keys where that is asked for.
      let longest = hasLargeKeys ? min(5000, 2 * pageSize) : pageSize / 4
      let length = random.oneIn(100) ? random.below(longest) : random.below(random.oneIn(3) ? 3 : 20)
      let key = random.bytes(length)
      keys.append(key)
      let value = random.bytes(random.oneIn(30) ? random.below(20_000) : random.below(60))
      try database.put(key: key.span, value: value.span)
      let gone = random.pick(keys)
      if round % 7 == 0 { try database.delete(key: gone.span) }
    }
    try database.close()
    var reference = try Database(opening: path)
    for cacheBytes in [256 << 20, 0] {
      var file = try open(path, cacheBytes: cacheBytes)
      file.expect(keys: keys.count)
      var answered = 0
      for key in keys {
        for asked in [key, random.oneIn(2) ? key + [0] : random.bytes(random.below(4))] {
          let expected = try reference.value(forKey: asked.span)
          do throws(BerkeleyDBError) {
            let found = try find(asked, &file)
            #expect(found == expected, "\(printable(asked))")
            answered += 1
          } catch {
            #expect(error.code == .largeKey && hasLargeKeys, "\(printable(asked)): \(error)")
          }
        }
      }
      #expect(answered > (hasLargeKeys ? 0 : keys.count))
    }
  }

  @Test func whatOnlyLibdbReadsIsLeftToIt() throws {
    let scratch = try TemporaryDirectory(inMemory: true)
    try Database(creating: scratch.path("tree.db"), type: .btree).close()
    let layout = DatabaseLayout(allowsDuplicates: true)
    try Database(creating: scratch.path("twice.db"), type: .hash, layout: layout).close()
    for name in ["tree.db", "twice.db"] {
      let file = try HashFile(path: scratch.path(name))
      let isLeft = file == nil
      #expect(isLeft, "\(name)")
    }
    #expect(throws: BerkeleyDBError(.ENOENT, operation: "open", path: scratch.path("none"))) {
      _ = try HashFile(path: scratch.path("none"))
    }
    try scratch.write("text.db", "a text\n")
    #expect(throws: BerkeleyDBError(.textFile, operation: "open", path: scratch.path("text.db"))) {
      _ = try HashFile(path: scratch.path("text.db"))
    }
  }

  /// Flipped bytes, half of them in headers: every look-up answers or throws, nothing crashes or goes on for ever; and what
  /// libdb's verification takes for sound has the values that libdb finds.
  @Test(.timeLimit(.minutes(2)), arguments: [20, 300, 2000])
  func flippedBytes(count: Int) throws {
    let scratch = try TemporaryDirectory(inMemory: true)
    let path = scratch.path("a.db")
    let pageSize = count < 100 ? 4096 : 512
    var random = SplitMix64(seed: UInt64(count))
    var database = try Database(creating: path, type: .hash, layout: DatabaseLayout(pageSize: pageSize))
    let keys = (0..<count).map { Array("key\($0)".utf8) }
    for (number, key) in keys.enumerated() {
      let value = [UInt8](repeating: 0x76, count: number % 50 == 0 ? 2000 : 20)
      try database.put(key: key.span, value: value.span)
    }
    try database.close()
    let good = try readFile(path)
    var refused = 0
    for round in 0..<(count > 1000 ? 100 : 300) {
      var bytes = good
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let page = Int.random(in: 0..<bytes.count / pageSize, using: &random) * pageSize
        let offset = Int.random(in: 0..<(Bool.random(using: &random) ? 128 : pageSize), using: &random)
        bytes[page + offset] = UInt8.random(in: .min ... .max, using: &random)
      }
      try writeFile(path, bytes)
      let isSound = (try? Database.verify(path: path)) != nil
      var failures = 0
      do {
        guard var file = try HashFile(path: path, cacheBytes: round % 2 == 0 ? 1 << 20 : 0) else { continue }
        var reference: Database? = isSound ? try Database(opening: path) : nil
        if round % 3 == 0 { file.expect(keys: 1 << 20) }
        for key in count > 100 ? (0..<50).map({ _ in random.pick(keys) }) : keys {
          do throws(BerkeleyDBError) {
            let value = try find(key, &file)
            guard isSound else { continue }
            let expected = try reference?.value(forKey: key.span)
            #expect(value == expected, "round \(round), \(printable(key))")
          } catch {
            #expect(!isSound, "round \(round), \(printable(key)): \(error)")
            failures += 1
          }
        }
      } catch {
        failures += 1
      }
      if failures > 0 { refused += 1 }
    }
    #expect(refused > 5)
  }

  /// A chain of pages that bites its own tail ends, and so does one of a large value.
  @Test func chainsEnd() throws {
    let scratch = try TemporaryDirectory(inMemory: true)
    let path = scratch.path("a.db")
    var database = try Database(creating: path, type: .hash, layout: DatabaseLayout(pageSize: 512, fillFactor: 1000))
    for number in 0..<200 { try database.put(key: Array("key\(number)".utf8).span, value: ([0x76] as [UInt8]).span) }
    try database.put(key: ([0x4C] as [UInt8]).span, value: [UInt8](repeating: 0x6C, count: 5000).span)
    try database.close()
    var bytes = try readFile(path)
    for page in 1..<bytes.count / 512 where [2, 7, 13].contains(bytes[page * 512 + 25]) {
      for (offset, byte) in [UInt8(page & 0xFF), UInt8(page >> 8), 0, 0].enumerated() {
        bytes[page * 512 + 16 + offset] = byte
      }
    }
    try writeFile(path, bytes)
    var file = try open(path)
    for key in [Array("nothing".utf8), [0x4C]] {
      #expect(throws: BerkeleyDBError(.DB_VERIFY_BAD, operation: "read", path: path)) { _ = try find(key, &file) }
    }
  }
}
