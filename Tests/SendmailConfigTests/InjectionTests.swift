import TestSupport
import Testing

@testable import SendmailConfig

/// Hostile values through every call that writes.
///
/// sendmail's own programs then find the old entries and those that were asked for, and no other. What they find is compared
/// with what was asked, never with what this library reads.
@Suite struct InjectionTests {
  /// How many calls go into one file.
  private static let calls = 250

  /// A value that somebody might want to bring in more with than a value.
  private func hostile(_ random: inout SplitMix64, _ more: [String]) -> ByteString {
    let plain = ["a", "b9", "x.example", "user", "10.1", "K", "zz", "ä"]
    let dangerous = [
      "\n", "\r", "\r\n", "\u{0}", " ", "\t", "\u{B}", "\u{C}", "#", "\\", "\\\n", "\n ", ":", ",", "\"", "(", ")", "<",
      ">", ";", "@", "\u{85}", "\u{2028}", "\u{FEFF}", "%", "$", "\nConnect:10 RELAY\n", "\nroot: |/bin/sh\n",
    ]
    var bytes: [UInt8] = []
    for _ in 0..<1 + random.below(4) {
      bytes += Array(random.pick(random.oneIn(3) ? dangerous : random.oneIn(2) ? more : plain).utf8)
    }
    if random.oneIn(6) { bytes.insert(UInt8(random.below(256)), at: random.below(bytes.count + 1)) }
    if random.oneIn(60) { bytes += [UInt8](repeating: 0x78, count: 900 + random.below(200)) }
    return ByteString(bytes)
  }

  /// Compares what makemap finds with the values that each key may have; `nil` for a key that may be missing.
  private func expect(_ text: [UInt8], _ expected: [ByteString: ByteString], seed: UInt64) throws {
    let answer = try Oracle.makemap(text)
    var found: [ByteString: [UInt8]] = [:]
    for pair in answer.pairs { found[ByteString(pair.key)] = pair.value }
    for (key, value) in found {
      guard let wanted = expected[ByteString(key.bytes)] else {
        Issue.record("seed \(seed): \(key.escaped) came, with \(ByteString(value).escaped)")
        continue
      }
      #expect(value == wanted.bytes || value == wanted.bytes + [0x0D], "seed \(seed): \(key.escaped)")
    }
    let missing = expected.keys.filter { found[$0] == nil }.map(\.escaped)
    #expect(missing == [], "seed \(seed)")
  }

  /// Files in which a new line may come to stand badly.
  private static let tables = [
    "", "# c\nold value\n", "old value", "old value\r\nKey2 x\r\n", "# open", " stray\n\nold\tvalue\n#",
    "old value\n\\",
  ]

  @Test(.needs(.makemap, .dbDump), arguments: 1...2 as ClosedRange<UInt64>)
  func accessAndVirtualUsers(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var accepted = 0
    for text in Self.tables {
      for isAccess in [true, false] {
        var access = AccessTable(Array(text.utf8))
        var users = VirtualUserTable(Array(text.utf8))
        var expected: [ByteString: ByteString] = [:]
        for pair in try Oracle.makemap(Array(text.utf8)).pairs {
          expected[ByteString(pair.key)] = ByteString(pair.value.last == 0x0D ? pair.value.dropLast() : pair.value[...])
        }
        for _ in 0..<Self.calls {
          let key = hostile(&random, ["Connect:", "From:", "old", "Key2", "@c.example", "u@c.example"])
          let value = hostile(
            &random, ["RELAY", "REJECT", "ERROR:5.7.1:550 no", "error:nouser 550 x", "anna", "|/bin/sh"])
          do throws(EditError) {
            if isAccess { try access.set(value, for: key) } else { try users.set(value, for: key) }
            expected[key.folded] = value
            accepted += 1
          } catch {
            #expect(error.message.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
          }
        }
        try expect((isAccess ? access.table : users.table).text.bytes, expected, seed: seed)
      }
    }
    #expect(accepted > 80)
  }

