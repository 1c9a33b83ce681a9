internal import SendmailConfig

extension FuzzTarget {
  /// A table in any grammar: an edit touches the entry it was asked for, and no other.
  static let table = FuzzTarget("table", dictionary: "table") { input throws(FuzzFailure) in
    let separator: UInt8? = input.pick([nil, nil, 0x09, 0x3A, input.choice()])
    let comment: UInt8? = input.pick([0x23, 0x23, nil, 0x3B, input.choice()])
    let grammar = TableGrammar(separator: separator, comment: comment, allowsEmptyValues: input.choice(of: 2) == 1)
    let isRemoval = input.choice(of: 4) == 0
    let key = ByteString(input.string())
    let value = ByteString(input.string())
    let bytes = input.rest()
    var table = Table(bytes, grammar: grammar)
    try requireSound(table)
    let before = table
    if isRemoval {
      table.remove(key)
      try requireRemoved(key, from: before, in: table)
    } else {
      // A new entry goes behind another one that stands anywhere.
      try requireEdited(before, &table, [(key, value)]) { table throws(EditError) in
        try table.set(value, for: key) { other, _ in other.bytes.count % 3 == 1 }
      }
    }
    try requireSoundDiff(table.text, from: bytes)
  }

  /// The virtual user table: what is set is there and nothing else came, whatever the bytes.
  static let virtualUsers = FuzzTarget("virtual-users", dictionary: "table") { input throws(FuzzFailure) in
    let kind = input.choice(of: 4)
    let key = ByteString(input.string())
    let value = ByteString(input.string())
    let bytes = input.rest()
    var users = VirtualUserTable(bytes)
    try requireSound(users.diagnostics, of: users.table.text)
    for rule in users.rules { _ = (rule.key.user, rule.key.domain, rule.target.usesParts) }
    let before = users.table
    switch kind {
    case 0:
      users.remove(key)
      try requireRemoved(key, from: before, in: users.table)
    case 1:
      let changed = users.convertBareDomains()
      let old = Array(before.entries)
      try require(Array(users.table.entries).map(\.value) == old.map(\.value), "a value changed")
      for (old, new) in zip(old, users.table.entries) where old != new {
        try require(new.key == "@" + old.key && changed.contains(new.line), "not the catch-all of \(old.key.escaped)")
      }
    default:
      var table = users.table
      try requireEdited(before, &table, [(key, value)]) { table throws(EditError) in
        try users.set(value, for: key)
        table = users.table
      }
    }
    try requireSoundDiff(users.table.text, from: bytes)
  }

  /// The access table by keys and values.
  static let access = FuzzTarget("access", dictionary: "table") { input throws(FuzzFailure) in
    let isRemoval = input.choice(of: 4) == 0
    let key = ByteString(input.string())
    let value = ByteString(input.string())
    let bytes = input.rest()
    var access = AccessTable(bytes)
    try requireSound(access.diagnostics, of: access.table.text)
    for rule in access.rules { _ = (access.doubts(about: rule), rule.action) }
    let before = access.table
    if isRemoval {
      access.remove(key)
      try requireRemoved(key, from: before, in: access.table)
    } else {
      var table = access.table
      try requireEdited(before, &table, [(key, value)]) { table throws(EditError) in
        try access.set(value, for: key)
        table = access.table
      }
    }
    try requireSoundDiff(access.table.text, from: bytes)
  }
}

/// Sees that the ways to read a table tell the same.
func requireSound(_ table: Table) throws(FuzzFailure) {
  let bytes = table.text.bytes
  let entries = Array(table.entries)
  let pairs = table.pairs
  try require(pairs.pairs.count == entries.count, "\(pairs.pairs.count) pairs of \(entries.count) entries")
  for (pair, entry) in zip(pairs.pairs, entries) {
    try require(
      entry.key.bytes.elementsEqual(pairs.key(pair)) && entry.value.bytes.elementsEqual(pairs.value(pair))
        && Int(pair.line) == entry.line, "pair and entry of line \(entry.line) differ")
  }
  for entry in entries.prefix(20) {
    let first = entries.first { $0.key.folded == entry.key.folded }
    try require(table.entry(for: entry.key) == first, "another entry counts for \(entry.key.escaped)")
    _ = table.commentLines(above: entry.line)
  }
  try requireSound(table.diagnostics, of: table.text)
  try require(bytes == table.text.original.bytes || table.text.isEdited, "reading changed the text")
}

/// Sees that a change gave these entries and no other: none more, none less, none changed.
///
/// A CR at the end of a value is that of the line's own end, which makemap takes for part of the value.
func requireEdited(
  _ before: Table, _ table: inout Table, _ pairs: [(key: ByteString, value: ByteString)],
  _ change: (inout Table) throws(EditError) -> Void
) throws(FuzzFailure) {
  do throws(EditError) {
    try change(&table)
  } catch {
    try requireOneLine(error.message)
    try require(table.text.bytes == before.text.bytes, "a refused change changed the text")
    return
  }
  let after = Table(table.text.bytes, grammar: before.grammar)
  try requireSound(after)
  let (old, new) = (contents(before), contents(after))
  let difference = Difference(old, new)
  for (key, value) in pairs {
    let found = after.entry(for: key)?.value.bytes ?? []
    try require(
      found == value.bytes || found == value.bytes + [0x0D],
      "\(key.escaped) is \(ByteString(found).escaped), not \(value.escaped)")
  }
  try require(difference.added.count <= pairs.count, "\(difference.added.count) entries came")
  try require(difference.removed.count <= difference.added.count, "an entry is gone")
  for pair in difference.added {
    try require(pairs.contains { $0.key.folded == pair.key.folded }, "another entry came: \(pair.key.escaped)")
  }
  for pair in difference.removed {
    try require(pairs.contains { $0.key.folded == pair.key.folded }, "another entry went: \(pair.key.escaped)")
  }
  try require(comments(before) == comments(after), "a comment changed")
}

/// Sees that all entries of a key are gone, and nothing else.
func requireRemoved(_ key: ByteString, from before: Table, in table: Table) throws(FuzzFailure) {
  let after = contents(Table(table.text.bytes, grammar: before.grammar))
  try require(after == contents(before).filter { $0.key.folded != key.folded }, "not the entries that should be left")
  try require(comments(before) == comments(table), "a comment changed")
}

/// Keys and values in their order.
func contents(_ table: Table) -> [TableEntry] {
  table.entries.map { TableEntry(line: 0, key: $0.key, value: $0.value) }
}

/// The lines that are no entries; without their ends, which the last one gets where something goes behind it.
private func comments(_ table: Table) -> [[UInt8]] {
  (1..<table.text.lineCount + 1).compactMap { number in
    if case .entry = table.classify(number - 1) { return nil }
    return Array(table.text.line(number).prefix { $0 != 0x0A })
  }
}

extension ByteString {
  static func + (left: ByteString, right: ByteString) -> ByteString { ByteString(left.bytes + right.bytes) }
}
