internal import SendmailConfig

/// An included list without a destination.
enum AliasIncludeEmpty: AliasCheck {
  static let check = Check("alias.include-empty", .warning, "An included list with nothing in it", page: .aliases)

  static func examine(_ alias: AliasView, _ context: CheckContext, _ findings: inout FileFindings) {
    let hosts = context.input.aliases?.content.hosts ?? .standard
    // Beside other destinations an empty list does no harm.
    guard alias.destinations.count == 1 else { return }
    AliasIncludes.forEach(alias) { destination, path in
      guard case .present(let facts, let contents?) = context.input.machine.file(path), facts.kind == .regular,
        AliasIncludes.destinations(of: contents, hosts: hosts).isEmpty
      else { return }
      alias.report(
        check, at: destination, &findings,
        message:
          "\(path.escaped) names nobody: mail to \(alias.name) is refused as a loop (\"aliasing/forwarding loop broken\")",
        remedy: "name somebody in it, /dev/null where mail is to go nowhere")
    }
  }
}
