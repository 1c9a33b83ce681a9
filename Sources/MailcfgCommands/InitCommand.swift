internal import ArgumentParser
internal import SendmailDirectory

/// `mailcfg init`: a new mail directory.
struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Makes a mail directory with commented, empty tables and their maps.",
    discussion: """
      Files that are there already stay as they are. Where there is a sendmail.cf, the tables that it names are made, where \
      it says.

      EXAMPLES
        mailcfg --mail-dir ./etc-mail init
      """)

  @OptionGroup var options: GlobalOptions

  func run() throws {
    try Output.run(options) { output in
      try output.report(
        try MailDirectory.make(
          at: options.directoryPath, configuration: options.cf, options: options.changeOptions))
    }
  }
}
