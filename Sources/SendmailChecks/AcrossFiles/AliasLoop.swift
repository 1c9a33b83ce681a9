internal import SendmailConfig

/// Aliases that lead back to themselves and to nobody else.
enum AliasLoop {
  static let check = Check(
    "alias.loop", .warning, "Aliases lead back to themselves, and mail to them to nobody", page: .aliases)

  /// Finds them, in aliases, included lists and through the virtual users.
  ///
  /// sendmail refuses mail only where nobody is left to get it: a member of the circle that has an account gets it, and so
  /// does any other destination.
  static func examine(
    _ graph: inout DeliveryGraph, _ components: Components, virtualPath: String?, _ findings: inout FileFindings
  ) {
    let reaches = reachable(graph, components)
    var seen: Set<Int> = []
    for node in 0..<graph.nodes.count {
      let component = components.number[node]
      let isCircle =
        components.sizes[component] > 1 || graph.edges[node].contains { $0.target == node }
      guard isCircle, !reaches[component], seen.insert(component).inserted,
        let circle = circle(from: node, graph, components)
      else { continue }
      guard case .alias(let alias) = graph.nodes[node] else { continue }
      var hasAccount: Bool? = false
      for member in circle {
        guard case .alias(let number) = graph.nodes[member.node] else { continue }
        switch graph.hasAccount(graph.aliases.key(of: number)) {
        case true?: hasAccount = true
        case nil: if hasAccount == false { hasAccount = nil }
        case false?: break
        }
      }
      guard hasAccount != true else { continue }
      let names = circle.map { name($0.node, graph) }
      let line = graph.aliases.line(of: alias)
      findings.add(
        check, line: circle[0].edge.line, column: circle[0].edge.column, entry: line,
        message: "\((names + names.prefix(1)).joined(separator: " → ")): mail goes in a circle and is refused "
          + "(\"aliasing/forwarding loop broken\")"
          + (hasAccount == nil ? ", unless one of them is a user of this host" : ""),
        remedy: "let one of them lead to a user or an address",
        related: related(circle, graph, virtualPath))
    }
  }

  private static func name(_ node: Int, _ graph: DeliveryGraph) -> String {
    switch graph.nodes[node] {
    case .alias(let number): graph.aliases.key(of: number).escaped
    case .include(let path): ":include:\(path.escaped)"
    }
  }

  private static func related(
    _ circle: [(node: Int, edge: DeliveryGraph.Edge)], _ graph: DeliveryGraph, _ virtualPath: String?
  ) -> [CheckFinding.RelatedPlace] {
    var result: [CheckFinding.RelatedPlace] = []
    for (step, (node, edge)) in circle.enumerated() {
      let next = circle[(step + 1) % circle.count].node
      result.append(
        CheckFinding.RelatedPlace(
          path: edge.path, line: edge.line, column: edge.column,
          note: "\(name(node, graph)) leads to \(name(next, graph))"))
      for line in edge.virtualLines {
        result.append(
          CheckFinding.RelatedPlace(path: virtualPath ?? "", line: line + 1, note: "on the way, this virtual user"))
      }
    }
    return result
  }

  /// Whether mail to a component reaches somebody.
  private static func reachable(_ graph: DeliveryGraph, _ components: Components) -> [Bool] {
    var result = [Bool](repeating: false, count: components.sizes.count)
    // What a component leads to has a smaller number.
    var members = [[Int]](repeating: [], count: components.sizes.count)
    for node in 0..<graph.nodes.count { members[components.number[node]].append(node) }
    for component in 0..<members.count {
      result[component] = members[component].contains { node in
        graph.delivers[node] || graph.edges[node].contains { result[components.number[$0.target]] }
      }
    }
    return result
  }

  /// A shortest circle through a node, within its component: each node with the way to the next one.
  private static func circle(
    from start: Int, _ graph: DeliveryGraph, _ components: Components
  ) -> [(node: Int, edge: DeliveryGraph.Edge)]? {
    var cameBy: [Int: (node: Int, edge: DeliveryGraph.Edge)] = [:]
    var queue = [start]
    var head = 0
    while head < queue.count {
      let node = queue[head]
      head += 1
      for edge in graph.edges[node] where components.number[edge.target] == components.number[start] {
        if edge.target == start {
          var result = [(node: node, edge: edge)]
          var current = node
          while current != start, let step = cameBy[current] {
            result.append((node: step.node, edge: step.edge))
            current = step.node
          }
          return result.reversed()
        }
        if cameBy[edge.target] == nil {
          cameBy[edge.target] = (node, edge)
          queue.append(edge.target)
        }
      }
    }
    return nil
  }
}
