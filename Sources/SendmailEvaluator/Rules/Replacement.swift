internal import SendmailConfig

extension Rewriter {
  /// How a replacement went: the status that the rule set takes over, or the one that it ends with at once.
  struct Outcome {
    var status: Int32 = Status.done
    var failure: Int32?
    /// Whether it failed because a text could not be cut into tokens.
    var isUnreadable = false

    static func failed(_ status: Int32) -> Outcome { Outcome(failure: status) }
    static let unreadable = Outcome(failure: Status.badData, isUnreadable: true)
  }

  /// Puts what a rule makes in place of the tokens from `base` on.
  mutating func replace(_ rule: Rule, _ set: RuleSet, _ base: Int, _ depth: Int) -> Outcome {
    scratch.removeAll(keepingCapacity: true)
    if let failure = substitute(rule, set) { return failure }
    var outcome = Outcome()
    if rule.hasLookup {
      outcome = lookUpAll(rule, set)
      if outcome.failure != nil { return outcome }
    }
    guard scratch.count < Workspace.maximumTokens else { return tooLong() }
    workspace.tokens.replaceSubrange(base..., with: scratch)
    let status = callAll(base, depth)
    if outcome.status == Status.done { outcome.status = status }
    return outcome
  }

  /// Makes the tokens of a replacement: `$1` and `$&x` get their values.
  private mutating func substitute(_ rule: Rule, _ set: RuleSet) -> Outcome? {
    let parts = configuration.parts
    for place in rule.replacement {
      let part = parts[place]
      switch part.kind {
      case .matched:
        guard part.argument >= 0, Int(part.argument) < matches.count else {
          let name = ByteString(workspace.bytes(part.token).suffix(1))
          report("rewrite: ruleset \(set.name): replacement $\(name) out of bounds")
          return .failed(Status.configuration)
        }
        let match = matches[Int(part.argument)]
        let taken = workspace.tokens[match.first..<match.end]
        if level == .everything {
          events.append(.substituted(number: Int(part.argument) + 1, tokens: workspace.shown(taken)))
        }
        scratch.append(contentsOf: taken)
      case .macro:
        let number = UInt8(part.argument)
        let value = macros[number]
        if level == .everything {
          let name = configuration.names.name(number)
          events.append(.macro(name: name, value: value.map { ByteString($0) }, isPattern: false))
        }
        if let value, !value.isEmpty, !scan(value, configuration.addressTypes) {
          return .unreadable
        }
      default: scratch.append(part.token)
      }
      if scratch.count >= Workspace.maximumTokens { return tooLong() }
    }
    return nil
  }

  private mutating func tooLong() -> Outcome {
    report("rewrite: expansion too long")
    return .failed(Status.badData)
  }

  /// Cuts a text into tokens behind those in ``scratch``; whether there are any.
  private mutating func scan(_ text: [UInt8], _ types: TokenTypes) -> Bool {
    let (isReadable, _, faults) = workspace.scan(text.span, types: types, into: &scratch)
    for fault in faults { report(AddressMessage.text(fault, about: text[...])) }
    return isReadable
  }

  /// Answers each `$[ … $]` and `$( … $)`, from the left.
  private mutating func lookUpAll(_ rule: Rule, _ set: RuleSet) -> Outcome {
    var outcome = Outcome()
    let made = scratch
    scratch = []
    var place = 0
    while place < made.count {
      let opening = made[place].meta
      guard opening == Meta.hostBegin || opening == Meta.mapBegin else {
        scratch.append(made[place])
        place += 1
        continue
      }
      let closing = opening == Meta.hostBegin ? Meta.hostEnd : Meta.mapEnd
      place += 1
      var name = Array("host".utf8)
      if opening == Meta.mapBegin {
        guard place < made.count else {
          report("rewrite: missing mapname")
          return .failed(Status.configuration)
        }
        name = Array(workspace.bytes(made[place]))
        place += 1
      }
      var end = place
      while end < made.count, made[end].meta != closing { end += 1 }
      let (found, failure) = answer(name, made[place..<end], rule, &outcome)
      if let failure { return .failed(failure) }
      if !found { return .unreadable }
      place = min(end + 1, made.count)
      if scratch.count >= Workspace.maximumTokens { return tooLong() }
    }
    return outcome
  }

