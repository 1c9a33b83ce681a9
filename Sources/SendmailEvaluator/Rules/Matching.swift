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
    let end = workspace.tokens.count
    matches.removeAll(keepingCapacity: true)
    if !rule.hasMacro, end - base < rule.minimum { return false }
    let parts = configuration.parts
    var part = rule.pattern.lowerBound
    var place = base
    var steps = 0
    var failed: [Bool] = []
    defer { stepsLeft -= steps }
    search: while true {
      steps += 1
      if steps >= Self.patience {
        let width = end - base + 1
        if failed.isEmpty { failed = Array(repeating: false, count: (rule.pattern.count + 1) * width) }
        let state = (part - rule.pattern.lowerBound) * width + place - base
        if failed[state] {
          guard backUp(&part, &place, end) else { return false }
          continue search
        }
        failed[state] = true
      }
      if part == rule.pattern.upperBound {
        if place == end { return true }
      } else {
        let current = parts[part]
        switch current.kind {
        case .any:
          matches.append(Match(part: part, first: place, end: place))
          part += 1
          continue search
        case .nothing:
          part += 1
          continue search
        case _ where place == end: break
        case .token:
          if workspace.tokens[place].word == current.argument {
            place += 1
            part += 1
            continue search
          }
        case .some, .one:
          matches.append(Match(part: part, first: place, end: place + 1))
          place += 1
          part += 1
          continue search
        case .inClass:
          matches.append(Match(part: part, first: place, end: place))
          if extend(&part, &place, end) { continue search }
          matches.removeLast()
        case .notInClass:
          if !isInClass(current.argument, place) {
            matches.append(Match(part: part, first: place, end: place + 1))
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
      guard backUp(&part, &place, end) else { return false }
    }
  }

  /// Lets the last wildcard that can take one more token do so.
  private mutating func backUp(_ part: inout Int, _ place: inout Int, _ end: Int) -> Bool {
    while let last = matches.last {
      switch configuration.parts[last.part].kind {
      case .any, .some:
        if last.end < end {
          matches[matches.count - 1].end += 1
          place = last.end + 1
          part = last.part + 1
          return true
        }
      case .inClass:
        part = last.part
        place = last.end
        if extend(&part, &place, end) { return true }
      default: break
      }
      matches.removeLast()
    }
    return false
  }

  /// Lets the class at the end of ``matches`` take tokens from `place` on until they are a member.
  private mutating func extend(_ part: inout Int, _ place: inout Int, _ end: Int) -> Bool {
    let match = matches[matches.count - 1]
    let number = Int(configuration.parts[match.part].argument)
    var next = workspace.endOfMember(match.first, beyond: place, before: end, of: configuration.classes[number])
    if hasOverlay,
      let other = workspace.endOfMember(match.first, beyond: place, before: end, of: classOverlay[number])
    {
      next = min(next ?? other, other)
    }
    guard let next else { return false }
    matches[matches.count - 1].end = next
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
