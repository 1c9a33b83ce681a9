internal import ArgumentParser
internal import SendmailConfig
internal import SendmailDirectory

/// A table in makemap's grammar whose entries are listed, got, set and removed by key.
protocol KeyedTable {
  /// The table.
  static var table: MailTable { get }
  /// A key and a value for the examples in the help.
  static var example: (key: String, value: String) { get }
  /// The table as text.
  static func text(_ tables: MailTables) -> Table
  static func set(_ value: ByteString, for key: ByteString, in tables: inout MailTables) throws(EditError) -> Table.Edit
  static func remove(_ key: ByteString, from tables: inout MailTables) -> Table.Edit
  /// What is odd about the entry of a key.
  static func doubts(about key: ByteString, in tables: MailTables) -> [Diagnostic]
}

extension KeyedTable {
  static func doubts(about key: ByteString, in tables: MailTables) -> [Diagnostic] { [] }
}

/// Entries, as `--json` prints them.
struct EntriesReport: Encodable {
  struct Entry: Encodable {
    var line: Int
    var key: String
    var value: String
  }
  var version = 1
  var file: String
  var entries: [Entry]
}

/// `list` of a table.
struct ListEntries<Kind: KeyedTable>: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "list", abstract: "Lists the entries, in the order of the file.",
      discussion: "EXAMPLES\n  mailcfg \(Kind.table) list\n  mailcfg \(Kind.table) list --json")
  }

  @OptionGroup var options: GlobalOptions

  func run() throws {
    try Output.run(options) { output in
      let directory = try options.directory()
      let tables = try directory.read([Kind.table])
      let path = directory.path(of: Kind.table)
      let entries = Kind.text(tables).entries.map { entry in
        TableEntry(
          line: entry.line, key: Kind.table.shown(key: entry.key, secrets: options.showSecrets),
          value: Kind.table.shown(entry.value, of: entry.key, secrets: options.showSecrets))
      }
      try output.list(entries, path: path)
      if options.verbose {
        for finding in tables.diagnostics(Kind.table) { output.finding(finding, path: path) }
      }
    }
  }
}

/// `get` of a table.
struct GetEntry<Kind: KeyedTable>: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "get", abstract: "Prints the value of a key; exit code 1 if there is none.",
      discussion: "EXAMPLES\n  mailcfg \(Kind.table) get \(Kind.example.key)")
  }

  @Argument(help: "The key, in any case of letters.") var key: String
  @OptionGroup var options: GlobalOptions

  func run() throws {
    try Output.run(options) { output in
      let directory = try options.directory()
      let path = directory.path(of: Kind.table)
      guard let entry = Kind.text(try directory.read([Kind.table])).entry(for: ByteString(key)) else {
        try output.noEntry(for: key, path: path)
      }
      let value = Kind.table.shown(entry.value, of: entry.key, secrets: options.showSecrets)
      try output.value(of: TableEntry(line: entry.line, key: entry.key, value: value), path: path)
    }
  }
}

/// `set` of a table.
struct SetEntry<Kind: KeyedTable>: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "set", abstract: "Gives a key a value: replaces that of its entry, or adds an entry.",
      discussion: "EXAMPLES\n  mailcfg \(Kind.table) set \(Kind.example.key) \(Kind.example.value)")
  }

  @Argument(help: "The key.") var key: String
  @Argument(help: "The value; several words become one value.") var value: [String]
  @OptionGroup var options: GlobalOptions

  func run() throws {
    try Output.run(options) { output in
      let written = ByteString(value.joined(separator: " "))
      let isSecret = Kind.table.shown(written, of: ByteString(key), secrets: false) != written
      try output.change(Kind.table, hiding: isSecret ? value : []) { (tables, remarks) throws(EditError) in
        let value = written
        if case .unchanged(let line) = try Kind.set(value, for: ByteString(key), in: &tables) {
          remarks.unchanged = ["\(remarks.path):\(line): \(key) says so already; nothing to do"]
        }
        remarks.warnings = Kind.doubts(about: ByteString(key), in: tables)
      }
    }
  }
}

/// `remove` of a table.
struct RemoveEntries<Kind: KeyedTable>: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "remove", abstract: "Removes the entries of keys; comments stay.",
      discussion: "EXAMPLES\n  mailcfg \(Kind.table) remove \(Kind.example.key)")
  }

  @Argument(help: "The keys.") var keys: [String]
  @OptionGroup var options: GlobalOptions

  func run() throws {
    try Output.run(options) { output in
      try output.change(Kind.table) { (tables, remarks) throws(EditError) in
        for key in keys {
          if case .unchanged = Kind.remove(ByteString(key), from: &tables) {
            remarks.unchanged.append("\(remarks.path): \(key) has no entry; nothing to do")
          }
        }
      }
    }
  }
}

extension Output {
  /// Prints the value of an entry that was asked for.
  ///
  /// - Parameter remark: What is told of the entry; without one its place is, where `-v` asks for more.
  func value(of entry: TableEntry, path: String, remark: String? = nil) throws {
    if options.json { return try list([entry], path: path) }
    let place = "\(path):\(entry.line): \(entry.key.escaped)"
    if let remark {
      if !options.quiet { note("\(place) \(remark)") }
    } else if options.verbose {
      note(place)
    }
    result(entry.value.bytes + [ASCII.lineFeed])
  }

  /// Says that there is no entry of a key: the answer is no.
  func noEntry(for key: String, path: String) throws -> Never {
    if options.json { try list([], path: path) } else { note("\(path): no entry for \(key)") }
    throw ExitCode.no
  }

  /// Prints entries with their lines.
  func list(_ entries: [TableEntry], path: String) throws {
    if options.json {
      let entries = entries.map { entry in
        EntriesReport.Entry(line: entry.line, key: entry.key.description, value: entry.value.description)
      }
      return try json(EntriesReport(file: path, entries: entries))
    }
    for entry in entries { result("\(path):\(entry.line): \(entry.key.escaped)  \(entry.value.escaped)") }
  }
}
