internal import SendmailConfig

/// What is peculiar about an access entry, told from its bytes alone: the sieve before the checks.
///
/// An entry without any of them is one that no check objects to.
struct AccessTraits: OptionSet {
  let rawValue: UInt64

  // The pattern: what is behind the tag.
  static let slash = AccessTraits(rawValue: 1 << 0)
  static let star = AccessTraits(rawValue: 1 << 1)
  static let bracket = AccessTraits(rawValue: 1 << 2)
  static let angle = AccessTraits(rawValue: 1 << 3)
  static let quote = AccessTraits(rawValue: 1 << 4)
  static let nonASCII = AccessTraits(rawValue: 1 << 5)
  static let colon = AccessTraits(rawValue: 1 << 6)
  static let finalDot = AccessTraits(rawValue: 1 << 7)
  static let leadingDot = AccessTraits(rawValue: 1 << 8)
  static let leadingAt = AccessTraits(rawValue: 1 << 9)
  static let empty = AccessTraits(rawValue: 1 << 10)
  static let oneLabel = AccessTraits(rawValue: 1 << 11)
  static let oddNumbers = AccessTraits(rawValue: 1 << 12)
  static let finalZero = AccessTraits(rawValue: 1 << 13)
  static let ipv6 = AccessTraits(rawValue: 1 << 14)
  // The tag.
  static let unknownTag = AccessTraits(rawValue: 1 << 16)
  static let unusedTag = AccessTraits(rawValue: 1 << 17)
  // The value.
  static let skip = AccessTraits(rawValue: 1 << 20)
  static let replyWithoutCode = AccessTraits(rawValue: 1 << 21)
  static let quarantineConnect = AccessTraits(rawValue: 1 << 22)
  static let otherText = AccessTraits(rawValue: 1 << 23)
  static let tagValue = AccessTraits(rawValue: 1 << 24)
  static let replyMismatch = AccessTraits(rawValue: 1 << 25)
  static let replyLosesBlanks = AccessTraits(rawValue: 1 << 26)
  // Key and value together.
  static let relayFrom = AccessTraits(rawValue: 1 << 32)
  static let relayMailbox = AccessTraits(rawValue: 1 << 33)
  static let relayUntaggedName = AccessTraits(rawValue: 1 << 34)
  static let relayWide = AccessTraits(rawValue: 1 << 35)
  static let untaggedVerdict = AccessTraits(rawValue: 1 << 36)
  static let refusesTo = AccessTraits(rawValue: 1 << 37)
  static let discardsTo = AccessTraits(rawValue: 1 << 38)
  static let rejectsOwn = AccessTraits(rawValue: 1 << 39)
}

/// Reads the traits of entries.
struct AccessSieve {
  /// The kinds of value that count here.
  enum Verdict { case ok, relay, reject, discard, skip, quarantine, reply, other, own }

  private enum Bits {
    static let slash: UInt16 = 1
    static let star: UInt16 = 2
    static let bracket: UInt16 = 4
    static let angle: UInt16 = 8
    static let quote: UInt16 = 16
    static let nonASCII: UInt16 = 32
    static let colon: UInt16 = 64
    static let at: UInt16 = 128
    static let dot: UInt16 = 256
    static let other: UInt16 = 512
  }

  /// The words that a value is compared with, in lower case.
  private enum Word {
    static let ok: InlineArray<11, UInt8> = [0x6F, 0x6B, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00]
    static let relay: InlineArray<11, UInt8> = [0x72, 0x65, 0x6C, 0x61, 0x79, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00]
    static let reject: InlineArray<11, UInt8> = [0x72, 0x65, 0x6A, 0x65, 0x63, 0x74, 0x00, 0x00, 0x00, 0x00, 0x00]
    static let discard: InlineArray<11, UInt8> = [0x64, 0x69, 0x73, 0x63, 0x61, 0x72, 0x64, 0x00, 0x00, 0x00, 0x00]
    static let skip: InlineArray<11, UInt8> = [0x73, 0x6B, 0x69, 0x70, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00]
    static let error: InlineArray<11, UInt8> = [0x65, 0x72, 0x72, 0x6F, 0x72, 0x3A, 0x00, 0x00, 0x00, 0x00, 0x00]
    static let quarantine: InlineArray<11, UInt8> = [0x71, 0x75, 0x61, 0x72, 0x61, 0x6E, 0x74, 0x69, 0x6E, 0x65, 0x3A]
  }

