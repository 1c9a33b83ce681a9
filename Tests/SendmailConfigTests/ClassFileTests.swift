import TestSupport
import Testing

@testable import SendmailConfig

@Suite struct ClassFileTests {
  private func words(_ text: String, _ format: ClassFileFormat = .firstWord) -> [String] {
    ClassFile(Array(text.utf8), format: format, purpose: .words).members.map(\.word.description)
  }

  private func codes(
    _ text: String, _ format: ClassFileFormat = .firstWord, _ purpose: ClassFile.Purpose = .localHosts
  ) -> [String] {
    ClassFile(Array(text.utf8), format: format, purpose: purpose).diagnostics.map {
      "\($0.line):\($0.column) \($0.code.rawValue)"
    }
  }

  // MARK: Reading

  @Test func aHostileFormatInAMessage() {
    var file = ClassFile(format: ClassFileFormat("%*d%s\n\u{1B}x"))
    let error = #expect(throws: EditError.self) { try file.add("1.example") }
    #expect(error.map { !$0.message.utf8.contains { $0 < 0x20 } } == true)
  }

  @Test func twoFormats() {
    let text = "one two\n\tthree\nfour # x\nfive#5\n  # indented\n# comment\n\nSIX.Example\r\nlast"
    #expect(words(text) == ["one", "three", "four", "five#5", "#", "SIX.Example", "last"])
    #expect(words(text, .beforeNumberSign) == ["one", "two", "three", "four", "five", "SIX.Example", "last"])
  }

