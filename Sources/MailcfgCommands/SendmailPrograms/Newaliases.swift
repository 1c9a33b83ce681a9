internal import SendmailConfig
internal import SendmailDirectory
internal import SystemSupport

/// `newaliases`, as sendmail's own program of that name: `sendmail -bi`.
enum Newaliases {
  /// Does what the command line asks for.
  ///
  /// - Returns: The exit status.
  static func run(_ call: ProgramCall) -> Int32 {
    let options = NewaliasesOptions(call.arguments)
    for complaint in options.complaints {
      switch complaint {
      case .said(let words): call.output.write(words + [ASCII.lineFeed])
      case .complained(let words):
        // What was said before is to be read before.
        call.output.flush()
        call.errors.write(words + [ASCII.lineFeed])
      }
    }
    guard options.status == 0 else { return options.status }
    for words in options.remarks { call.output.write(words + [ASCII.lineFeed]) }
    var rebuild = AliasRebuild(configuration: String(path: options.configuration)) { line in
      call.output.write(line + [ASCII.lineFeed])
    } remark: { line in
      call.output.flush()
      call.errors.write(line + [ASCII.lineFeed])
    }
    rebuild.options = options.settings
    rebuild.isVerbose = options.isVerbose
    rebuild.needsQueueDirectory = options.isExact
    rebuild.machine = call.machine
    if let progress = Progress() { rebuild.progress = { progress.update($0.escaped, $1, of: $2) } }
    return rebuild.run()
  }
}
