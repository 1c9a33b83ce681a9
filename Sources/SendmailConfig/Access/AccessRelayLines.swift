extension AccessTable {
  /// The 0-based lines that go with some notes: the notes, and their entries that no other note needs.
  func lines(
    of going: [(line: Int, note: RelayNote)], among notes: [(line: Int, note: RelayNote)]
  ) -> Set<Int> {
    let goingLines = Set(going.map(\.line))
    var needed: Set<ByteString> = []
    for (line, note) in notes where !goingLines.contains(line) { needed.formUnion(keys(of: note)) }
    var result = goingLines
    var displaced: Set<ByteString> = []
    for (line, note) in going {
      let keys = keys(of: note)
      let group = group(below: line, keys)
      if group.isEmpty { displaced.formUnion(keys.subtracting(needed)) }
      for (line, key) in group where !needed.contains(key) { result.insert(line) }
    }
    if !displaced.isEmpty { result.formUnion(relayLines(of: displaced)) }
    return result
  }

  /// The entries right below a note that are its own.
  func group(below note: Int, _ keys: Set<ByteString>) -> [(line: Int, key: ByteString)] {
    var result: [(line: Int, key: ByteString)] = []
    var line = note + 1
    while line < table.text.lineCount {
      defer { line += 1 }
      // The note of one client of a block may stand among the entries of the block.
      if RelayNote(line: table.text.buffer[table.text.content(at: line)]) != nil { continue }
      guard let entry = table.entry(at: line), AccessAction(entry.value) == .relay else { break }
      let key = AccessKey(entry.key)
      let own = tagged(bare(key))
      if case .host = key.pattern, key.tag == nil { break }
      guard key.tag == nil || key.tag == .connect, keys.contains(own) else { break }
      result.append((line, own))
    }
    return result
  }

  /// The 0-based lines of the entries of some keys that let relay.
  func relayLines(of keys: Set<ByteString>) -> [Int] {
    table.lines(of: keys).filter { line in table.entry(at: line).map { AccessAction($0.value) == .relay } ?? false }
  }

  /// The folded, tagged keys of a note.
  func keys(of note: RelayNote) -> Set<ByteString> {
    Set(((try? note.client.keys(ipv6Form)) ?? []).map(tagged))
  }

  /// What still lets clients relay that were taken off.
  func stillAllowed(_ clients: [RelayClient]) -> [Diagnostic] {
    let keys = clients.map { (try? $0.keys(ipv6Form)) ?? [] }
    var decisions = decide(keys.flatMap { $0 })[...]
    var result: [Diagnostic] = []
    var notes: [(line: Int, note: RelayNote)]?
    for (client, keys) in zip(clients, keys) {
      let own = decisions.prefix(keys.count)
      decisions = decisions.dropFirst(keys.count)
      guard let rule = own.first(where: \.mayRelay)?.rule else { continue }
      // An entry that came with a note goes with its note.
      let all = notes ?? self.notes
      notes = all
      let key = tagged(bare(rule.key))
      let owner = all.first { self.keys(of: $0.note).contains(key) }
      let command = owner.map { "relay remove \($0.note.client)" } ?? "access remove \(rule.entry.key.escaped)"
      let untagged =
        rule.key.tag == nil ? ", and more: an entry without a tag is also about senders and recipients" : ""
      result.append(
        Diagnostic(
          code: .relayStillAllowed, severity: .warning, line: rule.entry.line,
          message: "\(client) may still relay by \(rule.entry.key.escaped)\(untagged)",
          remedy: "if that is not meant: mailcfg \(command)"))
    }
    return result
  }
}

extension AccessTable {
  /// The lines that makemap refuses, and notes of relays that cannot be read, in the order of the text.
  public var diagnostics: [Diagnostic] {
    (table.diagnostics + unreadableNotes).sorted { $0.line < $1.line }
  }

  /// Comments that begin as a note of a relay and cannot be read, so that nothing is done about them.
  public var unreadableNotes: [Diagnostic] {
    let text = table.text
    let bytes = text.buffer.span
    let lines = text.lines.span
    var result: [Diagnostic] = []
    for index in lines.indices where bytes[lines[index].range.lowerBound] == ASCII.numberSign {
      let line = text.buffer[text.content(at: index)]
      guard RelayNote.isMeant(line), RelayNote(line: line) == nil else { continue }
      result.append(
        Diagnostic(
          code: .relayUnreadableNote, severity: .warning, line: index + 1,
          message: "the note cannot be read, so it neither ends nor explains anything",
          remedy: "write: # mailcfg: relay CLIENT expires=YYYY-MM-DD note=TEXT (the last two may be left out)"))
    }
    return result
  }

  /// The relay notes and their 0-based lines.
  var notes: [(line: Int, note: RelayNote)] {
    var result: [(line: Int, note: RelayNote)] = []
    let text = table.text
    for index in 0..<text.lineCount where text.buffer[text.lines[index].range.lowerBound] == ASCII.numberSign {
      if let note = RelayNote(line: text.buffer[text.content(at: index)]) { result.append((index, note)) }
    }
    return result
  }

  /// The folded, tagged keys of other clients' notes, but for those that a note of this client has too.
  func keysOfOthers(
    _ notes: [(line: Int, note: RelayNote)], than client: RelayClient
  ) -> Set<ByteString> {
    var others: Set<ByteString> = []
    var own: Set<ByteString> = []
    for (_, note) in notes {
      if note.client == client { own = keys(of: note) } else { others.formUnion(keys(of: note)) }
    }
    return others.subtracting(own)
  }

  func key(of decision: RelayDecision) -> ByteString { decision.rule.map { tagged(bare($0.key)) } ?? "" }

  /// A key without its tag.
  func bare(_ key: AccessKey) -> ByteString {
    guard let tag = key.tag else { return key.written }
    return ByteString(key.written.bytes.dropFirst(tag.name.utf8.count + 1))
  }

  /// A key without a tag as the folded `connect:` key.
  func tagged(_ key: ByteString) -> ByteString { (ByteString("connect:") + key).folded }

  /// sendmail's answer for each key, as for a client of which the key is all there is.
  func decide(_ keys: [ByteString]) -> [RelayDecision] {
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

  func isRelaySibling(_ key: ByteString, _ value: ByteString) -> Bool {
    guard AccessAction(value) == .relay else { return false }
    let key = AccessKey(key)
    return key.tag == .connect
  }

  /// The more specific entries that keep part of a block, or a host below a domain, from relaying.
  func exceptions(within client: RelayClient) -> [AccessRule] {
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
  func obstacles(to client: RelayClient) -> [Diagnostic] {
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
