internal import ArgumentParser
internal import SendmailDirectory

/// `mailcfg status`: every table, and whether text and map agree.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Shows every table, and whether text and map agree by content.",
    discussion: "Exit code 1 if a map does not agree.\n\nEXAMPLES\n  mailcfg status\n  mailcfg status --json")

  @OptionGroup var options: GlobalOptions

  struct Report: Encodable {
    struct Table: Encodable {
      var name: String
      var file: String
      var map: String?
      var type: String?
      var entries: Int
      var agrees: Bool?
      var reason: String?
    }
    var version = 1
    var tables: [Table]
  }

  func run() throws {
    try Output.run(options) { output in
      let directory = try options.directory()
      let tables = try directory.status()
      if options.json {
        try output.json(
          Report(
            tables: tables.map {
              .init(
                name: $0.table.rawValue, file: $0.path, map: $0.mapPath, type: $0.mapType, entries: $0.entries,
                agrees: $0.agrees, reason: $0.reason)
            }))
      } else if !options.quiet {
        for table in tables {
          guard let agrees = table.agrees else {
            output.result("\(table.table): not looked at: \(table.reason ?? "")")
            continue
          }
          var line = "\(table.table): \(table.path), \(Output.entries(table.entries))"
          if let map = table.mapPath, let type = table.mapType {
            line += "; \(map) (\(type)): " + (agrees ? "agrees" : table.reason ?? "does not agree")
          }
          output.result(line)
        }
        if let configuration = directory.configurationPath, options.verbose { output.note("by \(configuration)") }
      }
      if tables.contains(where: { $0.agrees == false }) { throw ExitCode.no }
    }
  }
}
