import BerkeleyDB
import SendmailConfig
import SendmailMaps
import TestSupport
import Testing

/// Damaged maps read the way the commands read them: an error, or an end; never a crash, never a read without end.
@Suite struct DamagedMapTests {
  private let scratch: TemporaryDirectory
  private var path: String { scratch.path("map.db") }

  init() throws { scratch = try TemporaryDirectory(inMemory: true) }

  /// Reads a damaged map in every way: goes through it, counts it, looks keys up, compares it with its text.
  ///
  /// - Returns: whether it was refused.
  @discardableResult
  private func isRefused(_ bytes: [UInt8], _ what: @autoclosure () -> String) throws -> Bool {
    try scratch.write("map.db", bytes)
    do throws(MapError) {
      let reader = try MapReader(path: path)
      var seen = 0
      try reader.forEachPair { _, _ in
        seen += 1
        return seen <= bytes.count
      }
      #expect(seen <= bytes.count, "\(what()): more pairs than bytes")
      for number in 0..<4 { _ = try reader.value(forKey: Array("key\(number)".utf8)) }
      _ = try reader.summary()
      _ = try MapComparison(MapContents(MapPairs(["key1": "x"])), with: reader, limit: 3)
      return false
    } catch {
      #expect(!"\(error)".isEmpty, "\(what())")
      return true
    }
  }

  /// A small map on pages of 512 bytes: with `pairs` to spare it has inner pages or buckets over several pages, and with
  /// `large` a value over several pages.
  private func sample(_ type: DatabaseType, pairs: Int, large: Bool = false) throws -> [UInt8] {
    let path = scratch.path("sample\(pairs)\(large).db")
    let layout = DatabaseLayout(pageSize: 512, fillFactor: pairs)
    var database = try Database(creating: path, type: type, layout: layout)
    for number in 0..<pairs {
      try database.put(key: Array("key\(number)".utf8).span, value: Array("the value of \(number)".utf8).span)
    }
    if large { try database.put(key: Array("large".utf8).span, value: [UInt8](repeating: 0x78, count: 1200).span) }
    try database.close()
    return try readFile(path)
  }

  @Test(.timeLimit(.minutes(3)), arguments: [DatabaseType.hash, .btree]) func eachByteFlipped(type: DatabaseType) throws
  {
    let good = try sample(type, pairs: 6, large: true)
    #expect(try !isRefused(good, "as it was"))
    var refused = 0
    for place in good.indices {
      for mask in [0xFF, 0x01] as [UInt8] {
        var bytes = good
        bytes[place] ^= mask
        if try isRefused(bytes, "byte \(place) ^ \(mask)") { refused += 1 }
      }
    }
    #expect(refused > 100)
  }

  /// Every number that may refer to a page refers to every other one in turn: cycles, pages used twice, wrong kinds.
  @Test(.timeLimit(.minutes(3)), arguments: [DatabaseType.hash, .btree]) func referencesTurned(type: DatabaseType)
    throws
  {
    let good = try sample(type, pairs: 60, large: true)
    let pages = good.count / 512
    #expect(pages > 5)
    var refused = 0
    for place in good.indices.dropLast(4) {
      let number = Int(good[place])
      let isReference = good[(place + 1)..<(place + 4)].allSatisfy { $0 == 0 }
      guard isReference, number < pages, number > 0 || place % 512 == 12 || place % 512 == 16 else { continue }
      for other in 0..<pages where other != number {
        var bytes = good
        bytes[place] = UInt8(other)
        if try isRefused(bytes, "page \(other) at \(place), for \(number)") { refused += 1 }
      }
    }
    #expect(refused > 20)
  }

  @Test(.needs(.makemap), .timeLimit(.minutes(3)), arguments: ["hash", "btree"])
  func makemapsOwnCutAtEachPage(type: String) throws {
    try scratch.write("empty.cf", "")
    let text = (0..<400).map { "key\($0)\tthe value of \($0)\n" }.joined()
    let outcome = try run(
      try Tools.makemap, ["-C", "empty.cf", type, "real"], input: Array(text.utf8), environment: Tools.environment,
      directory: scratch.path)
    #expect(outcome.status == 0)
    let good = try scratch.read("real.db")
    #expect(try !isRefused(good, "as it was"))
    for size in stride(from: 0, to: good.count, by: 512) {
      #expect(try isRefused(Array(good[..<size]), "\(size) bytes"), "\(size) bytes of \(good.count)")
    }
    var random = SplitMix64(seed: 8)
    for round in 0..<300 {
      var bytes = good
      // A page in another's place, a page of nothing, a page of noise.
      let (page, other) = (random.below(good.count / 4096) * 4096, random.below(good.count / 4096) * 4096)
      for place in 0..<4096 {
        switch round % 3 {
        case 0: bytes[page + place] = good[other + place]
        case 1: bytes[page + place] = 0
        default: bytes[page + place] = UInt8(random.below(256))
        }
      }
      try isRefused(bytes, "round \(round)")
    }
  }
}
