extension Diagnostic.Code {
  /// An entry that still refuses a client that was let relay, or part of it.
  public static let relayStillDenied = Diagnostic.Code(rawValue: "relay.still-denied")
  /// An entry that still lets a client relay that was taken off.
  public static let relayStillAllowed = Diagnostic.Code(rawValue: "relay.still-allowed")
  /// An entry that lets more than the one client relay.
  public static let relayMatchesMore = Diagnostic.Code(rawValue: "relay.matches-more")
}

/// A client that may relay, and the lines that let it.
public struct Relay: Sendable, Equatable {
  /// The client as it was added; for entries without a note as its key says.
  public var client: String
  /// The 1-based lines of its entries.
  public var lines: [Int]
  /// How many entries it had when it was added with a note; somebody may have taken some out.
  public var expectedCount: Int
  /// The last day on which it may relay.
  public var expires: CalendarDate?
  /// What a person wrote about it.
  public var note: ByteString?
  /// The 1-based line of its note; nil where it has none.
  public var noteLine: Int?
}

/// Whether a client may relay by the access table alone, and why.
public struct RelayDecision: Sendable, Equatable {
  /// The answer; for a block whether all of it may.
  public var mayRelay: Bool
  /// The entry that decides; nil where none was found, or for the host itself, which sendmail always lets relay.
  public var rule: AccessRule?
  /// The keys that sendmail tries, in order, up to the one that decides.
  public var tried: [ByteString]
}

/// What letting a client relay, or no longer, did.
public struct RelayChange: Sendable, Equatable {
  /// The entry by which it was so already; nil where the table changed.
  public var alreadyBy: AccessRule?
  /// The last day on which it may relay, where it has one.
  public var expires: CalendarDate?
  /// Whether the table changed.
  public var isChange: Bool
  /// What stands in the way of what was asked for.
  public var warnings: [Diagnostic]
}

extension AccessTable {
  /// The clients that the table lets relay: those with a note first by its line, all in the order of the file.
  ///
  /// - Complexity: O(*n*) in lines.
  public var relays: [Relay] {
    var relays: [Relay] = []
    var owners: [ByteString: Int] = [:]
    for (index, note) in notes {
      let keys = (try? note.client.keys(ipv6Form)) ?? []
      for key in keys { owners[tagged(key)] = relays.count }
      relays.append(
        Relay(
          client: "\(note.client)", lines: [], expectedCount: keys.count, expires: note.expires, note: note.note,
          noteLine: index + 1))
    }
    var seen: Set<ByteString> = []
    for rule in rules {
      let key = rule.key
      guard key.tag == nil || key.tag == .connect, seen.insert(key.written.folded).inserted, rule.action == .relay,
        isLookedUp(key)
      else { continue }
      if let owner = owners[tagged(bare(key))] {
        relays[owner].lines.append(rule.entry.line)
        continue
      }
      let client: String
      switch key.pattern {
      case .address(let address): client = "\(address)"
      case .network(let network): client = "\(network)"
      case .host(let name): client = "\(name)"
      case .user, .mailbox, .anything, .other: continue
      }
      relays.append(Relay(client: client, lines: [rule.entry.line], expectedCount: 1))
    }
    return relays.sorted { ($0.noteLine ?? $0.lines.first ?? 0) < ($1.noteLine ?? $1.lines.first ?? 0) }
  }

  /// Whether sendmail ever asks for a key of a client: it asks in one form only.
  private func isLookedUp(_ key: AccessKey) -> Bool {
    let network: IPNetwork
    switch key.pattern {
    case .address(let address): network = IPNetwork(unchecked: address, prefixLength: address.bitWidth)
    case .network(let block): network = block
    case .host(let name):
      return name.bytes.first != 0x2E && name.bytes.last != 0x2E
        && name.bytes.allSatisfy {
          ASCII.isDigit($0) || ASCII.lowercased($0) &- 0x61 < 26 || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
        }
    case .user, .mailbox, .anything, .other: return false
    }
    return (try? network.keys(ipv6Form))?.map(\.folded) == [bare(key).folded]
  }