  @Test(.needs(.makemap, .dbDump), arguments: 1...2 as ClosedRange<UInt64>) func relays(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var accepted = 0
    for text in Self.tables {
      var access = AccessTable(Array(text.utf8))
      let before = try Oracle.makemap(Array(text.utf8)).pairs
      var asked: Set<[UInt8]> = []
      for _ in 0..<Self.calls {
        let number = random.below(256)
        let client = hostile(
          &random,
          ["192.0.2.\(number)", "198.51.\(number).0/24", "2001:db8::\(number)", "2001:db8:\(number)::/44", "m.example"])
        let note = random.oneIn(3) ? nil : hostile(&random, ["note", " expires=2037-01-01", " note="])
        do throws(EditError) {
          let parsed = try RelayClient(client.description)
          let isOver = random.oneIn(4)
          try access.allowRelay(from: parsed, expires: isOver ? CalendarDate("2037-06-30") : nil, note: note)
          asked.formUnion(try parsed.keys(.uncompressed).map { (ByteString("connect:") + $0).folded.bytes })
          accepted += 1
        } catch {
          #expect(error.message.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        }
      }
      let found = try Oracle.makemap(access.table.text.bytes).pairs
      #expect(Set(before).subtracting(found) == [], "seed \(seed)")
      for pair in Set(found).subtracting(before) {
        let isRelay = pair.value == Array("RELAY".utf8) || pair.value == Array("RELAY\r".utf8)
        #expect(asked.contains(pair.key) && isRelay, "seed \(seed): \(pair)")
      }
    }
    #expect(accepted > 80)
  }

  @Test(.needs(.sendmail, .dbDump), arguments: 1...2 as ClosedRange<UInt64>) func aliases(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let hosts = LocalHosts(names: [Array("local.example".utf8)])
    var accepted = 0
    let files = [
      "", "# c\nold: root\n", "old: root", "old: root,\n\tanna\n# open \\\n", "old: root\r\n",
      "\n stray\nold: root\n \n",
      "old: root\\",
    ]
    for text in files {
      var file = AliasesFile(Array(text.utf8), hosts: hosts)
      var (expected, asked): ([[UInt8]: [UInt8]], [[UInt8]: [[UInt8]]]) = ([:], [:])
      for pair in try Oracle.newaliases(Array(text.utf8)).pairs { expected[pair.key] = pair.value.filter(isVisible) }
      for _ in 0..<Self.calls {
        let more = ["anna", "b@c.example", "|/bin/sh", "/etc/passwd", ":include:/etc/passwd", "\\root", "old", "list"]
        let name = hostile(&random, ["sales", "old", "x@local.example", "owner-list"])
        let destinations = (0..<1 + random.below(2)).map { _ in hostile(&random, more) }
        let isAddition = random.oneIn(3)
        do throws(EditError) {
          let edit = isAddition ? try file.add(name, to: destinations) : try file.set(name, to: destinations)
          if case .unchanged = edit { continue }
          accepted += 1
          let key = name.folded.bytes + [0]
          // What was asked of a name, and in which order: later ones may have been there already.
          if !isAddition { asked[key] = [] }
          asked[key, default: expected[key].map { [Array($0.dropLast())] } ?? []] += destinations.map(\.bytes)
        } catch {
          #expect(error.message.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        }
      }
      let found = try Oracle.newaliases(file.text.bytes).pairs
      for pair in found {
        let value = pair.value.filter(isVisible)
        guard let parts = asked[pair.key] else {
          #expect(expected[pair.key] == value, "seed \(seed): \(pair) came")
          continue
        }
        #expect(isMade(value.dropLast(), of: parts), "seed \(seed): \(pair), of \(parts.map(printable))")
      }
      let missing = Set(expected.keys).union(asked.keys).subtracting(found.map(\.key))
      #expect(missing == [], "seed \(seed)")
    }
    #expect(accepted > 80)
  }

  /// Whether a value, blanks aside, is these parts in their order with commas between, some perhaps left out.
  private func isMade(_ value: ArraySlice<UInt8>, of parts: [[UInt8]]) -> Bool {
    var rest = value
    for part in parts {
      let part = part.filter(isVisible)
      if rest == part[...] { return true }
      if rest.starts(with: part + [0x2C]) { rest = rest.dropFirst(part.count + 1) }
    }
    return rest.isEmpty
  }

  /// Words that were added to class files, as sendmail reads them.
  @Test(.needsNamespaces) func classWords() throws {
    var random = SplitMix64(seed: 1)
    let sendmail = try ReadingSendmail()
    var (files, expected): ([(file: [UInt8], format: String)], [[ByteString]]) = ([], [])
    var accepted = 0
    for text in ["", "old.example\n", "old.example", "# open", "old.example\r\n", " old.example # c\n"] {
      for (format, name) in [(ClassFileFormat.firstWord, "%s"), (.beforeNumberSign, "%[^\\#]")] {
        for purpose in [ClassFile.Purpose.localHosts, .relayDomains, .words] {
          var file = ClassFile(Array(text.utf8), format: format, purpose: purpose)
          var words = text.contains("old") ? ["old.example" as ByteString] : []
          for _ in 0..<Self.calls {
            let word = hostile(
              &random, ["new.example", "host\(random.below(99))", "10.1.2", "$=w", "\u{93}", "old.example"])
            do throws(EditError) {
              if case .added = try file.add(word) { words.append(word) }
              accepted += 1
            } catch {
              #expect(error.message.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
            }
          }
          files.append((file.text.bytes, name))
          expected.append(words)
        }
      }
    }
    let found = try sendmail.words(of: files)
    #expect(found.count == expected.count)
    for (index, (found, expected)) in zip(found, expected).enumerated() {
      #expect(found.sorted() == expected.sorted(), "file \(index)")
    }
    #expect(accepted > 1000)
  }

  private func isVisible(_ byte: UInt8) -> Bool { !ASCII.isSpace(byte) }
}
