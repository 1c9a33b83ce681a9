import BerkeleyDB
import SendmailConfig
import SendmailMaps
import TestSupport
import Testing

@Suite struct MapBuilderTests {
  @Test(.needs(.makemap, .dbDump, .dbVerify), arguments: MakemapCase.all)
  func holdsWhatMakemapStores(tool: MakemapCase) throws {
    for (seed, count) in [(1, 1), (2, 2), (3, 30), (4, 300), (5, 3000), (6, 6000)] as [(UInt64, Int)] {
      let table = GeneratedTable(seed: seed, count: count)
      let directory = try TemporaryDirectory(inMemory: true)
      let (contents, statistics, dump) = try directory.build(table.pairs, tool.conventions, type: tool.type)
      let answer = try Oracle.makemap(table.text, type: tool.type.rawValue, options: tool.options)
      #expect(dump.sortedPairs == answer.pairs, "seed \(seed)")
      #expect(statistics.stored == answer.pairs.count)
      #expect(dump.header["type"] == answer.header["type"])
      #expect(dump.header["db_pagesize"] == answer.header["db_pagesize"])
      #expect(dump.header["duplicates"] == answer.header["duplicates"])
      let complaints = contents.duplicates.map { duplicate -> String in
        let pair = table.pairs.pairs[Int(duplicate.ignored)]
        return "line \(pair.line):"
      }
      let theirs = answer.messages.filter { $0.hasSuffix(": duplicate key") }
      if tool.conventions.duplicates == .keepFirst {
        #expect(theirs.map { "line \($0.split(separator: " ")[3])" } == complaints)
      } else {
        #expect(theirs.isEmpty)
      }
      let verification = try run(try Tools.dbVerify, [directory.path("map.db")], environment: Tools.environment)
      #expect(verification.status == 0, "\(verification.errorText)")
    }
  }

  /// Every page is where makemap has it: a session that opened the one file finds the keys of the other.
  @Test(.needs(.makemap), arguments: [1, 2, 40, 300, 900, MapBuilder.fewPairs])
  func fewPairsLieWhereMakemapLaysThem(count: Int) throws {
    for seed in 1...4 as ClosedRange<UInt64> {
      let table = GeneratedTable(seed: seed, count: count)
      let directory = try TemporaryDirectory()
      let outcome = try run(
        try Tools.makemap, ["-C", "/dev/null", "hash", directory.path("theirs")], input: table.text,
        environment: Tools.environment)
      #expect(outcome.status == 0 || outcome.errorText.contains("duplicate key"), "\(outcome.errorText)")
      try MapBuilder(growsAsMakemap: true).build(MapContents(table.pairs), at: directory.path("ours.db"))
      let (theirs, ours) = (try directory.read("theirs.db"), try directory.read("ours.db"))
      #expect(ours.count == theirs.count)
      // The number of buckets and where they begin, but not the file's own number.
      #expect(ours[72..<224] == theirs[72..<224])
      for page in 1..<theirs.count / 4096 {
        let (left, right) = (Self.used(theirs, page), Self.used(ours, page))
        #expect(left == right, "page \(page) of \(theirs.count / 4096), seed \(seed)")
      }
    }
  }

  /// What is used of a page of 4,096 bytes: its kind, its neighbours, its items or its part of a long value.
  private static func used(_ file: [UInt8], _ number: Int) -> [UInt8] {
    let page = Array(file[number * 4096..<(number + 1) * 4096])
    func short(_ place: Int) -> Int { Int(page[place]) | Int(page[place + 1]) << 8 }
    let (count, end, kind) = (short(20), short(22), page[25])
    // A page that is not used yet has nothing but what lay in memory.
    if kind == 0 || kind > 13 { return [] }
    let head = page[8..<26]
    return Array(head + (kind == 7 ? page[26..<26 + end] : page[26..<26 + count * 2] + page[end...]))
  }

  @Test(.needs(.dbDump)) func keepsAllValuesInTheOrderOfTheText() throws {
    for type in MapType.supported {
      let table = GeneratedTable(seed: 9, count: 2000)
      let directory = try TemporaryDirectory(inMemory: true)
      let conventions = MapConventions(foldsCase: false, duplicates: .keepAll)
      let (_, _, dump) = try directory.build(table.pairs, conventions, type: type)
      let expected = Dictionary(grouping: table.pairs.pairs) { Array(table.pairs.key($0)) }
        .mapValues { $0.map { Array(table.pairs.value($0)) } }
      let found = Dictionary(grouping: dump.pairs) { $0.key }.mapValues { $0.map(\.value) }
      #expect(found == expected)
    }
  }

