internal import SendmailConfig

/// Aliases that lead through more others than sendmail follows.
enum AliasTooDeep {
  static let check = Check(
    "alias.too-deep", .warning, "More aliases one behind the other than sendmail follows", page: .aliases)

  static func examine(
    _ graph: DeliveryGraph, _ components: Components, limit: Int, _ findings: inout FileFindings
  ) {
    var depth = [Int](repeating: 0, count: components.sizes.count)
    var deepest = [DeliveryGraph.Edge?](repeating: nil, count: graph.nodes.count)
    var order = Array(0..<graph.nodes.count)
    // What a node leads to comes first.
    order.sort { components.number[$0] < components.number[$1] }
    for node in order {
      let own = components.number[node]
      guard components.sizes[own] == 1 else { continue }
      var below = 0
      for edge in graph.edges[node] where edge.target != node && depth[components.number[edge.target]] > below {
        below = depth[components.number[edge.target]]
        deepest[node] = edge
      }
      let isUsed =
        switch graph.nodes[node] {
        case .alias(let number): !graph.aliases.targets(of: number).isEmpty
        case .include: true
        }
      depth[own] = isUsed ? below + 1 : 0
    }
    for node in 0..<graph.nodes.count where depth[components.number[node]] == limit + 1 {
      guard case .alias(let alias) = graph.nodes[node], graph.aliases.counts(alias) else { continue }
      var related: [CheckFinding.RelatedPlace] = []
      var current = node
      while let edge = deepest[current] {
        related.append(
          CheckFinding.RelatedPlace(path: edge.path, line: edge.line, column: edge.column, note: "leads on from here"))
        current = edge.target
      }
      let line = graph.aliases.line(of: alias)
      findings.add(
        check, line: line,
        message: "\(graph.aliases.key(of: alias).escaped) leads through \(limit + 1) aliases and lists, and sendmail "
          + "follows \(limit) (MaxAliasRecursion): mail is refused as a loop",
        remedy: "name the last ones directly, or raise MaxAliasRecursion in sendmail.cf", related: related)
    }
  }
}
