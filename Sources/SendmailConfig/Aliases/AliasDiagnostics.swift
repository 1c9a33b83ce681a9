extension Diagnostic.Code {
  /// A logical line of more than 8190 bytes, or one with a NUL byte.
  public static let aliasLineTooLong = Diagnostic.Code(rawValue: "alias.line-too-long")
  /// A line that begins with a blank and continues no other.
  public static let aliasLeadingBlank = Diagnostic.Code(rawValue: "alias.leading-blank")
  /// A name without a value.
  public static let aliasNoValue = Diagnostic.Code(rawValue: "alias.no-value")
  /// A line without a colon, or a name that is no local address.
  public static let aliasBadName = Diagnostic.Code(rawValue: "alias.bad-name")
  /// A name about which sendmail's address parser complains, and which it stores all the same.
  public static let aliasOddName = Diagnostic.Code(rawValue: "alias.odd-name")
  /// A name that stands twice.
  public static let aliasDuplicate = Diagnostic.Code(rawValue: "alias.duplicate-name")
  /// A comment that swallows the lines behind it.
  public static let aliasSwallowingComment = Diagnostic.Code(rawValue: "alias.swallowing-comment")
}

extension AliasesFile {
  /// The lines that newaliases refuses, and those that it takes otherwise than they look, in the order of the text.
  ///
  /// Names that stand twice are found while a map is built, where all names are at hand.
  ///
  /// - Complexity: O(*n*) in bytes.
  public var diagnostics: [Diagnostic] {
    var result: [Diagnostic] = []
    forEachLine { line, kind in
      if let finding = finding(line, kind) { result.append(finding) }
      return true
    }
    return result
  }

  /// What is to be said of a logical line.
  func finding(_ line: AliasLine, _ kind: Kind) -> Diagnostic? {
    let number = line.lines.lowerBound + 1
    func error(_ code: Diagnostic.Code, _ message: String, _ remedy: String) -> Diagnostic {
      Diagnostic(code: code, severity: .error, line: number, message: message, remedy: remedy)
    }
    switch kind {
    case .nothing:
      guard line.lines.count > 1, line.joined.first == ASCII.numberSign,
        line.lines.dropFirst().contains(where: { text.buffer[text.content(at: $0)].contains { !ASCII.isSpace($0) } })
      else { return nil }
      return Diagnostic(
        code: .aliasSwallowingComment, severity: .warning, line: number,
        message: "the comment goes on to line \(line.lines.upperBound): sendmail joins an indented line, and the line "
          + "behind a final backslash, to it",
        remedy: "begin each of those lines in column 1, or with #")
    case .alias(_, let messages):
      guard let message = messages.first else { return nil }
      return Diagnostic(
        code: .aliasOddName, severity: .warning, line: number,
        message:
          "newaliases says \"\(ByteString(message.text).escaped)\" and stores the alias all the same",
        remedy: "write the name as a plain word")
    case .indented:
      return error(
        .aliasLeadingBlank, "the line begins with a blank and continues no other: newaliases leaves it out",
        "begin it in column 1, or take the empty line above it out")
    case .tooLong:
      guard let nul = line.raw.firstIndex(of: ASCII.nul) else {
        return error(
          .aliasLineTooLong,
          "the alias has more than \(AliasLine.longest - 1) bytes with all its lines: newaliases leaves it out",
          "put the list into a file and name it as :include:/path")
      }
      let lost = line.lines.count > 1 ? ", and the next line with it" : ""
      let before = line.raw[..<nul]
      return Diagnostic(
        code: .aliasLineTooLong, severity: .error, line: number + before.count { $0 == ASCII.lineFeed },
        column: nul - (before.lastIndex(of: ASCII.lineFeed) ?? -1),
        message: "the line holds a NUL byte: newaliases leaves it out\(lost)", remedy: "remove the NUL byte")
    case .noValue:
      return error(
        .aliasNoValue, "the alias has no destination: newaliases leaves it out", "name one, or remove the line")
    case .refused(let messages, let refusal):
      let message = (messages + (refusal.map { [$0] } ?? [])).last
      return error(
        .aliasBadName,
        "newaliases says \"\(message.map { ByteString($0.text).escaped } ?? "")\" and leaves the alias out",
        "write NAME: DESTINATION, where the name is a user of this host, or make a comment of the line")
    }
  }
}
