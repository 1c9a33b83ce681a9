/// Applies rule sets to the tokens of one address.
struct AddressRewriter {
  /// What the rules found.
  enum Verdict: Sendable, Equatable {
    /// The tokens are a user of this host.
    case local
    /// The tokens are a mailbox of another host.
    case remote
    /// There is no mailer of this name.
    case unknownMailer([UInt8])
    /// A rule refused the address; the status is the one that sendmail records.
    case refused(AddressMessage.Code, status: Int32)
  }

  /// How deep rule sets may call each other.
  static let deepest = 50
  /// How often in a row one rule may match.
  static let mostRounds = 100
  /// In front of the name of a rule set that has yet to rewrite the tokens behind it.
  ///
  /// No address can hold this token.
  private static let call: [UInt8] = [0x80]

  let hosts: LocalHosts
  let blank: UInt8
  var tokens: [[UInt8]]
  /// What the rules found, once they have.
  var verdict: Verdict?
  /// What was reported on the way.
  var messages: [AddressMessage] = []

  init(tokens: [[UInt8]], hosts: LocalHosts, blank: UInt8) {
    self.tokens = tokens
    self.hosts = hosts
    self.blank = blank
  }

  /// Rewrites the tokens by a set of rules; false when it, or one that it called, could not be finished.
  @discardableResult
  mutating func apply(_ set: AddressRuleSet, depth: Int = 0) -> Bool {
    guard depth <= Self.deepest else {
      messages.append(
        AddressMessage(
          code: .ruleRecursion, text: Array("\(AddressMessage.Code.ruleRecursion.words), ruleset \(set.rawValue)".utf8),
          exitStatus: 70))
      return false
    }
    let rules = set.rules
    var number = 0
    var rounds = 0
    var isFinished = true
    while verdict == nil && number < rules.count {
      rounds += 1
      guard rounds <= Self.mostRounds else {
        messages.append(
          AddressMessage(
            code: .ruleLoop,
            text: Array("Infinite loop in ruleset \(set.rawValue), rule \(set.number(ofRule: number))".utf8),
            exitStatus: 70))
        break
      }
      let rule = rules[number]
      guard let groups = match(rule.pattern) else {
        number += 1
        rounds = 0
        continue
      }
      // A dequoted name that is nothing but a comment leaves the tokens alone and ends the set.
      guard let rewritten = build(rule.pieces, groups) else { return false }
      if case .mailer(let part) = rule.outcome { verdict = Self.mailer(tokens[groups[part - 1].lowerBound]) }
      tokens = rewritten
      switch rule.outcome {
      case .again:
        break
      case .next(let sets):
        isFinished = apply(sets, depth: depth + 1) && isFinished
        number += 1
        rounds = 0
      case .end(let sets):
        return apply(sets, depth: depth + 1) && isFinished
      case .mailer:
        break
      case .decide(let found):
        verdict = found
      }
    }
    return isFinished
  }

  private static func mailer(_ name: [UInt8]) -> Verdict {
    switch String(decoding: name.map(ASCII.lowercased), as: UTF8.self) {
    case "local": .local
    case "prog", "*file*", "*include*", "smtp", "esmtp", "smtp8", "dsmtp", "relay": .remote
    default: .unknownMailer(name)
    }
  }

  /// Rewrites the tokens by several sets, the last first.
  ///
  /// A set that cannot be finished keeps those before it waiting in front of the tokens. The next call of any set finds them.
  private mutating func apply(_ sets: [AddressRuleSet], depth: Int) -> Bool {
    if sets.isEmpty { return true }
    tokens.insert(contentsOf: sets.flatMap { [Self.call, Array($0.rawValue.utf8)] }, at: 0)
    var isFinished = true
    while isFinished, let place = tokens.lastIndex(of: Self.call), place + 1 < tokens.count {
      let set = AddressRuleSet(rawValue: String(decoding: tokens[place + 1], as: UTF8.self))
      let before = tokens[..<place]
      tokens.removeSubrange(...(place + 1))
      if let set { isFinished = apply(set, depth: depth) }
      tokens.insert(contentsOf: before, at: 0)
      if verdict != nil { break }
    }
    return isFinished
  }

