internal import SendmailConfig

/// A directory on the way to a map or class file that others may write to.
enum UnsafeDirectory {
  static let check = Check(
    "file.unsafe-directory", .error, "A directory that others may write to keeps sendmail from a file in it",
    page: .files)

  static func examine(_ file: FileState, _ facts: FileFacts, _ context: CheckContext, _ findings: inout FileFindings) {
    let allowance: String
    let follows: String
    switch file.role {
    case .map: (allowance, follows) = ("MapInUnsafeDirPath", "every look-up fails, and mail is put off (451)")
    case .classFile: (allowance, follows) = ("ClassFileInUnsafeDirPath", "it does not start")
    case .table, .aliases: return
    }
    guard !context.facts.tolerates(allowance) else { return }
    for directory in facts.directories {
      let isShared = directory.mode & 0o1000 != 0 && context.facts.tolerates("TrustStickyBit")
      let byAll = directory.mode & 0o002 != 0 && !isShared
      let byGroup = directory.mode & 0o020 != 0 && !isShared && !context.facts.tolerates("GroupWritableDirPathSafe")
      guard byAll || byGroup, findings.isFirst("unsafe \(directory.path) \(allowance)") else { continue }
      findings.add(
        check, line: 1, entry: 0, severity: FileChecks.severity(context),
        message: "\(byAll ? "everybody" : "its group") may write to the directory \(directory.path): sendmail refuses "
          + "\(file.path)" + (file.isOptional ? ", and goes on without it" : ": \(follows)"),
        remedy: "chmod \(byAll ? "o" : "g")-w \(directory.path)")
    }
  }
}
