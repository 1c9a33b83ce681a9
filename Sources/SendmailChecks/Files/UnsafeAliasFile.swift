internal import SendmailConfig

/// An aliases file that newaliases refuses to read.
enum UnsafeAliasFile {
  static let check = Check(
    "file.unsafe-aliases", .error, "newaliases refuses the aliases file for its mode", page: .files)

  static func examine(_ file: FileState, _ facts: FileFacts, _ context: CheckContext, _ findings: inout FileFindings) {
    guard file.role == .aliases else { return }
    var problems: [(what: String, remedy: String)] = []
    if facts.mode & 0o002 != 0, !context.facts.tolerates("WorldWritableAliasFile") {
      problems.append(("everybody may write to it", "chmod o-w"))
    } else if facts.mode & 0o020 != 0, !context.facts.tolerates("GroupWritableAliasFile") {
      problems.append(("its group may write to it", "chmod g-w"))
    }
    if facts.mode & 0o111 != 0 { problems.append(("it is marked as a program", "chmod a-x")) }
    if facts.mode & 0o444 == 0 { problems.append(("nobody may read it", "chmod u+r")) }
    for (what, remedy) in problems {
      findings.add(
        check, line: 1, entry: 0, severity: FileChecks.severity(context),
        message: "\(what): newaliases does not read it, leaves the map as it is, and ends with 0",
        remedy: "\(remedy) \(file.path)")
    }
  }
}