  private mutating func build(_ pieces: [AddressRule.Piece], _ groups: [Range<Int>]) -> [[UInt8]]? {
    var result: [[UInt8]] = []
    for piece in pieces {
      switch piece {
      case .matched(let number): result += tokens[groups[number - 1]]
      case .token(let token): result.append(token)
      case .fullName: result += MailboxTokens(hosts.fullName[...], delimiter: nil).tokens
      case .dequoted(let number):
        let group = tokens[groups[number - 1]]
        guard let text = Unquoting.dequoted(MailboxTokens.joined(group, blank: blank)) else {
          result += group
          continue
        }
        if text.isEmpty { continue }
        let scan = MailboxTokens(text[...], delimiter: nil)
        messages += scan.messages
        if scan.tokens.isEmpty { return nil }
        result += scan.tokens
      }
    }
    return result
  }

  /// The tokens that each part but the fixed ones took, `nil` where the pattern does not match them all.
  func match(_ pattern: [AddressRule.Part]) -> [Range<Int>]? {
    var fixed = 0
    for part in pattern {
      switch part {
      case .any, .domain: break
      default: fixed += 1
      }
    }
    guard tokens.count >= fixed else { return nil }
    for case .token(let token) in pattern where !tokens.contains(where: { Self.same($0, token) }) { return nil }
    // What failed once from a place fails again: what was taken before plays no part in it.
    var failed = [Bool](repeating: false, count: pattern.count * (tokens.count + 1))
    var groups: [Range<Int>] = []
    return match(pattern, 0, 0, &groups, &failed) ? groups : nil
  }

  private func match(
    _ pattern: [AddressRule.Part], _ part: Int, _ place: Int, _ groups: inout [Range<Int>], _ failed: inout [Bool]
  ) -> Bool {
    if part == pattern.count { return place == tokens.count }
    let state = part * (tokens.count + 1) + place
    if failed[state] { return false }
    let depth = groups.count
    func take(_ range: Range<Int>, _ groups: inout [Range<Int>], _ failed: inout [Bool]) -> Bool {
      groups.append(range)
      if match(pattern, part + 1, range.upperBound, &groups, &failed) { return true }
      groups.removeSubrange(depth...)
      return false
    }
    var found = false
    switch pattern[part] {
    case .token(let token):
      found =
        place < tokens.count && Self.same(tokens[place], token)
        && match(pattern, part + 1, place + 1, &groups, &failed)
    case .any, .some:
      var end = place
      if case .some = pattern[part] { end += 1 }
      while !found && end <= tokens.count {
        found = take(place..<end, &groups, &failed)
        end += 1
      }
    case .one:
      found = place < tokens.count && take(place..<place + 1, &groups, &failed)
    case .host:
      var end = place + 1
      while !found && end <= tokens.count {
        let name = MailboxTokens.joined(tokens[place..<end], blank: blank)
        if name.count > hosts.longestName { break }
        if hosts.contains(name) { found = take(place..<end, &groups, &failed) }
        end += 1
      }
    case .domain:
      let domain = MailboxTokens(hosts.domain[...], delimiter: nil).tokens
      found =
        place + domain.count <= tokens.count && zip(domain, tokens[place...]).allSatisfy { Self.same($0, $1) }
        && match(pattern, part + 1, place + domain.count, &groups, &failed)
    case .routing:
      found = place < tokens.count && Self.isRouting(tokens[place]) && take(place..<place + 1, &groups, &failed)
    case .notRouting:
      found = place < tokens.count && !Self.isRouting(tokens[place]) && take(place..<place + 1, &groups, &failed)
    case .notDot:
      found = place < tokens.count && tokens[place] != [UInt8(ascii: ".")] && take(place..<place + 1, &groups, &failed)
    }
    if !found { failed[state] = true }
    return found
  }

  private static func isRouting(_ token: [UInt8]) -> Bool {
    token.count == 1
      && (token[0] == UInt8(ascii: "@") || token[0] == UInt8(ascii: "%") || token[0] == UInt8(ascii: "!"))
  }

  private static func same(_ token: [UInt8], _ other: [UInt8]) -> Bool {
    token.count == other.count && zip(token, other).allSatisfy { ASCII.lowercased($0) == ASCII.lowercased($1) }
  }
}
