internal import SendmailConfig

/// A program or a file with a blank in it and no quotes around it.
enum AliasUnquotedBlank: AliasCheck {
  static let check = Check(
    "alias.unquoted-blank", .warning, "Without quotes the blanks of a command or path become dots", page: .aliases,
    fixes: true)

  static func examine(_ alias: AliasView, _ context: CheckContext, _ findings: inout FileFindings) {
    for destination in alias.destinations {
      let text = destination.text
      guard let first = text.first, first == 0x7C || first == 0x2F, text.contains(where: ASCII.isBlank),
        !text.contains(ASCII.quote), !text.contains(ASCII.numberSign)
      else { continue }
      let place = alias.place(destination.range.lowerBound)
      let isOneLine = alias.place(destination.range.upperBound - 1).line == place.line
      let shown = ByteString(text.map { ASCII.isBlank($0) ? 0x2E : $0 }).escaped
      alias.report(
        check, at: destination, &findings,
        message: "without quotes the blanks become dots: sendmail \(first == 0x7C ? "runs" : "writes to") \(shown)",
        remedy: "write \"\(ByteString(text).escaped)\", quotes included",
        fix: isOneLine && !text.contains(ASCII.backslash)
          ? alias.fix(line: place.line) { line in
            let start = line.startIndex + place.column - 1
            let end = start + text.count
            return Array(line[..<start]) + [ASCII.quote] + line[start..<end] + [ASCII.quote] + line[end...]
          } : nil)
    }
  }
}
