internal import SendmailConfig

/// The first pass over a table: what makemap refuses, where each key stands, keys that stand twice, and which entries are
/// worth a second look.
///
/// One look at every byte; an entry that no check can object to costs no more.
struct TablePass {
  /// An entry that checks are to look at.
  struct Candidate {
    /// The 0-based line.
    var line: UInt32
    /// What is peculiar about it.
    var traits: UInt64
  }

  /// Where the keys stand: the 0-based line of the entry that counts.
  private(set) var index: KeyIndex
  /// The entries that checks are to look at, in order.
  private(set) var candidates: [Candidate] = []

  /// Whether there is a comment in it.
  private(set) var hasComments = false

  /// Goes through a table.
  ///
  /// - Parameters:
  ///   - table: The table.
  ///   - findings: Gets what the parser finds.
  ///   - traits: Says of an entry, by the buffer and the places of its key and value, what is peculiar about it; also makes
  ///     the hash of its key.
  init(
    _ table: Table, _ findings: inout FileFindings,
    traits: (_ bytes: Span<UInt8>, _ fields: TableFields, _ hash: inout KeyIndex.Hash) -> UInt64
  ) {
    let text = table.text
    index = KeyIndex(capacity: text.lineCount)
    if let mark = table.byteOrderMark {
      findings.add(mark, code: .tableByteOrderMark, entry: 0, fix: TableFixes.withoutByteOrderMark(text))
    }
    var firstCarriageReturn: Int?
    var waiting: [KeyIndex.Waiting] = []
    waiting.reserveCapacity(KeyIndex.batch)
    let bytes = text.buffer.span
    for (number, line) in text.lines.enumerated() {
      var content = line.range
      let isTerminated = bytes[content.upperBound - 1] == ASCII.lineFeed
      if isTerminated { content = content.lowerBound..<content.upperBound - 1 }
      switch table.grammar.classify(bytes, content, terminated: isTerminated) {
      case .blank: break
      case .comment: hasComments = true
      case .malformed(let defect): TablePass.add(defect, number, table, &findings)
      case .entry(let fields):
        var hash = KeyIndex.Hash()
        let traits = traits(bytes, fields, &hash)
        if traits != 0 { candidates.append(Candidate(line: UInt32(number), traits: traits)) }
        waiting.append(KeyIndex.Waiting(hash, number: number))
        if waiting.count == KeyIndex.batch { flush(&waiting, table, &findings) }
        if firstCarriageReturn == nil, bytes[fields.value.upperBound - 1] == ASCII.carriageReturn {
          firstCarriageReturn = number
        }
        if fields.value.upperBound < content.upperBound {
          findings.add(
            CutAtNUL.check, line: number + 1, column: fields.value.upperBound - content.lowerBound + 1,
            message: "the last line has a NUL byte and no LF: makemap stores what is before the NUL, and says nothing",
            remedy: "remove the NUL byte, and end the line with an LF")
        }
      }
    }
    flush(&waiting, table, &findings)
    if let firstCarriageReturn {
      findings.add(
        table.diagnosticOfCarriageReturn(at: firstCarriageReturn), code: .tableCarriageReturn, entry: 0,
        fix: TableFixes.withoutCarriageReturns(text))
    }
  }

  /// Goes through a table of which every entry is to be looked at: a short one.
  init(all table: Table, _ findings: inout FileFindings) {
    self.init(table, &findings) { bytes, fields, hash in
      for index in fields.key { hash.add(bytes[index]) }
      return 1
    }
  }

  private mutating func flush(
    _ waiting: inout [KeyIndex.Waiting], _ table: Table, _ findings: inout FileFindings
  ) {
    index.insert(&waiting, replaces: false) {
      TablePass.haveSameKey($0, $1, table)
    } twice: { line, earlier in
      TablePass.addDuplicate(line, counted: earlier, table, &findings)
    }
  }

  private static func haveSameKey(_ first: Int, _ second: Int, _ table: Table) -> Bool {
    guard case .entry(let one) = table.classify(first), case .entry(let other) = table.classify(second),
      one.key.count == other.key.count
    else { return false }
    let bytes = table.text.buffer.span
    for offset in 0..<one.key.count
    where ASCII.lowercased(bytes[one.key.lowerBound + offset]) != ASCII.lowercased(bytes[other.key.lowerBound + offset])
    {
      return false
    }
    return true
  }