  private let kinds: [UInt16]
  private let tags: [TagEntry]
  private let facts: ConfigurationFacts
  /// The hashes of this host's domains and of those that they are in.
  private let own: Set<UInt64>
  /// The hash that a key has which begins with `Connect:`.
  static let connectHash = KeyIndex.Hash().adding("connect:".utf8)

  /// What a tag's entries are about, as far as it matters here.
  private enum TagKind { case connect, from, to, exact, other }

  private struct TagEntry {
    var name: [UInt8] = []
    var isUsed = true
    var kind = TagKind.other
  }

  init(_ context: CheckContext) {
    facts = context.facts
    own = facts.blocksRecipients == true ? Set(context.ownDomains.map { KeyIndex.Hash().adding($0).value }) : []
    var kinds = [UInt16](repeating: Bits.other, count: 256)
    for digit in 0x30...0x39 { kinds[digit] = 0 }
    for byte in 0x80...0xFF { kinds[byte] = Bits.nonASCII | Bits.other }
    let special: [(Character, UInt16)] = [
      ("/", Bits.slash), ("*", Bits.star), ("[", Bits.bracket), ("]", Bits.bracket), ("<", Bits.angle),
      (">", Bits.angle), ("\"", Bits.quote), ("\\", Bits.quote), (":", Bits.colon), ("@", Bits.at), (".", Bits.dot),
    ]
    for (character, bit) in special {
      kinds[Int(character.asciiValue ?? 0)] = bit | (character == "." ? 0 : Bits.other)
    }
    self.kinds = kinds
    // Found by length and first letter; the names differ in those or are compared.
    var tags = [TagEntry](repeating: TagEntry(), count: 64)
    for name in AccessTag.allNames {
      let bytes = Array(name.lowercased().utf8)
      var slot = AccessSieve.slot(UInt8(bytes.count), bytes[0], bytes[bytes.count - 1])
      while !tags[slot].name.isEmpty { slot = (slot + 1) & 63 }
      // Keys of certificates, and of pairs of addresses, have forms of their own.
      let kind: TagKind =
        switch name {
        case "Connect": .connect
        case "From": .from
        case "To": .to
        case "CERTISSUER", "CERTSUBJECT", "Compat": .exact
        default: .other
        }
      tags[slot] = TagEntry(name: bytes, isUsed: facts.tags?.contains(name.lowercased()) ?? true, kind: kind)
    }
    self.tags = tags
  }

  private static func slot(_ count: UInt8, _ first: UInt8, _ last: UInt8) -> Int {
    Int(count &* 7 &+ first &* 3 &+ last) & 63
  }

  /// The number of a tag's slot; nil for a word that is none.
  private func tag(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
    guard 2...16 ~= range.count else { return nil }
    var slot = AccessSieve.slot(
      UInt8(range.count), ASCII.lowercased(bytes[range.lowerBound]), ASCII.lowercased(bytes[range.upperBound - 1]))
    while !tags[slot].name.isEmpty {
      if tags[slot].name.count == range.count, AccessSieve.isEqual(bytes, range, tags[slot].name) { return slot }
      slot = (slot + 1) & 63
    }
    return nil
  }

  @inline(__always)
  private static func isEqual(_ bytes: Span<UInt8>, _ range: Range<Int>, _ word: [UInt8]) -> Bool {
    for offset in 0..<word.count where ASCII.lowercased(bytes[range.lowerBound + offset]) != word[offset] {
      return false
    }
    return true
  }

