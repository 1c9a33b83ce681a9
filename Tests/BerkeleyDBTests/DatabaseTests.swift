import BerkeleyDB
import Glibc
import TestSupport
import Testing

@Suite struct DatabaseTests {
  @Test(arguments: [DatabaseType.hash, .btree])
  func storesLooksUpReplacesAndDeletes(type: DatabaseType) throws {
    let scratch = try TemporaryDirectory(inMemory: true)
    let path = scratch.path("a.db")
    var database = try Database(creating: path, type: type)
    let key = Array("key".utf8)
    let first = Array("first".utf8)
    let second = Array("second".utf8)
    #expect(try database.value(forKey: key.span) == nil)
    #expect(try database.put(key: key.span, value: first.span, mode: .keepExisting))
    #expect(try !database.put(key: key.span, value: second.span, mode: .keepExisting))
    #expect(try database.value(forKey: key.span) == first)
    #expect(try database.put(key: key.span, value: second.span))
    #expect(try database.withValue(forKey: key.span) { $0.count } == second.count)
    #expect(try database.value(forKey: key.span) == second)
    #expect(try database.delete(key: key.span))
    #expect(try !database.delete(key: key.span))
    #expect(try database.value(forKey: key.span) == nil)
    try database.close()
    try Database.verify(path: path)
  }

  @Test(.needs(.dbDump, .dbVerify), arguments: [DatabaseType.hash, .btree])
  func holdsAnyBytesAsBerkeleyDBsOwnToolsSeeThem(type: DatabaseType) throws {
    let scratch = try TemporaryDirectory(inMemory: true)
    let path = scratch.path("a.db")
    var random = SplitMix64(seed: 1)
    var expected: [[UInt8]: [UInt8]] = [[]: [], [0]: [0], Array("empty value".utf8): []]
    for size in [1, 2, 100, 1000, 5000, 100_000] { expected[random.bytes(size)] = random.bytes(size * 3) }
    for _ in 0..<2000 { expected[random.bytes(Int.random(in: 1...40, using: &random))] = random.bytes(20) }
    var database = try Database(creating: path, type: type)
    for (key, value) in expected { try database.put(key: key.span, value: value.span) }
    let seen = try pairs(&database)
    #expect(seen.count == expected.count)
    #expect(Dictionary(seen.map { ($0.key, $0.value) }) { a, _ in a } == expected)
    let statistics = try database.statistics()
    #expect(statistics.keys == expected.count)
    #expect(statistics.pairs == expected.count)
    #expect(statistics.type == type)
    #expect(statistics.version == 9)
    try database.close()

    let dumped = try dump(path)
    #expect(dumped == seen)

    var reopened = try Database(opening: path)
    let reopenedType = reopened.type
    #expect(reopenedType == type)
    for (key, value) in expected { #expect(try reopened.value(forKey: key.span) == value) }
    #expect(throws: BerkeleyDBError.self) { try reopened.put(key: [1].span, value: [2].span) }
  }

  @Test func keepsSeveralValuesInTheirOrder() throws {
    let scratch = try TemporaryDirectory(inMemory: true)
    let path = scratch.path("a.db")
    var database = try Database(creating: path, type: .hash, layout: DatabaseLayout(allowsDuplicates: true))
    for value in ["b", "a", "b", "c"] {
      try database.put(key: Array("k".utf8).span, value: Array(value.utf8).span)
    }
    try database.close()
    var reopened = try Database(opening: path)
    let allowsDuplicates = reopened.allowsDuplicates
    #expect(allowsDuplicates)
    #expect(try pairs(&reopened) == ["b", "a", "b", "c"].map { Pair("k", $0) })
    #expect(try reopened.value(forKey: Array("k".utf8).span) == Array("b".utf8))
    let statistics = try reopened.statistics()
    #expect(statistics.keys == 1)
    #expect(statistics.pairs == 4)
  }

  @Test func createsOnlyWhereNothingIs() throws {
    let scratch = try TemporaryDirectory(inMemory: true)
    let path = scratch.path("a.db")
    try writeFile(path, Array("precious".utf8))
    unsafe symlink(scratch.path("nowhere"), scratch.path("link"))
    for taken in [path, scratch.path("link")] {
      let error = #expect(throws: BerkeleyDBError.self) { _ = try Database(creating: taken, type: .hash) }
      #expect(error?.code == .EEXIST)
      #expect(error?.path == taken)
    }
    #expect(try readFile(path) == Array("precious".utf8))
    let error = #expect(throws: BerkeleyDBError.self) {
      _ = try Database(creating: scratch.path("no/such/directory"), type: .hash)
    }
    #expect(error?.code == .ENOENT)
    #expect(error?.message == "No such file or directory")
  }

  @Test func aFailedCreationLeavesNoFile() throws {
    let scratch = try TemporaryDirectory(inMemory: true)
    let path = scratch.path("a.db")
    let error = #expect(throws: BerkeleyDBError.self) {
      _ = try Database(creating: path, type: .hash, layout: DatabaseLayout(pageSize: 1000))
    }
    #expect(error?.code == .EINVAL)
    #expect(error?.operation == "DB->set_pagesize")
    #expect(unsafe access(path, F_OK) != 0)
  }

  @Test func theFileHasTheModeAskedFor() throws {
    let scratch = try TemporaryDirectory(inMemory: true)
    let path = scratch.path("a.db")
    try Database(creating: path, type: .hash, permissions: 0o600).close()
    var status = stat()
    #expect(unsafe stat(path, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
  }

  @Test func followsTheLayout() throws {
    let scratch = try TemporaryDirectory(inMemory: true)
    let layout = DatabaseLayout(pageSize: 1024, fillFactor: 10, elements: 1000, cacheBytes: 1 << 20)
    var database = try Database(creating: scratch.path("a.db"), type: .hash, layout: layout)
    let statistics = try database.statistics()
    #expect(statistics.pageSize == 1024)
    #expect(statistics.fillFactor == 10)
    #expect(statistics.buckets == 128)
  }

  @Test func aPathThatACStringCannotCarryIsAnError() throws {
    for path in ["", "a\0b"] {
      #expect(throws: BerkeleyDBError(.badPath, operation: "open", path: path)) { _ = try Database(opening: path) }
      #expect(throws: BerkeleyDBError(.badPath, operation: "open", path: path)) {
        _ = try Database(creating: path, type: .hash)
      }
    }
  }

  @Test func opensOnlyTheTypeAskedFor() throws {
    let scratch = try TemporaryDirectory(inMemory: true)
    let path = scratch.path("a.db")
    try Database(creating: path, type: .btree).close()
    let error = #expect(throws: BerkeleyDBError.self) { _ = try Database(opening: path, type: .hash) }
    #expect(error?.code == .wrongType)
    _ = try Database(opening: path, type: .btree)
  }

  @Test func anIterationCanStop() throws {
    let scratch = try TemporaryDirectory(inMemory: true)
    var database = try Database(creating: scratch.path("a.db"), type: .btree)
    for byte in UInt8(0)..<100 { try database.put(key: [byte].span, value: [byte].span) }
    var seen = 0
    try database.forEachPair { _, _ in
      seen += 1
      return seen < 7
    }
    #expect(seen == 7)
  }
}
