internal import SendmailConfig

/// A map or class file that sendmail may not read.
enum UnreadableFile {
  static let check = Check(
    "file.unreadable", .error, "sendmail may not read a map or class file, not even as root", page: .files)

  static func examine(_ file: FileState, _ facts: FileFacts, _ context: CheckContext, _ findings: inout FileFindings) {
    guard file.role == .map || file.role == .classFile, facts.kind == .regular else { return }
    let isOwn = facts.owner == 0 || facts.owner == context.input.trustedUser
    // Its group may be anything: as root sendmail is in none that counts.
    guard isOwn ? facts.mode & 0o400 == 0 : facts.mode & 0o004 == 0 else { return }
    let follows =
      file.isOptional
      ? "sendmail goes on without it"
      : file.role == .map ? "every look-up fails, and mail is put off (451)" : "sendmail does not start"
    findings.add(
      check, line: 1, entry: 0, severity: FileChecks.severity(context),
      message: "\(file.path) "
        + (isOwn
          ? "may not be read by its owner"
          : "belongs to user \(facts.owner), who is neither root nor TrustedUser, and not everybody may read it")
        + ": \(follows)",
      remedy: isOwn ? "chmod u+r \(file.path)" : "chown root \(file.path)")
  }
}