  @Test func memberPlaces() {
    let file = ClassFile(Array("# c\n\tb  a.example\n".utf8), format: .beforeNumberSign)
    #expect(
      file.members == [
        ClassMember(line: 2, column: 2, word: "b"), ClassMember(line: 2, column: 5, word: "a.example"),
      ])
    #expect(file.contains("A.Example"))
    #expect(!file.contains("a.exampl"))
    #expect(!file.contains("x.a.example"))
  }

  @Test(arguments: [
    ("%s %s", ClassFileFormat.Defect.severalConversions), ("%d", .unsupportedConversion(0x64)),
    ("%c", .unsupportedConversion(0x63)), ("%*s", .noConversion), ("x", .noConversion),
  ])
  func uselessFormat(_ format: String, _ defect: ClassFileFormat.Defect) {
    #expect(ClassFileFormat(ByteString(format)).defect == defect)
    #expect(words("a b\n", ClassFileFormat(ByteString(format))) == [])
    #expect(codes("a\n", ClassFileFormat(ByteString(format))).first == "1:1 class.format")
  }

  @Test func roundTrip() {
    var random = SplitMix64(seed: 41)
    for _ in 0..<2000 {
      let bytes = Self.hostile(&random, lines: 12)
      #expect(ClassFile(bytes).text.bytes == bytes)
    }
  }

  // MARK: Against sendmail

  /// As it stands in the cf, and as scanf gets it.
  static let formats: [(cf: String, scanf: String)] = [
    ("", "%s"), ("%[^\\#]", "%[^#]"), ("%s", "%s"), ("%*s %s", "%*s %s"), ("%5s", "%5s"), ("%[a-z.]", "%[a-z.]"),
    (" %[^:]:", "%[^:]:"), ("x%s", "x%s"), ("%*[^=]=%s", "%*[^=]=%s"), ("%[]a-c-e]", "%[]a-c-e]"),
    ("%*3c%s", "%*3c%s"), ("%*d %s", "%*d %s"), ("%%%s", "%%%s"), ("%[^\\#", "%[^#"), ("%*s", "%*s"),
    ("%s %*n x%", "%s %*n x%"), ("%[-a]", "%[-a]"), ("%[a-]", "%[a-]"), ("%[a-a]", "%[a-a]"), ("%7[^ ]", "%7[^ ]"),
    ("%ls", "%ls"), ("one %s", "one %s"), ("%s two", "%s two"),
  ]

  /// Files as people and accidents make them; no `$`, which stands for copied classes in what sendmail prints.
  static func hostile(_ random: inout SplitMix64, lines: Int) -> [UInt8] {
    let pieces: [[UInt8]] =
      [
        "a", "one", "two.example", "A.B", "#", "# x", " ", "\t", "  ", "\r", "\u{0B}", "\u{0C}", ",", ":", "=", "%",
        "]",
        "-", "12", "+7", "ä", "x", "\"q\"", "\\", "[1.2.3.4]", "c-d", "*", ".",
      ].map { Array($0.utf8) } + [[0], [0xE9], [0x80, 0x9F], [0xFF], [0x93, 0x77], [0xA0], [0x85]]
    var bytes: [UInt8] = []
    for _ in 0..<random.below(lines) {
      if random.oneIn(40) {
        bytes += random.oneIn(2) ? [0x23] : []
        let filler = random.pick([Array("x y ".utf8), Array("z".utf8), [0x20], Array("#q".utf8)])
        let count = random.pick([2045, 2046, 2047, 2048, 2049, 4093, 4094, 4095, 5000]) / filler.count
        for _ in 0..<count { bytes += filler }
      }
      for _ in 0..<random.below(9) { bytes += random.pick(pieces) }
      if !random.oneIn(30) { bytes.append(0x0A) }
    }
    return bytes
  }

  @Test(.needsNamespaces) func sameWordsAsSendmail() throws {
    let sendmail = try ReadingSendmail()
    var random = SplitMix64(seed: 20_260_101)
    var total = 0
    for _ in 0..<6 {
      var sources: [(file: [UInt8], format: String)] = []
      var expected: [[ByteString]] = []
      for index in 0..<150 {
        let format = index % 3 == 0 ? random.pick(Array(Self.formats[..<2])) : random.pick(Self.formats)
        let file = Self.hostile(&random, lines: 30)
        sources.append((file, format.cf))
        let read = ClassFile(file, format: ClassFileFormat(ByteString(format.scanf)), purpose: .words)
        expected.append(read.members.map(\.word))
        total += read.members.count
      }
      let actual = try sendmail.words(of: sources)
      try #require(actual.count == expected.count)
      for (index, pair) in zip(actual, expected).enumerated() {
        // A class is copied for a word that begins with 0x93.
        let real = pair.0.filter { !$0.bytes.starts(with: [0x24, 0x3D]) }
        #expect(real == pair.1, "\(sources[index].format) of \(printable(sources[index].file))")
      }
    }
    #expect(total > 5000)
  }

  @Test(.needsNamespaces) func addedAndRemovedWordsAsSendmailSeesThem() throws {
    let sendmail = try ReadingSendmail()
    var random = SplitMix64(seed: 7)
    var sources: [(file: [UInt8], format: String)] = []
    var expected: [[ByteString]] = []
    var refused = 0
    for _ in 0..<300 {
      let format = random.pick(Array(Self.formats[..<2]))
      var file = ClassFile(
        Self.hostile(&random, lines: 12), format: ClassFileFormat(ByteString(format.scanf)), purpose: .words)
      var members = file.members.map(\.word)
      let before = file.text.bytes
      if let victim = members.isEmpty || random.oneIn(3) ? nil : random.pick(members) {
        do {
          try file.remove(victim)
          members.removeAll { $0.folded == victim.folded }
        } catch {
          refused += 1
          #expect(file.text.bytes == before)
        }
      } else {
        try file.add("added.example")
        members.append("added.example")
      }
      sources.append((file.text.bytes, format.cf))
      expected.append(members)
    }
    #expect(refused < 30)
    for (index, pair) in zip(try sendmail.words(of: sources), expected).enumerated() {
      let real = pair.0.filter { !$0.bytes.starts(with: [0x24, 0x3D]) }
      #expect(real.sorted() == pair.1.sorted(), "\(printable(sources[index].file))")
    }
  }

  @Test(.needsNamespaces) func nothingIsExpandedInAFile() throws {
    let text = Array("$=w $j\n$j\n${x}\n%z\n\\#x\n".utf8)
    let real = try ReadingSendmail().words(of: [(text, "")])
    #expect(real == [ClassFile(text).members.map(\.word)])
    #expect(real == [["$=w", "$j", "${x}", "%z", "\\#x"]])
  }

  // MARK: Edits

  @Test(arguments: [
    ("", "new.example\n"), ("a\n", "a\nnew.example\n"), ("a", "a\nnew.example\n"),
    ("a\r\nb\r\n", "a\r\nb\r\nnew.example\r\n"), ("# head\na\n\n# tail\n", "# head\na\nnew.example\n\n# tail\n"),
    ("# head\n", "# head\nnew.example\n"), ("NEW.Example\n", "NEW.Example\n"),
  ])
  func add(_ before: String, _ after: String) throws {
    var file = ClassFile(Array(before.utf8))
    try file.add("new.example")
    #expect(String(decoding: file.text.bytes, as: UTF8.self) == after)
    try file.add("New.example")
    #expect(String(decoding: file.text.bytes, as: UTF8.self) == after)
  }

  @Test(arguments: [
    ("a\nb\nc\n", "a\nc\n"), ("b # why\na\n", "a\n"), ("  b\n", ""), ("a b c\n", "a c\n"), ("b c\n", "c\n"),
    ("a b\n", "a\n"), ("a\tb # x\n", "a\t# x\n"), ("a b\r\nB\r\n", "a\r\n"), ("b\n# b\nb", "# b\n"), ("a\n", "a\n"),
  ])
  func remove(_ before: String, _ after: String) throws {
    var file = ClassFile(Array(before.utf8), format: .beforeNumberSign)
    try file.remove("b")
    #expect(String(decoding: file.text.bytes, as: UTF8.self) == after)
  }

  @Test func removeTakesNoLostWordIn() throws {
    var file = ClassFile(Array("one two\nthree # x\nfour\n".utf8))
    #expect(try file.remove("two") == .unchanged(line: 0))
    #expect(try file.remove("one") == .removed(count: 1))
    #expect(try file.remove("three") == .removed(count: 1))
    #expect(file.text.bytes == Array("four\n".utf8))
  }

  @Test func removeKeepsABlankBeforeANumberSign() throws {
    var file = ClassFile(Array("one #two\n".utf8), format: ClassFileFormat("%[^;]"), purpose: .words)
    try file.remove("one")
    #expect(file.text.bytes == Array(" #two\n".utf8))
    #expect(file.members.map(\.word) == ["#two"])
  }

  @Test func removeRefusesToMoveWordsOverTheBufferEnd() throws {
    let text = Array("one ".utf8) + [UInt8](repeating: 0x78, count: 2050) + Array(" end\n".utf8)
    var file = ClassFile(text, format: .beforeNumberSign, purpose: .words)
    #expect(throws: EditError.self) { try file.remove("one") }
    #expect(file.text.bytes == text)
  }

  @Test(arguments: [
    "", "a b", "a\nb", "a\r", "a\0b", "#a", "a#b", ".a.example", "a.example.", "*.example", "a,b", "\"a\"",
    "u@a.example",
    "192.0.2.1", "a\u{0B}b", "http://a.example/",
  ])
  func refusedHost(_ word: String) {
    var file = ClassFile(Array("x\n".utf8))
    #expect(throws: EditError.self) { try file.add(ByteString(word)) }
    #expect(file.text.bytes == Array("x\n".utf8))
  }

  @Test(arguments: ["a.example", "A-b_c", "[192.0.2.1]", "[IPv6:2001:db8::1]", "bücher.example", "localhost"])
  func acceptedHost(_ word: String) throws {
    var file = ClassFile()
    #expect(try file.add(ByteString(word)) == .added(line: 1))
    #expect(file.members.map(\.word) == [ByteString(word)])
  }

  @Test func relayDomainsHaveTheirOwnForms() throws {
    var file = ClassFile(purpose: .relayDomains)
    for word in ["192.168.5", "192.168.", ".relay.example", "IPv6:2001:db8:1:", "example"] as [ByteString] {
      try file.add(word)
    }
    for word in [
      "relay.example.", "*.x", "u@d", "192.168.5.0/24", "[192.168.5.77]", "2001:db8:1", "IPv6:2001:db8:1::",
    ] as [ByteString] {
      #expect(throws: EditError.self, "\(word)") { try file.add(word) }
    }
    #expect(file.members.count == 5)
  }

  @Test func aFormatThatWouldNotReadTheWordRefusesIt() {
    var file = ClassFile(format: ClassFileFormat("%*s %s"))
    #expect(throws: EditError.self) { try file.add("a.example") }
    #expect(file.text.bytes.isEmpty)
  }

  // MARK: Diagnostics

  @Test func diagnostics() {
    #expect(
      codes("a two # x\n  # c\nb#c\n.d\ne.\n*.f\n") == [
        "1:3 class.lost-words", "2:3 class.indented-comment", "3:1 class.number-sign", "4:1 class.leading-dot",
        "5:1 class.trailing-dot", "6:1 class.wildcard",
      ])
    #expect(codes("a two # x\n  # c\nb#c\n", .beforeNumberSign) == [])
    #expect(codes("# c\r\na.example\r\n[1.2.3.4]\r\n") == [])
    #expect(codes("a\0b\n# \0\nu@d\n") == ["1:2 class.nul", "3:1 class.not-a-host"])
    #expect(codes("\u{FEFF}a\n") == ["1:1 class.byte-order-mark"])
    #expect(
      codes("192.168.5.\n10.0.0.0/8\nx.\n", .firstWord, .relayDomains) == [
        "2:1 class.not-a-host", "3:1 class.trailing-dot",
      ])
  }

  @Test func aLongCommentIsNamedWithTheWordsItMakes() throws {
    let text = [0x23] + [UInt8](repeating: 0x2D, count: 2046) + Array("evil.example\n".utf8)
    let file = ClassFile(text)
    #expect(file.members == [ClassMember(line: 1, column: 2048, word: "evil.example")])
    let finding = try #require(file.diagnostics.first)
    #expect(finding.code == .classLineTooLong)
    #expect(finding.message.contains("evil.example"))
    #expect(ClassFile(Array(text.prefix(2047)) + [0x0A]).diagnostics == [])
  }

  @Test func aWindowsQuoteCopiesAClass() {
    let file = ClassFile([0x93] + Array("w\na\n".utf8))
    #expect(file.members.map(\.word) == ["a"])
    #expect(file.diagnostics.map(\.code) == [.classCopy])
  }
}
