internal import SendmailConfig

/// A wildcard of a pattern, and the tokens that it has taken: `$1` to `$9`.
struct Match {
  /// The part of the pattern.
  var part: Int
  var first: Int
  /// Behind its last token.
  var end: Int
}

extension Rewriter {
  /// How many steps a match may take before places that have failed are remembered.
  ///
  /// sendmail has no such memory: a pattern of nine wildcards keeps it busy for ages.
  private static let patience = 20_000

  /// Matches the tokens from `base` on with a rule's pattern; what the wildcards took is in ``matches`` then.
  ///
  /// Each wildcard takes as few tokens as it can, the leftmost first.
  mutating func doesMatch(_ rule: Rule, _ base: Int) -> Bool {
    matchCount = 0
    // Held here, so that a step is not paid for with retaining them.
    let (partList, tokenList) = (configuration.patternParts, workspace.tokens)
    let (parts, tokens) = (partList.span, tokenList.span)
    let (pattern, end) = (rule.pattern, tokens.count)
    var part = pattern.lowerBound
    var place = base
    var steps = 0
    var failed: [Bool] = []
    defer { stepsLeft -= steps }
    search: while true {
      steps += 1
      if steps >= Self.patience {
        let width = end - base + 1
        if failed.isEmpty { failed = Array(repeating: false, count: (pattern.count + 1) * width) }
        let state = (part - pattern.lowerBound) * width + place - base
        if failed[state] {
          guard backUp(&part, &place, &steps, parts, tokens, pattern.upperBound) else { return false }
          continue search
        }
        failed[state] = true
      }
      if part == pattern.upperBound {
        if place == end { return true }
      } else {
        let current = parts[part]
        switch current.kind {
        case .token:
          if place < end, tokens[place].word == current.argument {
            place += 1
            part += 1
            continue search
          }
        case .any, .some:
          let least = current.kind == .any ? place : place + 1
          if let stop = Self.stop(behind: part, least, parts, tokens, pattern.upperBound) {
            push(Match(part: part, first: place, end: stop))
            steps += stop - least
            place = stop
            part += 1
            continue search
          }
          steps += max(end - least, 0)
        case .nothing:
          part += 1
          continue search
        case _ where place == end: break
        case .one:
          push(Match(part: part, first: place, end: place + 1))
          place += 1
          part += 1
          continue search
        case .inClass:
          push(Match(part: part, first: place, end: place))
          if extend(&part, &place, end) { continue search }
          matchCount -= 1
        case .notInClass:
          if !isInClass(current.argument, place) {
            push(Match(part: part, first: place, end: place + 1))
            place += 1
            part += 1
            continue search
          }
        case .macro:
          if let next = afterMacro(UInt8(current.argument), place, end) {
            place = next
            part += 1
            continue search
          }
        case .matched: break
        }
      }
      guard backUp(&part, &place, &steps, parts, tokens, pattern.upperBound) else { return false }
    }
  }

  @inline(__always)
  private mutating func push(_ match: Match) {
    matches[matchCount] = match
    matchCount += 1
  }

  /// The first place from `least` on where a `$*` or `$+` may stop: in front of the word behind it, and at the end of the
  /// tokens where it is the last part; nil where there is none.
  @inline(__always)
  private static func stop(
    behind part: Int, _ least: Int, _ parts: Span<PatternPart>, _ tokens: Span<Token>, _ patternEnd: Int
  ) -> Int? {
    guard least <= tokens.count else { return nil }
    if part + 1 == patternEnd { return tokens.count }
    let next = parts[part + 1]
    guard next.kind == .token else { return least }
    var place = least
    while place < tokens.count {
      if tokens[place].word == next.argument { return place }
      place += 1
    }
    return nil
  }

  /// Lets the last wildcard that can take one more token do so.
  private mutating func backUp(
    _ part: inout Int, _ place: inout Int, _ steps: inout Int, _ parts: Span<PatternPart>, _ tokens: Span<Token>,
    _ patternEnd: Int
  ) -> Bool {
    while matchCount > 0 {
      let last = matches[matchCount - 1]
      switch parts[last.part].kind {
      case .any, .some:
        if let stop = Self.stop(behind: last.part, last.end + 1, parts, tokens, patternEnd) {
          steps += stop - last.end - 1
          matches[matchCount - 1].end = stop
          place = stop
          part = last.part + 1
          return true
        }
        steps += tokens.count - last.end
      case .inClass:
        part = last.part
        place = last.end
        if extend(&part, &place, tokens.count) { return true }
      default: break
      }
      matchCount -= 1
    }
    return false
  }

  /// Lets the class at the end of ``matches`` take tokens from `place` on until they are a member.
  private mutating func extend(_ part: inout Int, _ place: inout Int, _ end: Int) -> Bool {
    let match = matches[matchCount - 1]
    let number = Int(configuration.parts[match.part].argument)
    var next = workspace.endOfMember(match.first, beyond: place, before: end, of: configuration.classes[number])
    if hasOverlay,
      let other = workspace.endOfMember(match.first, beyond: place, before: end, of: classOverlay[number])
    {
      next = min(next ?? other, other)
    }
    guard let next else { return false }
    matches[matchCount - 1].end = next
    place = next
    part = match.part + 1
    return true
  }

  private func isInClass(_ number: Int32, _ place: Int) -> Bool {
    workspace.isMember(place, of: configuration.classes[Int(number)])
      || (hasOverlay && workspace.isMember(place, of: classOverlay[Int(number)]))
  }

  /// Where the tokens that spell the value of a macro end; nil where they do not.
  private mutating func afterMacro(_ number: UInt8, _ place: Int, _ end: Int) -> Int? {
    let value = macros[number]
    if level == .everything {
      events.append(
        .macro(name: configuration.names.name(number), value: value.map { ByteString($0) }, isPattern: true))
    }
    guard let value else { return place }
    var rest = value[...]
    var next = place
    while !rest.isEmpty {
      guard next < end else { return nil }
      let token = workspace.bytes(workspace.tokens[next])
      guard rest.count >= token.count,
        zip(rest, token).allSatisfy({ ASCII.lowercased($0) == ASCII.lowercased($1) })
      else { return nil }
      rest = rest.dropFirst(token.count)
      next += 1
    }
    return next
  }
}
