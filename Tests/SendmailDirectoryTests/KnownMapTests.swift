import Glibc
import SendmailConfig
import SystemSupport
import TestSupport
import Testing

@testable import SendmailDirectory

/// Maps that are amended because what they hold is known: they hold what the real makemap makes of the text, whatever was done
/// to the files in between.
@Suite struct KnownMapTests {
  private static let stateName = ".mailcfg.state"

  /// A mail directory that somebody works on, by turns with mailcfg, by hand and with sendmail's tools.
  private struct Trial {
    var random: SplitMix64
    var directory: TemporaryDirectory
    var log: [String] = []
    /// How many changes were made by amending the map, and how many otherwise.
    var amended = 0
    var rebuilt = 0
    /// Files of before.
    var saved: [[String: [UInt8]]] = []

    var mail: MailDirectory { get throws { try MailDirectory(directory.path) } }

    init(seed: UInt64) throws {
      random = SplitMix64(seed: seed)
      directory = try TemporaryDirectory()
      var text: [UInt8] = []
      for number in 0..<200 { text += Array("Connect:10.\(number % 16).\(number / 16)\tRELAY\n".utf8) }
      try directory.write("access", text)
      try mail.build()
    }

    mutating func key() -> ByteString {
      let tag = random.pick(["Connect:", "connect:", "CONNECT:", "From:", ""])
      return ByteString("\(tag)10.\(random.below(16)).\(random.below(14))")
    }

    /// A change through the library, of one entry or of several, that may take back what it did.
    mutating func change() throws {
      var edits: [(inout MailTables) throws -> Void] = []
      for _ in 0..<(random.oneIn(3) ? 1 + random.below(5) : 1) {
        let (key, other) = (key(), key())
        switch random.below(6) {
        case 0, 1:
          let value = ByteString(random.pick(["RELAY", "OK", "REJECT", "ERROR:5.7.1:550 no  "]))
          log.append("set \(key)")
          edits.append { try $0.access.set(value, for: key) }
        case 2:
          log.append("remove \(key)")
          edits.append { $0.access.remove(key) }
        case 3:
          log.append("remove and add \(key)")
          edits.append {
            $0.access.remove(key)
            try $0.access.set("DISCARD", for: key)
          }
        case 4:
          let client = "10.\(random.below(16)).\(random.below(14)).0/\(random.pick([23, 24]))"
          guard (try? RelayClient(client)) != nil else { continue }
          log.append("allow \(client)")
          edits.append { try $0.access.allowRelay(from: client, note: "a note") }
        default:
          log.append("remove \(key), \(other)")
          edits.append {
            $0.access.remove(key)
            $0.access.remove(other)
          }
        }
      }
      let change = try mail.change(to: [.access]) { tables in for edit in edits { try edit(&tables) } }
      guard let map = change.maps.first, map.isRebuilt else { return }
      if map.isAmended { amended += 1 } else { rebuilt += 1 }
      log.append(map.isAmended ? "  amended" : "  rebuilt")
      // What is told is what building from nothing tells.
      let whole = try mail.build([.access], force: true, options: .init(isDryRun: true))
      #expect(change.findings.map(\.finding) == whole.findings.map(\.finding), "\(history)")
      #expect(map.entries == whole.maps[0].entries, "\(history)")
    }

    /// An edit by hand.
    mutating func edit() throws {
      var lines = try directory.read("access").split(separator: 0x0A, omittingEmptySubsequences: false).map {
        Array($0)
      }
      let line = Array("\(key())\tBY HAND \(random.below(10))".utf8)
      let place = random.below(lines.count)
      let bad = ["\tindented x", "novalue", "# a comment", "with\0nul x", "windows line\r"].map { Array($0.utf8) }
      switch random.below(6) {
      case 0: lines.remove(at: place)
      case 1: lines.insert(random.pick(bad), at: place)
      case 2: lines[place] = line
      case 3: if lines.last == [] { lines.removeLast() } else { lines.append([]) }
      case 4: lines.removeAll { bad.contains($0) }
      default: lines.insert(line, at: place)
      }
      log.append("by hand")
      let modified = try status("access").st_mtim
      try directory.write("access", Array(lines.joined(separator: [0x0A])))
      // Within the same second, or by a tool that keeps times.
      if random.oneIn(2) {
        #expect(unsafe utimensat(AT_FDCWD, directory.path("access"), [modified, modified], 0) == 0)
      }
      if random.oneIn(2) { try change() }
    }

