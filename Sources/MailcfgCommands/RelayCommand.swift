internal import ArgumentParser
internal import SendmailConfig
internal import SendmailDirectory

/// `mailcfg relay`: which clients may send mail through this server.
struct RelayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "relay", abstract: "Lets clients send mail through this server, or no longer.",
    discussion: """
      EXAMPLES
        mailcfg relay add 203.0.113.25 --comment "ACME Exchange"
        mailcfg relay check 203.0.113.25
      """,
    subcommands: [Add.self, Remove.self, List.self, Check.self, Prune.self])

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "add", abstract: "Lets clients relay.",
      discussion: """
        A client is an IPv4 or IPv6 address, a CIDR block of either, or a host or domain name. A block becomes the fewest \
        entries that sendmail can match, and stays one thing to list and remove.

        EXAMPLES
          mailcfg relay add 203.0.113.25
          mailcfg relay add 203.0.113.25 --comment "ACME Exchange, ticket 4711" --expires 2037-06-30
          mailcfg relay add 192.0.2.0/27 2001:db8:1::/48
        """)

    @Argument(help: ArgumentHelp("The clients.", valueName: "addr"))
    var clients: [String]
    @Option(help: ArgumentHelp("What to remember about it; stands in a comment above the entry.", valueName: "text"))
    var comment: String?
    @Option(
      help: ArgumentHelp("The last day on which it may relay, YYYY-MM-DD; see mailcfg relay prune.", valueName: "day"))
    var expires: String?
    @Flag(name: .customLong("no-expires"), help: "Take a last day that it has away.") var noExpires = false
    @OptionGroup var options: GlobalOptions

    mutating func validate() throws {
      if noExpires, expires != nil { throw ValidationError("--expires and --no-expires exclude each other") }
    }

    func run() throws {
      try Output.run(options) { output in
        let expires = try expires.map { text in
          guard let date = CalendarDate(text) else {
            throw EditError(.badValue, "--expires \(text): not a day; write it YYYY-MM-DD")
          }
          if let today = CalendarDate.today, date < today {
            throw EditError(.badValue, "--expires \(text): that day is over; \(today) is today")
          }
          return date
        }
        let clients = try RelayCommand.clients(clients)
        try output.change(.access, reason: comment) { (tables, remarks) throws(EditError) in
          for client in clients {
            let outcome = try tables.access.allowRelay(
              from: client, expires: expires, isUnlimited: noExpires, note: comment.map { ByteString($0) })
            remarks.warnings += outcome.warnings
            if outcome.isChange { continue }
            let place = outcome.alreadyBy.map { "\(remarks.path):\($0.entry.line)" } ?? remarks.path
            remarks.unchanged.append("\(place): \(client) may relay already; nothing to do")
            if let expires = outcome.expires {
              output.note("\(client) may relay until \(expires); --expires DAY or --no-expires changes that")
            }
          }
        }
      }
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "remove", abstract: "Takes clients off that were let relay.",
      discussion: """
        EXAMPLES
          mailcfg relay remove 203.0.113.25
          mailcfg relay remove 192.0.2.0/27
        """)

    @Argument(help: ArgumentHelp("The clients, as they were added.", valueName: "addr"))
    var clients: [String]
    @OptionGroup var options: GlobalOptions

    func run() throws {
      try Output.run(options) { output in
        let clients = try RelayCommand.clients(clients)
        try output.change(.access) { (tables, remarks) throws(EditError) in
          for client in clients {
            let outcome = try tables.access.removeRelay(from: client)
            remarks.warnings += outcome.warnings
            if !outcome.isChange {
              remarks.unchanged.append("\(remarks.path): \(client) has no entry of its own; nothing to do")
            }
          }
        }
      }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Lists the clients that the access table lets relay.",
      discussion: """
        EXAMPLES
          mailcfg relay list
          mailcfg relay list --json
        """)
    @OptionGroup var options: GlobalOptions

    struct Report: Encodable {
      struct Client: Encodable {
        var client: String
        var lines: [Int]
        var expectedEntries: Int
        var expires: String?
        var note: String?
      }
      var version = 1
      var file: String
      var relays: [Client]
    }

    func run() throws {
      try Output.run(options) { output in
        let directory = try options.directory()
        let path = directory.path(of: .access)
        let access = try directory.read([.access]).access
        let relays = access.relays
        for finding in access.unreadableNotes { output.finding(finding, path: path) }
        if options.json {
          return try output.json(
            Report(
              file: path,
              relays: relays.map {
                .init(
                  client: $0.client, lines: $0.lines, expectedEntries: $0.expectedCount,
                  expires: $0.expires?.description, note: $0.note.map { output.shownNote($0).description })
              }))
        }
        for relay in relays {
          var line = "\(path):\(relay.lines.first ?? relay.noteLine ?? 0): \(relay.client)"
          if relay.lines.isEmpty { line += "  (its entries are gone)" }
          if relay.lines.count < relay.expectedCount, !relay.lines.isEmpty {
            line += "  (\(relay.lines.count) of its \(relay.expectedCount) entries)"
          } else if relay.lines.count > 1 {
            line += "  (\(relay.lines.count) entries)"
          }
          if let expires = relay.expires { line += "  until \(expires)" }
          if let note = relay.note { line += "  \(output.shownNote(note).escaped)" }
          output.result(line)
        }
      }
    }
  }

  struct Prune: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "prune", abstract: "Takes off the clients whose last day is over; made for cron.",
      discussion: """
        EXAMPLES
          mailcfg relay prune
          mailcfg --dry-run relay prune
        """)
    @OptionGroup var options: GlobalOptions

    func run() throws {
      try Output.run(options) { output in
        guard let today = CalendarDate.today else { throw MailDirectoryError(.inputOutput, "the clock cannot be read") }
        // A night job makes no map of what somebody may be in the middle of writing.
        try output.change(.access, buildsOlderMaps: false) {
          (tables, remarks) throws(EditError) in
          let unreadable = options.quiet ? [] : tables.access.unreadableNotes
          remarks.warnings = unreadable + tables.access.pruneRelays(today: today).warnings
        }
      }
    }
  }

  private static func clients(_ texts: [String]) throws(EditError) -> [RelayClient] {
    var clients: [RelayClient] = []
    for text in texts { clients.append(try RelayClient(text)) }
    return clients
  }
}
