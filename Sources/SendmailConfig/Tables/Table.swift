internal import SystemSupport

/// An editable text in makemap's grammar: access, virtusertable, mailertable and the others that `makemap(8)` compiles.
///
/// Parsing never fails: a line that makemap would refuse is kept as it is and named in ``diagnostics``. An edit changes the
/// lines of its own entry; a new line takes the habits of the file (separator, column, line end, place).
public struct Table: Sendable {
  /// The text, edits included.
  public package(set) var text: Text
  /// How its lines are read.
  public let grammar: TableGrammar

  /// Reads a table from the bytes of its file.
  ///
  /// - Complexity: O(*n*) in bytes.
  public init(_ bytes: [UInt8] = [], grammar: TableGrammar = TableGrammar()) {
    text = Text(bytes)
    self.grammar = grammar
  }

  /// What the line is.
  package func classify(_ index: Int) -> TableLine {
    let content = text.content(at: index)
    return grammar.classify(
      text.buffer.span, content, terminated: content.upperBound < text.lines[index].range.upperBound)
  }

  /// Calls `body` with each 0-based line and what it is, in order, until it answers false.
  @inline(__always)
  package func forEachLine(_ body: (Int, TableLine) -> Bool) {
    let bytes = text.buffer.span
    let mayHoldNUL = firstIndex(of: ASCII.nul, in: bytes, 0..<bytes.count) != nil
    let lines = text.lines.span
    for index in lines.indices {
      var content = lines[index].range
      let terminated = bytes[content.upperBound - 1] == ASCII.lineFeed
      if terminated { content = content.lowerBound..<content.upperBound - 1 }
      let line = grammar.classify(bytes, content, terminated: terminated, mayHoldNUL: mayHoldNUL)
      guard body(index, line) else { return }
    }
  }

  /// Calls `body` with the 0-based line and the places of each entry, in order, until it answers false.
  @inline(__always)
  package func forEachEntry(_ body: (Int, TableFields) -> Bool) {
    forEachLine { index, line in if case .entry(let fields) = line { body(index, fields) } else { true } }
  }

  /// The entries, in the order of the text; later entries of a key that stands twice are among them.
  public var entries: Entries { Entries(table: self) }

  /// The entry that counts for a key: the first one (`makemap(8)` without `-r`), the case of ASCII letters aside.
  ///
  /// - Complexity: O(*n*) in lines.
  public func entry(for key: ByteString) -> TableEntry? {
    firstLines(of: [key.folded])[key.folded].flatMap(entry(at:))
  }

  /// The entry on a 0-based line.
  package func entry(at index: Int) -> TableEntry? {
    guard case .entry(let fields) = classify(index) else { return nil }
    return TableEntry(
      line: index + 1, key: ByteString(text.buffer[fields.key]), value: ByteString(text.buffer[fields.value]))
  }

  /// The comment that belongs to an entry: the comment lines right above it, without a blank line between.
  ///
  /// - Parameter line: The entry's 1-based line.
  /// - Returns: The 1-based lines.
  public func commentLines(above line: Int) -> Range<Int> {
    var first = line - 1
    while first > 0, classify(first - 1) == .comment { first -= 1 }
    return first + 1..<line
  }

  /// The pairs of the map, by their places in the text.
  ///
  /// - Complexity: O(*n*) in bytes; 16 bytes of memory an entry.
  public var pairs: MapPairs {
    let pairs = unsafe [MapPairs.Pair](unsafeUninitializedCapacity: text.lineCount) { pairs, count in
      forEachEntry { index, fields in
        unsafe pairs.initializeElement(
          at: count,
          to: MapPairs.Pair(
            keyOffset: UInt32(truncatingIfNeeded: fields.key.lowerBound),
            keyLength: UInt16(truncatingIfNeeded: fields.key.count),
            valueOffset: UInt32(truncatingIfNeeded: fields.value.lowerBound),
            valueLength: UInt16(truncatingIfNeeded: fields.value.count), line: UInt32(truncatingIfNeeded: index + 1)))
        count += 1
        return true
      }
    }
    return MapPairs(bytes: text.buffer, pairs: pairs)
  }

  /// The 0-based lines of the first entry of each wanted key, in one pass.
  ///
  /// - Parameter keys: The keys, folded.
  package func firstLines(of keys: Set<ByteString>) -> [ByteString: Int] {
    var found: [ByteString: Int] = [:]
    forEachLine(of: keys) { key, index in
      if found[key] == nil { found[key] = index }
      return found.count < keys.count
    }
    return found
  }

