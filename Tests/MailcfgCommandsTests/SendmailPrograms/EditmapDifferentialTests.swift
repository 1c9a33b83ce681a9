import MailcfgCommands
import TestSupport
import Testing

/// Our editmap and sendmail's, given the same.
@Suite struct EditmapDifferentialTests {
  typealias Call = ProgramBatch.Call

  static func generate(_ random: inout SplitMix64, _ seen: inout Set<String>) -> Call {
    func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    var arguments = ["-C", "empty.cf"].map(bytes)
    func flag(_ name: String) {
      seen.insert(name)
      arguments.append(bytes(name))
    }
    let keys =
      ["a", "A", "Key", "KEY", "new", "same", "", "n0", "\u{E9}", "k k", "@x.example", "%1", "-n"].map(bytes)
      + [[0xC4, 0xE9], [UInt8](repeating: 0x6B, count: 300), [UInt8](repeating: 0x4B, count: 1500)]
    let values =
      ["v", "", "Value With Case", " x ", "\u{E9}", "-v"].map(bytes) + [[UInt8](repeating: 0x76, count: 5000)]
    let task = random.pick(["-q", "-u", "-x"])
    if random.oneIn(3) { flag("-N") }
    if random.oneIn(3) { flag("-f") }
    if !random.oneIn(25) { flag(task) }
    if random.oneIn(25) { flag(random.pick(["-q", "-u", "-x"])) }
    if random.oneIn(40) { flag(random.pick(["-z", "-v", "-C"])) }
    if random.oneIn(3) { flag("--") }
    let type = random.pick(["hash", "hash", "hash", "btree", "implicit", "HASH", "cf", "dbm"])
    var operands = [bytes(type), bytes("map"), random.pick(keys)]
    if (task == "-u") != random.oneIn(20) { operands.append(random.pick(values)) }
    if random.oneIn(30) { operands.append(bytes("more")) }
    if random.oneIn(30) { operands.removeLast() }
    var call = Call(arguments + operands)
    if !random.oneIn(6) {
      var options: [String] = []
      for name in ["-N", "-d", "-f"] where random.oneIn(4) { options.append(name) }
      let texts = [
        "", "a old\nKey Old\nsame 1\nSAME 2\n", "k k\n\u{E9} x\nk\(String(repeating: "k", count: 299)) long\n",
      ]
      let built = random.oneIn(6) ? "btree" : type == "btree" ? "btree" : "hash"
      call.existing = (["-e"] + options + [built, "map"], bytes(random.pick(texts)))
      seen.formUnion(options.map { "existing \($0)" })
    }
    seen.formUnion([type, printable(operands.last ?? [])])
    return call
  }

  static func difference(_ theirs: ProgramBatch.Answer, _ ours: ProgramBatch.Answer) -> String? {
    if let what = MakemapDifferentialTests.difference(theirs, ours, keepsOrder: true) { return what }
    // What only asks does not write.
    if theirs.before == theirs.after, theirs.before != nil, ours.before != ours.after { return "the map was written" }
    return nil
  }

  /// Runs both once more; nil where nothing differs.
  static func difference(_ call: Call) -> String? {
    guard var theirs = try? ProgramBatch.run(.editmap, [call]).first else { return nil }
    named(&theirs)
    guard let ours = try? OurProgram.run(.editmap, call, before: theirs.before) else { return "ours fails" }
    return difference(theirs, ours)
  }

  /// getopt names the program as it was called; that is seen to with the binary itself.
  private static func named(_ answer: inout ProgramBatch.Answer) {
    guard let tool = Tools.find(.editmap), answer.outcome.errors.starts(with: Array("\(tool): ".utf8)) else { return }
    answer.outcome.errors = Array("editmap".utf8) + answer.outcome.errors.dropFirst(tool.utf8.count)
  }

  /// A call that differs, with as little in its map and as few options as will do.
  static func shrunkCall(_ call: Call) -> Call {
    var call = call
    for index in call.arguments.indices.reversed() where index > 1 {
      var shorter = call
      shorter.arguments.remove(at: index)
      if difference(shorter) != nil { call = shorter }
    }
    guard let existing = call.existing else { return call }
    var smaller = call
    smaller.existing?.input = shrunk(existing.input) { [call] text in
      var tried = call
      tried.existing?.input = text
      return difference(tried) != nil
    }
    return smaller
  }

  static func shown(_ call: Call) -> String {
    let existing = call.existing.map { " on \($0.arguments) \(printable($0.input))" } ?? ""
    return "editmap \(call.arguments.map { printable($0) })\(existing)"
  }

  @Test(.needs(.editmap, .makemap, .dbDump)) func doesWhatSendmailsDoes() throws {
    var random = SplitMix64(seed: 4)
    var seen: Set<String> = []
    let calls = (0..<700).map { _ in Self.generate(&random, &seen) }
    var ends: Set<Int32> = []
    var failures = 0
    for (call, theirs) in zip(calls, try ProgramBatch.run(.editmap, calls)) where failures < 8 {
      ends.insert(theirs.outcome.status)
      var theirs = theirs
      Self.named(&theirs)
      let ours = try OurProgram.run(.editmap, call, before: theirs.before)
      if let what = Self.difference(theirs, ours) {
        failures += 1
        let small = Self.shrunkCall(call)
        Issue.record("\(Self.shown(call)): \(what)\n  shrunk: \(Self.shown(small)): \(Self.difference(small) ?? "")")
      }
    }
    #expect(ends == [0, 64, 66, 69, 73])
    for name in ["-N", "-f", "-q", "-u", "-x", "--", "-z", "existing -d", "existing -N", "existing -f", "implicit"] {
      #expect(seen.contains(name), "\(name)")
    }
  }

  /// Many changes, one after the other, leave what sendmail's leaves.
  @Test(.needs(.editmap, .makemap, .dbDump), arguments: ["hash", "btree"])
  func aMapThatIsEditedOften(type: String) throws {
    var random = SplitMix64(seed: 5)
    let theirs = try TemporaryDirectory(inMemory: true)
    let ours = try TemporaryDirectory(inMemory: true)
    for place in [theirs, ours] { try place.write("empty.cf", "") }
    var script = "cd \(theirs.path)\n"
    for _ in 0..<250 {
      let key = "\(random.pick(["k", "K", "x"]))\(random.below(40))"
      let value = "\(random.below(1000))" + String(repeating: "v", count: random.oneIn(10) ? 3000 : 5)
      var arguments = random.oneIn(3) ? ["-x", type, "map", key] : ["-u", type, "map", key, value]
      if random.oneIn(4) { arguments.insert("-N", at: 0) }
      script += "\"$1\" -C empty.cf \(arguments.joined(separator: " "))\n"
      arguments[arguments.firstIndex(of: "map") ?? 0] = ours.path("map")
      let words = ["editmap", "-C", ours.path("empty.cf")] + arguments
      let status = SendmailProgram.editmap.run(ProgramCall(words.map { Array($0.utf8) }, input: []))
      #expect(status == 0)
    }
    try run("/bin/bash", ["-c", script, "edit", try Tools.editmap], environment: Tools.environment)
    let expected = try DumpedMap(path: theirs.path("map.db")).sortedPairs
    #expect(expected.count > 20)
    #expect(try DumpedMap(path: ours.path("map.db")).sortedPairs == expected)
    #expect(try listDirectory(ours.path) == ["empty.cf", "map.db"])
  }
}
