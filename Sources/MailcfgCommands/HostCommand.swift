internal import ArgumentParser
internal import SendmailConfig
internal import SendmailDirectory

/// `mailcfg host`: the names for which this host takes mail, class w.
struct HostCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "host", abstract: "Lists and changes the names this host takes mail for (class w).",
    discussion: """
      sendmail reads these names only when it starts; --reload signals it to start anew.

      EXAMPLES
        mailcfg host add example.org --reload
        mailcfg host list
      """,
    subcommands: [List.self, Add.self, Remove.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Lists the names, in the order of the file.",
      discussion: "EXAMPLES\n  mailcfg host list")
    @OptionGroup var options: GlobalOptions

    struct Report: Encodable {
      struct Host: Encodable {
        var line: Int
        var name: String
      }
      var version = 1
      var file: String
      var hosts: [Host]
    }

    func run() throws {
      try Output.run(options) { output in
        let directory = try options.directory()
        let path = directory.path(of: .host)
        let tables = try directory.read([.host])
        let members = tables.hosts.members
        if options.json {
          return try output.json(
            Report(file: path, hosts: members.map { .init(line: $0.line, name: $0.word.description) }))
        }
        for member in members { output.result("\(path):\(member.line): \(member.word.escaped)") }
        if options.verbose {
          for finding in tables.diagnostics(.host) { output.finding(finding, path: path) }
        }
      }
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "add", abstract: "Adds names.",
      discussion: "EXAMPLES\n  mailcfg host add example.org www.example.org --reload")
    @OptionGroup var change: NameOptions
    @OptionGroup var options: GlobalOptions

    func run() throws {
      try HostCommand.change(change, options, "is there already") { (hosts, name) throws(EditError) in
        try hosts.add(name)
      }
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "remove", abstract: "Removes names.", discussion: "EXAMPLES\n  mailcfg host remove www.example.org")
    @OptionGroup var change: NameOptions
    @OptionGroup var options: GlobalOptions

    func run() throws {
      try HostCommand.change(change, options, "is not there") { (hosts, name) throws(EditError) in
        try hosts.remove(name)
      }
    }
  }

  struct NameOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("Host and domain names.", valueName: "name")) var names: [String]
    @Flag(help: "Signal the running sendmail (SIGHUP by its pid file), so that it reads the names anew.")
    var reload = false
  }

  private static func change(
    _ asked: NameOptions, _ options: GlobalOptions, _ already: String,
    _ edit: (inout ClassFile, ByteString) throws(EditError) -> ClassFile.Edit
  ) throws {
    try Output.run(options) { output in
      let (directory, change) = try output.change(.host) { (tables, remarks) throws(EditError) in
        for name in asked.names {
          if case .unchanged(let line) = try edit(&tables.hosts, ByteString(name)) {
            remarks.unchanged.append(
              "\(remarks.path)\(line > 0 ? ":\(line)" : ""): \(name) \(already); nothing to do")
          }
        }
      }
      guard change.isChange, !options.dryRun else { return }
      if asked.reload {
        output.note("sendmail, process \(try directory.reload()), was told to start anew")
      } else {
        output.note("sendmail reads these names when it starts: restart it, or give --reload")
      }
    }
  }
}
