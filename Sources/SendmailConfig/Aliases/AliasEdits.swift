/// The kinds of alias destination that run, write or read something, and so have to be allowed one by one.
public struct AliasPermissions: OptionSet, Sendable {
  /// The bits.
  public let rawValue: Int
  /// Takes bits.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// `|command`.
  public static let programs = AliasPermissions(rawValue: 1)
  /// `/path`.
  public static let files = AliasPermissions(rawValue: 2)
  /// `:include:/path`.
  public static let includes = AliasPermissions(rawValue: 4)
}

extension AliasesFile {
  /// What an edit did.
  public typealias Edit = Table.Edit

  /// Gives a name these destinations and no others.
  ///
  /// - Parameters:
  ///   - destinations: One or more, each as it is to stand in the file.
  ///   - name: The alias.
  ///   - permissions: Which destinations beside addresses are allowed.
  /// - Throws: ``EditError``; the text is then unchanged.
  @discardableResult
  public mutating func set(
    _ destinations: [ByteString], for name: ByteString, allowing permissions: AliasPermissions = []
  ) throws(EditError) -> Edit {
    let parsed = try AliasesFile.check(destinations, permissions)
    guard !parsed.isEmpty else { throw EditError(.badValue, "\(name.escaped): name at least one destination") }
    guard let (line, found) = find(name) else { return try append(name, parsed) }
    var shape = AliasShape(line, found)
    if shape.items.map(\.destination.written) == destinations { return .unchanged(line: line.lines.lowerBound + 1) }
    shape.replaceAll(parsed)
    return try replace(line, with: shape, for: found)
  }

  /// Gives a name some destinations more; those that it has stay as they are.
  ///
  /// - Throws: ``EditError``; the text is then unchanged.
  @discardableResult
  public mutating func add(
    _ destinations: [ByteString], to name: ByteString, allowing permissions: AliasPermissions = []
  ) throws(EditError) -> Edit {
    let parsed = try AliasesFile.check(destinations, permissions)
    guard let (line, found) = find(name) else { return try set(destinations, for: name, allowing: permissions) }
    var shape = AliasShape(line, found)
    let before = shape.items.count
    for destination in parsed where !shape.items.contains(where: { $0.destination.isSame(as: destination) }) {
      shape.append(destination)
    }
    guard shape.items.count > before else { return .unchanged(line: line.lines.lowerBound + 1) }
    return try replace(line, with: shape, for: found)
  }

  /// Takes destinations from a name.
  ///
  /// - Throws: ``EditError`` with ``EditError/Code/badValue`` where none would be left; the text is then unchanged.
  @discardableResult
  public mutating func drop(_ destinations: [ByteString], from name: ByteString) throws(EditError) -> Edit {
    guard let (line, found) = find(name) else { return .unchanged(line: 0) }
    let unwanted = destinations.flatMap { AliasDestination.split($0.bytes) }
    var shape = AliasShape(line, found)
    let gone = shape.items.indices.filter { index in
      unwanted.contains { $0.isSame(as: shape.items[index].destination) }
    }
    guard !gone.isEmpty else { return .unchanged(line: line.lines.lowerBound + 1) }
    guard gone.count < shape.items.count else {
      throw EditError(
        .badValue, "\(name.escaped) would have no destination left; to take the whole alias away: mailcfg alias remove")
    }
    shape.remove(Set(gone))
    return try replace(line, with: shape, for: found)
  }

  /// Removes every alias of a name; comments stay.
  @discardableResult
  public mutating func remove(_ name: ByteString) -> Edit {
    let key = AliasesFile.key(of: name, hosts)
    var gone: Set<Int> = []
    var count = 0
    forEachLine { line, kind in
      if case .alias(let other) = kind, other.key == key {
        gone.formUnion(line.lines)
        count += 1
      }
      return true
    }
    text.removeLines(gone)
    return count == 0 ? .unchanged(line: 0) : .removed(count: count)
  }

