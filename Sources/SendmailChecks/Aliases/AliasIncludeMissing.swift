internal import SendmailConfig

/// An included list that is not there.
enum AliasIncludeMissing: AliasCheck {
  static let check = Check("alias.include-missing", .warning, "An included list is not there", page: .aliases)

  static func examine(_ alias: AliasView, _ context: CheckContext, _ findings: inout FileFindings) {
    AliasIncludes.forEach(alias) { destination, path in
      guard case .missing = context.input.machine.file(path) else { return }
      alias.report(
        check, at: destination, &findings,
        message: "\(path.escaped): there is no such file: mail to \(alias.name) is refused",
        remedy: "make the file, or remove the destination")
    }
  }
}