  /// The 0-based lines of every entry with one of the keys, in order.
  ///
  /// - Parameter keys: The keys, folded.
  package func lines(of keys: Set<ByteString>) -> [Int] {
    var found: [Int] = []
    forEachLine(of: keys) { _, index in
      found.append(index)
      return true
    }
    return found
  }

  private func forEachLine(of keys: Set<ByteString>, _ body: (ByteString, Int) -> Bool) {
    forEachEntry(withKeyIn: KeyFilter(keys)) { index, fields in
      let key = ByteString(text.buffer[fields.key]).folded
      return keys.contains(key) ? body(key, index) : true
    }
  }

  /// Calls `body` with the 0-based line and the places of each entry whose key a filter lets pass, until it answers false.
  ///
  /// Other lines are only looked at as far as their keys go.
  func forEachEntry(withKeyIn filter: KeyFilter, _ body: (Int, TableFields) -> Bool) {
    let bytes = text.buffer.span
    let raw = unsafe bytes.bytes
    let lines = text.lines
    for index in lines.indices {
      let range = lines[index].range
      if grammar.separator == nil {
        let end = TableGrammar.endOfKey(raw, range)
        // The last line may end at a NUL.
        guard filter.mayContain(raw, range.lowerBound..<end) || index == lines.count - 1 else { continue }
      }
      guard case .entry(let fields) = classify(index) else { continue }
      if grammar.separator != nil, !filter.mayContain(raw, fields.key) { continue }
      if !body(index, fields) { return }
    }
  }

  /// Adds comment lines behind the last line.
  package mutating func append(comment: [UInt8]) { text.append(comment) }

  /// Removes the 0-based lines.
  package mutating func removeLines(_ indices: Set<Int>) { text.removeLines(indices) }

  /// Replaces lines; see ``Text/replaceLines(_:with:)``.
  package mutating func replaceLines(_ indices: Range<Int>, with bytes: [UInt8]) {
    text.replaceLines(indices, with: bytes)
  }
}

/// A fast "surely not" for a few keys among many lines: by the length and the last bytes, folded.
struct KeyFilter {
  private var lengths: UInt64 = 0
  private var bits = [UInt64](repeating: 0, count: 1024)

  init(_ keys: some Sequence<ByteString>) {
    for key in keys {
      let hash = unsafe KeyFilter.hash(key.bytes.span.bytes, 0..<key.bytes.count)
      bits[hash >> 6] |= 1 << UInt64(hash & 63)
      lengths |= 1 << UInt64(key.bytes.count & 63)
    }
  }

  @inline(__always)
  func mayContain(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    guard lengths & (1 << UInt64(range.count & 63)) != 0 else { return false }
    let hash = KeyFilter.hash(bytes, range)
    return bits[hash >> 6] & (1 << UInt64(hash & 63)) != 0
  }

  @inline(__always)
  private static func hash(_ bytes: RawSpan, _ range: Range<Int>) -> Int {
    var word: UInt64 = 0
    if range.count >= 8 {
      word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: range.upperBound - 8, as: UInt64.self)
    } else {
      for index in range { word = word << 8 | UInt64(unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)) }
    }
    // Folds letters, and other bytes too: this only says "surely not".
    return Int(truncatingIfNeeded: ((word | 0x2020_2020_2020_2020) &* 0x9E37_79B9_7F4A_7C15) >> 48)
  }
}

/// An entry of a table: one line.
public struct TableEntry: Sendable, Equatable {
  /// The 1-based line.
  public var line: Int
  /// The key as written.
  public var key: ByteString
  /// The value as makemap stores it: trailing blanks, a CR before the LF and `# …` are part of it.
  public var value: ByteString

  /// Makes an entry.
  public init(line: Int, key: ByteString, value: ByteString) {
    self.line = line
    self.key = key
    self.value = value
  }
}

extension Table {
  /// The entries of a table, in the order of its lines.
  public struct Entries: Sequence, Sendable {
    let table: Table

    /// Makes an iterator at the first line.
    public func makeIterator() -> Iterator { Iterator(table: table) }

    /// Goes through the entries.
    public struct Iterator: IteratorProtocol {
      let table: Table
      var index = 0

      /// The next entry; nil behind the last.
      public mutating func next() -> TableEntry? {
        while index < table.text.lineCount {
          index += 1
          if let entry = table.entry(at: index - 1) { return entry }
        }
        return nil
      }
    }
  }
}
