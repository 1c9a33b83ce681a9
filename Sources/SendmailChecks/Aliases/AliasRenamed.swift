internal import SendmailConfig

/// A name that is stored otherwise than it is written.
enum AliasRenamed: AliasCheck {
  static let check = Check(
    "alias.renamed", .warning, "A name with a blank is stored with a dot", page: .aliases)

  static func examine(_ alias: AliasView, _ context: CheckContext, _ findings: inout FileFindings) {
    let written = alias.line.joined.prefix { $0 != ASCII.colon }.trimming(while: ASCII.isSpace)
    // A comment or a phrase is no part of the name.
    guard written.contains(where: ASCII.isBlank), !written.contains(where: { [0x22, 0x28, 0x3C, 0x5C].contains($0) })
    else { return }
    findings.add(
      check, line: alias.firstLine,
      message: "\(ByteString(written).escaped) is stored as \(alias.name): a blank in an address becomes a dot",
      remedy: "write the name as mail to it is addressed")
  }
}
