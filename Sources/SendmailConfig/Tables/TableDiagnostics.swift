extension Diagnostic.Code {
  /// A line of more than 1022 bytes.
  public static let tableLineTooLong = Diagnostic.Code(rawValue: "table.line-too-long")
  /// A NUL byte in a line.
  public static let tableNUL = Diagnostic.Code(rawValue: "table.nul")
  /// A line that begins with a blank: an indented entry, an indented comment, a line of blanks.
  public static let tableLeadingBlank = Diagnostic.Code(rawValue: "table.leading-blank")
  /// A key without a value.
  public static let tableNoValue = Diagnostic.Code(rawValue: "table.no-value")
  /// A key that stood before.
  public static let tableDuplicate = Diagnostic.Code(rawValue: "table.duplicate-key")
  /// Lines that end in CR LF.
  public static let tableCarriageReturn = Diagnostic.Code(rawValue: "table.carriage-return")
  /// A byte-order mark before the first line.
  public static let tableByteOrderMark = Diagnostic.Code(rawValue: "table.byte-order-mark")
}

extension Table {
  /// The lines that makemap refuses, and line ends that it takes for text, in the order of the text.
  ///
  /// Keys that stand twice are found while a map is built, where all keys are at hand.
  ///
  /// - Complexity: O(*n*) in bytes.
  public var diagnostics: [Diagnostic] {
    var result: [Diagnostic] = []
    if let byteOrderMark { result.append(byteOrderMark) }
    var carriageReturn: Int?
    let bytes = text.buffer.span
    forEachLine { index, line in
      switch line {
      case .malformed(let defect): result.append(diagnostic(defect, index))
      case .entry(let fields):
        if !fields.value.isEmpty, bytes[fields.value.upperBound - 1] == ASCII.carriageReturn, carriageReturn == nil {
          carriageReturn = index
        }
      case .blank, .comment: break
      }
      return true
    }
    if let carriageReturn { result.append(diagnosticOfCarriageReturn(at: carriageReturn)) }
    return result
  }

  /// What is to be said of a byte-order mark at the head; nil where there is none.
  package var byteOrderMark: Diagnostic? {
    guard text.buffer.starts(with: [0xEF, 0xBB, 0xBF]), text.lines.first?.start == 0 else { return nil }
    return Diagnostic(
      code: .tableByteOrderMark, severity: .warning, line: 1,
      message: "the file begins with a byte-order mark, which becomes part of the first line",
      remedy: "remove the first three bytes")
  }

  /// What is to be said of the 0-based line that is the first one with a CR before its LF.
  package func diagnosticOfCarriageReturn(at index: Int) -> Diagnostic {
    Diagnostic(
      code: .tableCarriageReturn, severity: .warning, line: index + 1, column: text.content(at: index).count,
      message: "the line ends in CR LF, and makemap stores the CR as part of the value (first of such lines)",
      remedy: "convert the file to LF line ends")
  }

  /// What is to be said of a 0-based line that makemap refuses.
  package func diagnostic(_ defect: TableDefect, _ index: Int) -> Diagnostic {
    let content = text.content(at: index)
    switch defect {
    case .tooLong:
      return Diagnostic(
        code: .tableLineTooLong, severity: .error, line: index + 1, column: TableGrammar.longestLine + 1,
        message: "the line has \(content.count) bytes, and makemap reads at most \(TableGrammar.longestLine): "
          + "the line is left out (makemap itself would read its tail as another entry)",
        remedy: "shorten the line")
    case .containsNUL:
      let column = (text.buffer[content].firstIndex(of: ASCII.nul) ?? content.lowerBound) - content.lowerBound + 1
      return Diagnostic(
        code: .tableNUL, severity: .error, line: index + 1, column: column,
        message: "the line holds a NUL byte: makemap leaves the line out", remedy: "remove the NUL byte")
    case .leadingBlank:
      let rest = text.buffer[content].drop(while: ASCII.isSpace)
      let what =
        rest.isEmpty
        ? "the line holds nothing but blanks"
        : rest.first == grammar.comment ? "the comment is indented" : "the entry is indented"
      return Diagnostic(
        code: .tableLeadingBlank, severity: .error, line: index + 1,
        message: "\(what): makemap takes it for an error and leaves it out",
        remedy: rest.isEmpty ? "empty the line" : "begin it in column 1")
    case .noValue:
      let key = ByteString(text.buffer[content].prefix { !ASCII.isSpace($0) })
      return Diagnostic(
        code: .tableNoValue, severity: .error, line: index + 1, column: key.bytes.count + 1,
        message: "\(key.escaped) has no value: makemap leaves the line out",
        remedy: "write a value behind the key, or remove the line")
    }
  }
}
