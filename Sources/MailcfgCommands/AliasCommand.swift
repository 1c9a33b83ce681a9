internal import ArgumentParser
internal import SendmailConfig
internal import SendmailDirectory

/// `mailcfg alias`: the aliases.
struct AliasCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alias", abstract: "Lists and changes the aliases.",
    discussion: """
      EXAMPLES
        mailcfg alias set sales anna bernd@example.org
        mailcfg alias add sales carla
        mailcfg alias expand sales
      """,
    subcommands: [List.self, Get.self, Set.self, Add.self, Drop.self, Remove.self, Expand.self])

  struct Report: Encodable {
    struct Entry: Encodable {
      var line: Int
      var name: String
      var destinations: [String]

      init(_ alias: Alias) {
        line = alias.lines.lowerBound
        name = alias.name.description
        destinations = alias.destinations.map { ByteString($0.text).description }
      }
    }
    var version = 1
    var file: String
    var aliases: [Entry]
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Lists the aliases, in the order of the file.",
      discussion: "EXAMPLES\n  mailcfg alias list\n  mailcfg alias list --json")
    @OptionGroup var options: GlobalOptions

    func run() throws {
      try Output.run(options) { output in
        let directory = try options.directory()
        let path = directory.path(of: .alias)
        let tables = try directory.read([.alias])
        let aliases = tables.aliases.aliases
        if options.json { return try output.json(Report(file: path, aliases: aliases.map { .init($0) })) }
        for alias in aliases {
          let destinations = alias.destinations.map { ByteString($0.text).escaped }.joined(separator: ", ")
          output.result("\(path):\(alias.lines.lowerBound): \(alias.name.escaped): \(destinations)")
        }
        if options.verbose {
          for finding in tables.diagnostics(.alias) { output.finding(finding, path: path) }
        }
      }
    }
  }

  struct Get: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "get", abstract: "Prints the destinations of an alias, a line each; exit code 1 if there is none.",
      discussion: "EXAMPLES\n  mailcfg alias get sales")
    @Argument(help: "The alias.") var name: String
    @OptionGroup var options: GlobalOptions

    func run() throws {
      try Output.run(options) { output in
        let directory = try options.directory()
        let path = directory.path(of: .alias)
        let alias = try directory.read([.alias]).aliases.alias(named: ByteString(name))
        if options.json {
          try output.json(Report(file: path, aliases: alias.map { [.init($0)] } ?? []))
        } else if let alias {
          if options.verbose { output.note("\(path):\(alias.lines.lowerBound)") }
          for destination in alias.destinations { output.result(destination.text + [0x0A]) }
        } else {
          output.note("\(path): no alias \(name)")
        }
        if alias == nil { throw ExitCode.no }
      }
    }
  }

  struct Set: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "set", abstract: "Gives an alias these destinations and no others.",
      discussion: """
        EXAMPLES
          mailcfg alias set sales anna bernd@example.org
          mailcfg alias set tickets '"|/usr/local/bin/ticket -v"' --allow-programs
        """)
    @OptionGroup var change: DestinationOptions
    @OptionGroup var options: GlobalOptions

    func run() throws {
      try AliasCommand.change(change.name, options) { (aliases) throws(EditError) in
        try aliases.set(ByteString(change.name), to: change.bytes, allowing: change.permissions)
      }
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "add", abstract: "Adds destinations to an alias; those that it has stay as they are.",
      discussion: "EXAMPLES\n  mailcfg alias add sales carla")
    @OptionGroup var change: DestinationOptions
    @OptionGroup var options: GlobalOptions

    func run() throws {
      try AliasCommand.change(change.name, options) { (aliases) throws(EditError) in
        try aliases.add(ByteString(change.name), to: change.bytes, allowing: change.permissions)
      }
    }
  }

  struct Drop: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "drop", abstract: "Takes destinations from an alias.",
      discussion: "EXAMPLES\n  mailcfg alias drop sales bernd@example.org")
    @Argument(help: "The alias.") var name: String
    @Argument(help: ArgumentHelp("The destinations.", valueName: "destination")) var destinations: [String]
    @OptionGroup var options: GlobalOptions

    func run() throws {
      try AliasCommand.change(name, options, "does not have that") { (aliases) throws(EditError) in
        try aliases.drop(destinations.map { ByteString($0) }, from: ByteString(name))
      }
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "remove", abstract: "Removes aliases; comments stay.",
      discussion: "EXAMPLES\n  mailcfg alias remove sales")
    @Argument(help: ArgumentHelp("The aliases.", valueName: "name")) var names: [String]
    @OptionGroup var options: GlobalOptions

    func run() throws {
      try Output.run(options) { output in
        try output.change(.alias) { (tables, remarks) throws(EditError) in
          for name in names {
            if case .unchanged = tables.aliases.remove(ByteString(name)) {
              remarks.unchanged.append("\(remarks.path): no alias \(name); nothing to do")
            }
          }
        }
      }
    }
  }

  /// The name, the destinations, and what of them is allowed.
  struct DestinationOptions: ParsableArguments {
    @Argument(help: "The alias.") var name: String
    @Argument(help: ArgumentHelp("Users, addresses; with the options below more.", valueName: "destination"))
    var destinations: [String]
    @Flag(help: "Allow |command: mail runs a program.") var allowPrograms = false
    @Flag(help: "Allow /path: mail is written to a file.") var allowFiles = false
    @Flag(help: "Allow :include:/path: addresses are read from a file.") var allowIncludes = false

    var bytes: [ByteString] { destinations.map { ByteString($0) } }
    var permissions: AliasPermissions {
      var permissions: AliasPermissions = []
      if allowPrograms { permissions.insert(.programs) }
      if allowFiles { permissions.insert(.files) }
      if allowIncludes { permissions.insert(.includes) }
      return permissions
    }
  }

  private static func change(
    _ name: String, _ options: GlobalOptions, _ already: String = "says so already",
    _ edit: (inout AliasesFile) throws(EditError) -> AliasesFile.Edit
  ) throws {
    try Output.run(options) { output in
      try output.change(.alias) { (tables, remarks) throws(EditError) in
        if case .unchanged(let line) = try edit(&tables.aliases) {
          remarks.unchanged = [
            line == 0
              ? "\(remarks.path): no alias \(name); nothing to do"
              : "\(remarks.path):\(line): \(name) \(already); nothing to do"
          ]
        }
      }
    }
  }
}
