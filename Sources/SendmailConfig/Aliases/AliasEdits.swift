extension AliasesFile {
  /// What an edit did.
  public typealias Edit = Table.Edit

  /// Gives a name these destinations and no others.
  ///
  /// - Parameters:
  ///   - name: The alias.
  ///   - destinations: One or more, each as it is to stand in the file.
  ///   - permissions: Which destinations beside addresses are allowed.
  /// - Throws: ``EditError``; the text is then unchanged.
  @discardableResult
  public mutating func set(
    _ name: ByteString, to destinations: [ByteString], allowing permissions: AliasPermissions = []
  ) throws(EditError) -> Edit {
    let parsed = try check(destinations, permissions)
    guard !parsed.isEmpty else { throw EditError(.badValue, "\(name.escaped): name at least one destination") }
    guard let entry = find(name) else { return try append(name, parsed) }
    try checkNames(entry, name)
    var shape = AliasShape(entry, hosts: hosts)
    if shape.items.map(\.destination.text) == destinations.map(\.bytes) {
      return .unchanged(line: entry.line.lines.lowerBound + 1)
    }
    shape.replaceAll(parsed)
    return try replace(entry, with: shape)
  }

  /// Gives a name some destinations more; those that it has stay as they are.
  ///
  /// - Throws: ``EditError``; the text is then unchanged.
  @discardableResult
  public mutating func add(
    _ name: ByteString, to destinations: [ByteString], allowing permissions: AliasPermissions = []
  ) throws(EditError) -> Edit {
    let parsed = try check(destinations, permissions)
    guard let entry = find(name) else { return try set(name, to: destinations, allowing: permissions) }
    try checkNames(entry, name)
    var shape = AliasShape(entry, hosts: hosts)
    let before = shape.items.count
    for destination in parsed where !shape.items.contains(where: { $0.destination.isSame(as: destination) }) {
      shape.append(destination)
    }
    guard shape.items.count > before else { return .unchanged(line: entry.line.lines.lowerBound + 1) }
    return try replace(entry, with: shape)
  }

  /// Takes destinations from a name.
  ///
  /// - Throws: ``EditError`` with ``EditError/Code/badValue`` where none would be left; the text is then unchanged.
  @discardableResult
  public mutating func drop(_ destinations: [ByteString], from name: ByteString) throws(EditError) -> Edit {
    guard let entry = find(name) else { return .unchanged(line: 0) }
    let unwanted = destinations.flatMap { AliasDestination.parse($0.bytes.span, hosts: hosts) }
    var shape = AliasShape(entry, hosts: hosts)
    let gone = shape.items.indices.filter { index in
      unwanted.contains { $0.isSame(as: shape.items[index].destination) }
    }
    guard !gone.isEmpty else { return .unchanged(line: entry.line.lines.lowerBound + 1) }
    guard gone.count < shape.items.count else {
      throw EditError(
        .badValue, "\(name.escaped) would have no destination left; to take the whole alias away: mailcfg alias remove")
    }
    shape.remove(Set(gone))
    return try replace(entry, with: shape)
  }

  /// Removes every alias of a name; comments stay.
  @discardableResult
  public mutating func remove(_ name: ByteString) -> Edit {
    let key = key(of: name)
    var gone: Set<Int> = []
    var count = 0
    forEachAlias { entry in
      guard entry.key == key else { return }
      gone.formUnion(entry.line.lines)
      count += 1
    }
    text.removeLines(gone)
    return count == 0 ? .unchanged(line: 0) : .removed(count: count)
  }

  /// Adds an alias behind the last line.
  private mutating func append(_ name: ByteString, _ destinations: [AliasDestination]) throws(EditError) -> Edit {
    try check(name)
    let place = placeForNew()
    let head = name.bytes + [ASCII.colon]
    let value = Array(destinations.map(\.text).joined(separator: Array(", ".utf8)))
    let bytes = head + style(before: place).separator(keyWidth: head.count) + value + text.lineEnd
    try verify(bytes, key: key(of: name), destinations)
    text.replaceLines(place..<place, with: bytes)
    return .added(line: place + 1)
  }

  /// The 0-based line before which a new alias goes: the end, but where the last line would swallow it, before that line.
  ///
  /// A backslash, a NUL byte or a line that is too long reaches on to what follows; and a new line must not stand before an
  /// indented one that so far continues nothing.
  package func placeForNew() -> Int {
    var starts: [Int] = []
    var isOpen = false
    forEachLine { line, _ in
      let last = text.buffer[text.content(at: line.lines.upperBound - 1)]
      isOpen =
        line.lines.upperBound == text.lineCount
        && (line.isTooLong || last.last == ASCII.backslash || last.contains(ASCII.nul))
      starts.append(line.lines.lowerBound)
      return true
    }
    guard isOpen else { return text.lineCount }
    return starts.last { !ASCII.isBlank(text.buffer[text.lines[$0].range.lowerBound]) } ?? 0
  }

  /// Refuses to change an alias that is only what sendmail makes of the name, as of `sales;` or `sales` with a CR behind it.
  private func checkNames(_ entry: AliasEntry, _ name: ByteString) throws(EditError) {
    guard entry.key == name.folded.bytes else {
      throw EditError(
        .badKey, "alias \"\(name.escaped)\": newaliases would store \"\(ByteString(entry.key).escaped)\"; write that")
    }
  }

  private mutating func replace(_ entry: AliasEntry, with shape: AliasShape) throws(EditError) -> Edit {
    let bytes = shape.bytes
    try verify(bytes, key: entry.key, shape.items.map(\.destination))
    text.replaceLines(entry.line.lines, with: bytes)
    return .replaced(line: entry.line.lines.lowerBound + 1)
  }

  /// Reads back what is about to be written: it has to be this one alias with these destinations.
  private func verify(_ bytes: [UInt8], key: [UInt8], _ destinations: [AliasDestination]) throws(EditError) {
    let text = Text(bytes)
    let line = AliasLine(text, from: 0)
    guard !line.isTooLong else {
      throw EditError(
        .badValue,
        "the alias would have \(bytes.count) bytes, and newaliases reads at most \(AliasLine.longest - 1): "
          + "put the list into a file and name it as :include:/path")
    }
    guard line.lines.upperBound == text.lineCount, case .alias(let entry, _) = kind(line), entry.key == key,
      AliasDestination.parse(entry.value, hosts: hosts).map(\.text) == destinations.map(\.text)
    else { throw EditError(.badValue, "the alias would not be read back as it is meant") }
  }

  /// Reads destinations, and refuses those that would be more than one, none, or not allowed.
  private func check(
    _ destinations: [ByteString], _ permissions: AliasPermissions
  ) throws(EditError) -> [AliasDestination] {
    var result: [AliasDestination] = []
    for destination in destinations {
      func refuse(_ why: String) throws(EditError) -> Never {
        throw EditError(.badValue, "destination \"\(destination.escaped)\": \(why)")
      }
      if destination.bytes.contains(where: { $0 < 0x20 && $0 != ASCII.tab || $0 == 0x7F }) {
        try refuse("a line break or another control character in it would change what the line says")
      }
      let parsed = AliasDestination.parse(destination.bytes.span, hosts: hosts)
      guard let only = parsed.first else { try refuse("it names nobody") }
      guard parsed.count == 1, only.text == destination.bytes else {
        try refuse("it has to be one destination, without a comma and without blanks around it")
      }
      if only.kind == .invalid || !only.messages.isEmpty {
        let message = only.messages.last.map { ByteString($0.text).escaped } ?? "User address required"
        try refuse("sendmail says: \(message)")
      }
      if case .user = only.kind, destination.bytes.contains(where: ASCII.isBlank),
        !destination.bytes.contains(where: { $0 == ASCII.quote || $0 == 0x28 || $0 == 0x3C })
      {
        try refuse("sendmail would put a dot in the place of the blank; name several destinations one by one")
      }
      if AliasPermissions.namesMailer(destination.bytes[...]) {
        try refuse("sendmail would take what stands in the angle brackets between its quotes for a mailer")
      }
      if destination.bytes.last == ASCII.backslash { try refuse("its last backslash would join it to what follows") }
      if let mark = destination.bytes.firstIndex(of: ASCII.numberSign),
        mark == 0 || ASCII.isBlank(destination.bytes[mark - 1]),
        !destination.bytes.contains(ASCII.quote)
      {
        try refuse("a comment cannot stand in an alias: sendmail would take it for part of the address")
      }
      let needed = only.permissions.subtracting(permissions)
      if !needed.isEmpty {
        throw EditError(.needsPermission, "destination \"\(destination.escaped)\": \(only.warning(of: needed))")
      }
      result.append(only)
    }
    return result
  }

  /// Refuses a name for a new alias that newaliases would refuse, or store as another one.
  private func check(_ name: ByteString) throws(EditError) {
    func refuse(_ why: String) throws(EditError) -> Never {
      throw EditError(.badKey, "alias \"\(name.escaped)\": \(why)")
    }
    guard let first = name.bytes.first else { throw EditError(.badKey, "the name of the alias is empty") }
    if name.bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
      try refuse("a control character cannot stand in a name")
    }
    if first == ASCII.numberSign { try refuse("beginning so, the line would be a comment") }
    if ASCII.isBlank(first) { try refuse("beginning so, the line would belong to the one before") }
    if first == ASCII.backslash { try refuse("sendmail never looks a name with a backslash up") }
    let bytes = name.bytes + [ASCII.colon]
    let parsed = AliasName.parse(bytes.span, by: judge)
    guard let key = parsed.storedKey(in: bytes.span), parsed.messages.isEmpty else {
      let message = (parsed.messages + (parsed.refusal.map { [$0] } ?? [])).last
      try refuse("newaliases says: \(message.map { ByteString($0.text).escaped } ?? "illegal alias name")")
    }
    guard parsed.nameEnd == name.bytes.count, parsed.valueOffset == bytes.count else {
      try refuse("a colon ends the name of an alias, so it cannot be part of it")
    }
    guard key == name.folded.bytes else {
      try refuse("newaliases would store \"\(ByteString(key).escaped)\"; write that")
    }
  }

  /// The style of the aliases above a 0-based line.
  private func style(before place: Int) -> LineStyle {
    var samples: [LineStyle.Sample] = []
    for index in stride(from: place - 1, through: max(0, place - 200), by: -1) where samples.count < 8 {
      let content = text.content(at: index)
      guard let first = text.buffer[content].first, first != ASCII.numberSign, !ASCII.isBlank(first),
        let colon = text.buffer[content].firstIndex(of: ASCII.colon)
      else { continue }
      let blanks = text.buffer[(colon + 1)..<content.upperBound].prefix(while: ASCII.isBlank)
      guard blanks.endIndex < content.upperBound else { continue }
      samples.append(LineStyle.Sample(keyWidth: colon + 1 - content.lowerBound, separator: blanks))
    }
    return LineStyle(samples: samples, fallback: [ASCII.space])
  }
}

