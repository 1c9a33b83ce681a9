internal import SendmailConfig

/// An included list that sendmail refuses to read, for whoever may write to it.
enum AliasIncludeUnsafe: AliasCheck {
  static let check = Check(
    "alias.include-unsafe", .warning, "An included list that sendmail refuses for its mode", page: .aliases)

  static func examine(_ alias: AliasView, _ context: CheckContext, _ findings: inout FileFindings) {
    AliasIncludes.forEach(alias) { destination, path in
      guard case .present(let facts, _) = context.input.machine.file(path) else { return }
      let what: String
      let remedy: String
      if facts.kind != .regular {
        (what, remedy) = ("is not a regular file", "name a regular file")
      } else if facts.mode & 0o002 != 0, !context.facts.tolerates("WorldWritableIncludeFile") {
        (what, remedy) = ("may be written to by everybody", "chmod o-w \(path.escaped)")
      } else if facts.mode & 0o020 != 0, !context.facts.tolerates("GroupWritableIncludeFile") {
        (what, remedy) = ("may be written to by its group", "chmod g-w \(path.escaped)")
      } else if facts.mode & 0o444 == 0 || (facts.mode & 0o004 == 0 && facts.mode & 0o040 == 0) {
        (what, remedy) = ("cannot be read by the default user", "chmod a+r \(path.escaped)")
      } else {
        return
      }
      alias.report(
        check, at: destination, &findings,
        message: "\(path.escaped) \(what): sendmail refuses the list, and mail to \(alias.name)",
        remedy: remedy)
    }
  }
}
