internal import SendmailConfig

/// A table, map or class file that everybody may write to.
enum WritableFile {
  static let check = Check(
    "file.writable", .warning, "Everybody on the host may change a table, map or class file", page: .files)

  static func examine(_ file: FileState, _ facts: FileFacts, _ findings: inout FileFindings) {
    // newaliases refuses such a file, and that is told.
    guard file.role != .aliases, facts.kind == .regular, facts.mode & 0o002 != 0 else { return }
    findings.add(
      check, line: 1, entry: 0,
      message: "everybody on this host may change \(file.path), and sendmail takes it all the same",
      remedy: "chmod o-w \(file.path)")
  }
}
