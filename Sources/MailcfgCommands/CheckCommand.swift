internal import ArgumentParser
internal import SendmailChecks
internal import SendmailConfig
internal import SendmailDirectory

/// `mailcfg check`: finds what is wrong before mail is lost.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Finds what is wrong in tables, maps and modes before mail is lost.",
    discussion: """
      Every finding has a code in brackets; Docs/checks explains each. A comment "# mailcfg: ignore CODE" directly above an \
      entry silences a finding there. Exit code 1 if there is an error, with --strict if there is a warning too.

      EXAMPLES
        mailcfg check
        mailcfg check access --strict
        mailcfg --dry-run check --fix
        mailcfg check --format sarif >check.sarif
      """)

  /// How findings are printed.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, sarif
  }

  @Argument(help: ArgumentHelp("The tables; all, and what sendmail.cf names, where none is named.", valueName: "table"))
  var tables: [CheckedTableArgument] = []
  @Flag(help: "Exit with 1 on warnings too.") var strict = false
  @Option(help: "How to print the findings; --json is the same as --format json.") var format: Format?
  @Flag(help: "Make the changes of which there is no doubt; with --dry-run show them.") var fix = false
  @Flag(help: "List every finding, however many there are of a kind.") var all = false
  @Flag(
    help: "Sendmail runs on another machine: do not look at accounts, included lists, programs, modes and owners here.")
  var elsewhere = false
  @OptionGroup var options: GlobalOptions

  /// How many findings of one check in one file are printed as text, and kept at all, without `--all`.
  private static let limits = (text: 20, kept: 1000)

  mutating func validate() throws {
    if options.json, let format, format != .json {
      throw ValidationError("--json and --format \(format) exclude each other")
    }
    if fix, format == .sarif { throw ValidationError("--fix prints text or JSON, not SARIF") }
  }

  func run() throws {
    try Output.run(options) { output in
      let directory = try options.directory()
      let format = format ?? (options.json ? .json : .text)
      let checkOptions = MailDirectory.CheckOptions(
        tables: tables.isEmpty ? nil : Set(tables.map(\.table)), isElsewhere: elsewhere,
        limit: all ? .max : format == .text ? CheckCommand.limits.text : CheckCommand.limits.kept)
      var change: MailChange?
      let report: CheckReport
      if fix {
        let result = try directory.fix(checkOptions, changeOptions: options.changeOptions)
        (change, report) = (result.change, result.report)
      } else {
        report = try directory.check(checkOptions)
      }
      switch format {
      case .text: try printText(report, change, output)
      case .json: try output.json(CheckJSON(report, change, dryRun: options.dryRun, shown: output.shown))
      case .sarif: try output.json(SARIF(report))
      }
      if report.hasFindings(strict ? .warning : .error) { throw ExitCode.no }
    }
  }

  private func printText(_ report: CheckReport, _ change: MailChange?, _ output: Output) throws {
    if let change { try output.report(change) }
    let text = CheckText(colored: output.usesColor(onStandardOutput: true))
    let shown = report.findings.filter { finding in
      !options.quiet || finding.diagnostic.severity == .error || (strict && finding.diagnostic.severity == .warning)
    }
    for line in text.lines(of: shown, omitted: options.quiet ? [] : report.omitted) { output.result(line) }
    output.note(CheckText.summary(report, canFix: !fix))
  }
}

/// A table as an argument of `check`.
enum CheckedTableArgument: String, ExpressibleByArgument, CaseIterable {
  case access, virtmap, alias, host

  /// The table.
  var table: MailTable {
    switch self {
    case .access: .access
    case .virtmap: .virtmap
    case .alias: .alias
    case .host: .host
    }
  }
}