extension AliasDestination {
  /// Whether mail to both goes the same way: the case of users and addresses aside.
  fileprivate func isSame(as other: AliasDestination) -> Bool {
    switch (kind, other.kind) {
    case (.user(let name), .user(let otherName)): name == otherName && bypassesAliases == other.bypassesAliases
    case (.address(let address), .address(let otherAddress)):
      ByteString(address).folded == ByteString(otherAddress).folded
    case (.invalid, .invalid): text == other.text
    default: kind == other.kind
    }
  }

  /// What has to be allowed for it; nothing for users and addresses.
  ///
  /// A user or a mailbox may become a program, a file or a list too, by the site's rules or once another host is a name of this
  /// one (``AliasPermissions/hidden(in:)``).
  package var permissions: AliasPermissions { ownPermission ?? AliasPermissions.hidden(in: text[...]) }

  private var ownPermission: AliasPermissions? {
    switch kind {
    case .program: .programs
    case .file: .files
    case .include: .includes
    case .user, .address, .invalid: nil
    }
  }

  /// What it does that has to be allowed, and the option that allows it.
  fileprivate func warning(of needed: AliasPermissions) -> String {
    let (what, option) =
      if needed.contains(.programs) {
        ("mail to it runs a program", "--allow-programs")
      } else if needed.contains(.files) {
        ("mail to it is written to a file", "--allow-files")
      } else {
        ("the addresses are read from a file", "--allow-includes")
      }
    let condition =
      switch kind {
      case .address: ", should its host become a name of this one"
      case .user: ", where the rules take off what is around it"
      default: ""
      }
    return "\(what)\(condition); if that is meant, give \(option)"
  }
}