  /// Whether a client may relay by this table alone: sendmail's search for `Connect:` keys (cf/README, "ACCESS DATABASE").
  ///
  /// - Throws: ``EditError`` where the client cannot be expressed in keys; see ``IPNetwork/keys(_:)``.
  public func relayDecision(for client: RelayClient) throws(EditError) -> RelayDecision {
    if client.isLoopback { return RelayDecision(mayRelay: true, rule: nil, tried: []) }
    let decisions = decide(try client.keys(ipv6Form))
    if let denied = decisions.first(where: { !$0.mayRelay }) { return denied }
    if let exception = exceptions(within: client).first {
      return RelayDecision(mayRelay: false, rule: exception, tried: [exception.entry.key])
    }
    return decisions[0]
  }

  /// Lets a client relay.
  ///
  /// Where it may already, nothing changes, unless an end or a note is to be written down. A block becomes the fewest
  /// entries that sendmail can match, under one note.
  ///
  /// - Parameters:
  ///   - client: The client.
  ///   - expires: The last day on which it may; nil leaves it as it is.
  ///   - isUnlimited: Whether a last day that it has is taken away.
  ///   - note: What a person wants to remember about it; nil leaves it as it is, an empty one takes it away.
  /// - Throws: ``EditError``; the table is then unchanged.
  @discardableResult
  public mutating func allowRelay(
    from client: RelayClient, expires: CalendarDate? = nil, isUnlimited: Bool = false, note: ByteString? = nil
  ) throws(EditError) -> RelayChange {
    let keys = try client.keys(ipv6Form)
    let notes = self.notes
    let own = notes.first { $0.note.client == client }
    var record = try RelayNote(client: client)
    if let own { record = own.note }
    let asked = try RelayNote(client: client, expires: expires, note: note)
    record.expires = isUnlimited ? nil : asked.expires ?? record.expires
    record.note = note == nil ? record.note : asked.note
    let isRecordWanted = asked.expires != nil || asked.note != nil

    let ending = endingKeys(notes, except: client)
    let decisions = client.isLoopback ? [] : decide(keys)
    let isAllowed = decisions.allSatisfy { $0.mayRelay && !ending.contains(key(of: $0)) }
    let isRecorded = own.map { $0.note == record } ?? !isRecordWanted
    if isAllowed, isRecorded || client.isLoopback {
      return RelayChange(
        alreadyBy: decisions.first?.rule, expires: record.expires, isChange: false, warnings: obstacles(to: client))
    }
    var missing: [ByteString] = []
    var first: Int?
    for (key, decision) in zip(keys, decisions) {
      let isOwn = decision.rule.map { tagged(bare($0.key)) == tagged(key) } ?? false
      if let rule = decision.rule, isOwn, rule.action == .relay {
        first = min(first ?? Int.max, rule.entry.line - 1)
      } else if let rule = decision.rule, isOwn, rule.key.tag == .connect {
        try table.set("RELAY", for: rule.entry.key)
        first = min(first ?? Int.max, rule.entry.line - 1)
      } else {
        missing.append(ByteString("Connect:") + key)
      }
    }
    let pairs = missing.map { (key: $0, value: ByteString("RELAY")) }
    if let own {
      table.replaceLines(own.line..<own.line + 1, with: record.line.bytes + table.text.lineEnd)
      if !pairs.isEmpty { try table.insert(pairs, at: own.line + 1) }
    } else {
      let comment = isRecordWanted || keys.count > 1 ? record.line : nil
      // Entries that are there already stay with the comment that somebody wrote above them.
      let place = missing.isEmpty ? first ?? 0 : table.place(behind: isRelaySibling)
      if comment != nil || !pairs.isEmpty { try table.insert(comment: comment, pairs, at: place) }
    }
    return RelayChange(alreadyBy: nil, expires: record.expires, isChange: true, warnings: obstacles(to: client))
  }

  /// Lets a client relay that a person wrote; see ``allowRelay(from:expires:note:)-(RelayClient,_,_)``.
  @discardableResult
  public mutating func allowRelay(
    from client: String, expires: CalendarDate? = nil, note: String? = nil
  ) throws(EditError) -> RelayChange {
    try allowRelay(from: RelayClient(client), expires: expires, note: note.map { ByteString($0) })
  }

