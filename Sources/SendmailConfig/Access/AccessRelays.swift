extension Diagnostic.Code {
  /// An entry that still refuses a client that was let relay, or part of it.
  public static let relayStillDenied = Diagnostic.Code(rawValue: "relay.still-denied")
  /// An entry that still lets a client relay that was taken off.
  public static let relayStillAllowed = Diagnostic.Code(rawValue: "relay.still-allowed")
  /// A comment that begins as a note of a relay and cannot be read.
  public static let relayUnreadableNote = Diagnostic.Code(rawValue: "relay.unreadable-note")
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
    // An entry may belong to several notes: a block and a part of it share one.
    var owners: [ByteString: [Int]] = [:]
    for (index, note) in notes {
      let keys = (try? note.client.keys(ipv6Form)) ?? []
      for key in keys { owners[tagged(key), default: []].append(relays.count) }
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
      if let owners = owners[tagged(bare(key))] {
        for owner in owners { relays[owner].lines.append(rule.entry.line) }
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
          ASCII.isLetterOrDigit($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
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

    let others = keysOfOthers(notes, than: client)
    let decisions = client.isLoopback ? [] : decide(keys)
    // What another note let relay may go with that note, so it does not count.
    let isAllowed = decisions.allSatisfy { $0.mayRelay && !others.contains(key(of: $0)) }
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
      // Where all entries are there, they are another note's: this one keeps them when that one goes.
      let comment = isRecordWanted || client.isBlock || pairs.isEmpty ? record.line : nil
      // Entries that are there already stay with the comment that somebody wrote above them.
      let place = missing.isEmpty ? first ?? 0 : table.place(behind: isRelaySibling)
      try table.insert(comment: comment, pairs, at: place)
    }
    var warnings = obstacles(to: client)
    let wider = zip(keys, decisions).first { key, decision in
      decision.mayRelay && decision.rule.map { tagged(bare($0.key)) != tagged(key) } ?? false
    }
    if let end = asked.expires, let rule = wider?.1.rule,
      let line = table.firstLines(of: [rule.entry.key.folded])[rule.entry.key.folded]
    {
      warnings.append(
        Diagnostic(
          code: .relayStillAllowed, severity: .warning, line: line + 1,
          message: "\(client) will go on relaying after \(end) by \(rule.entry.key.escaped)",
          remedy: "if that is not meant, take that entry off"))
    }
    return RelayChange(alreadyBy: nil, expires: record.expires, isChange: true, warnings: warnings)
  }

  /// Lets a client relay that a person wrote; see ``allowRelay(from:expires:isUnlimited:note:)``.
  @discardableResult
  public mutating func allowRelay(
    from client: String, expires: CalendarDate? = nil, note: String? = nil
  ) throws(EditError) -> RelayChange {
    try allowRelay(from: RelayClient(client), expires: expires, note: note.map { ByteString($0) })
  }

  /// Takes a client off: its note and the entries below it, but for those that another note needs.
  ///
  /// Where a tool has moved the note away from its entries, they are found by their keys; where there is no note, so are
  /// those that somebody wrote by hand. An untagged entry of a name stays, because it lets mail to the domain in too. A
  /// warning names what still lets the client relay.
  ///
  /// - Throws: ``EditError`` where the client cannot be expressed in keys; see ``IPNetwork/keys(_:)``.
  @discardableResult
  public mutating func removeRelay(from client: RelayClient) throws(EditError) -> RelayChange {
    let keys = try client.keys(ipv6Form)
    let notes = self.notes
    let own = notes.filter { $0.note.client == client }
    var gone = lines(of: own, among: notes)
    if own.isEmpty {
      let others = keysOfOthers(notes, than: client)
      var wanted = Set(keys.map(tagged)).subtracting(others)
      if case .network = client { wanted.formUnion(keys.filter { !others.contains(tagged($0)) }.map(\.folded)) }
      gone.formUnion(relayLines(of: wanted))
    }
    table.removeLines(gone)
    return RelayChange(alreadyBy: nil, expires: nil, isChange: !gone.isEmpty, warnings: stillAllowed([client]))
  }

  /// Takes off every client whose last day is over.
  ///
  /// - Parameter today: The day it is.
  /// - Returns: The notes of those taken off, and warnings of what still lets some of them relay.
  public mutating func pruneRelays(today: CalendarDate) -> (notes: [RelayNote], warnings: [Diagnostic]) {
    let notes = self.notes
    let over = notes.filter { $0.note.expires.map { $0 < today } ?? false }
    guard !over.isEmpty else { return ([], []) }
    table.removeLines(lines(of: over, among: notes))
    let staying = Set(self.notes.map(\.note.client))
    return (over.map(\.note), stillAllowed(over.map(\.note.client).filter { !staying.contains($0) }))
  }
}

extension RelayClient {
  /// Whether it is more than one address.
  var isBlock: Bool {
    if case .network(let network) = self { return !network.isSingleAddress }
    return false
  }

  /// Whether it is the host itself, which sendmail lets relay whatever the table says; other 127.x.y.z are not.
  var isLoopback: Bool {
    guard case .network(let network) = self, network.isSingleAddress else { return false }
    return network.address == IPAddress("127.0.0.1") || network.address == IPAddress("::1")
  }
}

extension ByteString {
  static func + (left: ByteString, right: ByteString) -> ByteString { ByteString(left.bytes + right.bytes) }
}
