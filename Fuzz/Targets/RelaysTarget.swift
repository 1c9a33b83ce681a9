internal import SendmailConfig

extension FuzzTarget {
  /// Clients that may relay: only they come and go, with their own notes.
  static let relays = FuzzTarget("relays", dictionary: "relays") { input throws(FuzzFailure) in
    let kind = input.choice(of: 4)
    let form: IPv6Form = input.choice(of: 2) == 0 ? .uncompressed : .compressed
    let words = input.string()
    let options = input.choice()
    let day = CalendarDate(String(decoding: input.string(), as: UTF8.self))
    let note = options & 1 == 0 ? nil : ByteString(input.string())
    let bytes = input.rest()
    var access = AccessTable(bytes, ipv6Form: form)
    let before = access
    let relays = access.relays
    // Blocks of tens of thousands of entries take long, and are like others.
    guard relays.allSatisfy({ $0.expectedCount <= 1024 }) else { return }
    for relay in relays {
      try require(relay.lines.allSatisfy { 1...access.table.text.lineCount ~= $0 }, "a relay without a line")
    }
    _ = access.unreadableNotes
    if kind == 0 {
      let today = day ?? CalendarDate("2037-06-30")
      guard let today else { return }
      _ = access.pruneRelays(today: today)
      try requireFewer(before, access)
      for relay in access.relays {
        try require(relay.expires.map { $0 >= today } ?? true, "\(relay.client) is over, and still there")
      }
      return try requireSoundDiff(access.table.text, from: bytes)
    }
    let client: RelayClient
    do throws(EditError) {
      client = try RelayClient(String(decoding: words, as: UTF8.self))
    } catch {
      return try requireOneLine(error.message)
    }
    guard case .some(let again) = try? RelayClient("\(client)"), again == client else {
      throw FuzzFailure(description: "\(client) is not read back")
    }
    guard ((try? RelayKeys.keys(of: client, form)) ?? []).count <= 1024 else { return }
    if kind == 1 {
      do throws(EditError) { _ = try access.removeRelay(from: client) } catch {
        try require(access.table.text.bytes == bytes, "a refused removal changed the text")
      }
      try requireFewer(before, access)
    } else {
      try allow(client, options & 2 == 0 ? day : nil, isUnlimited: options & 4 != 0, note, in: &access, before)
    }
    try requireSoundDiff(access.table.text, from: bytes)
  }

  private static func allow(
    _ client: RelayClient, _ expires: CalendarDate?, isUnlimited: Bool, _ note: ByteString?,
    in access: inout AccessTable,
    _ before: AccessTable
  ) throws(FuzzFailure) {
    let change: RelayChange
    do throws(EditError) {
      change = try access.allowRelay(from: client, expires: expires, isUnlimited: isUnlimited, note: note)
    } catch {
      try requireOneLine(error.message)
      return try require(access.table.text.bytes == before.table.text.bytes, "a refused change changed the text")
    }
    let after = AccessTable(access.table.text.bytes, ipv6Form: before.ipv6Form)
    try require(change.isChange || after.table.text.bytes == before.table.text.bytes, "changed, and said not to be")
    let decision = try? after.relayDecision(for: client)
    let isDenied = change.warnings.contains { $0.code == .relayStillDenied }
    try require(decision?.mayRelay == true || isDenied, "\(client) may not relay")
    // What came lets this client relay, and nobody else.
    let keys = Set(
      ((try? RelayKeys.keys(of: client, before.ipv6Form)) ?? []).map { (ByteString("Connect:") + $0).folded })
    let (old, new) = (contents(before.table), contents(after.table))
    try require(new.count >= old.count && new.count - old.count <= keys.count, "\(new.count - old.count) entries came")
    var rest = old[...]
    for entry in new {
      if let first = rest.first, first == entry {
        rest.removeFirst()
      } else {
        let action = entry.value.folded.bytes.prefix(5)
        try require(keys.contains(entry.key.folded), "another entry came: \(entry.key.escaped)")
        try require(action.elementsEqual("relay".utf8), "\(entry.key.escaped) is \(entry.value.escaped)")
        if let first = rest.first, first.key.folded == entry.key.folded { rest.removeFirst() }
      }
    }
    try require(rest.isEmpty, "an entry is gone")
    let others = { (table: AccessTable) in table.relays.filter { $0.noteLine != nil && $0.client != "\(client)" } }
    let (oldNotes, newNotes) = (others(before), others(after))
    try require(oldNotes.map(\.client) == newNotes.map(\.client), "another note came or went")
    try require(oldNotes.map(\.note) == newNotes.map(\.note), "another note changed")
    try require(oldNotes.map(\.expires) == newNotes.map(\.expires), "another note's end changed")
    if change.isChange, let own = after.relays.first(where: { $0.client == "\(client)" && $0.noteLine != nil }) {
      if let expires, !isUnlimited { try require(own.expires == expires, "until \(own.expires ?? expires)") }
    }
  }

  /// Sees that nothing came: entries that let relay went, and comments.
  private static func requireFewer(_ before: AccessTable, _ after: AccessTable) throws(FuzzFailure) {
    let new = lines(of: after.table.text.bytes)
    var rest = new[...]
    for line in lines(of: before.table.text.bytes) where rest.first == line { rest.removeFirst() }
    try require(rest.isEmpty, "a line came")
    let kept = contents(before.table).filter { $0.value.folded.bytes.prefix(5) != Array("relay".utf8)[...] }
    let left = contents(after.table).filter { $0.value.folded.bytes.prefix(5) != Array("relay".utf8)[...] }
    try require(kept == left, "an entry went that lets nobody relay")
  }
}

/// The keys of a client, by what is public.
private enum RelayKeys {
  static func keys(of client: RelayClient, _ form: IPv6Form) throws(EditError) -> [ByteString] {
    switch client {
    case .network(let network): try network.keys(form)
    case .host(let name): [ByteString(name)]
    }
  }
}