  /// Takes a client off: its note, and those of its entries that no other note needs.
  ///
  /// An untagged entry of a name stays, because it lets mail to the domain in too, and so does an untagged entry of an address
  /// that was there before the client was added with a note; a warning names it.
  ///
  /// - Throws: ``EditError`` where the client cannot be expressed in keys; see ``IPNetwork/keys(_:)``.
  @discardableResult
  public mutating func removeRelay(from client: RelayClient) throws(EditError) -> RelayChange {
    let notes = self.notes
    var kept: Set<ByteString> = []
    for (_, note) in notes where note.client != client {
      for key in (try? note.client.keys(ipv6Form)) ?? [] { kept.insert(tagged(key)) }
    }
    var gone = Set(notes.filter { $0.note.client == client }.map(\.line))
    var keys: Set<ByteString> = []
    for key in try client.keys(ipv6Form) where !kept.contains(tagged(key)) {
      keys.insert(tagged(key))
      // What was added with a note has tagged entries; an untagged one was there before.
      if case .network = client, gone.isEmpty { keys.insert(key.folded) }
    }
    for line in table.lines(of: keys) {
      if let entry = table.entry(at: line), AccessAction(entry.value) == .relay { gone.insert(line) }
    }
    table.removeLines(gone)
    var warnings: [Diagnostic] = []
    if let rule = decide(try client.keys(ipv6Form)).first(where: \.mayRelay)?.rule {
      let untagged =
        rule.key.tag == nil ? ", and more: an entry without a tag is also about senders and recipients" : ""
      // An entry that came with a note goes with its note.
      let key = tagged(bare(rule.key))
      let owner = self.notes.first { (try? $0.note.client.keys(ipv6Form))?.contains { tagged($0) == key } ?? false }
      let command = owner.map { "relay remove \($0.note.client)" } ?? "access remove \(rule.entry.key.escaped)"
      warnings.append(
        Diagnostic(
          code: .relayStillAllowed, severity: .warning, line: rule.entry.line,
          message: "\(client) may still relay by \(rule.entry.key.escaped)\(untagged)",
          remedy: "if that is not meant: mailcfg \(command)"))
    }
    return RelayChange(alreadyBy: nil, expires: nil, isChange: !gone.isEmpty, warnings: warnings)
  }

  /// Takes off every client whose last day is over.
  ///
  /// - Parameter today: The day it is.
  /// - Returns: The notes of those taken off.
  public mutating func pruneRelays(today: CalendarDate) throws(EditError) -> [RelayNote] {
    let over = notes.map(\.note).filter { $0.expires.map { $0 < today } ?? false }
    for note in over { try removeRelay(from: note.client) }
    return over
  }
}

extension AccessTable {
  /// The relay notes and their 0-based lines.
  var notes: [(line: Int, note: RelayNote)] {
    var result: [(line: Int, note: RelayNote)] = []
    let text = table.text
    for index in 0..<text.lineCount where text.buffer[text.lines[index].range.lowerBound] == ASCII.numberSign {
      if let note = RelayNote(line: text.buffer[text.content(at: index)]) { result.append((index, note)) }
    }
    return result
  }

  /// The folded, tagged keys that go away with a note that ends.
  private func endingKeys(_ notes: [(line: Int, note: RelayNote)], except client: RelayClient) -> Set<ByteString> {
    var keys: Set<ByteString> = []
    for (_, note) in notes where note.expires != nil && note.client != client {
      for key in (try? note.client.keys(ipv6Form)) ?? [] { keys.insert(tagged(key)) }
    }
    return keys
  }

  private func key(of decision: RelayDecision) -> ByteString { decision.rule.map { tagged(bare($0.key)) } ?? "" }

  /// A key without its tag.
  private func bare(_ key: AccessKey) -> ByteString {
    guard let tag = key.tag else { return key.written }
    return ByteString(key.written.bytes.dropFirst(tag.name.utf8.count + 1))
  }

  /// A key without a tag as the folded `connect:` key.
  private func tagged(_ key: ByteString) -> ByteString { (ByteString("connect:") + key).folded }

