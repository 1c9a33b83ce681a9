internal import ArgumentParser
internal import SendmailConfig
internal import SendmailDirectory
internal import SendmailEvaluator

extension AliasCommand {
  struct Expand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "expand",
      abstract: "Shows where mail goes in the end; exit code 1 if some of it goes nowhere.",
      discussion: """
        Takes names of aliases, users and whole addresses down to their last deliveries, from the texts, with the rules of \
        sendmail.cf (without one, with those of a standard one): virtual users, aliases, lists, .forward files. Nothing is \
        delivered, and neither a name server nor any other host is asked.

        EXAMPLES
          mailcfg alias expand sales
          mailcfg alias expand --json info@example.org
        """)
    @Argument(help: ArgumentHelp("Aliases, users or addresses.", valueName: "name")) var names: [String]
    @OptionGroup var options: GlobalOptions

    func run() throws {
      try Output.run(options) { output in
        let directory = try options.directory()
        let evaluated = try directory.evaluatedOrStandard(mode: "v")
        output.findings(evaluated.configuration.diagnostics, path: directory.configurationName)
        let context = EvaluationContext(lookups: evaluated.lookups)
        let expansions = names.map { name in
          var evaluation = Evaluation(evaluated.configuration, context)
          return evaluation.expand(ByteString(name))
        }
        let view = ExpansionView(paths: evaluated.paths)
        if options.json {
          try output.json(ExpansionReport(names: expansions.map(view.report)))
        } else {
          for expansion in expansions { view.write(expansion) { output.result($0) } }
        }
        for unknown in Array(expansions.map(\.unknowns).joined()).prefix(20) {
          output.note(view.text(unknown))
        }
        if !expansions.allSatisfy(\.isDeliverable) { throw ExitCode.no }
      }
    }
  }
}

/// Where addresses lead, as `--json` prints it.
struct ExpansionReport: Encodable {
  struct Step: Encodable {
    var kind: String
    var file: String?
    var line: Int?
    var key: String?
    var value: String?
  }
  struct Delivery: Encodable {
    var address: String
    var mailer: String
    var host: String?
    var user: String
    var steps: [Step]
  }
  struct Failure: Encodable {
    var address: String
    var reason: String
    var code: Int
    var enhancedCode: String
    var text: String
    var steps: [Step]
    var loop: [Step]?
  }
  struct Message: Encodable {
    var file: String?
    var line: Int?
    var text: String
  }
  struct Unknown: Encodable {
    var map: String
    var key: String
  }
  struct Name: Encodable {
    var name: String
    var deliverable: Bool
    var deliveries: [Delivery]
    var failures: [Failure]
    var messages: [Message]
    var unknowns: [Unknown]
  }
  var version = 1
  var names: [Name]
}

/// How an expansion is shown.
struct ExpansionView {
  /// The texts of the tables, by the names of their maps.
  let paths: [ByteString: String]

  // MARK: JSON

  func report(_ expansion: Expansion) -> ExpansionReport.Name {
    let loop = expansion.loops.first
    return ExpansionReport.Name(
      name: expansion.address.description, deliverable: expansion.isDeliverable,
      deliveries: expansion.deliveries.map { delivery in
        ExpansionReport.Delivery(
          address: expansion.recipients[delivery.recipient].address.description, mailer: delivery.mailer.description,
          host: delivery.host?.description, user: delivery.user.description,
          steps: steps(expansion, expansion.way(to: delivery.recipient)))
      },
      failures: expansion.failures.map { number, failure in
        ExpansionReport.Failure(
          address: expansion.recipients[number].address.description, reason: failure.reason.rawValue,
          code: failure.code, enhancedCode: failure.enhancedCode.description, text: failure.text.description,
          steps: steps(expansion, expansion.way(to: number)),
          loop: failure.reason == .loop ? loop.map { steps(expansion, $0) } : nil)
      },
      messages: expansion.order.flatMap { number -> [ExpansionReport.Message] in
        let recipient = expansion.recipients[number]
        guard !recipient.messages.isEmpty else { return [] }
        // The line of the list that it comes from.
        let way = expansion.way(to: number)
        let place = way.last(where: expansion.isListed).flatMap { expansion.recipients[$0].place }
        return recipient.messages.map {
          ExpansionReport.Message(file: place?.file.description, line: place?.line, text: $0.description)
        }
      },
      unknowns: expansion.unknowns.map {
        ExpansionReport.Unknown(map: $0.map.description, key: $0.key.description)
      })
  }

