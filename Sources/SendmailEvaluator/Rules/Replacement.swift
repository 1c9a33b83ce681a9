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
  mutating func replace(_ rule: Rule, _ number: Int, _ base: Int, _ depth: Int) -> Outcome {
    scratch.removeAll(keepingCapacity: true)
    // The tokens in front of a rule set's own take of the room.
    room = Workspace.maximumTokens - base
    if let failure = substitute(rule, number) { return failure }
    var outcome = Outcome()
    if rule.hasLookup {
      outcome = lookUpAll(rule)
      if outcome.failure != nil { return outcome }
    }
    guard scratch.count <= room else { return tooLong() }
    if base == 0 {
      swap(&workspace.tokens, &scratch)
    } else {
      workspace.tokens.removeLast(workspace.tokens.count - base)
      workspace.tokens.append(contentsOf: scratch)
    }
    if rule.hasCall || hasStrayCalls {
      let status = callAll(base, depth)
      if status != Status.done, status != Status.temporaryFailure { hasStrayCalls = true }
      if outcome.status == Status.done { outcome.status = status }
    }
    return outcome
  }

  /// Makes the tokens of a replacement: `$1` and `$&x` get their values.
  private mutating func substitute(_ rule: Rule, _ number: Int) -> Outcome? {
    let parts = configuration.parts
    for place in rule.replacement {
      let part = parts[place]
      switch part.kind {
      case .matched:
        guard part.argument >= 0, Int(part.argument) < matchCount else {
          let name = ByteString(workspace.bytes(part.token).suffix(1))
          report("rewrite: ruleset \(configuration.ruleSets[number].name): replacement $\(name) out of bounds")
          return .failed(Status.configuration)
        }
        let match = matches[Int(part.argument)]
        if level == .everything {
          let taken = workspace.shown(workspace.tokens[match.first..<match.end])
          events.append(.substituted(number: Int(part.argument) + 1, tokens: taken))
        }
        for place in match.first..<match.end { scratch.append(workspace.tokens[place]) }
      case .macro:
        let macro = UInt8(part.argument)
        let value = macros[macro]
        if level == .everything {
          let name = configuration.names.name(macro)
          events.append(.macro(name: name, value: value.map { ByteString($0) }, isPattern: false))
        }
        if let value, !value.isEmpty, !scan(value, configuration.addressTypes) {
          return .unreadable
        }
      default: scratch.append(part.token)
      }
      if scratch.count > room { return tooLong() }
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
  private mutating func lookUpAll(_ rule: Rule) -> Outcome {
    var outcome = Outcome()
    swap(&scratch, &unanswered)
    scratch.removeAll(keepingCapacity: true)
    var place = 0
    while place < unanswered.count {
      let opening = unanswered[place].meta
      guard opening == Meta.hostBegin || opening == Meta.mapBegin else {
        scratch.append(unanswered[place])
        place += 1
        continue
      }
      let closing = opening == Meta.hostBegin ? Meta.hostEnd : Meta.mapEnd
      place += 1
      var name: Token?
      if opening == Meta.mapBegin {
        guard place < unanswered.count else {
          report("rewrite: missing mapname")
          return .failed(Status.configuration)
        }
        name = unanswered[place]
        place += 1
      }
      var end = place
      while end < unanswered.count, unanswered[end].meta != closing { end += 1 }
      if !answer(name, place..<end, rule, &outcome) { return .unreadable }
      place = min(end + 1, unanswered.count)
      if scratch.count > room { return tooLong() }
    }
    return outcome
  }

  /// Answers one look-up: its value, its default or its key is appended to ``scratch``.
  ///
  /// - Returns: Whether what was found could be cut into tokens.
  private mutating func answer(
    _ name: Token?, _ body: Range<Int>, _ rule: Rule, _ outcome: inout Outcome
  ) -> Bool {
    // Key, then "$@ argument" any number of times and "$: default".
    let firstSign = body.first { unanswered[$0].meta == Meta.host || unanswered[$0].meta == Meta.user }
    let keyPlaces = body.lowerBound..<(firstSign ?? body.upperBound)
    let map = map(named: name)
    var key: [UInt8] = []
    let blank = map?.blank ?? 0
    workspace.join(unanswered.span, keyPlaces, blank: blank == 0 ? configuration.blank : blank, into: &key)
    var arguments: [[UInt8]] = []
    var other: Range<Int>?
    var sign = keyPlaces.upperBound
    while sign < body.upperBound {
      var end = sign + 1
      while end < body.upperBound, unanswered[end].meta != Meta.host, unanswered[end].meta != Meta.user { end += 1 }
      if unanswered[sign].meta == Meta.user {
        other = (sign + 1)..<end
      } else {
        var text: [UInt8] = []
        workspace.join(unanswered.span, sign + 1..<end, blank: configuration.blank, into: &text)
        arguments.append(text)
      }
      sign = end
    }
    let result = lookUp(
      map, named: name.map { workspace.bytes($0) } ?? Rewriter.hostName[...], key: key, arguments: arguments, rule: rule
    )
    if result.status == Status.temporaryFailure, outcome.status == Status.done, result.defers {
      outcome.status = Status.temporaryFailure
    }
    if let value = result.value {
      let first = workspace.arena.count
      defer {
        if map?.kind == .table { decisions?.noteValue(first..<workspace.arena.count, event: events.count - 1) }
      }
      return value.isEmpty || scan(value, configuration.addressTypes)
    }
    if let other {
      var text: [UInt8] = []
      workspace.join(unanswered.span, other, blank: configuration.blank, into: &text)
      return text.isEmpty || scan(text, configuration.defaultTypes)
    }
    for place in keyPlaces { scratch.append(unanswered[place]) }
    return true
  }

  private static let hostName = Array("host".utf8)

  private func map(named name: Token?) -> CompiledMap? {
    guard let name else {
      let number = configuration.mapNumbers["host"] ?? configuration.maps.count
      return configuration.compiledMaps[number]
    }
    if name.word >= 0 {
      let number = configuration.mapOfWord[Int(name.word)]
      return number < 0 ? nil : configuration.compiledMaps[Int(number)]
    }
    return configuration.mapNumbers[ByteString(workspace.bytes(name)).folded].map { configuration.compiledMaps[$0] }
  }

  /// Calls each rule set behind a `$>` with the tokens behind its name, the last one first.
  private mutating func callAll(_ base: Int, _ depth: Int) -> Int32 {
    let firstCall = calls.count
    defer { calls.removeLast(calls.count - firstCall) }
    var place = base
    while place + 1 < workspace.tokens.count {
      guard workspace.tokens[place].meta == Meta.call else {
        place += 1
        continue
      }
      let name = workspace.tokens[place + 1]
      switch ruleSet(named: name) {
      case .success(let number) where configuration.ruleRanges[number].isEmpty:
        // A call to nothing goes, and the token behind it is not looked at.
        let name = configuration.ruleSets[number].name
        if level >= .matches { events.append(.skipped(ruleSet: name, number: number)) }
        workspace.tokens.removeSubrange(place..<place + 2)
        place += 1
        continue
      case .success(let number): calls.append(Call(place: place, number: number))
      case .failure(let defect):
        if !defect.message.isEmpty { report(defect.message) }
        report(Array("Unknown ruleset ".utf8) + workspace.bytes(name).filter { $0 != ASCII.quote })
        return Status.configuration
      }
      if calls.count - firstCall >= Self.maximumCalls {
        report("Too many subroutine calls (\(Self.maximumCalls) max)")
        return Status.configuration
      }
      place += 2
    }
    var status = Status.done
    for index in (firstCall..<calls.count).reversed() {
      let call = calls[index]
      workspace.tokens.removeSubrange(call.place..<call.place + 2)
      status = rewrite(call.number, from: call.place, depth: depth + 1)
      if status != Status.done, status != Status.temporaryFailure { return status }
    }
    return status
  }

  private func ruleSet(named name: Token) -> Result<Int, RuleSetTable.Defect> {
    let bytes = workspace.bytes(name)
    // The lexicon takes words for the same whose letters differ in case; they are not as names of rule sets.
    if name.word >= 0, configuration.lexicon[Int(name.word)].elementsEqual(bytes) {
      let number = configuration.ruleSetOfWord[Int(name.word)]
      if number >= 0 { return .success(Int(number)) }
    }
    let text = bytes.filter { $0 != ASCII.quote }
    return RuleSetTable.find(text, in: configuration.ruleSetNumbers)
  }
}
