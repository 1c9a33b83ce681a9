import TestSupport

/// A text for makemap with everything in it that its grammar treats in a way of its own.
struct GeneratedMakemapInput {
  /// A kind of line.
  enum Kind: String, CaseIterable {
    case entry, upperCase, duplicate, duplicateByCase, carriageReturn, empty, emptyWithCarriageReturn, blanksOnly,
      indented, indentedComment, comment, longComment, noValue, noValueWithBlanks, eightBit, nextLine, nul, nulFirst,
      verticalTab, trailingBlanks, quotes, backslash, nearLimit, veryLong, separated, separatorRun, separatorFirst,
      otherComment, percent, longKey, byteOrderMark, anything
  }

  var text: [UInt8] = []
  var kinds: Set<Kind> = []
  /// Whether the last line has no LF.
  var isOpenEnded = false

  init(_ random: inout SplitMix64, separator: UInt8?) {
    let count = random.oneIn(8) ? 0 : 1 + random.below(random.oneIn(5) ? 40 : 8)
    // Texts of one kind of line and others that are mixed.
    let favourite = random.oneIn(3) ? random.pick(Kind.allCases) : nil
    for number in 0..<count {
      var kind = favourite.flatMap { random.oneIn(2) ? $0 : nil } ?? random.pick(Kind.allCases)
      if kind == .byteOrderMark, number > 0 { kind = .entry }
      kinds.insert(kind)
      text += Self.line(kind, separator, &random) + [0x0A]
    }
    if !text.isEmpty, random.oneIn(3) {
      text.removeLast()
      isOpenEnded = true
    }
  }

  private static func line(_ kind: Kind, _ separator: UInt8?, _ random: inout SplitMix64) -> [UInt8] {
    func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    let gap: [UInt8] =
      separator.map { random.oneIn(4) ? [0x20] : [$0] } ?? bytes(random.pick(["\t", " ", "   ", " \t "]))
    let name = bytes(random.pick(["a", "b", "key", "x.example", "@d", "k\(random.below(50))", "connect:10.1"]))
    let value = bytes(random.pick(["v", "RELAY", "550 No  such", "Value With CASE", "a:b:c", "\(random.below(1000))"]))
    let plain = name + gap + value
    switch kind {
    case .entry: return plain
    case .upperCase: return bytes(random.pick(["KEY", "A", "X.Example"])) + gap + value
    case .duplicate: return bytes("same") + gap + value
    case .duplicateByCase: return bytes(random.pick(["same", "Same", "SAME", "saMe"])) + gap + value
    case .carriageReturn: return plain + [0x0D]
    case .empty: return []
    case .emptyWithCarriageReturn: return [0x0D]
    case .blanksOnly: return bytes(random.pick([" ", "\t", "   ", " \t\u{B}"]))
    case .indented: return bytes(random.pick([" ", "\t", "\u{B}", "\u{C}", "\r"])) + plain
    case .indentedComment: return bytes(" # ") + plain
    case .comment: return bytes("#") + (random.oneIn(2) ? [] : plain)
    case .longComment:
      let filler = [UInt8](repeating: 0x78, count: 1000 + random.below(1200))
      return bytes("# ") + filler + bytes(" injected") + gap + value
    case .noValue: return name
    case .noValueWithBlanks: return name + gap + (random.oneIn(2) ? gap : [])
    case .eightBit: return [0xC4] + name + [0xE9] + gap + value + [0xFF, 0x80]
    case .nextLine: return name + [random.pick([0x85, 0xA0, 0x1C, 0x1F, 0x7F])] + name + gap + value
    case .nul:
      var line = plain
      line.insert(0, at: random.below(line.count + 1))
      return line
    case .nulFirst: return [0] + plain
    case .verticalTab: return name + bytes(random.pick(["\u{B}", "\u{C}", "\r"])) + value
    case .trailingBlanks: return plain + bytes(random.pick([" ", "\t", "   # no comment"]))
    case .quotes: return bytes("\"") + name + bytes(" x\"") + gap + bytes("\"q\"")
    case .backslash: return plain + bytes("\\")
    case .nearLimit:
      let length = 1020 + random.below(7)
      let head = random.oneIn(3) ? bytes("#") : name + gap
      return head + [UInt8](repeating: 0x76, count: length - head.count)
    case .veryLong:
      let length = random.pick([1023, 1024, 2045, 2046, 2047, 3069, 3070]) + random.below(40)
      var line = (0..<length).map { _ in random.oneIn(40) ? 0x20 : UInt8(0x61 + random.below(26)) }
      if random.oneIn(4) { line[random.below(line.count)] = 0 }
      return line
    case .separated: return name + bytes(random.pick([":", ";", ",", "|"])) + value
    case .separatorRun: return name + bytes(random.pick(["::", ":::", ": :", ",,"])) + value
    case .separatorFirst: return bytes(random.pick([":", "::", ",", ";"])) + value
    case .otherComment: return bytes(random.pick([";", "!", "%", "/"])) + plain
    case .percent: return bytes("%1@") + name + gap + bytes("%0 %%1 %")
    case .longKey: return [UInt8](repeating: 0x4B, count: 200 + random.below(700)) + gap + value
    case .byteOrderMark: return [0xEF, 0xBB, 0xBF] + plain
    case .anything: return (0..<random.below(60)).map { _ in UInt8(random.below(255) + 1) }.filter { $0 != 0x0A }
    }
  }

  /// The text as makemap would have to be given it to leave lines that are too long out as a whole: a short line with a NUL in
  /// it is refused with the same words.
  static func withoutTails(_ text: [UInt8]) -> [UInt8] {
    var lines = text.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) }
    for index in lines.indices where lines[index].count > 1022 {
      lines[index] = index == lines.count - 1 ? [UInt8](repeating: 0x78, count: 1023) : [0x78, 0]
    }
    return Array(lines.joined(separator: [0x0A]))
  }
}
