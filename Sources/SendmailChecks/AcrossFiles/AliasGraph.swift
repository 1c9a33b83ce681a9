internal import SendmailConfig

/// The aliases by name, and the destinations of each that may lead on.
///
/// Bytes and numbers in a few arrays: 100,000 aliases with their destinations take some megabytes.
struct AliasGraph {
  /// A destination that may be another alias, or an address of this host.
  struct Target {
    /// The alias it stands in.
    var node: UInt32
    /// The 1-based line and column.
    var line: UInt32
    var column: UInt32
    /// Its place in ``bytes``: a name in lower case, an address, or a path.
    var offset: UInt32
    var count: UInt32
    var kind: Kind

    enum Kind: UInt8 { case user, mailbox, bypassing, include, elsewhere }
  }

  /// The path of the file.
  let path: String
  private(set) var bytes: [UInt8] = []
  private(set) var targets: [Target] = []
  private var nodes: [Node] = []
  private var index: KeyIndex

  private struct Node {
    var keyOffset: UInt32
    var keyCount: UInt32
    var valueOffset: UInt32
    var valueCount: UInt32
    var firstLine: UInt32
    var lineCount: UInt32
    var firstTarget: UInt32
    var targetCount: UInt32
  }

  /// Makes one that will hold the aliases of a text.
  init(path: String, text: Text) {
    self.path = path
    index = KeyIndex(capacity: text.lineCount)
    // Names and values, and the users and addresses in them once more.
    bytes.reserveCapacity(text.buffer.count * 2)
    nodes.reserveCapacity(text.lineCount)
    targets.reserveCapacity(text.lineCount * 2)
  }

  /// How many aliases there are, those that do not count included.
  var count: Int { nodes.count }

  /// Adds an alias.
  ///
  /// - Returns: The earlier alias of the name, which no longer counts; nil where there is none.
  mutating func add(_ alias: AliasView) -> Int? {
    let number = nodes.count
    let firstTarget = targets.count
    let keyOffset = bytes.count
    bytes += alias.key
    let valueOffset = bytes.count
    bytes += alias.value
    let lines = alias.line.lines
    for range in alias.plain ?? [] { add(range, of: number, in: alias) }
    for destination in alias.destinations {
      add(destination, of: number, in: alias)
      // What stands behind a # was meant as a comment, and that is told.
      if AliasCommentInValue.mark(in: destination.text) != nil { break }
    }
    nodes.append(
      Node(
        keyOffset: UInt32(keyOffset), keyCount: UInt32(alias.key.count), valueOffset: UInt32(valueOffset),
        valueCount: UInt32(alias.value.count), firstLine: UInt32(lines.lowerBound), lineCount: UInt32(lines.count),
        firstTarget: UInt32(firstTarget), targetCount: UInt32(targets.count - firstTarget)))
    let hash = KeyIndex.Hash().adding(alias.key)
    let (bytes, nodes) = (self.bytes, self.nodes)
    return index.insert(hash, number: number, replaces: true) { other in
      AliasGraph.key(nodes[other], bytes).elementsEqual(alias.key)
    }
  }

  /// Adds a plain user or address.
  private mutating func add(_ range: Range<Int>, of number: Int, in alias: AliasView) {
    let start = alias.valueStart + range.lowerBound
    let text = alias.line.joined[start..<alias.valueStart + range.upperBound]
    let place = alias.place(range.lowerBound)
    targets.append(
      Target(
        node: UInt32(number), line: UInt32(place.line), column: UInt32(place.column), offset: UInt32(bytes.count),
        count: UInt32(text.count), kind: text.contains(ASCII.at) ? .mailbox : .user))
    let end = bytes.count
    bytes += text
    var span = bytes.mutableSpan
    for place in end..<span.count { span[place] = ASCII.lowercased(span[place]) }
  }

