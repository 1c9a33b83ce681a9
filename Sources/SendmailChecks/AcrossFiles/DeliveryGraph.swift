internal import SendmailConfig

/// Aliases, included lists, and the ways between them through the virtual users: where mail goes in the end.
struct DeliveryGraph {
  /// A way from one node to another.
  struct Edge {
    /// The node it leads to.
    var target: Int
    /// Where it is written: the file, line and column.
    var path: String
    var line: Int
    var column: Int
    /// The 0-based lines of the virtual users on the way.
    var virtualLines: [Int] = []
  }

  /// A node: an alias, or behind them an included list.
  enum Node {
    case alias(Int)
    case include(ByteString)
  }

  /// A local name that is neither an alias nor an account.
  struct Dangling {
    var name: ByteString
    var path: String
    var line: Int
    var column: Int
    /// The alias in which it stands, or through which its list is included.
    var alias: Int
    /// Whether it is the alias's own name.
    var isSelf: Bool
  }

  let aliases: AliasGraph
  private let context: CheckContext
  private(set) var nodes: [Node]
  private(set) var edges: [[Edge]]
  /// Whether mail to a node reaches somebody at once, without going on to another node.
  private(set) var delivers: [Bool]
  /// The names that lead nowhere.
  private(set) var dangling: [Dangling] = []
  private var includes: [ByteString: Int] = [:]
  private var accounts: [ByteString: Bool?] = [:]
  private var locality: [ArraySlice<UInt8>: Bool] = [:]

  init(_ aliases: AliasGraph, _ context: CheckContext) {
    self.aliases = aliases
    self.context = context
    nodes = (0..<aliases.count).map { .alias($0) }
    edges = Array(repeating: [], count: aliases.count)
    delivers = Array(repeating: false, count: aliases.count)
    for node in 0..<aliases.count where aliases.counts(node) {
      for target in aliases.targets(of: node) { add(target, from: node) }
    }
  }

  /// Whether there is an account; nil where that is not known.
  mutating func hasAccount(_ name: ByteString) -> Bool? {
    if let known = accounts[name] { return known }
    let plain = ByteString(name.bytes.prefix { $0 != 0x2B })
    let answer = context.facts.wantsAccounts == false ? nil : context.input.machine.hasAccount(plain)
    accounts[name] = .some(answer)
    return answer
  }

  private mutating func add(_ target: AliasGraph.Target, from node: Int) {
    let payload = aliases.payload(target)
    let place = (path: aliases.path, line: Int(target.line), column: Int(target.column))
    switch target.kind {
    case .user: addUser(Array(payload), from: node, alias: Int(target.node), place, through: [])
    case .mailbox: addMailbox(payload, from: node, alias: Int(target.node), place)
    case .bypassing, .elsewhere: delivers[node] = true
    case .include: addInclude(ByteString(payload), from: node, alias: Int(target.node), place)
    }
  }

  private mutating func addUser(
    _ name: [UInt8], from node: Int, alias: Int, _ place: (path: String, line: Int, column: Int), through lines: [Int]
  ) {
    guard let target = aliases.alias(for: name) else {
      if hasAccount(ByteString(name)) == false {
        dangling.append(
          Dangling(
            name: ByteString(name), path: place.path, line: place.line, column: place.column, alias: alias,
            isSelf: false))
      } else {
        delivers[node] = true
      }
      return
    }
    // An alias that names itself is the way to keep a copy.
    if target == node, lines.isEmpty {
      if hasAccount(ByteString(name)) == false {
        dangling.append(
          Dangling(
            name: ByteString(name), path: place.path, line: place.line, column: place.column, alias: alias, isSelf: true
          ))
      } else {
        delivers[node] = true
      }
      return
    }
    edges[node].append(
      Edge(target: target, path: place.path, line: place.line, column: place.column, virtualLines: lines))
  }

  private mutating func addMailbox(
    _ mailbox: ArraySlice<UInt8>, from node: Int, alias: Int, _ place: (path: String, line: Int, column: Int)
  ) {
    guard let at = mailbox.lastIndex(of: ASCII.at) else {
      addUser(Array(mailbox), from: node, alias: alias, place, through: [])
      return
    }
    guard let routes = context.virtualUsers else {
      if isLocal(mailbox[(at + 1)...]) {
        addUser(mailbox[..<at].map(ASCII.lowercased), from: node, alias: alias, place, through: [])
      } else {
        delivers[node] = true
      }
      return
    }
    let user = mailbox[..<at].map(ASCII.lowercased)
    let domain = mailbox[(at + 1)...].map(ASCII.lowercased)
    let walk = routes.walk(VirtualUserRoutes.Address(user: user, domain: domain))
    switch walk.end {
    case .local(let name?): addUser(name, from: node, alias: alias, place, through: walk.lines)
    case .local(nil), .elsewhere, .unknown, .loop: delivers[node] = true
    }
  }

  /// Whether mail for a domain is known to be taken by this host.
  private mutating func isLocal(_ domain: ArraySlice<UInt8>) -> Bool {
    if let known = locality[domain] { return known }
    let isLocal = context.isLocal(Array(domain)) == true
    locality[domain] = isLocal
    return isLocal
  }

  private mutating func addInclude(
    _ path: ByteString, from node: Int, alias: Int, _ place: (path: String, line: Int, column: Int)
  ) {
    if let known = includes[path] {
      edges[node].append(Edge(target: known, path: place.path, line: place.line, column: place.column))
      return
    }
    guard case .present(let facts, let contents?) = context.input.machine.file(path), facts.kind == .regular else {
      // What is not known may deliver.
      if case .unknown = context.input.machine.file(path) { delivers[node] = true }
      return
    }
    let number = nodes.count
    nodes.append(.include(path))
    edges.append([])
    delivers.append(false)
    includes[path] = number
    edges[node].append(Edge(target: number, path: place.path, line: place.line, column: place.column))
    let hosts = context.input.aliases?.content.hosts ?? .standard
    for (line, destination) in AliasIncludes.destinations(of: contents, hosts: hosts) {
      let inside = (path: path.description, line: line, column: 1)
      switch destination.kind {
      case .user(let name):
        if destination.bypassesAliases {
          delivers[number] = true
        } else if destination.text.contains(ASCII.at), let mailbox = AliasGraph.mailbox(destination.text) {
          addMailbox(mailbox[...], from: number, alias: alias, inside)
        } else {
          addUser(name, from: number, alias: alias, inside, through: [])
        }
      case .address:
        if let mailbox = AliasGraph.mailbox(destination.text) {
          addMailbox(mailbox[...], from: number, alias: alias, inside)
        } else {
          delivers[number] = true
        }
      case .program, .file: delivers[number] = true
      case .include(let next):
        addInclude(ByteString(next.trimming(while: ASCII.isSpace)), from: number, alias: alias, inside)
      case .invalid: break
      }
    }
  }
}
