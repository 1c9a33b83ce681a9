internal import SendmailConfig

/// Takes addresses down to their final deliveries.
///
/// It goes as sendmail goes: from the last address of a list to the first, each one down to its end before the next. Of two
/// that are the same the one that is reached first counts. What waits is kept in ``work``, so that depth costs no stack.
struct Expander {
  /// What is known of an address beside what is told of it (``Expansion/Recipient``), as sendmail keeps it among the recipients.
  struct Node {
    enum State { case open, refused, postponed, expanded, included, forwarded, replaced, dropped, duplicate }
    var state = State.open
    var mailer: Mailer?
    /// Whether it was asked for itself, or is what rule set 5 made of one that was.
    var isPrimary = false
    /// Whether it is through.
    var isDone = false
    /// Whether something that comes from it is the address itself.
    var isReferred = false
    /// Whether rule set 5 has nothing to say about it.
    var isFinal = false
    /// Why its programs and files are refused; nil where they are not.
    var distrust: Distrust?
    /// Whether others may write to the file that its addresses are read from.
    var isUnsafe = false
    /// Whose rights its programs and files get.
    var reader: ListReader?
    /// Whether that is the account of the default user.
    var isDefaultUser = false
    var level = 0

    var isDead: Bool {
      switch state {
      case .open, .refused, .postponed: false
      case .expanded, .included, .forwarded, .replaced, .dropped, .duplicate: true
      }
    }
  }

  /// Why programs and files are refused.
  enum Distrust {
    /// The shell of the account is none.
    case noShell(ByteString)
    /// The list belongs to nobody.
    case noAccount(UInt32)
  }

  /// What is left to do.
  enum Work {
    case begin(Int)
    case include(Int)
    case lines(Int, ListLines, path: ByteString, isForward: Bool, count: Int)
    case aliased(Int)
    case localName(Int)
    case account(Int)
    case forward(Int, paths: [ByteString])
    case finish(Int)
  }

  /// What makes two addresses the same.
  struct Identity: Hashable {
    var mailer: ByteString
    var host: ByteString?
    var user: ByteString
  }

  var rewriter: Rewriter
  let lookups: Lookups
  let limit: Int
  let options: Options
  var expansion = Expansion(address: "")
  var nodes: [Node] = []
  /// The addresses that sendmail has among its recipients.
  var queue: [Identity: [Int]] = [:]
  /// The addresses that were met, to find out whether one leads back to itself.
  var met: [Identity: [Int]] = [:]
  var work: [Work] = []
  var accounts: [ByteString: MapAnswer] = [:]
  var noted: Set<UnknownAnswer> = []

  init(_ rewriter: Rewriter, limit: Int) {
    self.rewriter = rewriter
    self.rewriter.level = max(rewriter.level, .lookups)
    lookups = rewriter.lookups
    self.limit = limit
    options = Options(rewriter.configuration)
  }

  /// The options that count here.
  struct Options {
    /// How deep aliases may lead to aliases.
    var deepest = 10
    /// What `O ForwardPath` says; nil for `$z/.forward`, empty for none.
    var forwardPath: ByteString?
    var userDatabase: ByteString?
    var matchesFullNames = false

    /// The deepest that is gone, whatever the option says.
    static let mostLevels = 1000

    init(_ configuration: CompiledConfiguration) {
      for option in configuration.options where option.suboption == nil {
        switch option.name {
        case "MaxAliasRecursion": deepest = min(max(option.number, 0), Options.mostLevels)
        case "ForwardPath": forwardPath = option.value
        case "UserDatabaseSpec": userDatabase = option.value.isEmpty ? nil : option.value
        case "MatchGECOS": matchesFullNames = option.isTrue
        default: break
        }
      }
    }
  }

  mutating func expand(_ address: ByteString) -> Expansion {
    expansion = Expansion(address: address)
    guard let number = parse(address.bytes[...], delimiter: nil, parent: nil, place: nil).node else {
      if expansion.recipients.isEmpty { addUnreadable(address, parent: nil, place: nil) }
      return expansion
    }
    nodes[number].isPrimary = true
    met[identity(number)] = [number]
    work = [.begin(number)]
    while let next = work.popLast() {
      switch next {
      case .begin(let number): begin(number)
      case .include(let number): include(number)
      case .lines(let number, let lines, let path, let isForward, let count):
        read(lines, of: number, path: path, isForward: isForward, count: count)
      case .aliased(let number): endAlias(number)
      case .localName(let number): rewriteLocally(number)
      case .account(let number): findAccount(number)
      case .forward(let number, let paths): forward(number, paths)
      case .finish(let number): finish(number)
      }
    }
    return expansion
  }

  /// The words of a message behind the address that it is about.
  static func words(_ message: ByteString) -> ByteString {
    let bytes = message.bytes
    guard let place = bytes.indices.last(where: { bytes[$0...].starts(with: "... ".utf8) }) else { return message }
    return ByteString(bytes[(place + 4)...])
  }

  // MARK: Addresses

  /// Parses the address at the head of a text and makes a node of it.
  ///
  /// - Returns: Its number, nil where there is none; and where it ends.
  mutating func parse(
    _ text: ArraySlice<UInt8>, delimiter: UInt8?, parent: Int?, place: TextPlace?
  ) -> (node: Int?, end: Int) {
    rewriter.begin()
    rewriter.setMacro("addr_type", AddressRole().name)
    let (isReadable, end) = rewriter.take(text, delimiter: delimiter)
    var written = text[text.startIndex..<min(text.startIndex + end, text.endIndex)]
    guard isReadable, AddressBytes.report(written, { rewriter.report($0) }) else {
      // A comment alone is nothing at all.
      if !rewriter.messages.isEmpty { addUnreadable(ByteString(written), parent: parent, place: place) }
      return (nil, end)
    }
    written = written.trimming(while: ASCII.isSpace)
    let resolved = rewriter.resolveChecked(Array(written), AddressRole())
    let number = add(resolved, address: ByteString(written), parent: parent, place: place)
    if resolved.isUnusable {
      nodes[number].state = .dropped
      expansion.recipients[number].outcome = .failed(unreadable)
    }
    return (number, end)
  }

