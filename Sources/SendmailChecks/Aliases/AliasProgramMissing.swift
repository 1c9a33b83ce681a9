internal import SendmailConfig

/// An alias that runs a program which is not there.
enum AliasProgramMissing: AliasCheck {
  static let check = Check("alias.program-missing", .warning, "The program of an alias is not there", page: .aliases)

  static func examine(_ alias: AliasView, _ context: CheckContext, _ findings: inout FileFindings) {
    for destination in alias.destinations {
      guard case .program(let command) = destination.kind else { continue }
      let word = command.trimming(while: ASCII.isSpace).prefix { !ASCII.isSpace($0) }
      // A shell reads it: anything but a path may be one of its own words.
      guard word.first == 0x2F,
        !word.contains(where: { [0x22, 0x24, 0x26, 0x27, 0x3B, 0x3C, 0x3E, 0x60].contains($0) })
      else { continue }
      let path = ByteString(word)
      let file = context.input.machine.file(path)
      let why: String
      switch file {
      case .missing: why = "there is no such program"
      case .present(let facts, _) where facts.kind == .regular && facts.mode & 0o111 == 0:
        why = "it may not be run (chmod a+x)"
      default: continue
      }
      alias.report(
        check, at: destination, &findings, message: "\(path.escaped): \(why): mail to \(alias.name) fails",
        remedy: "put the program there, or change the alias")
    }
  }
}
