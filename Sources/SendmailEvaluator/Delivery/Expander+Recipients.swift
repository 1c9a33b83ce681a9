internal import SendmailConfig

extension Expander {
  /// Looks at an address for the first time.
  mutating func begin(_ number: Int) {
    guard nodes[number].level <= options.deepest else {
      // What it comes from is not delivered to either.
      if let parent = expansion.recipients[number].parent { nodes[parent].state = .refused }
      fail(
        number, .loop, 554, "5.4.6",
        ByteString("aliasing/forwarding loop broken (\(nodes[number].level) aliases deep; \(options.deepest) max)"))
      // It never comes among the recipients: where nobody else is among them, there is none.
      nodes[number].state = .dropped
      return
    }
    if nodes[number].state == .dropped { return }
    let parent = expansion.recipients[number].parent
    if expansion.recipients[number].destination.mailer.folded == "prog" { checkMayDeliver(number, parent, "programs") }
    if let earlier = duplicate(of: number) { return merge(number, into: earlier) }
    queue[identity(number), default: []].append(number)
    work.append(.finish(number))
    guard nodes[number].state == .open, let mailer = nodes[number].mailer else { return }
    switch mailer.name {
    case "*include*":
      if parent == nil {
        fail(number, .notAllowed, 550, "5.7.1", "Cannot mail directly to :include:s")
      } else {
        work.append(.include(number))
      }
      return
    case "*file*": checkMayDeliver(number, parent, "files")
    default: break
    }
    work.append(.localName(number))
    if !isQuoted(number), nodes[number].state == .open, mailer.has("A") { findAlias(number) }
  }

  /// Whether a backslash keeps aliases and `.forward` files away.
  private func isQuoted(_ number: Int) -> Bool {
    expansion.recipients[number].destination.user.bytes.contains(ASCII.backslash)
  }

  /// Sees whether a program or a file may be named where it is named.
  private mutating func checkMayDeliver(_ number: Int, _ parent: Int?, _ what: String) {
    guard nodes[number].state == .open else { return }
    guard let parent else {
      return fail(number, .notAllowed, 550, "5.7.1", ByteString("Cannot mail directly to \(what)"))
    }
    if let distrust = nodes[parent].distrust {
      let text =
        switch distrust {
        case .noShell(let user):
          "User \(user)@\(macro("j") ?? "") doesn't have a valid shell for mailing to \(what)"
        case .noAccount(let number): "UID \(number) is an unknown user: cannot mail to \(what)"
        }
      fail(number, .notAllowed, 550, "5.7.1", ByteString(text))
    } else if nodes[parent].isUnsafe {
      let address = expansion.recipients[parent].address
      fail(number, .notAllowed, 550, "5.7.1", ByteString("Address \(address) is unsafe for mailing to \(what)"))
    }
  }

  private func macro(_ name: ByteString) -> ByteString? {
    guard let number = rewriter.configuration.names.find(name), let value = rewriter.macros[number] else { return nil }
    return ByteString(rewriter.macros.expand(value[...]).text)
  }

  // MARK: Duplicates

  private func duplicate(of number: Int) -> Int? {
    queue[identity(number)]?.first { other in
      (nodes[other].isDone || !nodes[other].isPrimary) && isSame(other, number)
    }
  }

  private mutating func merge(_ number: Int, into earlier: Int) {
    let state = nodes[number].state
    nodes[number].state = .duplicate
    // What is refused is refused each time.
    if case .failed = expansion.recipients[number].outcome {
    } else {
      expansion.recipients[number].outcome = .duplicate(of: earlier)
    }
    if nodes[earlier].isPrimary {
      if nodes[earlier].isReferred { nodes[earlier].state = state }
    }
    nodes[earlier].isPrimary = nodes[earlier].isPrimary || nodes[number].isPrimary
    nodes[earlier].isReferred = nodes[earlier].isReferred || nodes[number].isReferred
    nodes[earlier].isFinal = nodes[earlier].isFinal || nodes[number].isFinal
    nodes[earlier].distrust = nodes[earlier].distrust ?? nodes[number].distrust
    nodes[earlier].isUnsafe = nodes[earlier].isUnsafe || nodes[number].isUnsafe
    nodes[earlier].isDone = true
  }

  // MARK: Aliases

  private mutating func findAlias(_ number: Int) {
    let user = expansion.recipients[number].destination.user
    switch lookups.alias(user) {
    case .found(let value, let place):
      expansion.recipients[number].alias = Expansion.AliasMatch(key: user, value: value, place: place)
      expansion.recipients[number].outcome = .replaced
      nodes[number].isReferred = false
      nodes[number].state = .expanded
      nodes[number].reader = .defaultUser
      work.append(.aliased(number))
      _ = add(value.bytes.prefix { $0 != 0 }, to: number, place: place)
    case .notFound: break
    case .unavailable: fail(number, .unavailable, 451, "4.3.0", "alias database unavailable")
    case .unknown: note(UnknownAnswer(map: "aliases", key: user))
    }
  }