  @Test(.needs(.sendmail, .newaliases, .dbDump), arguments: ["", "hash:", "btree:", "hash:-A ", "hash:-N "])
  func holdsWhatNewaliasesStores(specification: String) throws {
    var random = SplitMix64(seed: 11)
    let names = ["root", "Root", "ROOT", "list", "List", "owner-list", "a.b", "x-y", "u+d", "u+*"]
    let values = ["root", "mail,daemon", "user@example.com", "x", "\\root", ":include:/tmp/list", "a, b,  c "]
    for count in [1, 5, 60] {
      var pairs = MapPairs()
      var text: [UInt8] = []
      for line in 1...count {
        let name = random.pick(names) + (random.oneIn(2) ? "" : String(random.below(count)))
        let value = random.pick(values)
        pairs.append(key: Array(name.utf8), value: Array(value.utf8), line: line)
        text += Array("\(name): \(value)\n".utf8)
      }
      var conventions = MapConventions.newaliases
      conventions.includesNul = specification.isEmpty || specification.contains("-N")
      if specification.contains("-A") { conventions.duplicates = .mergeNewestFirst }
      let type: MapType = specification.hasPrefix("btree") ? .btree : .hash
      let directory = try TemporaryDirectory(inMemory: true)
      let (contents, statistics, dump) = try directory.build(pairs, conventions, type: type)
      let answer = try Oracle.newaliases(text, specification: specification)
      #expect(dump.sortedPairs == answer.pairs, "\(count) lines")
      #expect(dump.header["type"] == answer.header["type"])
      let counts = "aliases: \(statistics.pairs) aliases, longest \(statistics.longestValue) bytes, "
      #expect(answer.messages.contains(counts + "\(statistics.totalBytes) bytes total"), "\(answer.messages)")
      // newaliases names the later line, which for it is the one that counts.
      let theirs = answer.messages.filter { $0.contains("Warning: duplicate alias name") }
      #expect(theirs.count == contents.duplicates.count)
    }
  }

  @Test func theMarkerIsStoredOverAKeyOfTheText() throws {
    let directory = try TemporaryDirectory(inMemory: true)
    let contents = MapContents(MapPairs(["@": "x", "a": "b"]), conventions: .newaliases)
    try MapBuilder().build(contents, at: directory.path("map.db"))
    let reader = try MapReader(path: directory.path("map.db"))
    #expect(try reader.storedValue(forKey: [0x40, 0]) == [0x40, 0])
    #expect(try MapComparison(contents, with: reader).agrees)
    #expect(contents.count == 2)
  }

  /// Keys that all fall into one bucket, and one key thousands of times: sorted without quadratic time.
  @Test(.timeLimit(.minutes(1))) func keysThatCollide() throws {
    var pairs = MapPairs()
    for line in 1...4000 { pairs.append(key: Array("same".utf8), value: Array("value \(line)".utf8), line: line) }
    var random = SplitMix64(seed: 12)
    for line in 4001...5000 {
      // The last byte makes the lowest eight bits of the hash 0.
      let key = Array("collides\(random.below(1 << 40))".utf8)
      let last = UInt8(truncatingIfNeeded: Self.hash(key) &* 16_777_619)
      pairs.append(key: key + [last == 0 ? 0xFF : last], value: [0x76], line: line)
    }
    for duplicates in [.keepFirst, .keepLast, .mergeNewestFirst] as [MapConventions.Duplicates] {
      let directory = try TemporaryDirectory(inMemory: true)
      let contents = MapContents(pairs, conventions: MapConventions(duplicates: duplicates))
      let statistics = try MapBuilder().build(contents, at: directory.path("map.db"))
      #expect(statistics.stored == 1001)
      let reader = try MapReader(path: directory.path("map.db"))
      #expect(try MapComparison(contents, with: reader).agrees)
      let value = try #require(try reader.value(forKey: Array("same".utf8)))
      switch duplicates {
      case .keepFirst: #expect(value == Array("value 1".utf8))
      case .keepLast: #expect(value == Array("value 4000".utf8))
      default: #expect(value.starts(with: Array("value 4000,value 3999,".utf8)))
      }
    }
  }

