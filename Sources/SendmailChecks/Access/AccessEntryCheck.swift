internal import SendmailConfig

/// A check of single access entries.
protocol AccessEntryCheck: Sendable {
  /// What it is.
  static var check: Check { get }
  /// Which entries it looks at: those with one of these traits.
  static var interest: AccessTraits { get }
  /// Whether each entry that has one of them is a finding: those that are only counted need not be read then.
  static var isExact: Bool { get }
  /// Looks at an entry that has one of them.
  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings)
}

extension AccessEntryCheck {
  static var isExact: Bool { false }
}

/// An access entry with its meaning.
struct AccessEntry {
  /// The 0-based line.
  let index: Int
  /// The key and the value as written.
  let entry: TableEntry
  /// The key's meaning.
  let key: AccessKey
  /// What is peculiar about it.
  let traits: AccessTraits
  /// The 1-based column of the value.
  let valueColumn: Int

  /// The 1-based line.
  var line: Int { index + 1 }
  /// The tag with its colon, as written; empty without one.
  var tagText: String { String(decoding: entry.key.bytes.prefix(key.tagLength), as: UTF8.self) }
  /// What is behind the tag.
  var pattern: ByteString { key.untagged }
  /// The value's meaning.
  var action: AccessAction { AccessAction(entry.value, tag: key.tag) }

  /// Reads an entry; nil where the 0-based line is none.
  init?(_ index: Int, _ table: Table, _ traits: AccessTraits) {
    guard case .entry(let fields) = table.classify(index), let entry = table.entry(at: index) else { return nil }
    self.index = index
    self.entry = entry
    self.traits = traits
    key = AccessKey(entry.key)
    valueColumn = table.valueColumn(fields, line: index)
  }

  /// A key with this entry's tag.
  func tagged(_ pattern: some Sequence<UInt8>) -> ByteString { ByteString(Array(tagText.utf8) + pattern) }
}

/// The access table as checks see it.
struct AccessTableView {
  let table: AccessTable
  let pass: TablePass
  let context: CheckContext

  /// The facts of sendmail.cf.
  var facts: ConfigurationFacts { context.facts }

  /// The 0-based line of the entry that counts for a key.
  func line(of key: ByteString) -> Int? { pass.line(of: key.bytes, in: table.table) }

  /// Whether `Connect:` and the key of an entry without a tag have an entry too.
  ///
  /// - Parameters:
  ///   - index: The 0-based line of the entry.
  ///   - connect: The hash of `Connect:`.
  func hasTagged(_ index: Int, _ connect: KeyIndex.Hash) -> Bool {
    let table = table.table
    guard case .entry(let fields) = table.classify(index) else { return false }
    let bytes = table.text.buffer.span
    var hash = connect
    for place in fields.key { hash.add(bytes[place]) }
    return pass.index.find(hash) { number in
      guard case .entry(let other) = table.classify(number) else { return false }
      return other.key.count == fields.key.count + 8
    } != nil
  }

  /// Puts other keys, another value or a comment in the place of an entry's; nil where that ``opensDoors(_:keys:value:)``, which is
  /// for a person to decide.
  func fix(
    _ entry: AccessEntry, keys: [ByteString]? = nil, value: ByteString? = nil, comment: ByteString? = nil
  ) -> TextFix? {
    if opensDoors(entry, keys: keys ?? [entry.entry.key], value: value ?? entry.entry.value) { return nil }
    return TableFixes.replacing(entry.index, of: table.table, keys: keys, value: value, comment: comment)
  }

  /// Whether other keys or another value would let a whole top-level domain or millions of addresses relay.
  private func opensDoors(_ entry: AccessEntry, keys: [ByteString], value: ByteString) -> Bool {
    keys.contains { key in
      let new = AccessKey(key)
      return AccessAction(value, tag: new.tag) == .relay && AccessRelayWide.doors(new, self) != nil
    }
  }

