internal import SendmailConfig

/// A name that no look-up asks for.
enum AliasNeverMatches: AliasCheck {
  static let check = Check(
    "alias.never-matches", .warning, "An alias whose name is never looked up", page: .aliases)

  static func examine(_ alias: AliasView, _ context: CheckContext, _ findings: inout FileFindings) {
    let why: String
    if alias.key.isEmpty {
      why = "the name is empty"
    } else if alias.key == [0x2A] {
      why = "* is no wildcard: only mail to a user of that name finds it"
    } else if alias.key.contains(ASCII.backslash) {
      why = "names with a backslash are not looked up"
    } else {
      return
    }
    findings.add(
      check, line: alias.firstLine, message: "\(alias.name): \(why): the alias does nothing",
      remedy: "write the name of one user")
  }
}
