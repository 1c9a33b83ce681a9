extension Diagnostic.Code {
  /// A word before a colon that stock rule sets never look up.
  public static let accessUnknownTag = Diagnostic.Code(rawValue: "access.unknown-tag")
  /// A value that sendmail answers with as an error text.
  public static let accessErrorText = Diagnostic.Code(rawValue: "access.error-text")
}

/// The access table (`/etc/mail/access`): who may send, who may relay, and who is refused (cf/README, "ACCESS DATABASE").
public struct AccessTable: Sendable {
  /// The table as text.
  public var table: Table
  /// How sendmail writes IPv6 addresses when it looks them up.
  public var ipv6Form: IPv6Form

  /// Reads the table from the bytes of its file.
  public init(_ bytes: [UInt8] = [], ipv6Form: IPv6Form = .uncompressed) {
    table = Table(bytes)
    self.ipv6Form = ipv6Form
  }

  /// The entries, read for their meaning, in the order of the file.
  public var rules: some Sequence<AccessRule> { table.entries.lazy.map { AccessRule(entry: $0) } }

  /// The entry that counts for a key.
  public func rule(for key: ByteString) -> AccessRule? { table.entry(for: key).map { AccessRule(entry: $0) } }

  /// Gives a key a value: the value of its entry is replaced, or a line is added behind the last of its tag.
  ///
  /// - Throws: ``EditError``: what ``Table/set(_:for:behind:)`` refuses, and a value that ends in `# …`, which sendmail
  ///   would take for an error text.
  @discardableResult
  public mutating func set(_ value: ByteString, for key: ByteString) throws(EditError) -> Table.Edit {
    if case .other(let text) = AccessAction(value), let mark = text.bytes.firstIndex(of: ASCII.numberSign),
      mark > 0, ASCII.isBlank(text.bytes[mark - 1])
    {
      throw EditError(
        .badValue,
        "value \"\(value.shown(of: key).escaped)\": a comment cannot stand behind a value; sendmail would answer with that text"
      )
    }
    try AccessTable.check(key)
    let tag = AccessKey(key).tag
    return try table.set(value, for: key) { other, _ in AccessKey(other).tag == tag }
  }

  /// What is odd about an entry that sendmail takes all the same.
  public func doubts(about rule: AccessRule) -> [Diagnostic] {
    var result: [Diagnostic] = []
    let key = rule.key
    if key.tag == nil, case .other(let text) = key.pattern, let colon = text.bytes.firstIndex(of: ASCII.colon) {
      let word = ByteString(text.bytes[..<colon]).escaped
      result.append(
        Diagnostic(
          code: .accessUnknownTag, severity: .warning, line: rule.entry.line,
          message: "\(word): is no tag that sendmail's own rule sets look up", remedy: "see cf/README, ACCESS DATABASE")
      )
    }
    if key.tag == nil || key.tag == .connect || key.tag == .from || key.tag == .to, case .other(let text) = rule.action
    {
      let shown = text.shown(of: rule.entry.key).escaped
      result.append(
        Diagnostic(
          code: .accessErrorText, severity: .warning, line: rule.entry.line, column: rule.entry.key.bytes.count + 2,
          message: "\(shown) is no word that sendmail knows here: it refuses with \"553 5.3.0 \(shown)\"",
          remedy: "if a refusal is meant, write ERROR:5.7.1:550 and the text"))
    }
    return result
  }

  /// Refuses keys that look like addresses and that sendmail never asks for.
  private static func check(_ key: ByteString) throws(EditError) {
    let parsed = AccessKey(key)
    func refuse(_ why: String) throws(EditError) -> Never { throw EditError(.badKey, "key \"\(key.escaped)\": \(why)") }
    let tag = parsed.tag.map { "\($0):" } ?? ""
    switch parsed.pattern {
    case .host(let name), .other(let name):
      let text = name.description
      if let block = try? RelayClient(text), case .network(let network) = block,
        let keys = try? network.keys(.uncompressed)
      {
        let some = keys.prefix(4).map { "\(tag)\($0)" }.joined(separator: ", ") + (keys.count > 4 ? " …" : "")
        try refuse("sendmail looks addresses up by whole octets and groups: write \(some)")
      }
      if name.bytes.last == 0x2E { try refuse("leave the final dot off: sendmail never looks it up") }
    case .address, .network, .user, .mailbox, .anything: break
    }
  }

  /// Removes a key.
  @discardableResult
  public mutating func remove(_ key: ByteString) -> Table.Edit { table.remove(key) }
}
