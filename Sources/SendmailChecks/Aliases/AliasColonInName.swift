internal import SendmailConfig

/// A colon inside the quotes of a name.
enum AliasColonInName: AliasCheck {
  static let check = Check(
    "alias.colon-in-name", .warning, "A colon inside a name also ends it", page: .aliases)

  static func examine(_ alias: AliasView, _ context: CheckContext, _ findings: inout FileFindings) {
    guard alias.key.contains(ASCII.colon) else { return }
    findings.add(
      check, line: alias.firstLine,
      message: "\(alias.name): the value begins behind the first colon, whatever it stands in: it is "
        + "\(ByteString(alias.value).escaped)", remedy: "write a name without a colon")
  }
}
