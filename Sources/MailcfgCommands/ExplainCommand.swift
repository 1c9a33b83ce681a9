internal import ArgumentParser
internal import SendmailConfig
internal import SendmailDirectory
internal import SendmailEvaluator

/// `mailcfg explain`: what sendmail will answer, and where the mail goes.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Says what sendmail will answer to a client, and which line of which file decides.",
    discussion: """
      Runs the site's own sendmail.cf over the texts of its tables, built or not: the connection, MAIL, each RCPT, and where \
      the mail goes then. Neither a name server nor any other host is asked: what would have to be asked is told, and host \
      names are taken to exist. Without --from the sender is <\(ExplainCommand.sender)>; --from '<>' is the null sender. \
      Without --name the client is taken to have no name.

      Exit code 0: the mail is accepted and goes to every recipient; 1: some of it is refused, put off, kept back or thrown \
      away.

      EXAMPLES
        mailcfg explain --client 203.0.113.9 --to info@example.org
        mailcfg explain --client 203.0.113.9 --name mx.example.net --from anna@example.net --to a@example.org --to b@example.org
        mailcfg explain --client 2001:db8::25 --auth anna --to anyone@example.com --json
      """)

  /// The sender where none is given.
  static let sender = "sender@mail.example"

  @Option(help: ArgumentHelp("The client's address.", valueName: "addr")) var client: String
  @OptionGroup var facts: ClientOptions
  @Option(help: ArgumentHelp("What the client says in EHLO (default: its name or address).", valueName: "host"))
  var helo: String?
  @Option(help: ArgumentHelp("The sender; '<>' is the null sender.", valueName: "addr")) var from: String?
  @Option(help: ArgumentHelp("A recipient; may be given several times.", valueName: "addr")) var to: [String]
  @Flag(help: "Ask the built maps instead of the texts: what a running sendmail answers now.") var built = false
  @OptionGroup var options: GlobalOptions

  mutating func validate() throws {
    guard !to.isEmpty else { throw ValidationError("--to ADDRESS is missing") }
    guard to.allSatisfy({ !$0.isEmpty }) else { throw ValidationError("--to is empty") }
  }

  func run() throws {
    try Output.run(options) { output in
      let bare = ClientOptions.bare(client)
      guard let address = IPAddress(bare) else {
        throw EditError(
          .badAddress, "--client \"\(ByteString(client).escaped)\": not an IP address; --name is for names")
      }
      for (option, text) in [("--from", from ?? "")] + to.map({ ("--to", $0) }) where !ExplainCommand.isOneLine(text) {
        throw EditError(
          .badAddress, "\(option) \"\(ByteString(text).escaped)\": an address has no CR, LF or NUL in it")
      }
      let client = try facts.client(address, family: bare.contains(":") ? .ipv6 : .ipv4, greeting: helo)
      let directory = try options.directory()
      let evaluated = try directory.evaluated(isBuilt: built)
      // An option that sendmail does not know changes no answer.
      output.findings(
        evaluated.configuration.diagnostics.filter { options.verbose || $0.code != .configurationOption },
        path: directory.configurationName)
      var session = MailSession(evaluated.configuration, client: client, lookups: evaluated.lookups)
      let steps = session.steps(
        from: ExplainCommand.path(from ?? ExplainCommand.sender), to: to.map(ExplainCommand.path))
      let isAccepted = steps.allSatisfy { $0.verdict == .accept }
      if options.json {
        try output.json(ExplainReport(client: client, steps: steps, isAccepted: isAccepted, evaluated))
      } else {
        if client.name == nil, facts.resolve == nil, !facts.noPtr {
          output.note("the client is taken to have no name; --name HOST gives it one, --no-ptr says that it has none")
        }
        let view = ExplainView(evaluated: evaluated, client: client, isVerbose: options.verbose)
        for step in steps { view.write(step) { output.result($0) } }
        for note in view.notes(steps.unknowns).prefix(20) { output.note(note) }
      }
      if !isAccepted { throw ExitCode.no }
    }
  }

  /// Whether a text can stand in one line of SMTP.
  private static func isOneLine(_ text: String) -> Bool {
    !text.utf8.contains { $0 == ASCII.carriageReturn || $0 == ASCII.lineFeed || $0 == ASCII.nul }
  }

  /// An address as it stands behind `MAIL FROM:` and `RCPT TO:`.
  static func path(_ address: String) -> ByteString {
    address.hasPrefix("<") ? ByteString(address) : ByteString("<\(address)>")
  }
}

/// What is known of a client beside its address.
struct ClientOptions: ParsableArguments {
  /// What came of looking for the client's name.
  enum Resolution: String, ExpressibleByArgument, CaseIterable {
    case ok, fail, forged, temp

    var value: SessionClient.Resolution {
      switch self {
      case .ok: .found
      case .fail: .failed
      case .forged: .forged
      case .temp: .temporary
      }
    }
  }

  @Option(help: ArgumentHelp("The client's name in DNS.", valueName: "host")) var name: String?
  @Flag(name: .customLong("no-ptr"), help: "The client's address has no name.") var noPtr = false
  @Option(help: "How the name is found: forged is a name that is not that address's, temp a name server that is down.")
  var resolve: Resolution?
  @Option(help: ArgumentHelp("Who has been authenticated by SMTP AUTH.", valueName: "id")) var auth: String?

  mutating func validate() throws {
    if noPtr, name != nil { throw ValidationError("--name and --no-ptr exclude each other") }
    if noPtr, resolve == .ok || resolve == .forged {
      throw ValidationError("--no-ptr leaves no name that could be \(resolve?.rawValue ?? "")")
    }
    if resolve == .ok || resolve == .forged, name == nil {
      throw ValidationError("--resolve \(resolve?.rawValue ?? "") needs --name HOST")
    }
    if name == "" { throw ValidationError("--name is empty; --no-ptr says that the client has no name") }
  }

  /// The first option that is given.
  var firstOption: String? {
    if name != nil { return "--name" }
    if noPtr { return "--no-ptr" }
    if resolve != nil { return "--resolve" }
    return auth == nil ? nil : "--auth"
  }

  /// The client with an address.
  func client(
    _ address: IPAddress, family: IPAddress.Family? = nil, greeting: String? = nil
  ) throws(EditError) -> SessionClient {
    if let name, !name.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) {
      throw EditError(.badAddress, "--name \"\(ByteString(name).escaped)\": not a host name")
    }
    return SessionClient(
      address: address, family: family, name: name.map { ByteString($0.hasSuffix(".") ? String($0.dropLast()) : $0) },
      resolution: resolve?.value, greeting: greeting.map { ByteString($0) },
      authentication: auth.map { SessionClient.Authentication(identity: ByteString($0)) })
  }

  /// An address without brackets and label, as they stand in sendmail's log.
  static func bare(_ address: String) -> String {
    var text = address[...]
    if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
    return text.lowercased().hasPrefix("ipv6:") ? String(text.dropFirst(5)) : String(text)
  }
}

extension [SessionStep] {
  /// What could not be answered, each once.
  var unknowns: [UnknownAnswer] {
    reduce(into: []) { all, step in
      for unknown in step.unknowns where !all.contains(unknown) { all.append(unknown) }
    }
  }
}
