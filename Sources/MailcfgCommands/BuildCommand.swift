internal import ArgumentParser
internal import SendmailConfig
internal import SendmailDirectory

/// `mailcfg build`: brings maps up to date with their texts.
struct BuildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build", abstract: "Brings maps up to date with their texts.",
    discussion: """
      A map is rebuilt where it does not hold what its text says; time stamps are not asked. Lines that sendmail's own tools \
      would refuse are left out and named, and the exit code is 65 then.

      EXAMPLES
        mailcfg build
        mailcfg build access virtmap
        mailcfg build alias --force
      """)

  @Argument(help: ArgumentHelp("The tables; all where none is named.", valueName: "table"))
  var tables: [MappedTable] = []
  @Flag(help: "Rebuild even where text and map agree, and replace a file that is no map.") var force = false
  @OptionGroup var options: GlobalOptions

  func run() throws {
    try Output.run(options) { output in
      let directory = try options.directory()
      let change = try directory.build(
        tables.isEmpty ? nil : Set(tables.map(\.table)), force: force, options: options.changeOptions)
      var remarks = Remarks(path: directory.path)
      remarks.unchanged = change.maps.filter { !$0.isRebuilt }.map {
        "\($0.path): agrees with its text, \(Output.entries($0.entries))"
      }
      try output.report(change, remarks, allFindings: true)
      if change.findings.contains(where: { $0.finding.severity == .error }) { throw ExitCode(65) }
    }
  }
}
