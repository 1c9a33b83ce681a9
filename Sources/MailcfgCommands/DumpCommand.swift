internal import ArgumentParser
internal import SendmailConfig
internal import SendmailDirectory

/// `mailcfg dump`: all pairs of a built map.
struct DumpCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump", abstract: "Prints all pairs of a built map: key, TAB, value, a line each, sorted by key.",
    discussion: "EXAMPLES\n  mailcfg dump access\n  mailcfg dump alias --json")

  @Argument(help: "The table.") var table: MappedTable
  @OptionGroup var options: GlobalOptions

  func run() throws {
    try Output.run(options) { output in
      let (table, secrets) = (table.table, options.showSecrets)
      let pairs = try options.directory().dump(table).map { pair in
        (table.shown(key: pair.key, secrets: secrets), table.shown(pair.value, of: pair.key, secrets: secrets))
      }
      if options.json {
        let results = pairs.map { LookupCommand.Report.Result(key: $0.0.description, value: $0.1.description) }
        return try output.json(LookupCommand.Report(results: results))
      }
      output.result(pairs.flatMap { $0.0.bytes + [ASCII.tab] + $0.1.bytes + [ASCII.lineFeed] })
    }
  }
}
