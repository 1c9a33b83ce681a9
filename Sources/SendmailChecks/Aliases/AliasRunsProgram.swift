internal import SendmailConfig

/// An alias that runs a program.
enum AliasRunsProgram: AliasCheck {
  static let check = Check("alias.runs-program", .note, "Mail to the alias runs a program", page: .aliases)

  static func examine(_ alias: AliasView, _ context: CheckContext, _ findings: inout FileFindings) {
    for destination in alias.destinations {
      guard case .program(let command) = destination.kind else { continue }
      alias.report(
        check, at: destination, &findings,
        message: "whoever writes to \(alias.name) runs \(ByteString(command).escaped)",
        remedy: "see that it takes any mail from anybody")
    }
  }
}