  /// libdb's default hash, written down a second time.
  private static func hash(_ key: [UInt8]) -> UInt32 { key.reduce(0) { ($0 &* 16_777_619) ^ UInt32($1) } }

  /// The order in which pairs are written is the order in which libdb keeps them: that is what makes it fast.
  @Test func theOrderOfTheContentsIsThatOfTheFile() throws {
    for (type, count) in [(MapType.hash, 20_000), (.btree, 5000)] {
      let table = GeneratedTable(seed: 13, count: count)
      let directory = try TemporaryDirectory(inMemory: true)
      let (contents, _, _) = try directory.build(table.pairs, .makemap, type: type)
      let reader = try MapReader(path: directory.path("map.db"))
      var keys: [[UInt8]] = []
      try reader.forEachStoredPair { key, _ in
        keys.append(key.indices.map { key[$0] })
        return true
      }
      let expected = contents.storedKeys(for: type)
      #expect(keys.count == expected.count)
      let rank = Dictionary(uniqueKeysWithValues: expected.enumerated().map { ($0.element, $0.offset) })
      let ranks = keys.compactMap { rank[$0] }
      #expect(ranks.count == expected.count)
      let jumps = zip(ranks, ranks.dropFirst()).filter { $1 != $0 + 1 }.count
      // A bucket of a hash that overflows is split in two, which takes its keys apart.
      #expect(type == .btree ? jumps == 0 : jumps < count / 50, "\(jumps) of \(count)")
    }
  }

  @Test func buildsOnlyWhereNothingIs() throws {
    let directory = try TemporaryDirectory(inMemory: true)
    try directory.write("map.db", "precious")
    let contents = MapContents(MapPairs(["a": "b"]))
    let error = #expect(throws: MapError.self) { try MapBuilder().build(contents, at: directory.path("map.db")) }
    #expect(error?.underlying?.code == .EEXIST)
    #expect(try directory.readText("map.db") == "precious")
    #expect(throws: MapError.self) { try MapBuilder().build(contents, at: directory.path("no/map.db")) }
    let dbm = MapBuilder(type: MapType(rawValue: "dbm"))
    let path = directory.path("other.db")
    #expect(throws: MapError(.unsupportedType, path: path)) { try dbm.build(contents, at: path) }
    #expect(try listDirectory(directory.path) == ["map.db"])
  }

  @Test func aBuildThatIsStoppedLeavesNothing() throws {
    let directory = try TemporaryDirectory(inMemory: true)
    let contents = MapContents(GeneratedTable(seed: 14, count: 5000).pairs)
    let path = directory.path("map.db")
    #expect(throws: MapError(.cancelled, path: path)) {
      try MapBuilder().build(contents, at: path) { $0 < 1000 }
    }
    #expect(try listDirectory(directory.path).isEmpty)
    var last = 0
    try MapBuilder().build(contents, at: path) { pairs in
      last = pairs
      return true
    }
    #expect(last == contents.count)
  }

  @Test(arguments: [("hash", MapType.hash), ("btree", .btree), ("implicit", .hash)])
  func typesHaveMakemapsNames(name: String, type: MapType) {
    #expect(MapType(makemapName: name) == type)
    #expect(MapType(makemapName: name.uppercased()) == nil)
  }

  @Test(.needs(.postmap)) func postfixReadsIt() throws {
    for includesNul in [false, true] {
      let directory = try TemporaryDirectory(inMemory: true)
      let table = GeneratedTable(seed: 15, count: 500)
      _ = try directory.build(table.pairs, MapConventions(includesNul: includesNul))
      try directory.write("main.cf", "compatibility_level = 3.6\nmail_owner = mail\nsetgid_group = daemon\n")
      let reader = try MapReader(path: directory.path("map.db"))
      for key in ["example.com1", "connect:example.com", "nowhere"] {
        let ours = try reader.value(forKey: Array(key.utf8))
        let outcome = try run(
          try Tools.postmap, ["-c", directory.path, "-q", key, "hash:\(directory.path("map"))"],
          environment: Tools.environment)
        if let ours {
          #expect(outcome.output == ours + [0x0A], "\(outcome.errorText)")
        } else {
          #expect(outcome.status == 1 && outcome.output.isEmpty, "\(outcome.errorText)")
        }
      }
      #expect(try reader.value(forKey: Array("connect:example.com".utf8)) != nil)
    }
  }
}
