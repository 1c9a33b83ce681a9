/// One rule over the tokens of an address: a pattern, and what the tokens become where it matches as a whole.
///
/// The pattern matches as sendmail's do: each part takes as few tokens as it can, the leftmost first. A rule is applied
/// again and again until it no longer matches, unless its outcome says otherwise.
struct AddressRule: Sendable {
  /// A part of a pattern.
  ///
  /// A string is a token that must be there, in any case.
  enum Part: Sendable, ExpressibleByStringLiteral {
    /// Any number of tokens.
    case any
    /// One token or more.
    case some
    /// One token.
    case one
    /// The fewest tokens, one at least, that spell a name of this host.
    case host
    /// One of the tokens that show a way to another host: `@`, `%`, `!`.
    case routing
    /// One token that is none of those.
    case notRouting
    /// One token that is not a dot.
    case notDot
    /// The tokens of this host's domain; not counted among the parts that matched.
    case domain
    /// This very token; not counted among the parts that matched.
    case token([UInt8])

    init(stringLiteral value: String) { self = .token(Array(value.utf8)) }
  }

  /// A piece of what the tokens become.
  ///
  /// A string is a token, a number the tokens that a part matched, from 1.
  enum Piece: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    /// The tokens that the part of this number matched.
    case matched(Int)
    /// The one token that the part of this number matched, freed from its quotes where that is allowed.
    case dequoted(Int)
    /// The host's own name.
    case fullName
    /// This very token.
    case token([UInt8])

    init(stringLiteral value: String) { self = .token(Array(value.utf8)) }
    init(integerLiteral value: Int) { self = .matched(value) }
  }

  /// What follows a match.
  enum Outcome: Sendable {
    /// The same rule is tried again.
    case again
    /// The next rule is tried, once the sets have rewritten the tokens, the last of them before the others.
    case next([AddressRuleSet])
    /// The rule set ends, once the sets have rewritten the tokens, the last of them before the others.
    case end([AddressRuleSet])
    /// All rule sets end with this verdict.
    case decide(AddressRewriter.Verdict)
    /// All rule sets end; the part of this number names the mailer.
    case mailer(Int)
  }

  var pattern: [Part]
  var outcome: Outcome
  var pieces: [Piece]

  /// A rule that is tried again after it matched.
  static func again(_ pattern: [Part], _ pieces: [Piece]) -> AddressRule {
    AddressRule(pattern: pattern, outcome: .again, pieces: pieces)
  }

  /// A rule that is tried once.
  static func once(_ pattern: [Part], _ pieces: [Piece], _ calls: AddressRuleSet...) -> AddressRule {
    AddressRule(pattern: pattern, outcome: .next(calls), pieces: pieces)
  }

  /// A rule that ends its set.
  static func last(_ pattern: [Part], _ pieces: [Piece], _ calls: AddressRuleSet...) -> AddressRule {
    AddressRule(pattern: pattern, outcome: .end(calls), pieces: pieces)
  }

  /// A rule that finds where the address belongs.
  static func decide(_ pattern: [Part], _ pieces: [Piece], _ verdict: AddressRewriter.Verdict) -> AddressRule {
    AddressRule(pattern: pattern, outcome: .decide(verdict), pieces: pieces)
  }

  /// A rule that finds the name of a mailer in the address itself.
  static func mailer(_ pattern: [Part], _ pieces: [Piece], _ part: Int) -> AddressRule {
    AddressRule(pattern: pattern, outcome: .mailer(part), pieces: pieces)
  }

  /// A rule that refuses the address.
  static func refuse(_ pattern: [Part], _ code: AddressMessage.Code, status: Int32 = 64) -> AddressRule {
    AddressRule(pattern: pattern, outcome: .decide(.refused(code, status: status)), pieces: [])
  }
}
