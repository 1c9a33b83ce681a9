internal import SendmailConfig

/// What is looked for in class files.
enum ClassChecks {
  static func run(_ input: CheckedText<CheckedClassFile>, _ context: CheckContext, _ findings: inout FileFindings) {
    let file = input.content.file
    let text = file.text
    for diagnostic in file.diagnostics {
      let isFile = diagnostic.code == .classByteOrderMark || diagnostic.code == .classFormat
      findings.add(
        diagnostic, code: diagnostic.code, entry: isFile ? 0 : diagnostic.line, fix: fix(diagnostic, text))
    }
    guard input.content.className == "R" else { return }
    for member in file.members { ClassRelayWide.examine(member, context, &findings) }
  }

  private static func fix(_ diagnostic: Diagnostic, _ text: Text) -> TextFix? {
    let line = text.lineCount >= diagnostic.line ? text.line(diagnostic.line) : []
    switch diagnostic.code {
    case .classByteOrderMark: return TableFixes.withoutByteOrderMark(text)
    case .classIndentedComment:
      let rest = line.drop(while: ASCII.isBlank)
      // Behind a word it is another matter.
      guard rest.first == ASCII.numberSign, rest.startIndex > line.startIndex else { return nil }
      return TextFix(lines: diagnostic.line - 1..<diagnostic.line, replacement: Array(rest))
    case .classTrailingDot:
      let word = line[(line.startIndex + diagnostic.column - 1)...].prefix { !ASCII.isSpace($0) }
      let bare = word.reversed().drop { $0 == 0x2E }.reversed()
      guard !bare.isEmpty else { return nil }
      return TextFix(
        lines: diagnostic.line - 1..<diagnostic.line,
        replacement: Array(line[..<word.startIndex]) + Array(bare) + line[word.endIndex...])
    default: return nil
    }
  }
}
