import MailcfgCommands
import TestSupport
import Testing

/// Our makemap and sendmail's, given the same.
@Suite struct MakemapDifferentialTests {
  typealias Call = ProgramBatch.Call

  /// A call of either, and what it is to be compared by.
  struct Case: CustomStringConvertible {
    var options: [[UInt8]]
    var type: String
    var text: [UInt8]
    var existing: (arguments: [String], input: [UInt8])?

    var call: Call { call(text) }

    func call(_ text: [UInt8], extra: [String] = []) -> Call {
      let head = ["-C", "empty.cf"].map { Array($0.utf8) } + extra.map { Array($0.utf8) }
      return Call(head + options + [Array(type.utf8), Array("map".utf8)], input: text, existing: existing)
    }

    var description: String {
      var shown = "makemap \(options.map { printable($0) }.joined(separator: " ")) \(type)"
      if let existing { shown += " [on \(existing.arguments): \(printable(existing.input))]" }
      return shown
    }

    init(_ random: inout SplitMix64, kinds: inout Set<GeneratedMakemapInput.Kind>, flags: inout Set<String>) {
      (options, type, text) = ([], "hash", [])
      var separator: UInt8?
      func flag(_ name: String, _ argument: [UInt8]? = nil) {
        flags.insert(name)
        // Both ways to write an argument.
        if let argument, !argument.isEmpty, random.oneIn(2) {
          options.append(Array(name.utf8) + argument)
        } else {
          options.append(Array(name.utf8))
          if let argument { options.append(argument) }
        }
      }
      for name in ["-N", "-e", "-f", "-r", "-d", "-v", "-s"] where random.oneIn(4) { flag(name) }
      if random.oneIn(20) { flag("-c", Array("100000".utf8)) }
      if random.oneIn(5) {
        let byte = random.pick([0x3A, 0x3B, 0x2C, 0x7C, 0x20, 0x09, 0x61, 0xE9, 0x23] as [UInt8])
        separator = byte
        flag("-t", random.oneIn(3) ? [byte, 0x3A] : [byte])
      }
      if random.oneIn(30) { flag("-t", []) }
      if random.oneIn(6) { flag("-D", random.pick([[], [0x3B], [0x21], [0x25, 0x23], [0x61], [0xFF]])) }
      type = random.pick(["hash", "hash", "btree", "implicit"])
      if random.oneIn(6) {
        flag("-o")
        let pre = ["", "a old\nkey old\nsame old\n", "a 1\nA 2\nb 3\n"]
        var arguments: [String] = []
        for name in ["-N", "-d", "-f"] where random.oneIn(5) { arguments.append(name) }
        existing = (arguments + [type, "map"], Array(random.pick(pre).utf8))
      } else if random.oneIn(8) {
        existing = ([random.pick(["hash", "btree"]), "map"], Array("a old\nlonger gone\n".utf8))
      }
      let input = GeneratedMakemapInput(&random, separator: separator)
      kinds.formUnion(input.kinds)
      text = input.text
    }
  }

  /// What differs, or nil.
  static func difference(_ theirs: ProgramBatch.Answer, _ ours: ProgramBatch.Answer, keepsOrder: Bool) -> String? {
    if theirs.outcome.status != ours.outcome.status {
      return "status \(theirs.outcome.status), ours \(ours.outcome.status)"
    }
    let (messages, own) = (OurProgram.messages(theirs.outcome), OurProgram.messages(ours.outcome))
    if messages != own {
      let pair = zip(messages + [[]], own + [[]]).first { $0 != $1 }
      return "says \(printable(pair?.0 ?? [])), ours \(printable(pair?.1 ?? [])) (\(messages.count), \(own.count))"
    }
    if theirs.outcome.output != ours.outcome.output {
      return "prints \(printable(theirs.outcome.output)), ours \(printable(ours.outcome.output))"
    }
    func ordered(_ pairs: [DumpedMap.Pair]?) -> [DumpedMap.Pair]? {
      guard keepsOrder else { return pairs?.sorted() }
      // Values of one key in their order.
      return pairs?.enumerated().sorted { left, right in
        left.element.key == right.element.key
          ? left.offset < right.offset : left.element.key.lexicographicallyPrecedes(right.element.key)
      }.map(\.element)
    }
    if ordered(theirs.pairs) != ordered(ours.pairs) {
      return "stores \(String(describing: ordered(theirs.pairs))), ours \(String(describing: ordered(ours.pairs)))"
    }
    return nil
  }

