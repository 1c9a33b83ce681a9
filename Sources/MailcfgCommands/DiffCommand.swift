internal import ArgumentParser
internal import SendmailConfig
internal import SendmailDirectory
internal import SendmailMaps

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

  @Argument(help: ArgumentHelp("The tables; all where none is named.", valueName: "table"))
  var tables: [MappedTable] = []
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
      let tables = try tables.isEmpty ? directory.tablesWithMaps : tables.map(\.table)
      var failure: MailDirectoryError?
      var differences: [Report.Difference] = []
      for table in tables {
        let found: [MapDifference]
        do throws(MailDirectoryError) {
          found = try directory.differences(table)
        } catch {
          // The other tables are no worse for it.
          if tables.count > 1 { output.failed(error) }
          failure = failure ?? error
          continue
        }
        for difference in found {
          let key = ByteString(difference.key)
          func shown(_ value: [UInt8]?) -> ByteString? {
            value.map { table.shown(ByteString($0), of: key, secrets: options.showSecrets) }
          }
          let shownKey = table.shown(key: key, secrets: options.showSecrets)
          let inText = shown(difference.expected)
          let inMap = shown(difference.found)
          differences.append(
            .init(
              table: table.rawValue, key: shownKey.description, text: inText?.description,
              map: inMap?.description, line: difference.line))
          guard !options.json, !options.quiet else { continue }
          if let inMap {
            output.result("- \(directory.mapPath(of: table)): \(shownKey.escaped)  \(inMap.escaped)")
          }
          if let inText, let line = difference.line {
            output.result("+ \(directory.path(of: table)):\(line): \(shownKey.escaped)  \(inText.escaped)")
          }
        }
      }
      if options.json, failure == nil || tables.count > 1 { try output.json(Report(differences: differences)) }
      if let failure {
        if tables.count > 1 { throw ExitCode(failure.code.rawValue) }
        throw failure
      }
      if !differences.isEmpty { throw ExitCode.no }
    }
  }
}
