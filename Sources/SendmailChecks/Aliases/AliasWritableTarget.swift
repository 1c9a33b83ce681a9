internal import SendmailConfig

/// A file or program of an alias that everybody may change.
enum AliasWritableTarget: AliasCheck {
  static let check = Check(
    "alias.writable-target", .warning, "Everybody may write to the file or program of an alias", page: .aliases)

  static func examine(_ alias: AliasView, _ context: CheckContext, _ findings: inout FileFindings) {
    for destination in alias.destinations {
      let path: ByteString
      switch destination.kind {
      case .program(let command):
        path = ByteString(command.trimming(while: ASCII.isSpace).prefix { !ASCII.isSpace($0) })
      case .file(let file): path = ByteString(file)
      default: continue
      }
      guard path.bytes.first == 0x2F, case .present(let facts, _) = context.input.machine.file(path),
        facts.kind == .regular, facts.mode & 0o002 != 0
      else { continue }
      alias.report(
        check, at: destination, &findings, message: "\(path.escaped): everybody on this host may change it",
        remedy: "chmod o-w \(path.escaped)")
    }
  }
}
