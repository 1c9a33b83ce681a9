internal import SendmailConfig

/// Destinations of this host that are neither an alias nor an account.
enum AliasDangling {
  static let check = Check(
    "alias.dangling", .warning, "A local destination that is neither an alias nor an account", page: .aliases)

  static func examine(_ graph: DeliveryGraph, _ context: CheckContext, _ findings: inout FileFindings) {
    guard context.facts.hasOneAliasFile else { return }
    for dangling in graph.dangling {
      let line = graph.aliases.line(of: dangling.alias)
      let isElsewhere = dangling.path != graph.aliases.path
      let place = isElsewhere ? (line: line, column: 1) : (line: dangling.line, column: dangling.column)
      findings.add(
        check, line: place.line, column: place.column, entry: line,
        message: dangling.isSelf
          ? "\(dangling.name.escaped) names itself, and there is no account of that name: User unknown"
          : "\(dangling.name.escaped) is neither an alias nor an account of this host: User unknown"
            + (isElsewhere ? " (line \(dangling.line) of \(dangling.path))" : ""),
        remedy: "correct the name, or make the account or alias",
        related: isElsewhere
          ? [CheckFinding.RelatedPlace(path: dangling.path, line: dangling.line, note: "the name")] : [])
    }
  }
}
