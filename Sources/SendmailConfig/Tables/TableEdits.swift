extension Table {
  /// What an edit did.
  public enum Edit: Sendable, Equatable {
    /// A line was added; its 1-based number.
    case added(line: Int)
    /// The value of a line was replaced; its 1-based number.
    case replaced(line: Int)
    /// Lines were removed; how many.
    case removed(count: Int)
    /// The text says so already, on this 1-based line, or never said so (0).
    case unchanged(line: Int)
  }

  /// Gives a key a value: replaces the value of the entry that counts, or adds a line.
  ///
  /// - Parameters:
  ///   - value: The value.
  ///   - key: The key.
  ///   - isSibling: Says of another entry, by its key and value, whether the new line belongs behind it. A new line goes
  ///     behind the last such entry, else to the end.
  /// - Throws: ``EditError`` with ``EditError/Code/badKey`` or ``EditError/Code/badValue`` where makemap would not read
  ///   back the same pair, or would read another one beside it. The text is then unchanged.
  @discardableResult
  public mutating func set(
    _ value: ByteString, for key: ByteString, behind isSibling: (ByteString, ByteString) -> Bool = { _, _ in false }
  ) throws(EditError) -> Edit {
    try check(key: key)
    try check(value: value, of: key)
    if let line = firstLines(of: [key.folded])[key.folded], case .entry(let fields) = classify(line) {
      guard !text.buffer[fields.value].elementsEqual(value.bytes) else { return .unchanged(line: line + 1) }
      let rest = text.buffer[text.content(at: line)].last == ASCII.carriageReturn ? [ASCII.carriageReturn] : []
      guard !text.buffer[fields.value].elementsEqual(value.bytes + rest) else { return .unchanged(line: line + 1) }
      let head = Array(text.buffer[text.lines[line].range.lowerBound..<fields.value.lowerBound])
      let end = Array(text.buffer[text.content(at: line).upperBound..<text.lines[line].range.upperBound])
      try check(length: head.count + value.bytes.count + rest.count)
      try verify(head + value.bytes, key, value)
      replaceLines(line..<line + 1, with: head + value.bytes + rest + end)
      return .replaced(line: line + 1)
    }
    let line = place(behind: isSibling)
    try insert([(key, value)], at: line)
    return .added(line: line + 1)
  }

  /// Removes every entry of a key.
  ///
  /// All of them: the next one would count otherwise. Comments stay.
  ///
  /// - Returns: ``Edit/removed(count:)``, or ``Edit/unchanged(line:)`` with 0 where there is none.
  @discardableResult
  public mutating func remove(_ key: ByteString) -> Edit {
    let found = lines(of: [key.folded])
    removeLines(Set(found))
    return found.isEmpty ? .unchanged(line: 0) : .removed(count: found.count)
  }

  /// The 0-based line behind the last entry that `isSibling` names; the end of the text where it names none.
  package func place(behind isSibling: (ByteString, ByteString) -> Bool) -> Int {
    let last = text.lines.indices.last { index in
      guard case .entry(let fields) = classify(index) else { return false }
      return isSibling(ByteString(text.buffer[fields.key]), ByteString(text.buffer[fields.value]))
    }
    let end = last.map { $0 + 1 } ?? text.lineCount
    // makemap reads a last line without LF up to a NUL, but drops a line with LF and NUL: it must stay the last one.
    return end == text.lineCount && text.lacksFinalNewline && text.line(end).contains(ASCII.nul) ? end - 1 : end
  }

  /// Inserts lines in the style of their neighbours.
  ///
  /// - Parameters:
  ///   - comment: A comment line above them, with its comment character and without a line end.
  ///   - pairs: Keys and values.
  ///   - index: The 0-based line before which they go.
  package mutating func insert(
    comment: ByteString? = nil, _ pairs: [(key: ByteString, value: ByteString)], at index: Int
  ) throws(EditError) {
    let style = style(near: index)
    let lineEnd = text.lineEnd
    var bytes: [UInt8] = []
    if let comment {
      try check(length: comment.bytes.count + lineEnd.count - 1)
      bytes += comment.bytes + lineEnd
    }
    for (key, value) in pairs {
      try check(key: key)
      try check(value: value, of: key)
      let line = key.bytes + style.separator(keyWidth: key.bytes.count) + value.bytes
      try check(length: line.count + lineEnd.count - 1)
      try verify(line, key, value)
      bytes += line + lineEnd
    }
    replaceLines(index..<index, with: bytes)
  }

  private func check(key: ByteString) throws(EditError) {
    func refuse(_ why: String) throws(EditError) -> Never { throw EditError(.badKey, "key \"\(key.escaped)\": \(why)") }
    guard let first = key.bytes.first else { throw EditError(.badKey, "the key is empty") }
    if key.bytes.contains(ASCII.lineFeed) || key.bytes.contains(ASCII.carriageReturn) {
      try refuse("a line break in it would begin another entry")
    }
    if key.bytes.contains(ASCII.nul) { try refuse("a NUL byte in it would make makemap drop the line") }
    if first == grammar.comment { try refuse("beginning so, the line would be a comment") }
    if let separator = grammar.separator {
      if separator == ASCII.lineFeed || separator == ASCII.nul {
        try refuse("no line can hold the separator \(ASCII.escape(separator)), so no entry can be written")
      }
      if key.bytes.contains(separator) { try refuse("the separator in it would cut it short") }
    } else if let blank = key.bytes.first(where: ASCII.isSpace) {
      try refuse(
        ASCII.isSpace(first) ? "it begins with a blank" : "the blank (\(ASCII.escape(blank))) in it would cut it short")
    }
  }

  private func check(value: ByteString, of key: ByteString) throws(EditError) {
    func refuse(_ why: String) throws(EditError) -> Never {
      throw EditError(.badValue, "value \"\(value.shown(of: key).escaped)\": \(why)")
    }
    guard let first = value.bytes.first else {
      if grammar.allowsEmptyValues { return }
      throw EditError(.badValue, "the value is empty: makemap would drop the line")
    }
    if value.bytes.contains(ASCII.lineFeed) || value.bytes.contains(ASCII.carriageReturn) {
      try refuse("a line break in it would begin another entry")
    }
    if value.bytes.contains(ASCII.nul) { try refuse("a NUL byte in it would make makemap drop the line") }
    if grammar.separator.map({ $0 == first }) ?? ASCII.isSpace(first) {
      try refuse("it begins with what separates key and value, and would lose it")
    }
  }

  /// Reads back a line that is about to be written: it has to be this one entry, the case of the key aside.
  private func verify(_ line: [UInt8], _ key: ByteString, _ value: ByteString) throws(EditError) {
    guard case .entry(let fields) = grammar.classify(line.span, 0..<line.count, terminated: true),
      ByteString(line[fields.key]).folded == key.folded, line[fields.value].elementsEqual(value.bytes)
    else { throw EditError(.badValue, "\(key.escaped): the line would not be read back as it is meant") }
  }

  private func check(length: Int) throws(EditError) {
    guard length > TableGrammar.longestLine else { return }
    throw EditError(
      .badValue, "the line would have \(length) bytes, and makemap reads at most \(TableGrammar.longestLine)")
  }
}
