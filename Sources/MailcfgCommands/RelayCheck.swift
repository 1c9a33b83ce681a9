internal import ArgumentParser
internal import SendmailConfig
internal import SendmailDirectory
internal import SendmailEvaluator

extension RelayCommand {
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check", abstract: "Says whether a client may relay, and which line decides.",
      discussion: """
        Runs the site's sendmail.cf: the access table, relay-domains and the names of this host count. A block of addresses, \
        and a directory without sendmail.cf, are answered by the access table alone. Neither a name server nor any other \
        host is asked; --name gives the name that the client's address has, which sendmail.cf says how to weigh. Exit \
        code 0: yes, 1: no.

        EXAMPLES
          mailcfg relay check 203.0.113.25
          mailcfg relay check 203.0.113.25 --name mail.partner.example
          mailcfg --quiet relay check 203.0.113.25 && echo yes
        """)

    @Argument(help: ArgumentHelp("The client.", valueName: "addr"))
    var client: String
    @OptionGroup var facts: ClientOptions
    @OptionGroup var options: GlobalOptions

    struct Report: Encodable {
      struct Place: Encodable {
        var file: String
        var line: Int
        var key: String
      }
      var version = 1
      var client: String
      var mayRelay: Bool
      var decidedBy: Place?
      var tried: [String]
    }

    /// The answer.
    private struct Answer {
      var mayRelay: Bool
      var place: (file: String, line: Int, key: ByteString)?
      /// What decides, for people.
      var text: String
      var tried: [ByteString]
    }

    func run() throws {
      try Output.run(options) { output in
        let client = try RelayClient(client)
        let directory = try options.directory()
        try refuseUnusedFacts(of: client, directory)
        let answer = try self.answer(client, directory)
        if options.json {
          try output.json(
            Report(
              client: "\(client)", mayRelay: answer.mayRelay,
              decidedBy: answer.place.map { .init(file: $0.file, line: $0.line, key: "\($0.key)") },
              tried: answer.tried.map(\.description)))
        } else if !options.quiet {
          output.result(answer.text)
          if options.verbose { output.note("keys tried: \(answer.tried.map(\.escaped).joined(separator: " "))") }
        }
        if !answer.mayRelay { throw ExitCode.no }
      }
    }

    /// Refuses what is told of a client where nothing asks for it: the answer would pass for one that heeds it.
    private func refuseUnusedFacts(of client: RelayClient, _ directory: MailDirectory) throws(MailDirectoryError) {
      guard let option = facts.firstOption else { return }
      guard case .network(let network) = client, network.isSingleAddress else {
        throw MailDirectoryError(.usage, "\(option) tells more of one address, and \(client) is none; leave it out")
      }
      guard directory.configurationPath == nil else { return }
      throw MailDirectoryError(
        .usage,
        "\(directory.path): there is no sendmail.cf, which says what \(option) counts for; name one with --cf FILE, or leave "
          + "\(option) out to ask the access table alone\(facts.name == nil ? "" : ", for the address and for the name")"
      )
    }

    private func answer(_ client: RelayClient, _ directory: MailDirectory) throws -> Answer {
      let path = directory.path(of: .access)
      let decision = try directory.read([.access]).access.relayDecision(for: client)
      let byTable = tableAnswer(client, decision, path)
      guard directory.configurationPath != nil, let session = try sessionClient(client, written: self.client) else {
        return byTable
      }
      let evaluated = try directory.evaluated()
      var mail = MailSession(evaluated.configuration, client: session, lookups: evaluated.lookups)
      let steps = mail.steps(from: "<>", to: ["<relay@host.invalid>"])
      guard let last = steps.last(where: { $0.stage != .delivery }), let evidence = last.evidence else {
        return byTable
      }
      let mayRelay = last.stage == .rcpt && !last.isRefused
      // The entry of the access table is told as it is written there.
      if mayRelay == decision.mayRelay, !evidence.isMember, facts.name == nil || decision.rule != nil { return byTable }
      let place = evaluated.place(of: evidence)
      let answer = mayRelay ? "may relay" : "may not relay"
      let (head, reason) = ExplainView.parts(place, evidence)
      // Keys of recipients are asked for too, before it comes to the client.
      let tried = steps.flatMap(\.keys).filter {
        !$0.folded.bytes.starts(with: "to:".utf8) && !$0.bytes.contains(ASCII.at)
      }
      return Answer(
        mayRelay: mayRelay, place: place.line.map { (place.file, $0, place.key ?? "") },
        text: "\(head) \(client) \(answer): \(reason)", tried: tried)
    }

    private func tableAnswer(_ client: RelayClient, _ decision: RelayDecision, _ path: String) -> Answer {
      let answer = decision.mayRelay ? "may relay" : "may not relay"
      var text = "\(path): \(client) \(answer): no entry for it"
      if let rule = decision.rule {
        text = "\(path):\(rule.entry.line): \(client) \(answer): \(rule.entry.key.escaped)  \(rule.entry.value.escaped)"
      } else if decision.mayRelay {
        text = "\(client) \(answer): sendmail always lets the host itself"
      }
      return Answer(
        mayRelay: decision.mayRelay, place: decision.rule.map { (path, $0.entry.line, $0.entry.key) }, text: text,
        tried: decision.tried)
    }

    /// The client as sendmail sees it; nil for a block, which is no client.
    private func sessionClient(_ client: RelayClient, written: String) throws(EditError) -> SessionClient? {
      switch client {
      case .network(let network):
        network.isSingleAddress
          ? try facts.client(network.address, family: ClientOptions.bare(written).contains(":") ? .ipv6 : .ipv4) : nil
      case .host(let name):
        // No table has entries for this address.
        IPAddress("0.0.0.0").map { SessionClient(address: $0, name: ByteString(name)) }
      }
    }
  }
}

extension Evidence {
  /// Whether it is a word of a class.
  fileprivate var isMember: Bool {
    if case .member = self { return true }
    return false
  }
}