  /// Reads an entry.
  func traits(_ bytes: Span<UInt8>, _ fields: TableFields, _ hash: inout KeyIndex.Hash) -> UInt64 {
    let table = kinds.span
    let key = fields.key
    var colon = -1
    var seen: UInt16 = 0
    var afterColon: UInt16 = 0
    for index in key {
      let byte = bytes[index]
      hash.add(byte)
      let kind = table[Int(byte)]
      seen |= kind
      afterColon |= kind
      if byte == ASCII.colon, colon < 0 {
        colon = index
        afterColon = 0
      }
    }
    var slot: Int?
    var result: AccessTraits = []
    var pattern = key
    if colon >= 0 {
      slot = tag(bytes, key.lowerBound..<colon)
      if let slot {
        pattern = colon + 1..<key.upperBound
        seen = afterColon
        if !tags[slot].isUsed { result.insert(.unusedTag) }
      } else if !isIPv6(bytes, key) {
        result.insert(.unknownTag)
      }
    }
    let kind = slot.map { tags[$0].kind }
    let verdict = verdict(bytes, fields.value)
    let isConnect = kind == .connect
    let isFrom = kind == .from
    let isTo = kind == .to
    let isCommon = kind == nil || isConnect || isFrom || isTo
    if kind == .exact { return result.rawValue }
    addPattern(bytes, pattern, seen, &result)
    addValue(verdict, isCommon, isConnect, &result)
    if verdict == .reply, isCommon { addReply(bytes, fields.value, &result) }
    addBoth(bytes, pattern, seen, verdict, kind == nil, isConnect, isFrom, isTo, &result)
    // Without a tag and an @ the key is the domain.
    if kind == nil, verdict == .reject || verdict == .discard, own.contains(hash.value) { result.insert(.rejectsOwn) }
    if isTo, verdict == .discard, facts.blocksRecipients != false { result.insert(.discardsTo) }
    return result.rawValue
  }

  @inline(__always)
  private func isIPv6(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    range.count >= 4 && ASCII.lowercased(bytes[range.lowerBound]) == 0x69
      && ASCII.lowercased(bytes[range.lowerBound + 1]) == 0x70
      && ASCII.lowercased(bytes[range.lowerBound + 2]) == 0x76 && bytes[range.lowerBound + 3] == 0x36
      && (range.count == 4 || bytes[range.lowerBound + 4] == ASCII.colon)
  }

  private func addPattern(
    _ bytes: Span<UInt8>, _ pattern: Range<Int>, _ seen: UInt16, _ result: inout AccessTraits
  ) {
    guard !pattern.isEmpty else {
      result.insert(.empty)
      return
    }
    if seen & (Bits.slash | Bits.star | Bits.bracket | Bits.angle | Bits.quote | Bits.nonASCII) != 0 {
      if seen & Bits.slash != 0 { result.insert(.slash) }
      if seen & Bits.star != 0 { result.insert(.star) }
      if seen & Bits.bracket != 0 { result.insert(.bracket) }
      if seen & Bits.angle != 0 { result.insert(.angle) }
      if seen & Bits.quote != 0 { result.insert(.quote) }
      if seen & Bits.nonASCII != 0 { result.insert(.nonASCII) }
    }
    let first = bytes[pattern.lowerBound]
    let last = bytes[pattern.upperBound - 1]
    if seen & Bits.colon != 0 { result.insert(isIPv6(bytes, pattern) ? .ipv6 : .colon) }
    if last == 0x2E { result.insert(.finalDot) }
    if first == 0x2E { result.insert(.leadingDot) }
    if first == ASCII.at { result.insert(.leadingAt) }
    if seen & (Bits.dot | Bits.at | Bits.colon | Bits.bracket) == 0, seen & Bits.other != 0 {
      result.insert(.oneLabel)
    }
    if seen & ~Bits.dot == 0 { addNumbers(bytes, pattern, &result) }
  }

