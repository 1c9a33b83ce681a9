import BerkeleyDB
import SendmailConfig
import SendmailMaps
import TestSupport
import Testing

@Suite struct MapReaderTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test func findsKeysInEitherForm() throws {
    for includesNul in [false, true] {
      let directory = try TemporaryDirectory(inMemory: true)
      let contents = MapContents(
        MapPairs(["Key": "Value", "b": ""]), conventions: MapConventions(includesNul: includesNul))
      try MapBuilder().build(contents, at: directory.path("map.db"))
      let reader = try MapReader(path: directory.path("map.db"))
      #expect(try reader.value(forKey: bytes("nothing")) == nil)
      #expect(reader.keyForm == .either)
      #expect(try reader.value(forKey: bytes("KEY")) == bytes("Value"))
      #expect(reader.keyForm == (includesNul ? .nulTerminated : .plain))
      #expect(try reader.value(forKey: bytes("b")) == [])
      #expect(try reader.storedValue(forKey: bytes("key") + (includesNul ? [0] : [])) != nil)
      #expect(try reader.storedValue(forKey: bytes("key") + (includesNul ? [] : [0])) == nil)
      let unfolded = try MapReader(path: directory.path("map.db"), foldsCase: false)
      #expect(try unfolded.value(forKey: bytes("Key")) == nil)
      #expect(try unfolded.value(forKey: bytes("key")) == bytes("Value"))
      let wrongForm = try MapReader(
        path: directory.path("map.db"), keyForm: includesNul ? .plain : .nulTerminated)
      #expect(try wrongForm.value(forKey: bytes("key")) == nil)
    }
  }

  /// A map made with `makemap` and added to with `makemap -o -N`: sendmail itself says what it finds, in two orders.
  @Test(.needs(.sendmail, .makemap), .needsNamespaces, arguments: [["plain", "nul"], ["nul", "plain", "nul"]])
  func theFirstFormThatHitsIsKept(keys: [String]) throws {
    let directory = try TemporaryDirectory()
    let site = try SendmailSite(mailDirectory: directory.path)
    try directory.write("empty.cf", "")
    for (options, text) in [([], "plain P\nboth B\n"), (["-o", "-N"], "nul N\n")] as [([String], String)] {
      let outcome = try run(
        try Tools.makemap, ["-C", directory.path("empty.cf")] + options + ["hash", directory.path("access")],
        input: bytes(text), environment: Tools.environment)
      try #require(outcome.status == 0, "\(outcome.errorText)")
    }
    let reader = try MapReader(path: directory.path("access.db"))
    let asked = keys + ["both", "none"]
    let ours = try asked.map { try reader.value(forKey: bytes($0)).map { String(decoding: $0, as: UTF8.self) } }
    #expect(try site.lookUp(asked, in: "access") == ours)
    #expect(try reader.summary().mixesForms)
  }

  @Test(.needs(.sendmail, .makemap), .needsNamespaces) func longKeysAreCutAsSendmailCutsThem() throws {
    let directory = try TemporaryDirectory()
    let site = try SendmailSite(mailDirectory: directory.path)
    let keys = [255, 256, 257, 300].map { String(repeating: "k", count: $0) }
    var pairs = MapPairs()
    for (index, key) in keys.enumerated() { pairs.append(key: bytes(key), value: bytes("v\(index)"), line: index + 1) }
    try MapBuilder().build(MapContents(pairs), at: directory.path("access.db"))
    let reader = try MapReader(path: directory.path("access.db"))
    let ours = try keys.map { try reader.value(forKey: bytes($0)).map { String(decoding: $0, as: UTF8.self) } }
    #expect(try site.lookUp(keys, in: "access") == ours)
    #expect(ours[3] == "v1")
  }

  @Test func iteratesTheTextsPairs() throws {
    let directory = try TemporaryDirectory(inMemory: true)
    let contents = MapContents(MapPairs(["root": "a", "ROOT": "b", "x": "y, z"]), conventions: .newaliases)
    try MapBuilder().build(contents, at: directory.path("map.db"))
    let reader = try MapReader(path: directory.path("map.db"), type: .hash)
    var seen: [String: String] = [:]
    try reader.forEachPair { key, value in
      seen[String(decoding: key.indices.map { key[$0] }, as: UTF8.self)] =
        String(decoding: value.indices.map { value[$0] }, as: UTF8.self)
      return true
    }
    #expect(seen == ["root": "b", "x": "y, z"])
    let summary = try reader.summary()
    #expect(summary.entries == 2)
    #expect(summary.nulTerminated == 3)
    #expect(summary.hasMarker)
    #expect(!summary.mixesForms)
    #expect(reader.type == .hash)
  }

  @Test func wrongFilesAreErrors() throws {
    let directory = try TemporaryDirectory(inMemory: true)
    try directory.write("text.db", "# a text\nx y\n")
    try directory.write("empty.db", "")
    let path = directory.path("map.db")
    try MapBuilder(type: .btree).build(MapContents(MapPairs(["a": "b"])), at: path)
    #expect(throws: MapError.self) { try MapReader(path: path, type: .hash) }
    for name in ["text.db", "empty.db", "none.db"] {
      let error = #expect(throws: MapError.self) { try MapReader(path: directory.path(name)) }
      #expect(error?.code == .database)
      #expect(error?.path == directory.path(name))
      #expect(error?.message.isEmpty == false)
    }
    var damaged = try directory.read("map.db")
    for offset in 4096 + 20..<4096 + 30 { damaged[offset] ^= 0xFF }
    try directory.write("map.db", damaged)
    let error = #expect(throws: MapError.self) { try MapReader(path: path) }
    #expect(error?.underlying?.code == .DB_VERIFY_BAD)
  }
}
