extension Diagnostic.Code {
  /// Words behind the first one, which the format does not take.
  public static let classLostWords = Diagnostic.Code(rawValue: "class.lost-words")
  /// A `#` that begins a word and no comment.
  public static let classIndentedComment = Diagnostic.Code(rawValue: "class.indented-comment")
  /// A `#` inside a word.
  public static let classNumberSign = Diagnostic.Code(rawValue: "class.number-sign")
  /// A leading dot in class w.
  public static let classLeadingDot = Diagnostic.Code(rawValue: "class.leading-dot")
  /// A final dot.
  public static let classTrailingDot = Diagnostic.Code(rawValue: "class.trailing-dot")
  /// A `*`.
  public static let classWildcard = Diagnostic.Code(rawValue: "class.wildcard")
  /// A word that is no host name, and in class R no prefix of addresses.
  public static let classNotHost = Diagnostic.Code(rawValue: "class.not-a-host")
  /// A line of more than 2047 bytes.
  public static let classLineTooLong = Diagnostic.Code(rawValue: "class.line-too-long")
  /// A NUL byte, which ends what is read of a line.
  public static let classNUL = Diagnostic.Code(rawValue: "class.nul")
  /// A byte-order mark before the first line.
  public static let classByteOrderMark = Diagnostic.Code(rawValue: "class.byte-order-mark")
  /// A word that begins with the byte 0x93.
  public static let classCopy = Diagnostic.Code(rawValue: "class.class-copy")
  /// A format that takes no word, or leaves to chance what it takes.
  public static let classFormat = Diagnostic.Code(rawValue: "class.format")
}

extension ClassFile {
  /// What sendmail reads otherwise than it looks, and words that can never match, in the order of the text.
  ///
  /// - Complexity: O(*n*) in bytes.
  public var diagnostics: [Diagnostic] {
    var result: [Diagnostic] = []
    if let defect = format.defect { result.append(diagnostic(of: defect)) }
    if text.buffer.starts(with: [0xEF, 0xBB, 0xBF]), text.lines.first?.start == 0 {
      result.append(
        Diagnostic(
          code: .classByteOrderMark, severity: .warning, line: 1,
          message:
            "the file begins with a byte-order mark, which becomes part of the first word, and hides a # behind it",
          remedy: "remove the first three bytes"))
    }
    let bytes = text.buffer.span
    for index in 0..<text.lineCount {
      let range = text.lines[index].range
      var words: [Range<Int>] = []
      ClassFile.forEachWord(bytes, range, format) { place in
        words.append(place)
        return true
      }
      for word in words { if let finding = diagnostic(of: word, index) { result.append(finding) } }
      if range.count > ClassFile.longestPiece { addLengthFinding(index, words, to: &result) }
      addNULFinding(index, to: &result)
      if format == .firstWord, range.count <= ClassFile.longestPiece, let word = words.first {
        addLostWordsFinding(index, behind: word, to: &result)
      }
    }
    return result
  }

  private func diagnostic(of defect: ClassFileFormat.Defect) -> Diagnostic {
    let message =
      switch defect {
      case .noConversion: "the format \"\(format.text.escaped)\" takes nothing: the class stays empty"
      case .severalConversions:
        "the format \"\(format.text.escaped)\" has two conversions: sendmail writes the second one to a place that "
          + "nobody has set"
      case .unsupportedConversion(let byte):
        "the format \"\(format.text.escaped)\" has the conversion \(ByteString([byte]).escaped), "
          + "and what sendmail makes of it is left to chance"
      }
    return Diagnostic(
      code: .classFormat, severity: .error, line: 1, message: message,
      remedy: "write %s, or %[^\\#] for every word of a line, in the F line of sendmail.cf")
  }

  private func diagnostic(of word: Range<Int>, _ line: Int) -> Diagnostic? {
    let member = member(line, word)
    func finding(_ code: Diagnostic.Code, _ message: String, _ remedy: String) -> Diagnostic {
      Diagnostic(
        code: code, severity: .warning, line: line + 1, column: member.column, message: message, remedy: remedy)
    }
    let bytes = member.word.bytes
    if bytes.first == ClassFile.classCopy {
      return finding(
        .classCopy, "the byte 0x93 makes sendmail copy the class that is named behind it", "remove the byte")
    }
    if bytes.first == ASCII.numberSign {
      return finding(
        .classIndentedComment,
        "# begins a comment only as the first byte of a line: \(member.word.escaped) is a member",
        "begin the comment in column 1")
    }
    if purpose != .words, bytes.contains(ASCII.numberSign) {
      return finding(
        .classNumberSign, "the # does not begin a comment: \(member.word.escaped) is the member",
        "put a blank before the #")
    }
    return ClassWordObjection(member.word, purpose).map {
      finding($0.code, "\(member.word.escaped): \($0.reason)", $0.remedy)
    }
  }

  private func addLengthFinding(_ line: Int, _ words: [Range<Int>], to result: inout [Diagnostic]) {
    let range = text.lines[line].range
    let cut = range.lowerBound + ClassFile.longestPiece
    // Where only the LF is left for the second piece nothing happens.
    guard text.content(at: line).upperBound > cut else { return }
    let accidents = words.filter { $0.upperBound > cut }
    let examples = accidents.prefix(3).map { ByteString(text.buffer[$0].prefix(40)).escaped }.joined(separator: ", ")
    let isComment = text.buffer[range.lowerBound] == ASCII.numberSign
    result.append(
      Diagnostic(
        code: .classLineTooLong, severity: .warning, line: line + 1, column: ClassFile.longestPiece + 1,
        message: "the \(isComment ? "comment" : "line") has \(range.count) bytes, and sendmail reads every "
          + "\(ClassFile.longestPiece) of them as a line of its own"
          + (accidents.isEmpty ? "" : ": \(accidents.count) words, such as \(examples)"),
        remedy: "break the line before that column"))
  }

  private func addNULFinding(_ line: Int, to result: inout [Diagnostic]) {
    let range = text.lines[line].range
    guard let nul = text.buffer[range].firstIndex(of: ASCII.nul), text.buffer[range.lowerBound] != ASCII.numberSign
    else { return }
    result.append(
      Diagnostic(
        code: .classNUL, severity: .warning, line: line + 1, column: nul - range.lowerBound + 1,
        message: "the line holds a NUL byte: sendmail does not read what is behind it", remedy: "remove the NUL byte"))
  }

  private func addLostWordsFinding(_ line: Int, behind word: Range<Int>, to result: inout [Diagnostic]) {
    let rest = text.buffer[word.upperBound..<text.lines[line].range.upperBound].drop(while: ASCII.isSpace)
    guard let first = rest.first, first != ASCII.numberSign, first != ASCII.nul,
      text.buffer[word.lowerBound] != ASCII.numberSign
    else { return }
    let lost = ByteString(rest.prefix { !ASCII.isSpace($0) })
    result.append(
      Diagnostic(
        code: .classLostWords, severity: .warning, line: line + 1,
        column: rest.startIndex - text.lines[line].range.lowerBound + 1,
        message: "\(lost.escaped) is not read: the format %s takes only the first word of a line",
        remedy: "give it a line of its own"))
  }
}
