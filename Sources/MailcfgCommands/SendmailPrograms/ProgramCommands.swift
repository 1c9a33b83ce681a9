internal import ArgumentParser

// What `mailcfg help` says of sendmail's programs. They run before the parser sees the command line: see
// ``SendmailProgram``. Only where an option of mailcfg stands before the name does the call come here.

/// A program of sendmail's as a command of mailcfg.
protocol ProgramCommand: ParsableCommand {
  var arguments: [String] { get }
}

extension ProgramCommand {
  func run() throws {
    let name = Self.configuration.commandName ?? ""
    throw ValidationError("\(name) takes its own options only: mailcfg \(name) …")
  }
}

/// `mailcfg makemap`.
struct MakemapCommand: ProgramCommand {
  static let configuration = CommandConfiguration(
    commandName: "makemap", abstract: "sendmail's makemap: builds a map from standard input.",
    discussion: "EXAMPLES\n  mailcfg makemap hash /etc/mail/access < /etc/mail/access")

  @Argument(parsing: .captureForPassthrough, help: "As for makemap(8).") var arguments: [String] = []
}

/// `mailcfg editmap`.
struct EditmapCommand: ProgramCommand {
  static let configuration = CommandConfiguration(
    commandName: "editmap", abstract: "sendmail's editmap: looks up, sets or removes one key of a map.",
    discussion: "EXAMPLES\n  mailcfg editmap -q hash /etc/mail/access connect:203.0.113.25")

  @Argument(parsing: .captureForPassthrough, help: "As for editmap(8).") var arguments: [String] = []
}

/// `mailcfg newaliases`.
struct NewaliasesCommand: ProgramCommand {
  static let configuration = CommandConfiguration(
    commandName: "newaliases", abstract: "sendmail's newaliases: builds the maps of the aliases files.")

  @Argument(parsing: .captureForPassthrough, help: "As for newaliases(1).") var arguments: [String] = []
}

/// `mailcfg praliases`.
struct PraliasesCommand: ProgramCommand {
  static let configuration = CommandConfiguration(
    commandName: "praliases", abstract: "sendmail's praliases: prints the aliases of a built map.")

  @Argument(parsing: .captureForPassthrough, help: "As for praliases(8).") var arguments: [String] = []
}
