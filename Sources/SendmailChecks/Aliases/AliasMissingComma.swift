internal import SendmailConfig

/// A destination that goes on in the next line, where a comma is missing.
enum AliasMissingComma: AliasCheck {
  static let check = Check(
    "alias.missing-comma", .warning, "Without a comma two lines become one destination", page: .aliases, fixes: true)

  static func examine(_ alias: AliasView, _ context: CheckContext, _ findings: inout FileFindings) {
    guard alias.line.lines.count > 1 else { return }
    for destination in alias.destinations {
      guard !destination.text.contains(where: { [0x22, 0x23, 0x28, 0x3C, 0x3A, 0x3B, 0x7C].contains($0) }),
        let gap = destination.text.firstIndex(where: ASCII.isBlank)
      else { continue }
      let before = alias.place(destination.range.lowerBound + gap - 1)
      let rest = destination.text[gap...].drop(while: ASCII.isBlank)
      guard !rest.isEmpty else { continue }
      let after = alias.place(destination.range.lowerBound + rest.startIndex)
      guard after.line > before.line else { continue }
      let first = ByteString(destination.text[..<gap]).escaped
      let second = ByteString(rest).escaped
      findings.add(
        check, line: before.line, column: before.column + 1, entry: alias.firstLine,
        message:
          "there is no comma behind \(first): with the next line it is one address, \(ByteString(destination.text).escaped)",
        remedy: "write a comma behind \(first), or begin \(second) in column 1 as an alias of its own",
        fix: alias.fix(line: before.line) { line in
          let place = line.startIndex + before.column
          return Array(line[..<place]) + [ASCII.comma] + line[place...]
        })
    }
  }
}
