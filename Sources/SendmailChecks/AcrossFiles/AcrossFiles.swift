internal import SendmailConfig

/// What is found only by looking at several tables at once.
enum AcrossFiles {
  static func run(_ context: CheckContext, aliases findings: inout FileFindings) {
    guard let aliases = context.aliases, let text = context.input.aliases?.content.text else { return }
    var graph = DeliveryGraph(aliases, context)
    let components = Components(graph.edges)
    AliasLoop.examine(&graph, components, virtualPath: context.virtualUsers?.path, &findings)
    AliasTooDeep.examine(graph, components, limit: context.facts.aliasDepth, &findings)
    AliasDangling.examine(graph, context, &findings)
    AliasMissing.examine(aliases, text, context, &findings)
  }
}
