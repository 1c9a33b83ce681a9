internal import SendmailConfig

/// A check of single virtual users.
protocol VirtualUserCheck: Sendable {
  /// What it is.
  static var check: Check { get }
  /// Which entries it looks at: those with one of these traits.
  static var interest: VirtualUserTraits { get }
  /// Looks at an entry that has one of them.
  static func examine(_ entry: VirtualUserEntry, _ table: VirtualUserTableView, _ findings: inout FileFindings)
}

/// What is peculiar about a virtual user, told from its bytes alone.
struct VirtualUserTraits: OptionSet {
  let rawValue: UInt64

  static let bareDomain = VirtualUserTraits(rawValue: 1 << 0)
  static let star = VirtualUserTraits(rawValue: 1 << 1)
  static let quote = VirtualUserTraits(rawValue: 1 << 2)
  static let nonASCII = VirtualUserTraits(rawValue: 1 << 3)
  static let dot = VirtualUserTraits(rawValue: 1 << 4)
  static let noDomain = VirtualUserTraits(rawValue: 1 << 5)
  static let error = VirtualUserTraits(rawValue: 1 << 8)
  static let comma = VirtualUserTraits(rawValue: 1 << 9)
  static let numberSign = VirtualUserTraits(rawValue: 1 << 10)
  static let blank = VirtualUserTraits(rawValue: 1 << 11)
  static let program = VirtualUserTraits(rawValue: 1 << 12)
  static let colon = VirtualUserTraits(rawValue: 1 << 13)
  static let edgeAt = VirtualUserTraits(rawValue: 1 << 14)
  static let percent = VirtualUserTraits(rawValue: 1 << 15)
  static let local = VirtualUserTraits(rawValue: 1 << 16)
  static let address = VirtualUserTraits(rawValue: 1 << 17)
  static let word = VirtualUserTraits(rawValue: 1 << 18)
  static let newDomain = VirtualUserTraits(rawValue: 1 << 19)
  /// Quotes, angle brackets or parentheses in the target.
  static let wrapped = VirtualUserTraits(rawValue: 1 << 20)
  /// A `|` or `/` anywhere in the target.
  static let bar = VirtualUserTraits(rawValue: 1 << 21)
}

/// A virtual user with its meaning.
struct VirtualUserEntry {
  /// The 0-based line.
  let index: Int
  /// Key and value as written.
  let rule: VirtualUserRule
  /// What is peculiar about it.
  let traits: VirtualUserTraits
  /// The 1-based column of the target.
  let valueColumn: Int

  /// The 1-based line.
  var line: Int { index + 1 }
  /// The key for messages.
  var name: String { rule.entry.key.escaped }
  /// The target without blanks around it.
  var target: ArraySlice<UInt8> { rule.entry.value.bytes.trimming(while: ASCII.isSpace) }
}

/// The virtual users as checks see them.
struct VirtualUserTableView {
  let table: Table
  let routes: VirtualUserRoutes
  let context: CheckContext
}

enum VirtualUserChecks {
  /// Every check of single virtual users.
  static let entries: [any VirtualUserCheck.Type] = [
    VirtualUserBareDomain.self, VirtualUserWildcard.self, VirtualUserQuotedKey.self, VirtualUserNonASCII.self,
    VirtualUserDot.self, VirtualUserNoDomain.self, VirtualUserErrorWithoutText.self, VirtualUserErrorWithoutCode.self,
    VirtualUserErrorCodeMismatch.self, VirtualUserList.self, VirtualUserCommentInTarget.self, VirtualUserBlank.self,
    VirtualUserProgram.self, VirtualUserNotSpecial.self, VirtualUserIncompleteTarget.self,
    VirtualUserEmptyParameter.self, VirtualUserForeignDomain.self, VirtualUserDangling.self, VirtualUserLoop.self,
  ]

  /// The first pass, on which the look-ups of all others rest.
  static func pass(
    _ input: CheckedText<VirtualUserTable>, _ context: CheckContext, _ findings: inout FileFindings
  ) -> TablePass {
    var domains = DomainMemory(context.virtualDomains)
    return TablePass(input.content.table, &findings) { VirtualUserChecks.traits($0, $1, &$2, &domains) }
  }

  /// Looks at the entries.
  static func run(
    _ input: CheckedText<VirtualUserTable>, _ routes: VirtualUserRoutes, _ context: CheckContext,
    _ findings: inout FileFindings
  ) {
    let table = input.content.table
    let view = VirtualUserTableView(table: table, routes: routes, context: context)
    let interests = entries.map { ($0.interest.rawValue, $0) }
    // Targets of which nothing was said: most name the same few.
    var fine: Set<UInt64> = []
    for candidate in routes.pass.candidates {
      let index = Int(candidate.line)
      guard case .entry(let fields) = table.classify(index) else { continue }
      var name: UInt64?
      if candidate.traits & ~VirtualUserTraits.word.rawValue == VirtualUserTraits.local.rawValue {
        name = VirtualUserChecks.hash(table, fields.value)
        if let name, fine.contains(name) { continue }
      }
      guard let read = table.entry(at: index) else { continue }
      let before = findings.total
      let entry = VirtualUserEntry(
        index: index, rule: VirtualUserRule(entry: read), traits: VirtualUserTraits(rawValue: candidate.traits),
        valueColumn: table.valueColumn(fields, line: index))
      for (interest, check) in interests where interest & candidate.traits != 0 {
        check.examine(entry, view, &findings)
      }
      if let name, findings.total == before { fine.insert(name) }
    }
  }

