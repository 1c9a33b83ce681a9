internal import ArgumentParser
internal import SendmailConfig
internal import SendmailDirectory

/// `mailcfg lookup`: keys through the built map.
struct LookupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lookup", abstract: "Looks keys up in a built map, as sendmail finds it.",
    discussion: """
      One key: its value. Several, or keys from standard input: key, TAB, value, a line each. Exit code 1 if a key is not \
      there.

      EXAMPLES
        mailcfg lookup access connect:203.0.113.25
        mailcfg lookup alias postmaster root
        cut -f1 keys.txt | mailcfg lookup virtmap -
      """)

  @Argument(help: "The table.") var table: MappedTable
  @Argument(help: ArgumentHelp("The keys; - reads them from standard input, a line each.", valueName: "key"))
  var keys: [String]
  @OptionGroup var options: GlobalOptions

  struct Report: Encodable {
    struct Result: Encodable {
      var key: String
      var value: String?
    }
    var version = 1
    var results: [Result]
  }

  func run() throws {
    try Output.run(options) { output in
      let directory = try options.directory()
      let isList = keys == ["-"]
      let keys = isList ? StandardInput.lines() : keys.map { ByteString($0) }
      let values = try directory.lookup(keys, in: table.table)
      func shown(_ value: ByteString, of key: ByteString) -> ByteString {
        table == .access ? AccessEntries.shown(value, of: key, secrets: options.showSecrets) : value
      }
      if options.json {
        let results = zip(keys, values).map { key, value in
          Report.Result(key: key.description, value: value.map { shown($0, of: key).description })
        }
        try output.json(Report(results: results))
      } else {
        var bytes: [UInt8] = []
        for (key, value) in zip(keys, values) {
          guard let value else { continue }
          if isList || keys.count > 1 { bytes += key.bytes + [ASCII.tab] }
          bytes += shown(value, of: key).bytes + [ASCII.lineFeed]
        }
        output.result(bytes)
      }
      if values.contains(where: { $0 == nil }) { throw ExitCode.no }
    }
  }
}