  /// Digits and dots only: an IPv4 address or its beginning, if it is written as sendmail writes it.
  private func addNumbers(_ bytes: Span<UInt8>, _ pattern: Range<Int>, _ result: inout AccessTraits) {
    var parts = 1
    var value = 0
    var digits = 0
    var isOdd = false
    for index in pattern {
      let byte = bytes[index]
      if byte == 0x2E {
        isOdd = isOdd || digits == 0
        parts += 1
        (value, digits) = (0, 0)
      } else {
        isOdd = isOdd || (digits > 0 && value == 0)
        value = value * 10 + Int(byte - 0x30)
        digits += 1
        isOdd = isOdd || value > 255
        value = min(value, 256)
      }
    }
    if digits == 0 { parts -= 1 }
    if isOdd || parts > 4 {
      result.insert(.oddNumbers)
    } else if parts == 4, value == 0, digits == 1 {
      result.insert(.finalZero)
    }
  }

  private func addValue(_ verdict: Verdict, _ isCommon: Bool, _ isConnect: Bool, _ result: inout AccessTraits) {
    guard isCommon else {
      result.insert(.tagValue)
      return
    }
    switch verdict {
    case .skip: result.insert(.skip)
    case .quarantine: if isConnect { result.insert(.quarantineConnect) }
    case .other: result.insert(.otherText)
    case .ok, .relay, .reject, .discard, .reply, .own: break
    }
  }

  private func addBoth(
    _ bytes: Span<UInt8>, _ pattern: Range<Int>, _ seen: UInt16, _ verdict: Verdict, _ isUntagged: Bool,
    _ isConnect: Bool, _ isFrom: Bool, _ isTo: Bool, _ result: inout AccessTraits
  ) {
    guard !pattern.isEmpty, isUntagged || isConnect || isFrom || isTo else { return }
    let isNumeric = seen & Bits.other == 0
    if verdict == .relay {
      if isFrom, facts.relaysMailFrom != true { result.insert(.relayFrom) }
      if !isConnect, !isFrom, seen & Bits.at != 0, bytes[pattern.lowerBound] != ASCII.at,
        facts.relaysToFullAddress != true
      {
        result.insert(.relayMailbox)
      }
      let isIPv6 = isIPv6(bytes, pattern)
      if !isFrom, seen & (Bits.dot | Bits.at) == 0, !isIPv6 || pattern.count <= 5 { result.insert(.relayWide) }
      if isUntagged, !isNumeric, !isIPv6, seen & (Bits.at | Bits.bracket | Bits.slash | Bits.colon) == 0,
        seen & Bits.dot != 0
      {
        result.insert(.relayUntaggedName)
      }
    }
    if isUntagged, seen & Bits.at == 0, verdict != .ok, verdict != .skip { result.insert(.untaggedVerdict) }
    if isTo, facts.blocksRecipients == false, verdict != .ok, verdict != .relay, verdict != .skip {
      result.insert(.refusesTo)
    }
  }

  // MARK: Replies