  /// What an alias is once all that comes from it is known.
  mutating func endAlias(_ number: Int) {
    guard let key = expansion.recipients[number].alias?.key else { return }
    let owner = owner(of: key)
    expansion.recipients[number].alias?.owner = owner
    guard nodes[number].isReferred, nodes[number].state == .expanded else { return }
    nodes[number].state = .open
    expansion.recipients[number].outcome = .delivered
  }

  /// To whom goes what cannot be delivered to a list: the value of its `owner-` alias where that is a single address, otherwise
  /// the alias's own name.
  private func owner(of key: ByteString) -> ByteString? {
    let isOwner = key.bytes.starts(with: "owner-".utf8)
    let name = ByteString(Array("owner-".utf8) + (isOwner ? Array("owner".utf8) : key.bytes))
    guard case .found(let value, _) = lookups.alias(name) else { return nil }
    return value.bytes.contains(where: { ",:/|\"".utf8.contains($0) }) ? name : value
  }

  // MARK: Local names

  /// The user database and rule set 5, once it is known that no alias stands for a name.
  mutating func rewriteLocally(_ number: Int) {
    guard nodes[number].state == .open, let mailer = nodes[number].mailer else { return }
    let destination = expansion.recipients[number].destination
    if options.userDatabase != nil, mailer.has("@"), !nodes[number].isFinal {
      note(UnknownAnswer(map: "userdb", key: ByteString(destination.user.bytes + Array(":maildrop".utf8))))
    }
    work.append(.account(number))
    guard mailer.has("5"), !nodes[number].isFinal else { return }
    rewriter.begin()
    guard let resolved = rewriter.resolveLocally(destination.user, host: destination.host, home: nil) else { return }
    if resolved.destination.isError, resolved.status == Rewriter.Status.temporaryFailure {
      return fail(number, .unavailable, 451, "4.3.0", "a map cannot be asked now")
    }
    // An empty host is none.
    guard
      resolved.destination.mailer != destination.mailer || resolved.destination.user != destination.user
        || (resolved.destination.host ?? "") != (destination.host ?? "")
    else { return }
    guard nodes.count < limit else { return expansion.isTruncated = true }
    let recipient = expansion.recipients[number]
    let new = add(resolved, address: recipient.address, parent: number, place: recipient.place)
    nodes[new].isPrimary = nodes[number].isPrimary
    nodes[new].distrust = nodes[number].distrust
    nodes[new].isUnsafe = nodes[number].isUnsafe
    met[identity(new), default: []].append(new)
    nodes[number].state = .replaced
    expansion.recipients[number].outcome = .replaced
    work.append(.begin(new))
  }

  /// Whether there is an account, and what its `.forward` says.
  mutating func findAccount(_ number: Int) {
    guard nodes[number].state == .open, nodes[number].mailer?.has("w") == true else { return }
    let user = expansion.recipients[number].destination.user
    let name = ByteString(Unquoting.strip(user.bytes))
    switch account(name) {
    case .notFound:
      if options.matchesFullNames { note(UnknownAnswer(map: "passwd", key: name)) }
      return fail(number, .unknownUser, 550, "5.1.1", "User unknown")
    case .temporaryFailure, .damaged:
      return fail(number, .unavailable, 451, "4.5.2", "the accounts cannot be asked now")
    case .unknown: return
    case .found: break
    }
    nodes[number].reader = .account(name)
    guard let facts = lookups.accountFacts(name) else {
      return note(UnknownAnswer(map: ".forward", key: name))
    }
    nodes[number].isDefaultUser = facts.isDefaultUser
    nodes[number].distrust = facts.hasShell ? nil : .noShell(name)
    guard !isQuoted(number) else { return }
    let paths = forwardPaths(number, home: facts.home)
    if !paths.isEmpty { work.append(.forward(number, paths: paths)) }
  }

  /// The files of `O ForwardPath` for an account.
  private mutating func forwardPaths(_ number: Int, home: ByteString) -> [ByteString] {
    guard let path = options.forwardPath else { return [ByteString(home.bytes + Array("/.forward".utf8))] }
    let destination = expansion.recipients[number].destination
    rewriter.setMacro("z", home.bytes)
    rewriter.setMacro("u", destination.user.bytes)
    rewriter.setMacro("h", destination.host?.bytes)
    return path.bytes.split(separator: ASCII.colon).compactMap { part in
      let expanded = rewriter.macros.expand(MacroText.read(part, names: rewriter.configuration.names)[...]).text
      return expanded.isEmpty ? nil : ByteString(expanded)
    }
  }

  // MARK: The end

  mutating func finish(_ number: Int) {
    nodes[number].isDone = true
    if nodes[number].state == .refused, expansion.recipients[number].outcome == .delivered {
      expansion.recipients[number].outcome = .replaced
    }
    guard expansion.recipients[number].parent == nil, nodes[number].isDead, !expansion.isTruncated,
      nodes.allSatisfy(\.isDead), expansion.unknowns.allSatisfy({ $0.map != ":include:" })
    else { return }
    fail(number, .loop, 554, "5.4.6", "aliasing/forwarding loop broken")
  }
}
