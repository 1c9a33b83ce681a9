internal import SendmailConfig

/// What is looked for in modes and owners: the rules by which sendmail takes a file for safe.
enum FileChecks {
  static func run(_ file: FileState, _ context: CheckContext, _ findings: inout FileFindings) {
    guard let facts = file.facts else { return }
    UnsafeDirectory.examine(file, facts, context, &findings)
    UnsafeAliasFile.examine(file, facts, context, &findings)
    UnreadableFile.examine(file, facts, context, &findings)
    WritableFile.examine(file, facts, &findings)
    LinkedMap.examine(file, facts, context, &findings)
    UnsafeLink.examine(file, facts, &findings)
  }

  /// Error where sendmail.cf is known, and with it how careful sendmail is; else warning.
  static func severity(_ context: CheckContext) -> Diagnostic.Severity { context.facts.isKnown ? .error : .warning }
}