  /// Answers one look-up: its value, its default or its key is appended to ``scratch``.
  ///
  /// - Returns: Whether what was found could be cut into tokens.
  private mutating func answer(
    _ name: [UInt8], _ body: ArraySlice<Token>, _ rule: Rule, _ outcome: inout Outcome
  ) -> (isReadable: Bool, failure: Int32?) {
    // Key, then "$@ argument" any number of times and "$: default".
    var pieces: [(sign: UInt8, tokens: ArraySlice<Token>)] = []
    var start = body.startIndex
    var sign: UInt8 = 0
    for place in body.indices where body[place].meta == Meta.host || body[place].meta == Meta.user {
      pieces.append((sign, body[start..<place]))
      sign = body[place].meta
      start = place + 1
    }
    pieces.append((sign, body[start...]))
    let map = map(named: name)
    var key: [UInt8] = []
    let blank = map.map(\.blank) ?? 0
    workspace.join(pieces[0].tokens, blank: blank == 0 ? configuration.blank : blank, into: &key)
    var arguments: [[UInt8]] = []
    for piece in pieces.dropFirst() where piece.sign == Meta.host {
      var text: [UInt8] = []
      workspace.join(piece.tokens, blank: configuration.blank, into: &text)
      arguments.append(text)
    }
    let result = lookUp(map, named: name, key: key, arguments: arguments, rule: rule)
    if result.status == Status.temporaryFailure, outcome.status == Status.done, result.defers {
      outcome.status = Status.temporaryFailure
    }
    if let value = result.value {
      if value.isEmpty { return (true, nil) }
      return (scan(value, configuration.addressTypes), nil)
    }
    if let other = pieces.last(where: { $0.sign == Meta.user }) {
      var text: [UInt8] = []
      workspace.join(other.tokens, blank: configuration.blank, into: &text)
      if text.isEmpty { return (true, nil) }
      return (scan(text, configuration.defaultTypes), nil)
    }
    scratch.append(contentsOf: pieces[0].tokens)
    return (true, nil)
  }

  private func map(named name: [UInt8]) -> MapDefinition? {
    if let number = configuration.mapNumbers[ByteString(name).folded] { return configuration.maps[number] }
    return ByteString(name).folded == "host" ? .host : nil
  }

  /// Calls each rule set behind a `$>` with the tokens behind its name, the last one first.
  private mutating func callAll(_ base: Int, _ depth: Int) -> Int32 {
    var calls: [(place: Int, number: Int)] = []
    var place = base
    while place + 1 < workspace.tokens.count {
      guard workspace.tokens[place].meta == Meta.call else {
        place += 1
        continue
      }
      let name = Array(workspace.bytes(workspace.tokens[place + 1])).filter { $0 != ASCII.quote }
      switch RuleSetTable.find(name, in: configuration.ruleSetNumbers) {
      case .success(let number) where configuration.ruleSets[number].rules.isEmpty:
        // A call to nothing goes, and the token behind it is not looked at.
        let name = configuration.ruleSets[number].name
        if level >= .matches { events.append(.skipped(ruleSet: name, number: number)) }
        workspace.tokens.removeSubrange(place..<place + 2)
        place += 1
        continue
      case .success(let number): calls.append((place, number))
      case .failure(let defect):
        if !defect.message.isEmpty { report(defect.message) }
        report(Array("Unknown ruleset ".utf8) + name)
        return Status.configuration
      }
      if calls.count >= Self.maximumCalls {
        report("Too many subroutine calls (\(Self.maximumCalls) max)")
        return Status.configuration
      }
      place += 2
    }
    var status = Status.done
    for call in calls.reversed() {
      workspace.tokens.removeSubrange(call.place..<call.place + 2)
      status = rewrite(call.number, from: call.place, depth: depth + 1)
      if status != Status.done, status != Status.temporaryFailure { return status }
    }
    return status
  }
}
