internal import SendmailConfig

/// A `#` behind an address of an included list.
enum AliasIncludeComment: AliasCheck {
  static let check = Check(
    "alias.include-comment", .warning, "A # behind an address of an included list begins no comment", page: .aliases)

  static func examine(_ alias: AliasView, _ context: CheckContext, _ findings: inout FileFindings) {
    let hosts = context.input.aliases?.content.hosts ?? .standard
    AliasIncludes.forEach(alias) { destination, path in
      guard case .present(_, let contents?) = context.input.machine.file(path) else { return }
      let odd = AliasIncludes.destinations(of: contents, hosts: hosts).first { line, destination in
        destination.text.indices.contains { index in
          destination.text[index] == ASCII.numberSign && (index == 0 || ASCII.isBlank(destination.text[index - 1]))
        }
      }
      guard let odd else { return }
      alias.report(
        check, at: destination, &findings,
        message: "line \(odd.line) of \(path.escaped): # begins a comment only in column 1: "
          + "\(ByteString(odd.destination.text).escaped) is one destination",
        remedy: "write the comment on a line of its own, or as #@# with blanks around",
        related: [CheckFinding.RelatedPlace(path: path.description, line: odd.line, note: "the line")])
    }
  }
}