  /// sendmail's answer for each key, as for a client of which the key is all there is.
  private func decide(_ keys: [ByteString]) -> [RelayDecision] {
    let searches = keys.map { RelayClient.lookupKeys($0).flatMap { [ByteString("Connect:") + $0, $0] } }
    var wanted: Set<ByteString> = []
    for search in searches { wanted.formUnion(search.map(\.folded)) }
    let lines = table.firstLines(of: wanted)
    return searches.map { search in
      for (index, key) in search.enumerated() {
        guard let line = lines[key.folded], let entry = table.entry(at: line) else { continue }
        let rule = AccessRule(entry: entry)
        return RelayDecision(mayRelay: rule.action == .relay, rule: rule, tried: Array(search[...index]))
      }
      return RelayDecision(mayRelay: false, rule: nil, tried: search)
    }
  }

  private func isRelaySibling(_ key: ByteString, _ value: ByteString) -> Bool {
    guard AccessAction(value) == .relay else { return false }
    let key = AccessKey(key)
    return key.tag == .connect
  }

  /// The more specific entries that keep part of a block, or a host below a domain, from relaying.
  private func exceptions(within client: RelayClient) -> [AccessRule] {
    if case .network(let network) = client, network.isSingleAddress { return [] }
    var result: [AccessRule] = []
    for rule in rules where rule.action != .relay {
      let key = rule.key
      guard key.tag == nil || key.tag == .connect else { continue }
      let isInside: Bool
      switch (client, key.pattern) {
      case (.network(let block), .address(let address)): isInside = block.contains(address)
      case (.network(let block), .network(let part)):
        isInside = part.prefixLength > block.prefixLength && block.contains(part.address)
      case (.host(let domain), .host(let name)):
        isInside = name.folded.bytes.reversed().starts(with: (Array(".".utf8) + domain.utf8).reversed())
      default: isInside = false
      }
      if isInside { result.append(rule) }
    }
    // An entry counts where it is the one that sendmail finds.
    return zip(result, decide(result.map { bare($0.key) })).filter { $0 == $1.rule }.map(\.0)
  }

  /// What will still refuse a client that was let relay.
  private func obstacles(to client: RelayClient) -> [Diagnostic] {
    var rules = exceptions(within: client)
    if case .network(let network) = client, network.isSingleAddress, let key = try? network.keys(ipv6Form)[0] {
      let literals = RelayClient.lookupKeys(key).flatMap { key -> [ByteString] in
        let literal = ByteString("[") + key + "]"
        return [ByteString("Connect:") + literal, literal]
      }
      let lines = table.firstLines(of: Set(literals.map(\.folded)))
      if let first = literals.lazy.compactMap({ lines[$0.folded] }).first, let entry = table.entry(at: first) {
        let rule = AccessRule(entry: entry)
        if rule.action != .ok, rule.action != .relay { rules.append(rule) }
      }
    }
    var warnings: [Diagnostic] = []
    if ipv6Form == .compressed, case .network(let network) = client, network.isSingleAddress,
      "\(network)".contains("::"), let key = try? network.keys(ipv6Form)[0],
      let line = table.firstLines(of: [tagged(key)])[tagged(key)]
    {
      warnings.append(
        Diagnostic(
          code: .relayMatchesMore, severity: .warning, line: line + 1,
          message:
            "sendmail.cf sets UseCompressedIPv6Addresses: the entry also lets clients relay whose address, written "
            + "short, begins with \(network):",
          remedy: "if that matters, take the option out of sendmail.cf"))
    }
    return warnings
      + rules.map { rule in
        let literal = rule.entry.key.bytes.contains(0x5B) ? " while its address has no name in DNS" : ""
        return Diagnostic(
          code: .relayStillDenied, severity: .warning, line: rule.entry.line,
          message:
            "\(rule.entry.key.escaped) \(rule.entry.value.escaped) still keeps \(literal.isEmpty ? "part of " : "")"
            + "\(client) from relaying\(literal)",
          remedy: "if that is not meant: mailcfg access remove \(rule.entry.key.escaped)")
      }
  }
}

extension RelayClient {
  /// Whether it is the host itself, which sendmail lets relay whatever the table says; other 127.x.y.z are not.
  var isLoopback: Bool {
    guard case .network(let network) = self, network.isSingleAddress else { return false }
    return network.address == IPAddress("127.0.0.1") || network.address == IPAddress("::1")
  }
}

extension ByteString {
  static func + (left: ByteString, right: ByteString) -> ByteString { ByteString(left.bytes + right.bytes) }
}