  /// The entries and lines by which the recipients of a way lead from one to the next.
  private func steps(_ expansion: Expansion, _ way: [Int]) -> [ExpansionReport.Step] {
    var steps: [ExpansionReport.Step] = []
    for (index, number) in way.enumerated() {
      let recipient = expansion.recipients[number]
      for lookup in recipient.lookups {
        guard let value = lookup.value else { continue }
        steps.append(
          ExpansionReport.Step(
            kind: lookup.map.folded == "virtuser" ? "virtualUser" : "table", file: paths[lookup.map.folded],
            line: lookup.tableLine, key: lookup.key.description, value: value.description))
      }
      guard index + 1 < way.count else { break }
      let next = expansion.recipients[way[index + 1]]
      if let alias = recipient.alias, !expansion.isListed(way[index + 1]) {
        steps.append(
          ExpansionReport.Step(
            kind: "alias", file: alias.place?.file.description, line: alias.place?.line, key: alias.key.description,
            value: next.address.description))
      } else if recipient.list != nil {
        steps.append(
          ExpansionReport.Step(
            kind: recipient.destination.mailer == "*include*" ? "include" : "forward",
            file: next.place?.file.description, line: next.place?.line, value: next.address.description))
      } else {
        steps.append(
          ExpansionReport.Step(
            kind: "detail", key: recipient.destination.user.description, value: next.destination.user.description))
      }
    }
    return steps
  }

  // MARK: Text

  /// Writes the tree, a line for each recipient.
  func write(_ expansion: Expansion, _ line: (String) -> Void) {
    var depths = [Int](repeating: 0, count: expansion.recipients.count)
    for number in expansion.order {
      let recipient = expansion.recipients[number]
      // What rule set 5 puts in the place of a name is told with that name.
      if let parent = recipient.parent {
        depths[number] = depths[parent] + (isRewritten(expansion.recipients[parent]) ? 0 : 1)
      }
      guard !isRewritten(recipient) else { continue }
      let indentation = String(repeating: "  ", count: min(depths[number], 40))
      line("\(indentation)\(recipient.address.escaped): \(text(number, expansion))")
      if case .failed(let failure) = recipient.outcome, failure.reason == .unreadable { continue }
      for message in recipient.messages { line("\(indentation)  \(message.escaped)") }
    }
  }

  /// Whether rule set 5 has put another one in its place.
  private func isRewritten(_ recipient: Expansion.Recipient) -> Bool {
    recipient.outcome == .replaced && recipient.alias == nil && recipient.list == nil
      && recipient.destination.mailer != "*include*"
  }

  private func text(_ number: Int, _ expansion: Expansion) -> String {
    let recipient = expansion.recipients[number]
    var parts: [String] = []
    // What rule set 5 was asked about has the same address, and the entries that led to it.
    var lookups = recipient.lookups
    var before = recipient.parent
    while let parent = before, isRewritten(expansion.recipients[parent]) {
      lookups = expansion.recipients[parent].lookups + lookups
      before = expansion.recipients[parent].parent
    }
    for lookup in lookups {
      guard let value = lookup.value else { continue }
      let part = "\(place(lookup)) \(lookup.key.escaped) -> \(value.escaped)"
      // Of a circle one round is enough.
      if !parts.contains(part) { parts.append(part) }
    }
    if let alias = recipient.alias {
      let key = alias.key == recipient.address.folded ? "" : " \(alias.key.escaped)"
      parts.append("alias\(key)" + (alias.place.map { " (\($0.file.escaped):\($0.line))" } ?? ""))
    }
    if let list = recipient.list {
      parts.append(recipient.destination.mailer == "*include*" ? "list" : "forwarded by \(list.escaped)")
    }
    switch recipient.outcome {
    case .replaced: break
    case .delivered:
      let destination = recipient.destination
      let host = destination.host.map { $0.isEmpty ? "" : ", host \($0.escaped)" } ?? ""
      parts.append("mailer \(destination.mailer.escaped)\(host), user \(destination.user.escaped)")
    case .duplicate(let other):
      parts.append(
        expansion.way(to: number).contains(other)
          ? "leads back to itself" : "the same as another recipient")
    case .reference: parts.append("leads back to itself")
    case .discarded: parts.append("thrown away")
    case .failed(let failure): parts.append("\(failure.text.escaped) (\(failure.code) \(failure.enhancedCode))")
    }
    return parts.joined(separator: "; ")
  }

  private func place(_ lookup: MapLookup) -> String {
    let path = paths[lookup.map.folded] ?? lookup.map.description
    return lookup.tableLine.map { "\(path):\($0):" } ?? "\(path):"
  }

  /// What could not be answered.
  func text(_ unknown: UnknownAnswer) -> String {
    "not answered: \(unknown.map) \(unknown.key.escaped)"
  }
}
