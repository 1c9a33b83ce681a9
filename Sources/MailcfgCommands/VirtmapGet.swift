internal import ArgumentParser
internal import SendmailConfig
internal import SendmailDirectory
internal import SendmailEvaluator

extension VirtmapCommand {
  /// `mailcfg virtmap get`: the entry of a key, or the one that answers for an address.
  struct Get: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "get", abstract: "Prints where mail for a virtual user goes; exit code 1 if no entry says so.",
      discussion: """
        The entry of the key itself comes first. For an address that has none, the rules of sendmail.cf (without one, those of \
        a standard one) say which entry a look-up hits: user++ and user+* for an address with a detail, user, then \
        ++@domain, +*@domain and @domain; %0 to %3 in its value are filled in. The domain has to be one that sendmail looks up.

        EXAMPLES
          mailcfg virtmap get info@example.org
          mailcfg virtmap get --exact @example.org
        """)

    @Argument(help: "The key, in any case of letters.") var key: String
    @Flag(help: "Only the entry of the key itself.") var exact = false
    @OptionGroup var options: GlobalOptions

    func run() throws {
      try Output.run(options) { output in
        let directory = try options.directory()
        let path = directory.path(of: .virtmap)
        let table = try directory.read([.virtmap]).virtualUsers.table
        if let entry = table.entry(for: ByteString(key)) { return try output.value(of: entry, path: path) }
        guard !exact, let hit = try hit(directory) else { try output.noEntry(for: key, path: path) }
        try output.value(of: hit, path: path, remark: "answers for \(key)")
      }
    }

    /// The entry that a look-up of an address hits, with the value that comes of it.
    private func hit(_ directory: MailDirectory) throws -> TableEntry? {
      guard key.utf8.contains(ASCII.at), key.utf8.first != ASCII.at else { return nil }
      let evaluated = try directory.evaluatedOrStandard(mode: "v")
      var evaluation = Evaluation(
        evaluated.configuration, EvaluationContext(lookups: evaluated.lookups, trace: .lookups))
      for case .lookedUp(let lookup) in evaluation.parse(ByteString(key)).rewriting.trace
      where lookup.map.folded == "virtuser" {
        if let value = lookup.value, let line = lookup.tableLine {
          return TableEntry(line: line, key: lookup.key, value: value)
        }
      }
      return nil
    }
  }
}