  /// The 0-based line of the entry that counts for a key; nil where there is none.
  func line(of key: some Collection<UInt8>, in table: Table) -> Int? {
    index.find(KeyIndex.Hash().adding(key)) { number in
      guard case .entry(let fields) = table.classify(number), fields.key.count == key.count else { return false }
      return zip(table.text.buffer[fields.key], key).allSatisfy { ASCII.lowercased($0) == ASCII.lowercased($1) }
    }
  }

  /// A pair for a message: what logs in elsewhere is kept secret.
  private static func shown(_ key: ByteString, _ value: ByteString) -> String {
    "\(key.escaped)  \(value.shown(of: key).escaped)"
  }

  private static func addDuplicate(_ line: Int, counted: Int, _ table: Table, _ findings: inout FileFindings) {
    guard let entry = table.entry(at: line), let other = table.entry(at: counted) else { return }
    let path = findings.path
    findings.add(
      Diagnostic.duplicate(entry.key, line: line + 1, counted: counted + 1, isAlias: false), code: .tableDuplicate,
      entry: line + 1,
      related: [
        CheckFinding.RelatedPlace(
          path: path, line: counted + 1, note: "this line counts: \(TablePass.shown(other.key, other.value))")
      ],
      fix: entry.value == other.value ? TextFix(lines: line..<line + 1, replacement: []) : nil)
  }

  /// Adds what makemap refuses, and what it would read of the tail of a line that is too long.
  private static func add(_ defect: TableDefect, _ line: Int, _ table: Table, _ findings: inout FileFindings) {
    let path = findings.path
    findings.add(
      table.diagnostic(defect, line), code: code(defect), entry: line + 1,
      related: defect == .tooLong ? injected(line, table, path) : [], fix: fix(defect, line, table))
  }

  private static func code(_ defect: TableDefect) -> Diagnostic.Code {
    switch defect {
    case .tooLong: .tableLineTooLong
    case .containsNUL: .tableNUL
    case .leadingBlank: .tableLeadingBlank
    case .noValue: .tableNoValue
    }
  }

  private static func fix(_ defect: TableDefect, _ line: Int, _ table: Table) -> TextFix? {
    guard defect == .leadingBlank else { return nil }
    let content = table.text.buffer[table.text.content(at: line)]
    let rest = content.drop(while: ASCII.isSpace)
    // An indented entry may have been meant as one, or as the rest of the line above.
    guard rest.isEmpty || rest.first == table.grammar.comment else { return nil }
    let end = table.text.line(line + 1).last == ASCII.lineFeed ? [ASCII.lineFeed] : []
    return TextFix(lines: line..<line + 1, replacement: Array(rest) + end)
  }

  /// The entries that makemap itself would store from the tail of a line: it drops 1023 bytes and reads on in the same line.
  private static func injected(_ line: Int, _ table: Table, _ path: String) -> [CheckFinding.RelatedPlace] {
    let content = table.text.content(at: line)
    let bytes = table.text.buffer.span
    let step = TableGrammar.longestLine + 1
    var result: [CheckFinding.RelatedPlace] = []
    var start = content.lowerBound + step
    while start < content.upperBound, result.count < 5 {
      let end = content.upperBound
      if case .entry(let fields) = table.grammar.classify(bytes, start..<end, terminated: true) {
        let key = ByteString(table.text.buffer[fields.key].prefix(60)).folded
        let value = ByteString(table.text.buffer[fields.value].prefix(60))
        result.append(
          CheckFinding.RelatedPlace(
            path: path, line: line + 1, column: start - content.lowerBound + 1,
            note: "makemap would store \(shown(key, value))"))
      }
      start += step
    }
    return result
  }
}

extension Table {
  /// The 1-based column at which the value of the entry in a 0-based line begins.
  func valueColumn(_ fields: TableFields, line: Int) -> Int {
    fields.value.lowerBound - text.lines[line].range.lowerBound + 1
  }
}