  /// Says that a key never matches, and proposes another spelling of the pattern, unless it is there with the same value.
  func report(
    _ check: Check, _ entry: AccessEntry, _ why: String, instead patterns: [ByteString],
    _ findings: inout FileFindings, fixes: Bool = true
  ) {
    let keys = patterns.map { entry.tagged($0.bytes) }
    let present = keys.compactMap { key in line(of: key).flatMap { table.table.entry(at: $0) } }
    // Both spellings, for servers of both kinds.
    if !keys.isEmpty, present.count == keys.count, present.allSatisfy({ $0.value == entry.entry.value }) { return }
    let shown =
      keys.prefix(4).map(\.escaped).joined(separator: ", ") + (keys.count > 4 ? " … (\(keys.count) keys)" : "")
    findings.add(
      check, line: entry.line, message: "\(entry.entry.key.escaped): \(why)",
      remedy: keys.isEmpty || opensDoors(entry, keys: keys, value: entry.entry.value)
        ? "remove the line" : "write \(shown)",
      fix: fixes && !keys.isEmpty && keys.count <= 256 ? fix(entry, keys: keys) : nil)
  }
}

enum AccessChecks {
  /// Every check of single entries.
  static let entries: [any AccessEntryCheck.Type] = [
    AccessCIDR.self, AccessFinalDot.self, AccessLeadingDot.self, AccessWildcard.self, AccessBrackets.self,
    AccessIPv6Form.self, AccessIPv6WithoutPrefix.self, AccessIPv4Form.self, AccessNetworkAddress.self,
    AccessAtDomain.self, AccessAngleBrackets.self, AccessQuotedKey.self, AccessNonASCII.self, AccessEmptyKey.self,
    AccessBareUser.self, AccessUnknownTag.self, AccessUnusedTag.self, AccessErrorText.self, AccessSkip.self,
    AccessErrorWithoutCode.self, AccessErrorCodeMismatch.self, AccessTextLosesBlanks.self,
    AccessQuarantineOnConnect.self, AccessRelayFrom.self, AccessRelayToAddress.self, AccessUntaggedRelay.self,
    AccessRelayWide.self, AccessRelayAndReject.self, AccessToWithoutBlocklist.self, AccessTagValue.self,
    AccessDiscardRecipient.self, AccessRejectOwnDomain.self,
  ]

  /// Looks at an access table.
  static func run(_ input: CheckedText<AccessTable>, _ context: CheckContext, _ findings: inout FileFindings) {
    let table = input.content
    let sieve = AccessSieve(context)
    let pass = TablePass(table.table, &findings) { sieve.traits($0, $1, &$2) }
    // What the parser says beyond the table's grammar: notes of relays that cannot be read.
    let notes = pass.hasComments ? table.unreadableNotes : []
    for diagnostic in notes { findings.add(diagnostic, code: diagnostic.code, entry: diagnostic.line) }
    let view = AccessTableView(table: table, pass: pass, context: context)
    let connect = AccessSieve.connectHash
    // The checks that look at a trait, by its bit, as bits; and how many findings of each are only counted by now.
    var interests = [UInt64](repeating: 0, count: UInt64.bitWidth)
    for (number, type) in entries.enumerated() {
      for bit in interests.indices where type.interest.rawValue >> UInt64(bit) & 1 != 0 {
        interests[bit] |= 1 << number
      }
    }
    var onlyCounts: UInt64 = 0
    var counted = [Int](repeating: 0, count: entries.count)
    for candidate in pass.candidates {
      let index = Int(candidate.line)
      var traits = candidate.traits
      if traits & AccessTraits.untaggedVerdict.rawValue != 0, !view.hasTagged(index, connect) {
        traits &= ~AccessTraits.untaggedVerdict.rawValue
      }
      var wanted: UInt64 = 0
      for bit in traits.bits { wanted |= interests[bit] }
      for number in (wanted & onlyCounts).bits { counted[number] += 1 }
      wanted &= ~onlyCounts
      guard wanted != 0, let entry = AccessEntry(index, table.table, AccessTraits(rawValue: traits)) else { continue }
      for number in wanted.bits {
        entries[number].examine(entry, view, &findings)
        if entries[number].isExact, findings.onlyCounts(entries[number].check) { onlyCounts |= 1 << number }
      }
    }
    for (number, count) in counted.enumerated() where count > 0 { findings.count(entries[number].check, count) }
  }
}

extension UInt64 {
  /// The numbers of the bits that are set, from the lowest on.
  fileprivate var bits: some Sequence<Int> {
    sequence(state: self) { rest in
      guard rest != 0 else { return nil }
      defer { rest &= rest - 1 }
      return rest.trailingZeroBitCount
    }
  }
}