    /// The real makemap, which rewrites the map in place.
    mutating func makemap() throws {
      log.append("makemap")
      try directory.write("empty.cf", "")
      let outcome = try run(
        try Tools.makemap, ["-C", directory.path("empty.cf"), "hash", directory.path("access")],
        input: try directory.read("access"), environment: Tools.environment)
      try #require(outcome.status == 0 || outcome.status == 65)
      try change()
    }

    /// Another text, map or state of before, in any combination, or what a crash leaves of a state.
    mutating func bringBack() throws {
      let old = saved.isEmpty ? [:] : random.pick(saved)
      for name in ["access", "access.db", KnownMapTests.stateName] where random.oneIn(2) {
        guard let bytes = old[name] else { continue }
        log.append("back: \(name)")
        try directory.write(name, bytes, mode: 0o600)
      }
      if random.oneIn(4), let state = try? directory.read(KnownMapTests.stateName) {
        log.append("torn state")
        try directory.write(KnownMapTests.stateName, Array(state[..<random.below(state.count + 1)]), mode: 0o600)
      }
      if random.oneIn(8) {
        log.append("no state")
        unsafe unlink(directory.path(KnownMapTests.stateName))
      }
      try change()
    }

    /// The whole directory copied elsewhere, where it goes on.
    mutating func move() throws {
      log.append("copied")
      let copy = try TemporaryDirectory()
      _ = try run("cp", ["-a", directory.path + "/.", copy.path])
      directory = copy
      try change()
    }

    func status(_ name: String) throws -> stat {
      var info = stat()
      guard unsafe lstat(directory.path(name), &info) == 0 else { throw TestSupportError("lstat", errno: errno) }
      return info
    }

    var history: String { log.suffix(12).joined(separator: "\n") }

    /// The map against what the real makemap makes of the text.
    mutating func check() throws {
      let change = try mail.build([.access])
      if change.maps[0].isRebuilt { log.append("  built") }
      #expect(try directory.pairs("access.db") == Oracle.makemap(directory.read("access")).pairs, "\(history)")
      guard random.oneIn(4) else { return }
      var files: [String: [UInt8]] = [:]
      for name in ["access", "access.db", KnownMapTests.stateName] { files[name] = try? directory.read(name) }
      saved.append(files)
    }
  }

  @Test(.needs(.makemap, .dbDump), arguments: [1, 2, 3] as [UInt64])
  func theMapIsWhatMakemapMakes(seed: UInt64) throws {
    var trial = try Trial(seed: seed)
    for _ in 0..<80 {
      switch trial.random.below(16) {
      case 0: try trial.edit()
      case 1: try trial.makemap()
      case 2: try trial.bringBack()
      case 3: try trial.move()
      default: try trial.change()
      }
      // Not after each: changes on top of changes count too.
      if trial.random.oneIn(2) { try trial.check() }
    }
    try trial.check()
    // Most changes, by far, take the short way.
    #expect(trial.amended > 2 * trial.rebuilt && trial.rebuilt > 3, "\(trial.amended) \(trial.rebuilt)")
  }

  /// Aliases: the last of a name counts, records end in NUL, the marker stays, edits join and part lines.
  @Test(.needs(.sendmail, .dbDump), .needsNamespaces) func theAliasMapIsWhatNewaliasesMakes() throws {
    let directory = try TemporaryDirectory()
    try directory.write(
      "aliases", (0..<60).map { "user\($0): a, b\(String(repeating: "x", count: $0 * 30))\n" }.joined())
    var random = SplitMix64(seed: 4)
    try MailDirectory(directory.path).build([.alias])
    var amended = 0
    for round in 0..<40 {
      let name = ByteString("user\(random.below(80))")
      if random.oneIn(6) {
        let more = random.pick(["User7: last\n", "\tc, d\n", "user9:\n  e,\n  f\n", "# swallows\\\n", "@: at\n"])
        try directory.write("aliases", try directory.read("aliases") + Array(more.utf8))
      }
      let change = try MailDirectory(directory.path).change(to: [.alias]) { tables in
        switch random.below(4) {
        case 0: tables.aliases.remove(name)
        case 1: try tables.aliases.set(name, to: [ByteString("new\(round)")])
        default: try tables.aliases.add(name, to: [ByteString("more\(round)"), "and"])
        }
      }
      if change.maps.first?.isAmended ?? false { amended += 1 }
      guard change.isChange else { continue }
      let expected = try Oracle.newaliases(directory.read("aliases"), hostNames: []).pairs
      #expect(try directory.pairs("aliases.db") == expected, "round \(round), \(name)")
    }
    #expect(amended > 20)
  }

