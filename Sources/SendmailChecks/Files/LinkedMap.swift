internal import SendmailConfig

/// A map with more than one name.
enum LinkedMap {
  static let check = Check("file.linked-map", .warning, "A map that is a link cannot be rebuilt", page: .files)

  static func examine(_ file: FileState, _ facts: FileFacts, _ context: CheckContext, _ findings: inout FileFindings) {
    guard file.role == .map, facts.kind == .regular, facts.isLink || facts.linkCount > 1 else { return }
    let allowance = facts.isLink ? "WriteMapToSymlink" : "WriteMapToHardLink"
    guard !context.facts.tolerates(allowance) else { return }
    findings.add(
      check, line: 1, entry: 0,
      message: facts.isLink
        ? "\(file.path) is a symbolic link: sendmail reads it, but makemap and newaliases refuse to rebuild it"
        : "\(file.path) has \(facts.linkCount) names: sendmail reads it, but makemap and newaliases refuse to rebuild it",
      remedy: "put a file of its own there")
  }
}