  /// Notes what cannot be read as an address.
  private mutating func addUnreadable(_ address: ByteString, parent: Int?, place: TextPlace?) {
    let failure = unreadable
    var node = Node()
    node.state = .dropped
    nodes.append(node)
    expansion.recipients.append(
      Expansion.Recipient(
        address: address, parent: parent, place: place, destination: Destination(mailer: "*error*", user: failure.text),
        outcome: .failed(failure), messages: rewriter.messages))
  }

  /// That an address cannot be used, for what was reported last.
  private var unreadable: Expansion.Failure {
    let text = rewriter.messages.last.map(Expander.words) ?? "User address required"
    return Expansion.Failure(reason: .unreadable, code: 553, enhancedCode: "5.1.3", text: text)
  }

  /// Makes a node of what the rules made of an address.
  mutating func add(_ resolved: Rewriter.Resolved, address: ByteString, parent: Int?, place: TextPlace?) -> Int {
    let number = nodes.count
    var node = Node()
    var destination = resolved.destination
    // An empty host is none.
    if destination.host?.isEmpty ?? false { destination.host = nil }
    node.mailer = destination.isError ? nil : rewriter.configuration.mailer(destination.mailer)
    node.isFinal = resolved.isFinal
    node.level = parent.map { nodes[$0].level + 1 } ?? 0
    var recipient = Expansion.Recipient(
      address: address, parent: parent, place: place, lookups: lookups(isFirst: parent == nil),
      destination: destination, messages: rewriter.messages)
    for unknown in rewriter.unknowns { note(unknown) }
    if destination.isError {
      let failure = Expander.failure(destination, rewriter.messages)
      node.state = failure.isTemporary ? .postponed : .refused
      recipient.outcome = .failed(failure)
      // What the rules refuse it with is told once.
      if !destination.user.isEmpty { recipient.messages.removeLast() }
    } else if resolved.status == Rewriter.Status.temporaryFailure {
      node.state = .postponed
      recipient.outcome = .failed(
        Expansion.Failure(
          reason: .unavailable, code: 451, enhancedCode: "4.4.3",
          text: "Transient parse error -- message queued for future delivery"))
    }
    nodes.append(node)
    expansion.recipients.append(recipient)
    return number
  }

  /// The entries that were found; of the first address also what was asked for in vain.
  private func lookups(isFirst: Bool) -> [MapLookup] {
    rewriter.events.compactMap { event in
      guard case .lookedUp(let lookup) = event, isFirst || lookup.value != nil else { return nil }
      guard let map = rewriter.configuration.mapNumbers[lookup.map.folded],
        rewriter.configuration.maps[map].kind == .table
      else { return nil }
      return lookup
    }
  }

  private static func failure(_ destination: Destination, _ messages: [ByteString]) -> Expansion.Failure {
    guard !destination.user.isEmpty else {
      return Expansion.Failure(
        reason: .address, code: 554, enhancedCode: "5.3.5",
        text: messages.last ?? "buildaddr: no mailer in parsed address")
    }
    let reply = ReplyText(destination)
    return Expansion.Failure(reason: .address, code: reply.code, enhancedCode: reply.enhancedCode, text: reply.text)
  }

  func identity(_ number: Int) -> Identity {
    let destination = expansion.recipients[number].destination
    return Identity(mailer: destination.mailer, host: destination.host, user: destination.user)
  }

  /// Whose rights a node's programs and files get: those of the nearest alias or account that it comes from.
  func reader(of number: Int) -> ListReader {
    nodeWithReader(above: number).flatMap { nodes[$0].reader } ?? .defaultUser
  }

  private func nodeWithReader(above number: Int) -> Int? {
    var place: Int? = number
    while let number = place, nodes[number].reader == nil { place = expansion.recipients[number].parent }
    return place
  }

  /// As whom a node's programs run.
  private func user(of number: Int) -> ListReader {
    guard let node = nodeWithReader(above: number), !nodes[node].isDefaultUser else { return .defaultUser }
    return reader(of: node).person
  }

  /// Whether two nodes are one recipient.
  func isSame(_ left: Int, _ right: Int) -> Bool {
    guard identity(left) == identity(right) else { return false }
    // Programs of two accounts are two.
    return expansion.recipients[left].destination.mailer.folded != "prog" || user(of: left) == user(of: right)
  }

  mutating func fail(
    _ number: Int, _ reason: Expansion.Failure.Reason, _ code: Int, _ enhancedCode: ByteString, _ text: ByteString
  ) {
    let failure = Expansion.Failure(reason: reason, code: code, enhancedCode: enhancedCode, text: text)
    // What cannot be read is among the messages already.
    if case .failed(let earlier) = expansion.recipients[number].outcome, earlier.reason != .unreadable {
      let address = expansion.recipients[number].address
      expansion.recipients[number].messages.append(
        ByteString(address.bytes + Array("... ".utf8) + earlier.text.bytes))
    }
    nodes[number].state = failure.isTemporary ? .postponed : .refused
    expansion.recipients[number].outcome = .failed(failure)
  }

  mutating func note(_ unknown: UnknownAnswer) {
    if noted.insert(unknown).inserted { expansion.unknowns.append(unknown) }
  }
}
