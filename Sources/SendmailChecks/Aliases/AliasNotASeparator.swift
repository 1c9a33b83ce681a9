internal import SendmailConfig

/// Blanks or semicolons between destinations.
enum AliasNotASeparator: AliasCheck {
  static let check = Check(
    "alias.not-a-separator", .warning, "Neither blanks nor semicolons separate destinations", page: .aliases)

  static func examine(_ alias: AliasView, _ context: CheckContext, _ findings: inout FileFindings) {
    for destination in alias.destinations {
      let text = destination.text
      guard !text.contains(where: { [0x22, 0x23, 0x28, 0x3C, 0x3A, 0x7C, 0x2F, 0x5C].contains($0) }),
        let mark = text.firstIndex(where: { ASCII.isBlank($0) || $0 == 0x3B })
      else { continue }
      let semicolon = text[mark] == 0x3B
      // The end of a group that an earlier destination has begun.
      if semicolon, mark == text.count - 1, alias.value.contains(ASCII.colon) { continue }
      let first = alias.place(destination.range.lowerBound)
      guard alias.place(destination.range.upperBound - 1).line == first.line else { continue }
      alias.report(
        check, at: destination, offset: mark, &findings,
        message: "only commas separate destinations: \(ByteString(text).escaped) is one address",
        remedy: "write a comma where the \(semicolon ? "semicolon" : "blank") is")
    }
  }
}