  /// Looks at a refusal as ``ReplyText`` reads it, without a copy.
  private func addReply(_ bytes: Span<UInt8>, _ value: Range<Int>, _ result: inout AccessTraits) {
    var end = value.upperBound
    while end > value.lowerBound, ASCII.isSpace(bytes[end - 1]) { end -= 1 }
    var start = value.lowerBound
    var first = ASCII.lowercased(bytes[start])
    let isError = first == 0x65
    if isError { start += 6 }
    while start < end, ASCII.isSpace(bytes[start]) { start += 1 }
    guard start < end else {
      result.insert(.replyWithoutCode)
      return
    }
    var enhanced: UInt8 = 0
    if let colon = colonBehindCode(bytes, start, end) {
      guard ASCII.isDigit(bytes[start]), bytes[start + 1] == 0x2E else {
        // No enhanced code, or one that is odd: the slow reader tells.
        result.formUnion([.replyWithoutCode, .replyMismatch])
        return
      }
      enhanced = bytes[start]
      start = colon + 1
      while start < end, ASCII.isBlank(bytes[start]) { start += 1 }
    }
    guard start < end else {
      result.insert(.replyWithoutCode)
      return
    }
    first = bytes[start]
    let isQuoted = first == ASCII.quote
    let digits = isQuoted ? start + 1 : start
    guard digits + 3 < end, (digits..<digits + 3).allSatisfy({ ASCII.isDigit(bytes[$0]) }),
      ASCII.isBlank(bytes[digits + 3])
    else {
      result.insert(.replyWithoutCode)
      return
    }
    var inner = digits + 4
    while inner < end, ASCII.isBlank(bytes[inner]) { inner += 1 }
    if inner + 1 < end, ASCII.isDigit(bytes[inner]), bytes[inner + 1] == 0x2E { enhanced = bytes[inner] }
    // Neither "not now" nor "never", or a code of the other kind.
    if bytes[digits] & 0xFE != 0x34 || (enhanced != 0 && enhanced != bytes[digits]) { result.insert(.replyMismatch) }
    if !isQuoted, losesBlanks(bytes, start, end) { result.insert(.replyLosesBlanks) }
  }

  /// The colon behind three words with dots between.
  private func colonBehindCode(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int? {
    var dots = 0
    var index = start
    while index < end {
      let byte = bytes[index]
      if byte == ASCII.colon { return dots == 2 && index > start && bytes[index - 1] != 0x2E ? index : nil }
      if byte == 0x2E {
        guard index > start, bytes[index - 1] != 0x2E else { return nil }
        dots += 1
      } else if !ASCII.isDigit(byte), ASCII.lowercased(byte) &- 0x61 >= 26 {
        return nil
      }
      index += 1
    }
    return nil
  }

  /// Whether blanks stand beside an operator, or something in parentheses.
  private func losesBlanks(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    var found = false
    for index in start..<end {
      switch bytes[index] {
      case 0x2E, 0x3A, 0x25, 0x40, 0x21, 0x5E, 0x2F, 0x5B, 0x5D, 0x2B, 0x3C, 0x3E, 0x2C, 0x3B:
        if !found {
          found = index > start && ASCII.isSpace(bytes[index - 1]) || index + 1 < end && ASCII.isSpace(bytes[index + 1])
        }
      case 0x28: found = true
      case ASCII.quote, ASCII.backslash: return false
      default: break
      }
    }
    return found
  }

  // MARK: Values

  /// Reads a value, as far as it is plain; parentheses and `%` are left to the slow reader.
  private func verdict(_ bytes: Span<UInt8>, _ value: Range<Int>) -> Verdict {
    var end = value.upperBound
    while end > value.lowerBound, ASCII.isSpace(bytes[end - 1]) { end -= 1 }
    let start = value.lowerBound
    let count = end - start
    guard count > 0 else { return .other }
    func at(_ offset: Int) -> UInt8 { ASCII.lowercased(bytes[start + offset]) }
    func starts(_ word: InlineArray<11, UInt8>, _ length: Int) -> Bool {
      guard count >= length else { return false }
      for offset in 0..<length where at(offset) != word[offset] { return false }
      return true
    }
    switch at(0) {
    case 0x6F where count == 2 && starts(Word.ok, 2): return .ok
    case 0x72:
      if count == 5, starts(Word.relay, 5) { return .relay }
      if count == 6, starts(Word.reject, 6) { return .reject }
    case 0x64 where count == 7 && starts(Word.discard, 7): return .discard
    case 0x73 where count == 4 && starts(Word.skip, 4): return .skip
    case 0x65 where starts(Word.error, 6): return .reply
    case 0x71 where starts(Word.quarantine, 11): return .quarantine
    case 0x30...0x39, ASCII.quote: return .reply
    default: break
    }
    return .other
  }
}
