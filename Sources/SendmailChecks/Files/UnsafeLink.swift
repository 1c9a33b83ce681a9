internal import SendmailConfig

/// A link to a file in a directory that everybody may write to.
enum UnsafeLink {
  static let check = Check(
    "file.unsafe-link", .warning, "A link leads to where everybody may put another file", page: .files)

  static func examine(_ file: FileState, _ facts: FileFacts, _ findings: inout FileFindings) {
    guard facts.isLink else { return }
    let open = facts.targetDirectories.first { $0.mode & 0o002 != 0 && $0.mode & 0o1000 == 0 }
    guard let open else { return }
    findings.add(
      check, line: 1, entry: 0,
      message: "\(file.path) is a link, and everybody may write to \(open.path) on the way to what it leads to: "
        + "whoever puts another file there changes it, and sendmail does not look",
      remedy: "chmod o-w \(open.path), or put the file itself in the place of the link")
  }
}
