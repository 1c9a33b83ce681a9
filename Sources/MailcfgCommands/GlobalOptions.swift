internal import ArgumentParser
internal import SendmailDirectory
internal import SystemSupport

/// The options that every command takes, before its name or behind it.
struct GlobalOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The mail directory (default: $MAILCFG_MAIL_DIR, else /etc/mail).", valueName: "dir"))
  var mailDir: String?

  @Option(
    help: ArgumentHelp(
      "The sendmail.cf that says where tables and maps are (default: the mail directory's, if there).",
      valueName: "file"))
  var cf: String?

  @Flag(name: [.customShort("n"), .long], help: "Show the change as a unified diff; write nothing.")
  var dryRun = false

  @Flag(help: "Print one JSON object on standard output.")
  var json = false

  @Flag(name: .shortAndLong, help: "Print nothing but errors and what was asked for.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Tell more: comments that were written, where tables were found.")
  var verbose = false

  @Flag(help: "Show passwords (AuthInfo) instead of ***.")
  var showSecrets = false

  @Flag(name: .customLong("no-build"), help: "Change the text only; leave the map as it is.")
  var noBuild = false

  @Option(help: ArgumentHelp("How long to wait for another program's lock (default: 10).", valueName: "seconds"))
  var wait: Double?

  @Option(help: "Colour in messages; NO_COLOR in the environment turns it off.")
  var color: ColorChoice = .auto

  mutating func validate() throws {
    guard (wait ?? 0) >= 0, (wait ?? 0) <= 86400 else { throw ValidationError("--wait takes 0 to 86400 seconds") }
    guard mailDir != "" else { throw ValidationError("--mail-dir is empty") }
  }

  /// The mail directory that was asked for.
  ///
  /// A change that an earlier run left half-way is completed or taken back first, and said; who may not do that reads on.
  func directory() throws(MailDirectoryError) -> MailDirectory {
    let directory = try MailDirectory(directoryPath, configuration: cf)
    guard !dryRun else { return directory }
    do throws(MailDirectoryError) {
      for notice in try directory.recover(wait: 0) { Output(options: self).note(notice) }
    } catch {
      switch error.code {
      // Whoever holds the lock is at work on it.
      case .locked: break
      case .permission:
        let what = "a change that was stopped half-way may be waiting to be completed"
        Output(options: self).note("\(error.message); \(what)")
      default: throw error
      }
    }
    return directory
  }

  /// The path of the mail directory that was asked for.
  var directoryPath: String { mailDir ?? CurrentProcess.environment("MAILCFG_MAIL_DIR") ?? "/etc/mail" }

  /// How a change is to be made.
  var changeOptions: MailDirectory.Options {
    var options = MailDirectory.Options(wait: wait ?? 10, isDryRun: dryRun, buildsMaps: !noBuild)
    options.command = GlobalOptions.commandLine()
    if !quiet, let progress = Progress() { options.progress = { progress.update($0, $1, of: $2) } }
    return options
  }
}

/// When to colour.
enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, always, never
}
