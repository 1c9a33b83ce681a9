import SendmailConfig
import TestSupport
import Testing

@Suite("Names in aliases(5)")
struct AliasNameTests {
  /// What one text of entries becomes: the pairs, the messages, the exit status.
  struct Outcome: Equatable {
    var pairs: [[UInt8]: [UInt8]] = [:]
    var messages: [[UInt8]] = []
    var status: Int32 = 0
  }

  static let hosts = LocalHosts(
    names: ["mx", "local.example", "w"].map { Array($0.utf8) }, fullName: Array("mx.test.example".utf8))

  /// What our parser makes of lines, one entry each.
  static func read(_ lines: [[UInt8]]) -> Outcome {
    var outcome = Outcome()
    for (number, line) in lines.enumerated() {
      let name = AliasName.parse(line.span, hosts: hosts)
      func say(_ text: [UInt8]) { outcome.messages.append(Array("aliases: line \(number + 1): ".utf8) + text) }
      for message in name.messages { say(message.text) }
      if let refusal = name.refusal { say(refusal.text) }
      if outcome.status == 0 { outcome.status = name.exitStatus }
      guard let key = name.storedKey(in: line.span), let start = name.valueOffset else { continue }
      if outcome.pairs.updateValue(Array(line[start...]), forKey: key) != nil {
        say(name.duplicateWarning(in: line.span))
      }
    }
    return outcome
  }

  /// What `newaliases` makes of them.
  static func ask(_ lines: [[UInt8]]) throws -> Outcome {
    let directory = try TemporaryDirectory(inMemory: true)
    var text: [UInt8] = []
    for line in lines { text += line + [0x0A] }
    try directory.write("aliases", text)
    try directory.write("local-host-names", "local.example\nw\n")
    for map in ["access", "virtusertable", "mailertable"] { try directory.write(map, "") }
    let site = try SendmailSite(mailDirectory: directory.path)
    try directory.write("sendmail.cf", withoutFeatures(try directory.read("sendmail.cf")))
    let answer = try site.sendmail(["-bi"])
    var outcome = Outcome(status: answer.status)
    let path = Array(directory.path.utf8) + [0x2F]
    for line in answer.output.split(separator: 0x0A) {
      var line = Array(line)
      if line.starts(with: path) { line.removeFirst(path.count) }
      if line.starts(with: Array("WARNING: ".utf8)) { continue }
      if line.starts(with: Array("aliases: ".utf8)) || outcome.messages.isEmpty {
        outcome.messages.append(line)
      } else {
        // 0x8A in a message loses its eighth bit.
        outcome.messages[outcome.messages.count - 1] += [0x0A] + line
      }
    }
    outcome.messages.removeLast()
    for pair in try DumpedMap(path: directory.path("aliases.db")).pairs where pair.key != [0x40, 0] {
      outcome.pairs[pair.key.dropLast()] = pair.value.dropLast()
    }
    return outcome
  }

  static func withoutFeatures(_ text: [UInt8]) -> [UInt8] { SendmailSite.withoutFeatures(text) }

  static func line(_ random: inout SplitMix64, _ number: Int) -> [UInt8] {
    let pieces = [
      "a", "b", "foo", "Bar", "local.example", "mx", "w", "localhost", "mx.test.example", "localhost.test.example",
      "127.0.0.1", "remote.org", "UUCP", "uucp", "IPv6", "include", ":include:", "postmaster", "PostMaster", "*LOCAL*",
      "error", "local", "1", "list", "@local.example", "@localhost", "@[127.0.0.1]", "@[1.2.3.4]", "@remote.org",
      "%localhost", "%w", "@w", "!", "w!",
      " ", "\t", "\u{B}", "\r", ".", ".", "..", ":", "%", "@", "@", "!", "^", "/", "[", "]", "+", "<", ">", "(", ")",
      ",",
      ";", "\"", "\"", "\\", "\\", "|", "#", "$", "$*", "*", "=", "-", "_", "'", "`", "{", "}", "~", "?", "&", "\u{1}",
      "\u{1F}", "\u{7F}",
    ]
    func piece(_ random: inout SplitMix64) -> [UInt8] {
      switch random.below(40) {
      case 0: [UInt8(0xA0 + random.below(0x60))]
      case 1 where random.oneIn(4): [UInt8(0x80 + random.below(0x20))]
      case 2 where random.oneIn(3):
        [UInt8](repeating: random.pick([0x61, 0x3C, 0x22, 0x2E, 0x5C]), count: random.below(260))
      default: Array(random.pick(pieces).utf8)
      }
    }
    var name: [UInt8] = []
    let raw = random.oneIn(6) ? random.below(40) : 0
    let hostile = Array("aA.:@%!/[]+<>(),;\"\\ |@<>\"(\t\r\u{1}\u{7F}".utf8) + [0xE4, 0xFF]
    for _ in 0..<raw { name.append(random.pick(hostile)) }
    if raw > 0, let colon = name.firstIndex(of: 0x3A), random.oneIn(2) { name.removeSubrange(colon...) }
    for _ in 0..<(raw > 0 ? 0 : 1 + random.below(random.oneIn(4) ? 14 : 6)) {
      let inner = piece(&random)
      switch random.below(16) {
      case 0: name += [0x22] + inner + piece(&random) + [0x22]
      case 1: name += [0x3C] + inner + piece(&random) + [0x3E]
      case 2: name += [0x28] + inner + [0x29]
      case 3: name += inner + Array("@local.example".utf8)
      default: name += inner
      }
    }
    while let first = name.first, first == 0x20 || first == 9 || first == 0x23 || first == 0x0A { name.removeFirst() }
    return name + Array(": root\(number)".utf8)
  }

