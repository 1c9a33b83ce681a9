internal import SendmailConfig

/// An included list without an absolute path.
enum AliasIncludeRelative: AliasCheck {
  static let check = Check(
    "alias.include-relative", .warning, "A relative path is looked for in the queue directory", page: .aliases)

  static func examine(_ alias: AliasView, _ context: CheckContext, _ findings: inout FileFindings) {
    for destination in alias.destinations {
      guard case .include(let path) = destination.kind, path.trimming(while: ASCII.isSpace).first != 0x2F else {
        continue
      }
      alias.report(
        check, at: destination, &findings,
        message: "\(ByteString(path).escaped) is looked for in sendmail's working directory, the queue",
        remedy: "write the whole path, from / on")
    }
  }
}