  private mutating func add(_ destination: AliasDestination, of number: Int, in alias: AliasView) {
    let payload: [UInt8]
    let kind: Target.Kind
    switch destination.kind {
    case .user(let name):
      // `user@host` of this host goes by the virtual users first.
      let isMailbox = !destination.bypassesAliases && destination.text.contains(ASCII.at)
      kind = destination.bypassesAliases ? .bypassing : isMailbox ? .mailbox : .user
      payload = isMailbox ? AliasGraph.mailbox(destination.text) ?? name : name
      // What cannot have been meant as one name is told as such, and not as an unknown user.
      if destination.text.contains(where: {
        ASCII.isBlank($0) || $0 == ASCII.numberSign || $0 == 0x3B || $0 == ASCII.colon
      }) {
        return addPlace(.elsewhere, [], destination, number, alias)
      }
    case .address:
      guard let mailbox = AliasGraph.mailbox(destination.text) else { fallthrough }
      (kind, payload) = (.mailbox, mailbox)
    case .program, .file: (kind, payload) = (.elsewhere, [])
    case .include(let path): (kind, payload) = (.include, Array(path.trimming(while: ASCII.isSpace)))
    case .invalid: return
    }
    addPlace(kind, payload, destination, number, alias)
  }

  private mutating func addPlace(
    _ kind: Target.Kind, _ payload: [UInt8], _ destination: AliasDestination, _ number: Int, _ alias: AliasView
  ) {
    let place = alias.place(destination.range.lowerBound)
    targets.append(
      Target(
        node: UInt32(number), line: UInt32(place.line), column: UInt32(place.column), offset: UInt32(bytes.count),
        count: UInt32(payload.count), kind: kind))
    bytes += payload
  }

  /// `user@domain` where it is written so, angle brackets aside.
  static func mailbox(_ text: [UInt8]) -> [UInt8]? {
    var rest = text[...]
    if rest.first == 0x3C, rest.last == 0x3E { rest = rest.dropFirst().dropLast() }
    guard rest.count(where: { $0 == ASCII.at }) == 1, rest.first != ASCII.at, rest.last != ASCII.at,
      !rest.contains(where: { [0x22, 0x28, 0x3C, 0x3E, 0x25, 0x21, 0x3A, 0x20, 0x09, 0x5C].contains($0) })
    else { return nil }
    return Array(rest)
  }

  private static func key(_ node: Node, _ bytes: [UInt8]) -> ArraySlice<UInt8> {
    bytes[Int(node.keyOffset)..<Int(node.keyOffset) + Int(node.keyCount)]
  }

  /// The name of an alias as stored.
  func key(of node: Int) -> ByteString { ByteString(AliasGraph.key(nodes[node], bytes)) }

  /// The value of an alias as stored.
  func value(of node: Int) -> ByteString {
    let place = nodes[node]
    return ByteString(bytes[Int(place.valueOffset)..<Int(place.valueOffset) + Int(place.valueCount)])
  }

  /// The 1-based first line of an alias.
  func line(of node: Int) -> Int { Int(nodes[node].firstLine) + 1 }

  /// The 0-based lines of an alias.
  func lines(of node: Int) -> Range<Int> {
    Int(nodes[node].firstLine)..<Int(nodes[node].firstLine) + Int(nodes[node].lineCount)
  }

  /// The targets of an alias.
  func targets(of node: Int) -> ArraySlice<Target> {
    let place = nodes[node]
    return targets[Int(place.firstTarget)..<Int(place.firstTarget) + Int(place.targetCount)]
  }

  /// The bytes of a target.
  func payload(_ target: Target) -> ArraySlice<UInt8> {
    bytes[Int(target.offset)..<Int(target.offset) + Int(target.count)]
  }

  /// The alias that counts for exactly this name, in any case.
  func node(named name: some Collection<UInt8>) -> Int? {
    index.find(KeyIndex.Hash().adding(name)) { other in
      let key = AliasGraph.key(nodes[other], bytes)
      return key.count == name.count && zip(key, name).allSatisfy { $0 == ASCII.lowercased($1) }
    }
  }

  /// Whether an alias is the one that counts for its name.
  func counts(_ node: Int) -> Bool { self.node(named: AliasGraph.key(nodes[node], bytes)) == node }

  /// The alias that sendmail finds for a local name: `user+detail`, `user+*`, `user`.
  func alias(for name: some Collection<UInt8>) -> Int? {
    if let node = node(named: name) { return node }
    let bytes = Array(name)
    guard let plus = bytes.firstIndex(of: 0x2B), plus > 0 else { return nil }
    return node(named: Array(bytes[..<plus]) + Array("+*".utf8)) ?? node(named: bytes[..<plus])
  }
}
