internal import SendmailConfig

extension Expander {
  /// Takes a list of addresses apart; they wait to be looked at from the last to the first.
  ///
  /// - Returns: How many there are that are not the node itself.
  mutating func add(_ list: ArraySlice<UInt8>, to parent: Int, place: TextPlace?) -> Int {
    var rest = list
    var count = 0
    while true {
      rest = rest.drop { ASCII.isSpace($0) || $0 == ASCII.comma }
      guard !rest.isEmpty else { return count }
      guard nodes.count < limit else {
        expansion.isTruncated = true
        return count
      }
      let (number, end) = parse(rest, delimiter: ASCII.comma, parent: parent, place: place)
      rest = rest.dropFirst(max(end, 1))
      guard let number else { continue }
      if isSame(parent, number) { nodes[parent].isReferred = true }
      if let best = bestOfLoop(number) {
        nodes[best].isReferred = true
        if best != number {
          nodes[number].state = .dropped
          expansion.recipients[number].outcome = .reference(to: best)
          nodes[best].isFinal = nodes[best].isFinal || nodes[number].isFinal
          continue
        }
      }
      count += 1
      work.append(.begin(number))
    }
  }

  /// Where an address comes from itself: the first node on the way back to the beginning that is an account; nil where there
  /// is no loop, or none is.
  private mutating func bestOfLoop(_ number: Int) -> Int? {
    defer { met[identity(number), default: []].append(number) }
    guard let same = met[identity(number)] else { return nil }
    let top = ancestor(of: number, among: same)
    guard let top else { return nil }
    var place: Int? = number
    while let candidate = place {
      if nodes[candidate].mailer?.has("w") == true, hasAccount(expansion.recipients[candidate].destination.user) {
        // The address itself would be looked up once more: the one above it stands for both.
        return candidate == number ? top : candidate
      }
      place = expansion.recipients[candidate].parent
    }
    return nil
  }

  private func ancestor(of number: Int, among candidates: [Int]) -> Int? {
    var place = expansion.recipients[number].parent
    while let candidate = place {
      if candidates.contains(candidate), isSame(number, candidate) { return candidate }
      place = expansion.recipients[candidate].parent
    }
    return nil
  }

  private mutating func hasAccount(_ name: ByteString) -> Bool {
    if case .notFound = account(name) { return false }
    return true
  }

  /// The account of a name; as it is written, then in lower case.
  mutating func account(_ name: ByteString) -> MapAnswer {
    if let known = accounts[name] { return known }
    var answer = lookups.account(name)
    if answer == .notFound, name != name.folded { answer = lookups.account(name.folded) }
    if answer == .unknown { note(UnknownAnswer(map: "passwd", key: name)) }
    accounts[name] = answer
    return answer
  }

  // MARK: Files

  /// Reads the list that an address names.
  mutating func include(_ number: Int) {
    let path = expansion.recipients[number].destination.user
    nodes[number].state = .included
    expansion.recipients[number].outcome = .replaced
    let reader = reader(of: number)
    switch lookups.list(path, reader) {
    case .text(let bytes, let owner, let isUnsafe):
      if let owner { setOwner(owner, of: number, reader) }
      nodes[number].isUnsafe = nodes[number].isUnsafe || isUnsafe
      nodes[number].isReferred = false
      expansion.recipients[number].list = path
      work.append(.lines(number, ListLines(bytes), path: path, isForward: false, count: 0))
    case .refused(let reason): fail(number, .list, 550, "5.2.4", Expander.unopened(path, reason))
    case .unavailable(let reason): fail(number, .list, 451, "4.2.4", Expander.unopened(path, reason))
    case .unknown: note(UnknownAnswer(map: ":include:", key: path))
    }
  }

  /// What is read for the default user goes on with the rights of the file's owner.
  private mutating func setOwner(_ owner: ListOwner, of number: Int, _ reader: ListReader) {
    if reader == .defaultUser, !owner.isDefaultUser {
      nodes[number].reader = .owner(owner)
    }
    if case .account(let name) = reader.person, name == owner.name {
      nodes[number].distrust = distrust(ofReader: number)
    } else if let name = owner.name {
      nodes[number].distrust = owner.hasShell ? nil : .noShell(name)
    } else {
      nodes[number].distrust = .noAccount(owner.user)
    }
  }

  /// What is held against the one on whose behalf a list is read.
  private func distrust(ofReader number: Int) -> Distrust? {
    var place = expansion.recipients[number].parent
    while let candidate = place {
      if nodes[candidate].reader != nil { return nodes[candidate].distrust }
      place = expansion.recipients[candidate].parent
    }
    return nil
  }

  private static func unopened(_ path: ByteString, _ reason: ByteString) -> ByteString {
    ByteString(Array("Cannot open ".utf8) + path.bytes + Array(": ".utf8) + reason.bytes)
  }

  /// Reads the next line of a list; when there is none, decides what that makes of the address.
  mutating func read(_ lines: ListLines, of number: Int, path: ByteString, isForward: Bool, count: Int) {
    var lines = lines
    guard let line = lines.next() else {
      // Addresses that are too deep stand for it, too.
      if isForward, count > 0, !nodes[number].isReferred, [.open, .refused].contains(nodes[number].state) {
        nodes[number].state = .forwarded
        expansion.recipients[number].outcome = .replaced
      } else if !isForward, nodes[number].state == .refused {
        nodes[number].state = .included
      }
      return
    }
    let waiting = work.count
    let added = add(line, to: number, place: TextPlace(file: path, line: lines.number))
    // The addresses of this line come before the next line.
    work.insert(.lines(number, lines, path: path, isForward: isForward, count: count + added), at: waiting)
  }

  /// Looks for the account's `.forward`.
  mutating func forward(_ number: Int, _ paths: [ByteString]) {
    let account = expansion.recipients[number].destination.user
    var paths = paths[...]
    while let path = paths.popFirst() {
      switch lookups.list(path, .account(ByteString(Unquoting.strip(account.bytes)))) {
      case .text(let bytes, _, let isUnsafe):
        nodes[number].isUnsafe = nodes[number].isUnsafe || isUnsafe
        nodes[number].isReferred = false
        expansion.recipients[number].list = path
        work.append(.lines(number, ListLines(bytes), path: path, isForward: true, count: 0))
        return
      case .unavailable(let reason):
        fail(number, .list, 451, "4.2.4", ByteString("\(path): \(reason): message queued"))
        return
      case .unknown: note(UnknownAnswer(map: ".forward", key: path))
      case .refused: continue
      }
    }
  }
}
