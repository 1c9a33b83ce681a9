import BerkeleyDB
import Glibc
import TestSupport
import Testing

/// Files that are no databases, or are not any more: an error with a name, never a crash, never a line on standard error.
@Suite struct HostileFileTests {
  private func code(opening bytes: [UInt8]) throws -> BerkeleyDBError.Code? {
    let scratch = try TemporaryDirectory(inMemory: true)
    let path = scratch.path("a.db")
    try writeFile(path, bytes)
    var result: BerkeleyDBError.Code?
    do { _ = try Database(opening: path) } catch { result = error.code }
    do {
      try Database.verify(path: path)
      #expect(result == nil)
    } catch {
      #expect(error.code == result)
    }
    return result
  }

  private func header185(_ magic: UInt32, bigEndian: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    for value in [magic, 2, bigEndian ? 4321 : 1234, 4096] as [UInt32] {
      let stored = bigEndian ? value.bigEndian : value.littleEndian
      unsafe withUnsafeBytes(of: stored) { unsafe bytes.append(contentsOf: $0) }
    }
    bytes.append(contentsOf: [UInt8](repeating: 0, count: 4096))
    return bytes
  }

  @Test func eachKindOfWrongFileHasItsName() throws {
    #expect(try code(opening: []) == .emptyFile)
    #expect(try code(opening: Array("# access\nConnect:10 RELAY\r\n\tä\n".utf8)) == .textFile)
    #expect(try code(opening: [UInt8](repeating: 0x41, count: 100_000)) == .textFile)
    #expect(try code(opening: [0]) == .notADatabase)
    #expect(try code(opening: [UInt8](repeating: 0, count: 8192)) == .notADatabase)
    for big in [false, true] {
      #expect(try code(opening: header185(0x061561, bigEndian: big)) == .version185)
      #expect(try code(opening: header185(0x053162, bigEndian: big)) == .version185)
    }
    let scratch = try TemporaryDirectory(inMemory: true)
    #expect(throws: BerkeleyDBError(.EISDIR, operation: "open", path: scratch.path)) {
      _ = try Database(opening: scratch.path)
    }
    unsafe mkfifo(scratch.path("pipe"), 0o600)
    #expect(throws: BerkeleyDBError(.notARegularFile, operation: "open", path: scratch.path("pipe"))) {
      _ = try Database(opening: scratch.path("pipe"))
    }
    #expect(throws: BerkeleyDBError(.ENOENT, operation: "open", path: scratch.path("none"))) {
      _ = try Database(opening: scratch.path("none"))
    }
  }

  @Test func headersThatAskForTooMuch() throws {
    let good = try sample(.hash, pairs: 10)
    func changed(_ offset: Int, _ values: UInt8...) -> [UInt8] {
      var bytes = good
      bytes.replaceSubrange(offset..<offset + values.count, with: values)
      return bytes
    }
    #expect(try code(opening: good) == nil)
    #expect(try code(opening: changed(16, 10)) == .newerVersion)
    #expect(try code(opening: changed(16, 5)) == .DB_OLD_VERSION)
    #expect(try code(opening: changed(20, 1)) == .badHeader)
    #expect(try code(opening: changed(20, 0, 0)) == .badHeader)
    #expect(try code(opening: changed(24, 1)) == .badHeader)
    #expect(try code(opening: changed(25, 9)) == .badHeader)
    #expect(try code(opening: changed(32, 0xFF, 0xFF, 0xFF, 0xFF)) == .truncatedFile)
    #expect(try code(opening: changed(36, 2)) == .badHeader)
    #expect(try code(opening: changed(48, 0x02)) == .wrongType)
  }

  @Test(arguments: [DatabaseType.hash, .btree])
  func cutShort(type: DatabaseType) throws {
    let good = try sample(type, pairs: 2000)
    let few = [1, 11, 12, 15, 16, 25, 100, 511, 512, 513, 4095, 4096, 8192]
    let most = [good.count / 2, good.count - 4096, good.count - 1]
    for size in few + most {
      let result = try code(opening: Array(good[..<size]))
      #expect(result == (size < 16 ? .notADatabase : .truncatedFile), "\(size) of \(good.count) bytes")
    }
  }

  @Test func randomBytes() throws {
    var random = SplitMix64(seed: 4)
    for _ in 0..<300 {
      let size = Int.random(in: 100...20_000, using: &random)
      #expect(try code(opening: random.bytes(size)) == .notADatabase)
    }
  }

  /// Flipped bytes: what passes the verification can be read to the end, and nothing crashes or hangs.
  @Test(.timeLimit(.minutes(2)), arguments: [DatabaseType.hash, .btree], [20, 300])
  func flippedBytes(type: DatabaseType, count: Int) throws {
    let pageSize = count < 100 ? 4096 : 512
    let scratch = try TemporaryDirectory(inMemory: true)
    let path = scratch.path("a.db")
    let good = try sample(type, pairs: count, pageSize: pageSize)
    var random = SplitMix64(seed: UInt64(count))
    var refused = 0
    for round in 0..<400 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        // Half of the damage goes to the headers, where it does most harm.
        let page = Int.random(in: 0..<bytes.count / pageSize, using: &random) * pageSize
        let end = Bool.random(using: &random) ? 128 : pageSize
        let offset = Int.random(in: 0..<end, using: &random)
        bytes[page + offset] = UInt8.random(in: .min ... .max, using: &random)
      }
      try writeFile(path, bytes)
      do {
        let seen = try verifiedCount(path)
        #expect(seen <= count, "round \(round)")
      } catch {
        refused += 1
        #expect(!error.message.isEmpty)
      }
    }
    #expect(refused > 20)
  }

  /// libdb's own verification writes behind its memory when it is shown such a page.
  @Test func itemsThatReachOverTheEndOfTheirPage() throws {
    let good = try sample(.btree, pairs: 20)
    let page = 4096
    let entries = Int(good[page + 20])
    #expect(entries == 40)
    for entry in 0..<entries {
      let place = page + 26 + 2 * entry
      let item = page + Int(good[place]) + Int(good[place + 1]) << 8
      for length in [0xFFFF, 4096, page + 4096 - item - 2] {
        var bytes = good
        bytes[item] = UInt8(truncatingIfNeeded: length)
        bytes[item + 1] = UInt8(truncatingIfNeeded: length >> 8)
        #expect(try verify(bytes) == .DB_VERIFY_BAD, "entry \(entry), \(length) bytes")
      }
      var bytes = good
      bytes[place] = 0xFE
      bytes[place + 1] = 0x0F
      #expect(try verify(bytes) == .DB_VERIFY_BAD, "entry \(entry)")
    }
  }

  /// Of such a page libdb's own verification counts a number below zero, and down through all others: half a minute each.
  @Test(arguments: [DatabaseType.hash, .btree]) func pagesThatSayTheyAreAHeader(type: DatabaseType) throws {
    let scratch = try TemporaryDirectory(inMemory: true)
    let path = scratch.path("a.db")
    var database = try Database(creating: path, type: type, layout: DatabaseLayout(pageSize: 512))
    for key in 0..<20 as Range<UInt8> {
      try database.put(key: [key].span, value: [UInt8](repeating: key, count: 20 + 60 * Int(key)).span)
    }
    try database.close()
    let good = try readFile(path)
    for page in stride(from: 512, to: good.count, by: 512) {
      for header in [8, 9] as [UInt8] {
        var bytes = good
        bytes[page + 25] = header
        #expect(try verify(bytes) == .DB_VERIFY_BAD, "page \(page / 512)")
      }
    }
  }

  /// Items that share the pages of one large value: libdb would copy it for each of them, terabytes out of a small file.
  @Test func itemsThatShareOneLargeValue() throws {
    let page = 65_536
    let scratch = try TemporaryDirectory(inMemory: true)
    let path = scratch.path("a.db")
    var database = try Database(creating: path, type: .btree, layout: DatabaseLayout(pageSize: page))
    let value = [UInt8](repeating: 0x41, count: 900_000)
    try database.put(key: [0x61].span, value: value.span)
    try database.close()
    let good = try readFile(path)
    let item = page + Int(good[page + 28]) + Int(good[page + 29]) << 8
    /// The leaf again, with as many pairs with this value.
    func shared(_ count: Int) -> [UInt8] {
      var bytes = good
      func write(_ integer: Int, at offset: Int) {
        bytes[offset] = UInt8(truncatingIfNeeded: integer)
        bytes[offset + 1] = UInt8(truncatingIfNeeded: integer >> 8)
      }
      var end = page
      for number in 0..<count {
        end -= 8
        bytes.replaceSubrange(
          page + end..<page + end + 8, with: [4, 0, 1, 0, 0, UInt8(number >> 8), UInt8(number & 0xFF), 0])
        write(end, at: page + 26 + 4 * number)
        end -= 12
        bytes.replaceSubrange(page + end..<page + end + 12, with: good[item..<item + 12])
        write(end, at: page + 28 + 4 * number)
      }
      write(2 * count, at: page + 20)
      write(end, at: page + 22)
      return bytes
    }
    #expect(try verify(good) == nil)
    // The verification of libdb has nothing against it; few of them do no harm.
    #expect(try verify(shared(50)) == nil)
    #expect(try verify(shared(2000)) == .DB_VERIFY_BAD)
  }

  /// Keys that libdb copies for each of their values.
  @Test(arguments: [DatabaseType.hash, .btree], [500, 20_000])
  func aLargeKeyWithManyValues(type: DatabaseType, count: Int) throws {
    let scratch = try TemporaryDirectory(inMemory: true)
    let path = scratch.path("a.db")
    let layout = DatabaseLayout(pageSize: 65_536, allowsDuplicates: true)
    for (length, isRefused) in [(1000, false), (20_000, count > 500), (900_000, true)] {
      var database = try Database(creating: path, type: type, layout: layout)
      let key = [UInt8](repeating: 0x41, count: length)
      for _ in 0..<count { try database.put(key: key.span, value: [0x78, 0x79, 0x7A].span) }
      try database.close()
      #expect(try verify(readFile(path)) == (isRefused ? .DB_VERIFY_BAD : nil), "\(length) bytes")
      _ = unsafe unlink(path)
    }
  }

  /// What the verification says of a file.
  private func verify(_ bytes: [UInt8]) throws -> BerkeleyDBError.Code? {
    let scratch = try TemporaryDirectory(inMemory: true)
    try scratch.write("a.db", bytes)
    do {
      try Database.verify(path: scratch.path("a.db"))
      return nil
    } catch {
      return error.code
    }
  }

  /// Nothing that libdb writes itself is refused: large items, duplicates on and off their page, large pages, deleted pairs.
  @Test(arguments: [DatabaseType.hash, .btree], [512, 4096, 65_536])
  func goodFilesPass(type: DatabaseType, pageSize: Int) throws {
    for allowsDuplicates in [false, true] {
      let scratch = try TemporaryDirectory(inMemory: true)
      let path = scratch.path("a.db")
      let layout = DatabaseLayout(pageSize: pageSize, allowsDuplicates: allowsDuplicates)
      var database = try Database(creating: path, type: type, layout: layout)
      var random = SplitMix64(seed: 5)
      for round in 0..<3000 {
        let key = random.bytes(random.oneIn(100) ? random.below(3000) : random.below(3))
        let value = random.bytes(random.oneIn(50) ? random.below(100_000) : random.below(40))
        try database.put(key: key.span, value: value.span)
        if round % 7 == 0 { try database.delete(key: random.bytes(2).span) }
      }
      try database.close()
      try Database.verify(path: path)
    }
  }

  /// The number of pairs in a file that passes the verification.
  private func verifiedCount(_ path: String) throws(BerkeleyDBError) -> Int {
    try Database.verify(path: path)
    var database = try Database(opening: path)
    var seen = 0
    try database.forEachPair { _, _ in
      seen += 1
      return true
    }
    return seen
  }

  /// The bytes of a database with so many pairs.
  private func sample(_ type: DatabaseType, pairs: Int, pageSize: Int = 4096) throws -> [UInt8] {
    let scratch = try TemporaryDirectory(inMemory: true)
    let path = scratch.path("sample.db")
    var database = try Database(creating: path, type: type, layout: DatabaseLayout(pageSize: pageSize))
    for number in 0..<pairs {
      try database.put(key: Array("key\(number)".utf8).span, value: Array("the value of \(number)".utf8).span)
    }
    try database.close()
    return try readFile(path)
  }
}
