internal import SendmailConfig

extension FuzzTarget {
  /// The aliases file: an edit changes the one alias, and no delivery comes that was not asked and allowed.
  static let aliases = FuzzTarget("aliases", longest: 20_000, dictionary: "aliases") { input throws(FuzzFailure) in
    let kind = input.choice(of: 4)
    let permissions = AliasPermissions(rawValue: input.choice(of: 8))
    let hosts = LocalHosts(names: input.choice(of: 2) == 0 ? [] : [Array("host.example".utf8)])
    let name = ByteString(input.string())
    let destinations = input.strings(atMost: 3).map { ByteString($0) }
    let bytes = input.rest()
    var file = AliasesFile(bytes, hosts: hosts)
    let before = file.aliases
    try requireSound(file, before)
    var asked = destinations
    let edit: AliasesFile.Edit
    do throws(EditError) {
      switch kind {
      case 0: edit = file.remove(name)
      case 1: edit = try file.drop(destinations, from: name)
      case 2: edit = try file.add(name, to: destinations, allowing: permissions)
      default: edit = try file.set(name, to: destinations, allowing: permissions)
      }
    } catch {
      try requireOneLine(error.message)
      return try require(file.text.bytes == bytes, "a refused change changed the text")
    }
    if kind < 2 { asked = [] }
    let after = AliasesFile(file.text.bytes, hosts: hosts).aliases
    try requireSound(file, after)
    let difference = Difference(before.map(AliasContents.init), after.map(AliasContents.init))
    switch edit {
    case .unchanged: try require(file.text.bytes == bytes, "unchanged, and yet changed")
    case .removed(let count):
      try require(after.count == before.count - count, "\(before.count - after.count) aliases went")
      let left = before.filter { alias in !difference.removed.contains { $0.name == alias.name } }
      try require(left.map(AliasContents.init) == after.map(AliasContents.init), "another alias changed")
      try require(Set(difference.removed.map(\.name)).count <= max(1, difference.removed.count), "another alias went")
    case .added, .replaced:
      try require(after.count - before.count == (difference.removed.isEmpty ? 1 : 0), "not one alias came")
      try require(difference.added.count == 1 && difference.removed.count <= 1, "another alias changed")
      guard let alias = difference.added.first else { return }
      try require(difference.removed.allSatisfy { $0.name == alias.name }, "another alias went")
      let old = difference.removed.first?.destinations ?? []
      try requireAsked(alias.destinations, asked, kind: kind, old, permissions)
    }
    try requireSoundDiff(file.text, from: bytes)
  }

  /// Sees that each destination was there or was asked for, and that what runs, writes or reads was allowed.
  private static func requireAsked(
    _ found: [AliasDestination], _ asked: [ByteString], kind: Int, _ old: [AliasDestination],
    _ permissions: AliasPermissions
  ) throws(FuzzFailure) {
    for destination in found {
      let isOld = kind != 3 && old.contains { $0.text == destination.text }
      if isOld { continue }
      let wanted = asked.contains { $0.bytes == destination.text }
      try require(wanted, "a destination that nobody asked for: \(ByteString(destination.text).escaped)")
      switch destination.kind {
      case .program: try require(permissions.contains(.programs), "a program that was not allowed")
      case .file: try require(permissions.contains(.files), "a file that was not allowed")
      case .include: try require(permissions.contains(.includes), "a list that was not allowed")
      case .user, .address, .invalid: break
      }
    }
    if kind >= 2 {
      for one in asked {
        let isThere = found.contains { $0.text == one.bytes }
        try require(isThere || kind == 2, "a destination is missing: \(one.escaped)")
      }
    }
  }

  /// Names and values as sendmail's address parser sees them: no byte is read that is not there.
  static let addresses = FuzzTarget("addresses", dictionary: "aliases") { input throws(FuzzFailure) in
    let names: [[UInt8]] = input.choice(of: 2) == 0 ? [] : [input.string()]
    let hosts = LocalHosts(names: names, fullName: Array("mx.host.example".utf8))
    let blank = input.pick([UInt8(ascii: "."), UInt8(ascii: " "), input.choice()])
    let line = input.rest()
    let name = AliasName.parse(line[...], hosts: hosts, blank: blank)
    try require(0...line.count ~= name.nameEnd, "a name beyond its line")
    try require(name.valueOffset.map { 0...line.count ~= $0 } ?? true, "a value beyond its line")
    try require((name.key == nil) == (name.refusal != nil), "neither a key nor a refusal, or both")
    if name.key != nil { _ = (name.storedKey(in: line.span), name.duplicateWarning(in: line.span)) }
    let end = line.firstIndex(of: 0) ?? line.count
    var last = 0
    for destination in AliasDestination.parse(line[...], hosts: hosts, blank: blank) {
      let range = destination.range
      try require(last <= range.lowerBound && range.upperBound <= end, "a destination at \(range) of \(end)")
      try require(line[range].elementsEqual(destination.text), "a destination with other bytes")
      try require(destination.kind != .invalid || !destination.messages.isEmpty, "invalid for no reason")
      last = range.lowerBound
    }
  }
}

/// What an alias says, wherever it stands.
private struct AliasContents: Equatable {
  var name: ByteString
  var value: ByteString
  var destinations: [AliasDestination]

  init(_ alias: Alias) {
    name = alias.name
    value = alias.value
    destinations = alias.destinations
  }
}

/// Sees that the ways to read the file tell the same.
private func requireSound(_ file: AliasesFile, _ aliases: [Alias]) throws(FuzzFailure) {
  let pairs = file.pairs
  try require(pairs.pairs.count == aliases.count, "\(pairs.pairs.count) pairs of \(aliases.count) aliases")
  for (pair, alias) in zip(pairs.pairs, aliases) {
    try require(
      alias.name.bytes.elementsEqual(pairs.key(pair)) && alias.value.bytes.elementsEqual(pairs.value(pair)),
      "pair and alias of line \(pair.line) differ")
    try require(alias.lines.upperBound - 1 <= file.text.lineCount, "an alias beyond the text")
  }
  try requireSound(file.diagnostics, of: file.text)
}
