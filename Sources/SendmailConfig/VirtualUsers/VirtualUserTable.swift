/// The virtual user table (`/etc/mail/virtusertable`, on old virtual servers `virtmaps`): addresses of the domains this
/// host serves, and where their mail goes (cf/README, FEATURE(`virtusertable')).
public struct VirtualUserTable: Sendable {
  /// The table as text.
  public var table: Table

  /// Reads the table from the bytes of its file.
  public init(_ bytes: [UInt8] = []) { table = Table(bytes) }

  /// The entries, read for their meaning, in the order of the file.
  public var rules: some Sequence<VirtualUserRule> { table.entries.lazy.map { VirtualUserRule(entry: $0) } }

  /// The entry that counts for a key.
  public func rule(for key: ByteString) -> VirtualUserRule? { table.entry(for: key).map { VirtualUserRule(entry: $0) } }

  /// Gives an address a target: the target of its entry is replaced, or a line is added behind the last of its domain.
  ///
  /// - Throws: ``EditError``: what ``Table/set(_:for:behind:)`` refuses, a key that sendmail never looks up, and a target
  ///   that it would refuse or misread (a list, a program, a file, `error:` without a text).
  @discardableResult
  public mutating func set(_ target: ByteString, for address: ByteString) throws(EditError) -> Table.Edit {
    let key = VirtualUserKey(address)
    try key.check()
    try VirtualUserTarget(target).check(target)
    let domain = key.domain?.folded
    return try table.set(target, for: address) { other, _ in VirtualUserKey(other).domain?.folded == domain }
  }

  /// Removes an address.
  @discardableResult
  public mutating func remove(_ address: ByteString) -> Table.Edit { table.remove(address) }

  /// Writes `@` before the keys that are a bare domain: the catch-all of old virtual servers, which stock sendmail never
  /// looks up.
  ///
  /// A domain that has its `@domain` entry already keeps both lines.
  ///
  /// - Returns: The 1-based lines that were changed.
  @discardableResult
  public mutating func convertBareDomains() -> [Int] {
    let bare = rules.filter { $0.key.isBareDomain }.map(\.entry)
    let taken = table.firstLines(of: Set(bare.map { "@" + $0.key.folded }))
    var lines: [Int] = []
    for entry in bare where taken["@" + entry.key.folded] == nil {
      let line = table.text.line(entry.line)
      table.replaceLines(entry.line - 1..<entry.line, with: [ASCII.at] + line)
      lines.append(entry.line)
    }
    return lines
  }
}

/// The left side of a virtual user entry.
///
/// ```abnf
/// virtual-key = [user ["+" ("+" / "*" / detail)]] "@" domain   ; an empty user is the domain's catch-all
///             / "++@" domain / "+*@" domain                    ; the catch-all with a detail
///             / domain                                         ; only old virtual servers look this up
/// ```
public struct VirtualUserKey: Hashable, Sendable {
  /// The key as written.
  public let written: ByteString

  /// Reads a key.
  public init(_ written: ByteString) { self.written = written }

  /// What is before the last `@`; nil where there is none.
  public var user: ByteString? { at.map { ByteString(written.bytes[..<$0]) } }

  /// What is behind the last `@`, or the whole where there is none.
  public var domain: ByteString? { at.map { ByteString(written.bytes[($0 + 1)...]) } ?? written }

  /// Whether it takes the mail of all other users of the domain.
  public var isCatchAll: Bool { user?.isEmpty ?? false }

  /// Whether it is a domain without `@`, which stock sendmail never looks up.
  public var isBareDomain: Bool { at == nil }

  private var at: Int? { written.bytes.lastIndex(of: ASCII.at) }

  func check() throws(EditError) {
    func refuse(_ why: String) throws(EditError) -> Never {
      throw EditError(.badKey, "key \"\(written.escaped)\": \(why)")
    }
    guard let domain, at != nil else {
      try refuse("sendmail looks up user@domain and @domain only; for every user of a domain write @\(written.escaped)")
    }
    if domain.isEmpty { try refuse("there is no domain behind the @") }
    if domain.bytes.last == 0x2E || domain.bytes.first == 0x2E {
      try refuse("a domain neither begins nor ends with a dot")
    }
    if domain.bytes.first == 0x2A || user == "*" {
      try refuse("there is no wildcard; write @domain for every user of it")
    }
    if written.bytes.contains(ASCII.quote) { try refuse("sendmail looks addresses up without quotes") }
    if written.bytes.contains(ASCII.backslash) {
      try refuse("a backslash is looked up as it stands, and never matches")
    }
  }
}

/// The right side of a virtual user entry.
public enum VirtualUserTarget: Hashable, Sendable {
  /// An address: mail goes on to it, and is looked up again where its domain is virtual too.
  case address(ByteString)
  /// A local user or alias.
  case local(ByteString)
  /// A refusal: the word or code behind `error:`, and the text; either is empty where it is missing.
  case error(kind: ByteString, text: ByteString)