  /// Adds an alias behind the last line.
  private mutating func append(_ name: ByteString, _ destinations: [AliasDestination]) throws(EditError) -> Edit {
    let written = try AliasesFile.spelling(of: name, hosts)
    var place = text.lineCount
    // A last line that ends in a backslash would take the new one for its own.
    if let last = text.lines.indices.last, text.buffer[text.content(at: last)].last == ASCII.backslash {
      forEachLine { line, _ in
        place = line.lines.lowerBound
        return true
      }
      while place > 0, text.buffer[text.content(at: place - 1)].last == ASCII.backslash { place -= 1 }
    }
    let head = written.bytes + [ASCII.colon]
    let value = Array(destinations.map(\.written.bytes).joined(separator: Array(", ".utf8)))
    let bytes = head + style(before: place).separator(keyWidth: head.count) + value + text.lineEnd
    try AliasesFile.verify(bytes, key: AliasesFile.key(of: name, hosts), destinations, hosts)
    text.replaceLines(place..<place, with: bytes)
    return .added(line: place + 1)
  }

  private mutating func replace(
    _ line: AliasLine, with shape: AliasShape, for name: AliasName
  ) throws(EditError) -> Edit {
    let bytes = shape.bytes
    try AliasesFile.verify(bytes, key: name.key, shape.items.map(\.destination), hosts)
    text.replaceLines(line.lines, with: bytes)
    return .replaced(line: line.lines.lowerBound + 1)
  }

  /// Reads back what is about to be written: it has to be this one alias with these destinations.
  private static func verify(
    _ bytes: [UInt8], key: [UInt8], _ destinations: [AliasDestination], _ hosts: LocalHosts
  ) throws(EditError) {
    let text = Text(bytes)
    let line = AliasLine(text, from: 0)
    guard !line.isTooLong else {
      throw EditError(
        .badValue,
        "the alias would have \(bytes.count) bytes, and newaliases reads at most \(AliasLine.longest): "
          + "put the list into a file and name it as :include:/path")
    }
    guard line.lines.upperBound == text.lineCount,
      case .success(let name) = AliasName.parse(line.joined[...], hosts: hosts), name.key == key,
      AliasDestination.split(Array(line.joined[name.valueStart...])).map(\.written) == destinations.map(\.written)
    else { throw EditError(.badValue, "the alias would not be read back as it is meant") }
  }

  /// Reads destinations, and refuses those that would be more than one, none, or not allowed.
  private static func check(
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
      let parsed = AliasDestination.split(destination.bytes)
      guard let only = parsed.first else { try refuse("it names nobody") }
      guard parsed.count == 1, only.written == destination else {
        try refuse("it has to be one destination, without a comma and without blanks around it")
      }
      if destination.bytes.last == ASCII.backslash { try refuse("its last backslash would join it to what follows") }
      if let mark = destination.bytes.firstIndex(of: ASCII.numberSign), mark == 0 || ASCII.isBlank(destination.bytes[mark - 1]),
        !destination.bytes.contains(ASCII.quote)
      {
        try refuse("a comment cannot stand in an alias: sendmail would take it for part of the address")
      }
      if let option = only.missingPermission(permissions) {
        throw EditError(
          .needsPermission, "destination \"\(destination.escaped)\": \(option.what); if that is meant, give \(option.option)")
      }
      result.append(only)
    }
    return result
  }

  /// The stored key of a name that a person writes.
  static func key(of name: ByteString, _ hosts: LocalHosts) -> [UInt8] {
    if case .success(let parsed) = AliasName.parse((name.bytes + [ASCII.colon])[...], hosts: hosts) { return parsed.key }
    return name.folded.bytes
  }

  /// How the name of a new alias is to be written.
  private static func spelling(of name: ByteString, _ hosts: LocalHosts) throws(EditError) -> ByteString {
    func refuse(_ why: String) throws(EditError) -> Never {
      throw EditError(.badKey, "alias \"\(name.escaped)\": \(why)")
    }
    if name.bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) { try refuse("a control character cannot stand in a name") }
    if name.bytes.first == ASCII.numberSign { try refuse("beginning so, the line would be a comment") }
    if let first = name.bytes.first, ASCII.isBlank(first) { try refuse("beginning so, the line would belong to the one before") }
    switch AliasName.parse((name.bytes + [ASCII.colon])[...], hosts: hosts) {
    case .success(let parsed) where parsed.messages.isEmpty && parsed.key == name.folded.bytes: return name
    case .success(let parsed): try refuse("newaliases would store \"\(ByteString(parsed.key).escaped)\"; write that")
    case .failure(let refusal): try refuse(refusal.message)
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