  private static func hash(_ table: Table, _ value: Range<Int>) -> UInt64 {
    let bytes = table.text.buffer.span
    var hash = KeyIndex.Hash()
    for index in value { hash.add(bytes[index]) }
    return hash.value
  }

  /// Which domains have come up: one bit each, so that a domain may rarely be taken for another.
  struct DomainMemory {
    private var seen: Set<UInt64> = []
    private var last: UInt64 = 0
    /// The hashes of the domains whose addresses are looked up again; nil where they are not known.
    private let virtual: Set<UInt64>?

    init(_ domains: Set<[UInt8]>?) { virtual = domains.map { Set($0.map { KeyIndex.Hash().adding($0).value }) } }

    /// Whether addresses of a domain may be looked up again.
    func mayBeVirtual(_ hash: UInt64) -> Bool { virtual?.contains(hash) ?? true }

    /// Whether a domain comes up for the first time.
    mutating func isNew(_ hash: UInt64) -> Bool {
      if hash == last { return false }
      last = hash
      return seen.insert(hash).inserted
    }
  }

  private static func traits(
    _ bytes: Span<UInt8>, _ fields: TableFields, _ hash: inout KeyIndex.Hash, _ domains: inout DomainMemory
  ) -> UInt64 {
    var result: VirtualUserTraits = []
    var at = -1
    for index in fields.key {
      let byte = bytes[index]
      hash.add(byte)
      switch byte {
      case ASCII.at: at = index
      case 0x2A: result.insert(.star)
      case ASCII.quote, ASCII.backslash, 0x3C, 0x3E: result.insert(.quote)
      case 0x80...0xFF: result.insert(.nonASCII)
      default: break
      }
    }
    if at < 0 {
      result.insert(.bareDomain)
    } else if at + 1 == fields.key.upperBound {
      result.insert(.noDomain)
    } else {
      if bytes[at + 1] == 0x2E || bytes[fields.key.upperBound - 1] == 0x2E { result.insert(.dot) }
      var domain = KeyIndex.Hash()
      for index in at + 1..<fields.key.upperBound { domain.add(bytes[index]) }
      if domains.isNew(domain.value) { result.insert(.newDomain) }
    }
    addTarget(bytes, fields.value, domains, &result)
    return result.rawValue
  }

  private static func addTarget(
    _ bytes: Span<UInt8>, _ value: Range<Int>, _ domains: DomainMemory, _ result: inout VirtualUserTraits
  ) {
    var end = value.upperBound
    while end > value.lowerBound, ASCII.isSpace(bytes[end - 1]) { end -= 1 }
    guard end > value.lowerBound else { return }
    let first = bytes[value.lowerBound]
    var at: Int?
    for index in value.lowerBound..<end {
      switch bytes[index] {
      case ASCII.comma: result.insert(.comma)
      case ASCII.numberSign: result.insert(.numberSign)
      case ASCII.space, ASCII.tab: result.insert(.blank)
      case ASCII.colon: result.insert(.colon)
      case 0x25: result.insert(.percent)
      case 0x7C, 0x2F: result.insert(.bar)
      case ASCII.quote, 0x3C, 0x28: result.insert(.wrapped)
      case ASCII.at: at = index
      default: break
      }
    }
    if result.contains(.colon), isError(bytes, value.lowerBound, end) {
      result.subtract([.comma, .numberSign, .blank, .colon])
      result.insert(.error)
      return
    }
    if first == 0x7C || first == 0x2F || first == ASCII.colon { result.insert(.program) }
    if first == ASCII.at || bytes[end - 1] == ASCII.at { result.insert(.edgeAt) }
    guard let at else {
      result.insert(.local)
      if end - value.lowerBound <= 7 { result.insert(.word) }
      return
    }
    var domain = KeyIndex.Hash()
    for index in at + 1..<end { domain.add(bytes[index]) }
    if result.contains(.percent) || bytes[end - 1] == 0x3E || domains.mayBeVirtual(domain.value) {
      result.insert(.address)
    }
  }

  private static func isError(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    guard end - start >= 6 else { return false }
    for (offset, byte) in "error:".utf8.enumerated() where ASCII.lowercased(bytes[start + offset]) != byte {
      return false
    }
    return true
  }
}
