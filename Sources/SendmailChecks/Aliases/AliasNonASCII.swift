internal import SendmailConfig

/// A capital letter beyond ASCII in a name.
enum AliasNonASCII: AliasCheck {
  static let check = Check(
    "alias.non-ascii", .warning, "A capital letter beyond ASCII is not folded", page: .aliases)

  static func examine(_ alias: AliasView, _ context: CheckContext, _ findings: inout FileFindings) {
    // In Latin-1; capitals in UTF-8 have a byte that newaliases refuses.
    guard let letter = alias.key.first(where: { 0xC0...0xDE ~= $0 && $0 != 0xD7 }),
      UTF8Sequence.length(alias.key[(alias.key.firstIndex(of: letter) ?? 0)...]) == 0
    else { return }
    findings.add(
      check, line: alias.firstLine,
      message: "\(alias.name): only A–Z are folded to lower case: mail to the name in small letters does not find it",
      remedy: "write a name in ASCII")
  }
}
