public import ArgumentParser
internal import Glibc
internal import SendmailConfig
internal import SystemSupport

/// The command `mailcfg`.
public struct Mailcfg: ParsableCommand {
  /// The version, as `mailcfg --version` prints it.
  public static let version = "0.1.0"

  /// Name, help and subcommands.
  public static let configuration = CommandConfiguration(
    commandName: "mailcfg",
    abstract: "Reads, changes, checks and builds the tables that sendmail is configured with.",
    discussion: """
      Files are changed line by line and in one step: nothing else in them is touched, and a running sendmail sees the new \
      map at its next look-up.

      EXAMPLES
        mailcfg relay add 203.0.113.25 --comment "ACME Exchange" --expires 2037-06-30
        mailcfg --dry-run alias add sales anna
        mailcfg --mail-dir ./etc-mail build
        mailcfg lookup access connect:203.0.113.25

      EXIT CODES
        0  done, or nothing to do
        1  the answer is no (check, explain, status, diff, get, lookup)
        64 usage           65 bad data      66 no input    70 internal
        71 no /proc        73 cannot create 74 input/output
        75 locked          77 permission    78 configuration
      """,
    version: version,
    subcommands: [
      RelayCommand.self, AccessCommand.self, VirtmapCommand.self, AliasCommand.self, HostCommand.self,
      ExplainCommand.self, BuildCommand.self, StatusCommand.self, CheckCommand.self, LookupCommand.self,
      DumpCommand.self, DiffCommand.self, BtCommand.self, HistoryCommand.self, UndoCommand.self, InitCommand.self,
    ],
    groupedSubcommands: [
      CommandGroup(
        name: "Drop-in",
        subcommands: [
          MakemapCommand.self, EditmapCommand.self, NewaliasesCommand.self, PraliasesCommand.self,
        ])
    ])

  // Held here too, so that the options may also stand before the command's name.
  @OptionGroup var options: GlobalOptions

  /// Makes the command without options.
  public init() {}

  /// Runs what the process was asked for, and ends it.
  public static func start() {
    CurrentProcess.openStandardDescriptors()
    CurrentProcess.ignoreFileSizeSignal()
    guard let commandLine = CurrentProcess.arguments else {
      Output.fail("the arguments cannot be read: /proc is not mounted", EX_OSERR)
    }
    // Names of files are bytes for them, and scripts call them often: no parser comes before.
    if let (program, arguments) = SendmailProgram.requested(by: commandLine) {
      program.prepareProcess()
      Glibc.exit(program.run(ProgramCall(arguments)))
    }
    let words = commandLine.map { String(decoding: $0, as: UTF8.self) }
    // There is U+FFFD where an argument was not UTF-8: two names would become one.
    if words.contains(where: { $0.unicodeScalars.contains("\u{FFFD}") }) {
      Output.fail("an argument is not UTF-8; a table with such bytes has to be changed by hand or by the library", 65)
    }
    // Scripts ask every program for this; it need not wait for the parser.
    let arguments = words.dropFirst()
    if arguments == ["--version"] {
      Output.write(Array((version + "\n").utf8), to: STDOUT_FILENO)
      return
    }
    // The parser would show the help of what stands before a wrong name, as if that had been asked for.
    if let name = unknownCommand(in: helpTopic(arguments)) {
      end(ValidationError("no command \(ByteString(name).escaped) to show the help of; see mailcfg --help"))
    }
    do {
      var command = try parseAsRoot(Array(arguments))
      try command.run()
    } catch {
      end(error)
    }
  }

  /// Ends the process as the parser would, but that what it quotes of the command line shows no password and moves no cursor,
  /// and that help which nobody gets is an error.
  private static func end(_ error: any Error) -> Never {
    let code = exitCode(for: error)
    var message = fullMessage(for: error)
    if !code.isSuccess {
      let lines = message.split(separator: "\n", omittingEmptySubsequences: false)
      message = lines.map { ByteString(Secrets.masked(message: String($0))).escaped }.joined(separator: "\n")
    }
    if !message.isEmpty {
      Output.write(Array((message + "\n").utf8), to: code.isSuccess ? STDOUT_FILENO : STDERR_FILENO)
    }
    Glibc.exit(code.rawValue)
  }

  /// The words behind `help`, global options before and between them left out; none where something else is asked for.
  private static func helpTopic(_ arguments: ArraySlice<String>) -> ArraySlice<String> {
    guard arguments.contains("help") else { return [] }
    let words = (try? HelpRequest.parse(Array(arguments)).words) ?? Array(arguments.prefix { !$0.hasPrefix("-") })
    return words.first == "help" ? words.dropFirst() : []
  }

  /// The words of a command line that has no other options than the global ones.
  private struct HelpRequest: ParsableArguments {
    @OptionGroup var options: GlobalOptions
    @Argument var words: [String] = []
  }

  /// The first of some words that names no command below the words before it.
  private static func unknownCommand(in words: ArraySlice<String>) -> String? {
    var command: any ParsableCommand.Type = Mailcfg.self
    for word in words {
      guard let next = command.configuration.subcommands.first(where: { $0.configuration.commandName == word }) else {
        return word
      }
      command = next
    }
    return nil
  }
}