  /// Runs both on one text.
  static func difference(_ one: Case, _ text: [UInt8], isExact: Bool) -> String? {
    var one = one
    one.text = text
    let given = isExact ? text : GeneratedMakemapInput.withoutTails(text)
    guard let theirs = try? ProgramBatch.run(.makemap, [one.call(given)]).first else { return nil }
    let call = one.call(text, extra: isExact ? ["--sendmail-exact"] : [])
    guard let ours = try? OurProgram.run(.makemap, call, before: theirs.before) else { return "ours fails" }
    return difference(theirs, ours, keepsOrder: true)
  }

  static func report(_ one: Case, isExact: Bool, _ what: String) -> String {
    let small = shrunk(one.text) { difference(one, $0, isExact: isExact) != nil }
    return "\(one)\(isExact ? " --sendmail-exact" : "")\n  \(what)\n  shrunk: \(printable(small))\n  "
      + (difference(one, small, isExact: isExact) ?? "")
  }

  @Test(.needs(.makemap, .dbDump), arguments: [1, 2])
  func doesWhatSendmailsDoes(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var kinds: Set<GeneratedMakemapInput.Kind> = []
    var flags: Set<String> = []
    var cases: [Case] = []
    for _ in 0..<700 { cases.append(Case(&random, kinds: &kinds, flags: &flags)) }
    let exact = try ProgramBatch.run(.makemap, cases.map(\.call))
    let whole = cases.indices.filter { GeneratedMakemapInput.withoutTails(cases[$0].text) != cases[$0].text }
    let repaired = try ProgramBatch.run(
      .makemap, whole.map { cases[$0].call(GeneratedMakemapInput.withoutTails(cases[$0].text)) })
    let expected = Dictionary(uniqueKeysWithValues: zip(whole, repaired))
    var said: [String: Int] = [:]
    var failures = 0
    for (number, one) in cases.enumerated() where failures < 5 {
      for isExact in [true, false] {
        let theirs = isExact ? exact[number] : expected[number] ?? exact[number]
        let ours = try OurProgram.run(
          .makemap, one.call(one.text, extra: isExact ? ["--sendmail-exact"] : []), before: theirs.before)
        if let what = Self.difference(theirs, ours, keepsOrder: true) {
          failures += 1
          Issue.record("seed \(seed), case \(number): \(Self.report(one, isExact: isExact, what))")
        }
        if isExact {
          for message in OurProgram.messages(theirs.outcome) {
            for known in Self.messages where printable(message).contains(known) { said[known, default: 0] += 1 }
          }
        }
      }
    }
    #expect(kinds.count == GeneratedMakemapInput.Kind.allCases.count, "kinds of lines that were not generated")
    #expect(flags.count == 11, "\(flags)")
    for known in Self.messages { #expect(said[known, default: 0] >= 10, "\(known)") }
    #expect(whole.count > 50)
  }

  static let messages = [
    "line too long (1024 bytes max)", "syntax error (leading space)", "no RHS for LHS", "duplicate key",
  ]

  /// A dump of the same file has the same order.
  @Test(.needs(.makemap, .dbDump)) func dumpsAsSendmailsDoes() throws {
    var random = SplitMix64(seed: 3)
    var kinds: Set<GeneratedMakemapInput.Kind> = []
    var flags: Set<String> = []
    var calls: [Call] = []
    for _ in 0..<150 {
      let one = Case(&random, kinds: &kinds, flags: &flags)
      var head = ["-C", "empty.cf", "-u"]
      if random.oneIn(3) { head += ["-t", random.pick([":", " ", "ab", ""])] }
      if random.oneIn(5) { head.append(random.pick(["-N", "-v", "-d", "-s", "-f"])) }
      let options = one.options.map { String(decoding: $0, as: UTF8.self) }
        .filter { !$0.contains("\u{FFFD}") && $0 != "-o" }
      calls.append(
        Call((head + [one.type, "map"]).map { Array($0.utf8) }, existing: (options + [one.type, "map"], one.text)))
    }
    for (call, theirs) in zip(calls, try ProgramBatch.run(.makemap, calls)) {
      let ours = try OurProgram.run(.makemap, call, before: theirs.before)
      let difference = Self.difference(theirs, ours, keepsOrder: false)
      #expect(difference == nil, "\(call.arguments.map { printable($0) }) \(difference ?? "")")
      #expect(ours.after == theirs.before)
    }
  }
}
