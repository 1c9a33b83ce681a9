internal import ArgumentParser
internal import SendmailConfig
internal import SendmailDirectory

/// `mailcfg diff`: text against map, entry by entry.
struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Shows where text and map differ, entry by entry; exit code 1 if they do.",
    discussion: """
      A line with - stands in the map and not in the text, one with + in the text and not in the map.

      EXAMPLES
        mailcfg diff
        mailcfg diff access
      """)

  @Argument(help: ArgumentHelp("access, virtmap, alias; all where none is named.", valueName: "table"))
  var table: MailTable?
  @OptionGroup var secrets: SecretOptions
  @OptionGroup var options: GlobalOptions

  struct Report: Encodable {
    struct Difference: Encodable {
      var table: String
      var key: String
      var text: String?
      var map: String?
      var line: Int?
    }
    var version = 1
    var differences: [Difference]
  }

  func run() throws {
    try Output.run(options) { output in
      let directory = try options.directory()
      let tables = table.map { [$0] } ?? directory.tablesWithMaps
      var differences: [Report.Difference] = []
      for table in tables {
        for difference in try directory.differences(table) {
          func shown(_ value: ByteString?) -> ByteString? {
            guard table == .access, let value else { return value }
            return AccessEntries.shown(value, of: difference.key, secrets: secrets.showSecrets)
          }
          let inText = shown(difference.textValue)
          let inMap = shown(difference.mapValue)
          differences.append(
            .init(
              table: table.rawValue, key: difference.key.description, text: inText?.description,
              map: inMap?.description, line: difference.line))
          guard !options.json, !options.quiet else { continue }
          if let inMap { output.result("- \(directory.mapPath(of: table)): \(difference.key.escaped)  \(inMap.escaped)") }
          if let inText, let line = difference.line {
            output.result("+ \(directory.path(of: table)):\(line): \(difference.key.escaped)  \(inText.escaped)")
          }
        }
      }
      if options.json { try output.json(Report(differences: differences)) }
      if !differences.isEmpty { throw ExitCode.no }
    }
  }
}
