internal import SendmailConfig

/// Names that every mail server should have.
enum AliasMissing {
  static let postmaster = Check(
    "alias.missing-postmaster", .warning, "There is no postmaster", page: .aliases, fixes: true)
  static let mailerDaemon = Check(
    "alias.missing-mailer-daemon", .warning, "There is no MAILER-DAEMON", page: .aliases, fixes: true)
  static let root = Check(
    "alias.missing-root", .note, "Nobody gets the mail of root", page: .aliases)

  static func examine(_ aliases: AliasGraph, _ text: Text, _ context: CheckContext, _ findings: inout FileFindings) {
    guard context.facts.hasOneAliasFile else { return }
    func isThere(_ name: String) -> Bool {
      aliases.node(named: name.utf8) != nil || context.input.machine.hasAccount(ByteString(name)) == true
    }
    func adding(_ line: String) -> TextFix {
      let bytes = Array("\(line)\n".utf8)
      let last = text.lineCount
      let place = context.input.aliases?.content.placeForNew() ?? last
      // A last line without LF stays a line of its own.
      guard place == last, text.lacksFinalNewline else { return TextFix(lines: place..<place, replacement: bytes) }
      return TextFix(lines: last - 1..<last, replacement: text.line(last) + [ASCII.lineFeed] + bytes)
    }
    if !isThere("postmaster") {
      findings.add(
        postmaster, line: 1, entry: 0,
        message:
          "there is neither an alias nor an account postmaster: who complains of this server gets \"User unknown\" "
          + "(RFC 5321, section 4.5.1)", remedy: "add the line \"postmaster: root\"", fix: adding("postmaster: root")
      )
    }
    if !isThere("mailer-daemon") {
      findings.add(
        mailerDaemon, line: 1, entry: 0,
        message: "there is no alias MAILER-DAEMON: answers to bounces are refused",
        remedy: "add the line \"MAILER-DAEMON: postmaster\"", fix: adding("MAILER-DAEMON: postmaster"))
    }
    if aliases.node(named: "root".utf8) == nil {
      findings.add(
        root, line: 1, entry: 0, message: "there is no alias root: what the machine reports stays in root's mailbox",
        remedy: "add a line \"root: \" and the user who reads it")
    }
  }
}
