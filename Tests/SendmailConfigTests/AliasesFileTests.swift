import TestSupport
import Testing

@testable import SendmailConfig

/// What newaliases would store of the pairs: keys folded, the last of each, NUL behind both, and the marker.
func storedAliases(_ pairs: MapPairs) -> [DumpedMap.Pair] {
  var last: [[UInt8]: [UInt8]] = [Array("@".utf8): Array("@".utf8)]
  for pair in pairs.pairs where pairs.key(pair) != [0x40] {
    last[ByteString(pairs.key(pair)).folded.bytes] = Array(pairs.value(pair))
  }
  return last.map { DumpedMap.Pair(key: $0 + [0], value: $1 + [0]) }.sorted()
}

private func hostileAliases(_ random: inout SplitMix64, count: Int) -> [UInt8] {
  let pieces = [
    "\n", "\n", "\r\n", "\n\n", "\n ", "\n\t", "\\\n", "\\", "\\\\\n", " ", "\t", "#", "\n# note", ":", ": ", ",", ", ",
    "a", "foo",
    "FOO", "bar: root\n", "list: a, b,\n\tc\n", "\"", "(", ")", "<", ">", "@", "@local.example", "root", "ä", "É",
    "\u{B}",
    "|/bin/x", "/tmp/x", ":include:/x", ";", "+d", ".", "\nx: y", "\nzz: root", "\n  stray", "a b",
  ]
  return random.text(of: pieces, count: count)
}

@Suite struct AliasesFileTests {
  /// The same pairs as newaliases, over files that join, swallow and cut lines in every way.
  @Test(.needs(.sendmail, .dbDump)) func pairsAreNewaliases() throws {
    var random = SplitMix64(seed: 11)
    var withPairs = 0
    for _ in 0..<250 {
      let bytes = hostileAliases(&random, count: random.below(60))
      let file = AliasesFile(bytes, hosts: LocalHosts(names: [Array("local.example".utf8)]))
      let answer = try Oracle.newaliases(bytes)
      let ours = storedAliases(file.pairs)
      #expect(ours == answer.pairs, "\(printable(bytes))\n\(answer.messages)")
      withPairs += ours.count > 2 ? 1 : 0
      #expect(file.text.bytes == bytes)
    }
    #expect(withPairs > 80)
  }

  @Test(.needs(.sendmail, .dbDump)) func NULBytes() throws {
    var random = SplitMix64(seed: 12)
    for _ in 0..<100 {
      var bytes = hostileAliases(&random, count: random.below(40))
      for _ in 0..<(1 + random.below(2)) { bytes.insert(0, at: random.below(bytes.count + 1)) }
      let file = AliasesFile(bytes, hosts: LocalHosts(names: [Array("local.example".utf8)]))
      let answer = try Oracle.newaliases(bytes)
      #expect(storedAliases(file.pairs) == answer.pairs, "\(printable(bytes))\n\(answer.messages)")
    }
  }

  @Test(.needs(.sendmail, .dbDump)) func longLines() throws {
    for count in [8186, 8187, 8188, 8189, 8190, 8191] {
      let long = "long: " + String(repeating: "x", count: count - 6)
      for text in [
        long, long + "\n", long + "\nnext: root\n", long + "\n cont,\nnext: root\n", long + "\\\nnext: root\n",
      ] {
        let file = AliasesFile(Array(text.utf8))
        // Here the first byte that does not fit is a blank, and the real newaliases never ends.
        if count == 8186, text.hasSuffix("\\\nnext: root\n") {
          #expect(file.aliases.isEmpty)
          continue
        }
        let answer = try Oracle.newaliases(Array(text.utf8))
        #expect(storedAliases(file.pairs) == answer.pairs, "\(count) \(text.suffix(20))")
      }
    }
  }

  private func edit(_ text: String, _ body: (inout AliasesFile) throws -> Void) throws -> String {
    var file = AliasesFile(Array(text.utf8))
    try body(&file)
    return String(decoding: file.text.bytes, as: UTF8.self)
  }

  /// What is added and what is replaced is the alias that was named, not the one that sendmail makes of the name.
  @Test(arguments: ["b9\r", "b9;", "\u{B}b9", "<b9>", "b9 (c)"]) func anotherSpellingOfAName(name: String) throws {
    var file = AliasesFile(Array("b9: root\n".utf8))
    #expect(throws: EditError.self) { try file.set(ByteString(name), to: ["anna"]) }
    #expect(throws: EditError.self) { try file.add(ByteString(name), to: ["anna"]) }
    #expect(file.text.bytes == Array("b9: root\n".utf8))
  }