  /// Reads a target; `%0` to `%3` stay in it.
  public init(_ value: ByteString) {
    let bytes = value.bytes.trimming(while: ASCII.isSpace)
    let head = bytes.prefix(6)
    if String(decoding: head, as: UTF8.self).lowercased() == "error:" {
      let rest = bytes.dropFirst(6)
      let isCode = rest.first.map(ASCII.isDigit) ?? false
      let end = rest.firstIndex { isCode ? $0 == ASCII.colon : ASCII.isBlank($0) } ?? rest.endIndex
      self = .error(
        kind: ByteString(rest[..<end]), text: ByteString(rest[end...].dropFirst().drop(while: ASCII.isBlank)))
    } else {
      self = bytes.contains(ASCII.at) ? .address(ByteString(bytes)) : .local(ByteString(bytes))
    }
  }

  /// Whether a part of the address that was looked up goes into the target (`%0` to `%3`).
  public var usesParts: Bool {
    let bytes: [UInt8]
    switch self {
    case .address(let value), .local(let value): bytes = value.bytes
    case .error(_, let text): bytes = text.bytes
    }
    return zip(bytes, bytes.dropFirst()).contains { $0 == 0x25 && 0x30...0x33 ~= $1 }
  }

  func check(_ value: ByteString) throws(EditError) {
    func refuse(_ why: String) throws(EditError) -> Never {
      throw EditError(.badValue, "target \"\(value.escaped)\": \(why)")
    }
    switch self {
    case .error(let kind, let text):
      if kind.isEmpty || text.isEmpty {
        try refuse("error: wants a word and a text, as in error:nouser 550 5.1.1 No such user here")
      }
    case .address(let target), .local(let target):
      if target.bytes.contains(where: { 0x80...0x9F ~= $0 }) {
        try refuse("a byte of 0x80 to 0x9F, as some letters beyond ASCII have it, means something inside sendmail")
      }
      if Self.needsAlias(target) {
        try refuse("sendmail delivers to programs, files and lists only through an alias: name an alias here")
      }
      if !target.bytes.contains(ASCII.quote), target.bytes.contains(ASCII.comma) {
        try refuse("sendmail takes one target only: make an alias with the list, and name the alias here")
      }
      if let mark = target.bytes.firstIndex(of: ASCII.numberSign), mark > 0, ASCII.isBlank(target.bytes[mark - 1]) {
        try refuse("a comment cannot stand behind a target: sendmail would take it for part of the address")
      }
      if !target.bytes.contains(ASCII.quote), !target.bytes.contains(0x3C), target.bytes.contains(where: ASCII.isBlank),
        !target.bytes.contains(0x28)
      {
        try refuse("a blank in it would become part of the address")
      }
    }
  }
}

extension VirtualUserTarget {
  /// Whether sendmail might take an address for a program, a file, a list or another mailer once it has taken off what is around
  /// it: it delivers to those only where mail has come by an alias.
  package static func needsAlias(_ target: ByteString) -> Bool {
    !AliasPermissions.hidden(in: target.bytes[...]).isEmpty || AliasPermissions.namesMailer(target.bytes[...])
  }
}

/// An entry of the virtual user table, read for its meaning.
public struct VirtualUserRule: Sendable, Equatable {
  /// The entry as written.
  public let entry: TableEntry
  /// The key's meaning.
  public var key: VirtualUserKey { VirtualUserKey(entry.key) }
  /// The target's meaning.
  public var target: VirtualUserTarget { VirtualUserTarget(entry.value) }

  /// Reads an entry.
  package init(entry: TableEntry) { self.entry = entry }
}

extension Diagnostic.Code {
  /// A key that is a domain without `@`.
  public static let virtualUserBareDomain = Diagnostic.Code(rawValue: "virtmap.bare-domain")
}

extension VirtualUserTable {
  /// The lines that makemap refuses, and keys that stock sendmail never looks up.
  public var diagnostics: [Diagnostic] {
    let bare = rules.filter { $0.key.isBareDomain }.map(VirtualUserTable.bareDomain)
    return (table.diagnostics + bare).sorted { $0.line < $1.line }
  }

  /// What is to be said of an entry whose key is a domain without `@`.
  package static func bareDomain(_ rule: VirtualUserRule) -> Diagnostic {
    Diagnostic(
      code: .virtualUserBareDomain, severity: .warning, line: rule.entry.line,
      message: "\(rule.entry.key.escaped) is a domain without @, the catch-all of old virtual servers; "
        + "sendmail never looks it up",
      remedy: "write @\(rule.entry.key.escaped)")
  }
}