  @Test("The real newaliases stores the same keys and says the same", .needs(.sendmail, .dbDump), arguments: 1...8)
  func agreesWithNewaliases(seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed))
    // For a longer search than a test run allows.
    let rounds = Tools.environmentValue("MAILCFG_TEST_ROUNDS").flatMap(Int.init) ?? 500
    let lines = (0..<rounds).map { Self.line(&random, $0) }
    let (real, ours) = (try Self.ask(lines), Self.read(lines))
    if real == ours { return }
    func number(_ message: [UInt8]) -> Int {
      let digits = message.dropFirst("aliases: line ".utf8.count).prefix { $0 != 0x3A }
      return Int(String(decoding: digits, as: UTF8.self)) ?? 0
    }
    var differing: Set<Int> = []
    var said: [Int: ([[UInt8]], [[UInt8]])] = [:]
    for message in real.messages { said[number(message), default: ([], [])].0.append(message) }
    for message in ours.messages { said[number(message), default: ([], [])].1.append(message) }
    for (line, both) in said where both.0 != both.1 { differing.insert(line) }
    var report = ""
    for key in Set(real.pairs.keys).union(ours.pairs.keys) where real.pairs[key] != ours.pairs[key] {
      report +=
        "key \(printable(key)): real \(real.pairs[key].map(printable) ?? "-"), ours \(ours.pairs[key].map(printable) ?? "-")\n"
    }
    for line in differing.sorted() {
      report += "line \(line): \(line > 0 && line <= lines.count ? printable(lines[line - 1]) : "?")\n"
      for message in said[line]?.0 ?? [] { report += "  real: \(printable(message))\n" }
      for message in said[line]?.1 ?? [] { report += "  ours: \(printable(message))\n" }
    }
    Issue.record(
      "\(differing.count) of \(lines.count) lines differ; status \(real.status), ours \(ours.status)\n\(report)")
  }

  @Test("The table of the format's description")
  func table() {
    func key(_ name: String) -> String? {
      let line = Array("\(name): root".utf8)
      return AliasName.parse(line.span, hosts: Self.hosts).storedKey(in: line.span).map {
        String(decoding: $0, as: UTF8.self)
      }
    }
    for name in [
      "foo", "FOO", "foo  ", "foo\t", "foo (comment)", "(x) foo", "<foo>", "Full Name <foo>", "foo@local.example",
      "foo@localhost", "foo@[127.0.0.1]", "\"foo\"",
    ] { #expect(key(name) == "foo", "\(name)") }
    for name in ["\"foo bar\"", "foo\\ bar", "\\root", "foo+bar", "foo;bar", ".foo", "foo.", "-foo", "[foo]", "*"] {
      #expect(key(name) == name)
    }
    #expect(key("foo bar") == "foo.bar")
    #expect(key("\"a.b\"") == "a.b")
    #expect(key("foo\\") == "foo")
    #expect(key("@") == "")
    #expect(key("PostMaster") == "postmaster")
    for name in ["foo@remote.example", "foo!bar", "foo%bar", "|x", "/x", "\":include:/x\"", "", "foo, bar", "foo@"] {
      #expect(key(name) == nil, "\(name)")
    }
  }

  @Test("The value begins behind the first colon, whatever it stands in")
  func valueOffset() {
    let line = Array("\"a:b\": root".utf8)
    let name = AliasName.parse(line.span)
    #expect(name.storedKey(in: line.span) == Array("a:b".utf8))
    #expect(name.valueOffset == 3)
    #expect(name.nameEnd == 5)
    #expect(AliasName.parse(Array("foo:  \troot".utf8)[...]).valueOffset == 7)
    #expect(AliasName.parse(Array("foo".utf8)[...]).refusal?.code == .missingColon)
  }

  @Test("The first status recorded is the one that newaliases ends with")
  func exitStatus() {
    func status(_ line: String) -> Int32 { AliasName.parse(Array(line.utf8)[...], hosts: Self.hosts).exitStatus }
    #expect(status("foo: root") == 0)
    #expect(status("\"foo: root") == 0)
    #expect(status("foo@remote.example: root") == 70)
    #expect(status(": root") == 70)
    #expect(status("@local.example: root") == 64)
    #expect(status("foo@.example: root") == 68)
    #expect(AliasName.parse([0xC3, 0x84, 0x3A, 0x78][...]).exitStatus == 64)
  }

  @Test("Limits of length", .needs(.sendmail, .dbDump))
  func limits() throws {
    func name(_ length: Int) -> [UInt8] { [UInt8](repeating: 0x61, count: length) + Array(": root".utf8) }
    var lines: [[UInt8]] = []
    for length in [1, 39, 40, 41, 100, 101, 201, 202, 203, 204, 254, 255, 256, 257, 258, 700, 1250, 1251, 1252, 1300] {
      lines.append(name(length))
      lines.append(Array("\"b".utf8) + name(length))
      lines.append(Array("c(".utf8) + name(length).dropLast(6) + Array("): root".utf8))
      lines.append(Array("d <".utf8) + name(length).dropLast(6) + Array(">: root".utf8))
    }
    for count in [100, 101, 254, 255, 256, 600, 700] {
      lines.append([UInt8](repeating: 0x2E, count: count) + Array(": root".utf8))
      lines.append(Array("a<".utf8) + [UInt8](repeating: 0x2C, count: count) + Array(">: root".utf8))
      lines.append([UInt8](repeating: 0x85, count: count) + Array(": root".utf8))
    }
    #expect(try Self.ask(lines) == Self.read(lines))
  }

  @Test("A spelling stores its key", .needs(.sendmail, .dbDump), arguments: 1...4)
  func spelling(seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed))
    let pieces = [
      "a", "B", "foo", "1", ".", "+", "-", "_", "*", "#", "=", "~", " ", "\t", "\"", "(", ")", "<", ">", "@", "%", "!",
      "/", "|", ",", ";", ":", "\\", "[", "]", "^", "include", "\u{1}", "\u{B}", "é", "ü", "Ä", "'", "`", "?",
    ]
    var expected: [[UInt8]: [UInt8]] = [:]
    var refused: Set<[UInt8]> = []
    var lines: [[UInt8]] = []
    for number in 0..<600 {
      var key = random.text(of: pieces, count: 1 + random.below(5)) + Array("\(number)".utf8)
      if random.oneIn(4) { key += random.text(of: pieces, count: 1) }
      if random.oneIn(5) { key = [0x22] + key + [0x22] }
      if random.oneIn(50) { key += [UInt8](repeating: 0x78, count: 245 + random.below(12)) }
      let folded = key.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
      let value = Array("root\(number)".utf8)
      do {
        lines.append(try AliasName.spelling(for: key, hosts: Self.hosts) + Array(": ".utf8) + value)
        expected[folded] = value
      } catch {
        if error == .changed || error == .nonLocal {
          refused.insert(folded)
          for line in [key, [0x22] + key + [0x22]] where ![0x20, 0x09, 0x23].contains(line[0]) {
            lines.append(line + Array(": x".utf8))
          }
        }
      }
    }
    let pairs = try Self.ask(lines).pairs
    for (key, value) in expected { #expect(pairs[key] == value, "\(printable(key))") }
    for key in refused { #expect(pairs[key] == nil, "\(printable(key))") }
    #expect(expected.count > 100)
    #expect(refused.count > 20)
  }

  @Test("What cannot be stored has a reason")
  func unstorable() {
    func reason(_ key: String) -> UnstorableAliasName? {
      do throws(UnstorableAliasName) {
        _ = try AliasName.spelling(for: Array(key.utf8), hosts: Self.hosts)
        return nil
      } catch { return error }
    }
    #expect(reason("sales") == nil)
    #expect(reason("\"foo bar\"") == nil)
    #expect(reason("#1") == nil)
    #expect(reason("") == .empty)
    #expect(reason(String(repeating: "x", count: 256)) == .tooLong)
    #expect(reason("a\nb") == .controlByte)
    #expect(reason("a\0") == .controlByte)
    #expect(reason("Ä") == .eightBitByte)
    #expect(reason("a:b") == .colon)
    #expect(reason("\\root") == .backslash)
    #expect(reason("a@remote.example") == .nonLocal)
    #expect(reason("|x") == .nonLocal)
    #expect(reason("foo bar") == .changed)
    #expect(reason("@") == .changed)
  }
}