  /// A duplicate that wins goes, and the other one counts; one is added, and it is told.
  @Test func keysThatStandTwice() throws {
    let directory = try TemporaryDirectory()
    try directory.write("access", (0..<40).map { "k\($0) v\n" }.joined() + "twice first\nTWICE second\n")
    let mail = try MailDirectory(directory.path)
    try mail.build()
    func change(_ edit: (inout MailTables) throws -> Void) throws -> MailChange {
      let change = try mail.change(to: [.access], edit)
      #expect(change.maps.map(\.isAmended) == [true])
      return change
    }
    let told = try change { try $0.access.set("new", for: "other") }
    #expect(told.findings.map(\.finding.line) == [42])
    #expect(told.maps.map(\.entries) == [42])
    _ = try change { $0.access.table.removeLines([40]) }
    #expect(try mail.lookup(["twice"], in: .access) == ["second"])
    let again = try change { $0.access.table.append(comment: Array("Other third\n".utf8)) }
    #expect(try mail.lookup(["other"], in: .access) == ["new"])
    #expect(again.findings.map(\.finding.code) == [.tableDuplicate])
    #expect(try mail.build().findings.map(\.finding.code) == [.tableDuplicate])
  }

  /// A state is whole, or it says nothing; it comes out as it went in.
  @Test func aTornStateSaysNothing() throws {
    var state = KnownMaps()
    func contents(_ size: Int) -> KnownMaps.Contents {
      KnownMaps.Contents(size: size, fingerprint: Fingerprint([UInt8](repeating: 1, count: size).span, key: state.key))
    }
    for table in [MailTable.access, .alias] {
      state.records[table] = KnownMaps.Record(
        rules: contents(3).fingerprint, text: contents(1000), map: contents(0), entries: 12,
        twice: [[0x00, 0xFF], Array("a b".utf8)])
    }
    let bytes = state.bytes
    let read = try #require(KnownMaps(parsing: bytes))
    #expect(read.key == state.key)
    #expect(read.records == state.records)
    for length in 0..<bytes.count { #expect(KnownMaps(parsing: Array(bytes[..<length])) == nil) }
    for index in bytes.indices {
      var other = bytes
      other[index] ^= 1
      #expect(KnownMaps(parsing: other) == nil)
    }
  }

  /// Another process than the one that knows, as it is for the next user: a state of another's is not believed.
  @Test func aStateThatOthersCanReadIsNotBelieved() throws {
    let directory = try TemporaryDirectory()
    try directory.write("access", (0..<40).map { "k\($0) v\n" }.joined())
    let mail = try MailDirectory(directory.path)
    try mail.build()
    #expect(unsafe chmod(directory.path(Self.stateName), 0o644) == 0)
    let change = try mail.change(to: [.access]) { try $0.access.set("new", for: "other") }
    #expect(change.maps.map(\.isAmended) == [false])
    let next = try mail.change(to: [.access]) { try $0.access.set("new", for: "third") }
    #expect(next.maps.map(\.isAmended) == [true])
  }

  /// Damage in a map that is not where the state says it is whole leads to a new one, and nothing is written for nothing.
  @Test func aMapThatIsNotTheKnownOneIsBuiltAnew() throws {
    let directory = try TemporaryDirectory()
    try directory.write("access", (0..<4000).map { "key\($0) value\($0)\n" }.joined())
    let mail = try MailDirectory(directory.path)
    try mail.build()
    let good = try directory.read("access.db")
    var random = SplitMix64(seed: 9)
    for _ in 0..<12 {
      var bad = good
      bad[4096 + random.below(bad.count - 4096)] ^= 0x10
      try directory.write("access.db", bad)
      let key = ByteString("new\(random.below(1000))")
      let change = try mail.change(to: [.access]) { try $0.access.set("x", for: key) }
      #expect(change.maps.map(\.isAmended) == [false])
      #expect(try mail.status().first { $0.table == .access }?.agrees == true)
      try mail.change(to: [.access]) { $0.access.remove(key) }
    }
    let before = try directory.files()
    #expect(try mail.build().isChange == false)
    #expect(try directory.files() == before)
  }
}