  @Test func listsKeepTheirShape() throws {
    let list = "# team\nteam: anna,\n\tbernd,\n\tcarla\nother:\troot\n"
    #expect(
      try edit(list) { try $0.add("TEAM", to: ["dora"]) }
        == "# team\nteam: anna,\n\tbernd,\n\tcarla,\n\tdora\nother:\troot\n")
    #expect(try edit(list) { try $0.drop(["bernd"], from: "team") } == "# team\nteam: anna,\n\tcarla\nother:\troot\n")
    #expect(try edit(list) { try $0.drop(["anna"], from: "team") } == "# team\nteam: bernd,\n\tcarla\nother:\troot\n")
    #expect(try edit(list) { try $0.drop(["carla"], from: "team") } == "# team\nteam: anna,\n\tbernd\nother:\troot\n")
    #expect(try edit(list) { try $0.set("team", to: ["x", "y"]) } == "# team\nteam: x,\n\ty\nother:\troot\n")
    #expect(try edit(list) { $0.remove("team") } == "# team\nother:\troot\n")
    #expect(try edit("a: b\n") { try $0.add("a", to: ["c"]) } == "a: b, c\n")
    #expect(try edit("a:\tb,c\n") { try $0.add("a", to: ["d"]) } == "a:\tb,c,d\n")
    #expect(try edit("a:b") { try $0.add("new", to: ["c"]) } == "a:b\nnew:c\n")
    #expect(try edit("a: b,\n") { try $0.add("a", to: ["c"]) } == "a: b, c,\n")
  }

  @Test func idempotence() throws {
    var file = AliasesFile(Array("a: root, Anna@Example.ORG\n".utf8))
    #expect(try file.add("a", to: ["ROOT", "Anna@example.org"]) == .unchanged(line: 1))
    #expect(try file.drop(["nobody"], from: "a") == .unchanged(line: 1))
    #expect(try file.add("a", to: ["roo"]) == .replaced(line: 1))
    #expect(file.remove("none") == .unchanged(line: 0))
  }

  @Test func lastWins() throws {
    let text = "a: one\nA: two\n"
    #expect(AliasesFile(Array(text.utf8)).alias(named: "a")?.value == "two")
    #expect(try edit(text) { try $0.set("a", to: ["three"]) } == "a: one\nA: three\n")
    #expect(try edit(text) { $0.remove("a") } == "")
  }

  @Test(arguments: [
    "|/bin/sh", "\"|/bin/sh -c x\"", "/var/mail/x", ":include:/x", "\"/x y\"", ":INCLUDE: /x", "a,b", "", " ",
    "a\nb: c", "a\\",
    "a # b", "a\u{0}b", "\"a", "(a", "a\rb", "|\"/bin/x y\"",
  ])
  func refusedDestinations(destination: String) {
    let text = "a: b\n"
    var file = AliasesFile(Array(text.utf8))
    #expect(throws: EditError.self) { try file.add("a", to: [ByteString(destination)]) }
    #expect(throws: EditError.self) { try file.set("new", to: [ByteString(destination)]) }
    #expect(file.text.bytes == Array(text.utf8))
  }

  @Test(arguments: [
    "", "a:b", "# a", " a", "a\nb", "|x", "/x", ":include:/x", "a@elsewhere.example", "\\root", "a b", "a,b", "\"a",
    "(a)", "<a",
  ])
  func refusedNames(name: String) {
    var file = AliasesFile(Array("a: b\n".utf8))
    #expect(throws: EditError.self) { try file.set(ByteString(name), to: ["root"]) }
    #expect(file.text.bytes == Array("a: b\n".utf8))
  }

  @Test func allowedDestinations() throws {
    var file = AliasesFile()
    try file.set("a", to: ["\"|/bin/x -v\""], allowing: .programs)
    try file.set("b", to: ["/var/mail/x"], allowing: .files)
    try file.set("c", to: [":include:/x"], allowing: .includes)
    #expect(throws: EditError.self) { try file.set("d", to: ["|/bin/x"], allowing: [.files, .includes]) }
    #expect(file.aliases.map(\.name) == ["a", "b", "c"])
  }

  /// Whatever is asked for, newaliases finds the old aliases and that one, or it is refused and nothing changes.
  @Test(.needs(.sendmail, .dbDump)) func noInjection() throws {
    var random = SplitMix64(seed: 13)
    var accepted = 0
    for _ in 0..<150 {
      let bytes = hostileAliases(&random, count: random.below(30))
      var file = AliasesFile(bytes, hosts: LocalHosts(names: [Array("local.example".utf8)]))
      let before = storedAliases(file.pairs)
      let name = random.oneIn(2) ? "new" : "foo"
      let destination = random.oneIn(3) ? ByteString(hostileAliases(&random, count: 2)) : "anna"
      let key = Array((name + "\u{0}").utf8)
      do throws(EditError) {
        if random.oneIn(2) {
          try file.add(ByteString(name), to: [destination])
        } else {
          try file.set(ByteString(name), to: [destination])
        }
        accepted += 1
        let answer = (try? Oracle.newaliases(file.text.bytes))?.pairs ?? []
        #expect(
          answer.filter { $0.key != key } == before.filter { $0.key != key },
          "\(printable(bytes)) => \(printable(file.text.bytes))")
        let value = answer.first { $0.key == key }?.value.dropLast() ?? []
        #expect(AliasDestination.parse(Array(value).span).contains { $0.text == destination.bytes })
      } catch {
        #expect(file.text.bytes == bytes)
      }
    }
    #expect(accepted > 60)
  }
}
