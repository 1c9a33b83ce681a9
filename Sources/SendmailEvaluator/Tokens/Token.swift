internal import SendmailConfig

/// One token of a workspace: a place in its bytes, and what matching needs to know of it.
///
/// Rules copy them all the time, so they are kept to 16 bytes.
struct Token {
  /// Where its bytes begin in the workspace's arena.
  var start: UInt32
  /// How many bytes it has.
  var count: UInt16
  /// What `$…` it is (``Meta``); 0 for an ordinary token.
  var meta: UInt8
  /// Whether a blank goes between it and another one like it where tokens are joined.
  var isAtom: Bool
  /// The number of the same word, letters' case aside, in the rules' lexicon; -1 for a word that no rule has.
  var word: Int32
  /// The hash of its bytes, letters' case aside (``FoldedHash``).
  var hash: UInt32

  /// A bit for a word of the lexicon, one of 64; what lacks it has no such word.
  @inline(__always)
  static func bit(ofWord word: Int32) -> UInt64 { word < 0 ? 0 : 1 << UInt64(word & 63) }

  var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
}

/// One part of a rule's pattern, or one piece of its replacement.
struct RulePart: Sendable {
  enum Kind: UInt8, Sendable {
    /// This very word; in a replacement: this token.
    case token
    /// `$*`
    case any
    /// `$+`
    case some
    /// `$-`
    case one
    /// `$=x`
    case inClass
    /// `$~x`
    case notInClass
    /// `$&x`
    case macro
    /// `$@` in a pattern.
    case nothing
    /// `$1` … `$9` in a replacement: the argument is 0 … 8.
    case matched
  }

  var kind: Kind
  /// The word's number, the class's, the macro's, or the number of the match.
  var argument: Int32
  /// The token as it stands in the file.
  var token: Token
}

/// One part of a pattern, as matching needs it.
struct PatternPart: Sendable {
  var kind: RulePart.Kind
  var argument: Int32
}

/// What the tokens of a rule set have in common with every pattern that can match them.
struct TokenSummary {
  /// The bits of their words (``Token/bit(ofWord:)``).
  var words: UInt64 = 0
  var count = 0
  /// The words of the first token and of the last.
  var first: Int32 = -1
  var last: Int32 = -1
  /// Whether a mailer is chosen: the first token is `$#`.
  var isDecided = false

  init(_ tokens: Span<Token>, from base: Int) {
    guard base < tokens.count else { return }
    for place in base..<tokens.count { words |= Token.bit(ofWord: tokens[place].word) }
    count = tokens.count - base
    first = tokens[base].word
    last = tokens[tokens.count - 1].word
    isDecided = tokens[base].meta == Meta.mailer
  }
}

/// What tells most tokens that a pattern cannot match, without trying it.
struct PatternGuard: Sendable {
  /// The bits of the words that the tokens must have (``Token/bit(ofWord:)``).
  var required: UInt64
  /// How few tokens and how many the pattern takes.
  var minimum: Int32
  var maximum: Int32
  /// The word that it begins with, and the one that it ends with; -1 for a wildcard.
  var first: Int32 = -1
  var last: Int32 = -1

  init(_ rule: Rule, _ parts: [RulePart]) {
    // The value of a macro is known only when it is asked for, and asking may be recorded.
    (required, minimum, maximum) = rule.hasMacro ? (0, 0, .max) : (rule.required, Int32(rule.minimum), 0)
    guard !rule.hasMacro else { return }
    for part in parts[rule.pattern] {
      switch part.kind {
      case .token, .one, .notInClass: maximum = maximum == .max ? .max : maximum + 1
      case .any, .some, .inClass, .macro: maximum = .max
      case .nothing, .matched: break
      }
    }
    if let part = parts[rule.pattern].first, part.kind == .token { first = part.argument }
    if let part = parts[rule.pattern].last, part.kind == .token { last = part.argument }
  }

  @inline(__always)
  func admits(_ tokens: TokenSummary) -> Bool {
    required & ~tokens.words == 0 && tokens.count >= Int(minimum) && tokens.count <= Int(maximum)
      && (first < 0 || first == tokens.first) && (last < 0 || last == tokens.last)
  }
}

/// One `R` line.
struct Rule: Sendable {
  /// What becomes of the rule set after a match: the prefix of the replacement.
  enum Prefix: UInt8, Sendable {
    /// None: the rule is tried again.
    case again
    /// `$:`
    case once
    /// `$@`
    case end
    /// `$#`
    case mailer
  }

  /// The 1-based line in sendmail.cf; the first one where it is continued.
  var line: Int
  /// The last line, which is the one that sendmail names.
  var lastLine: Int
  /// The parts of the pattern, places in the configuration's ``CompiledConfiguration/parts``.
  var pattern: Range<Int>
  /// The pieces of the replacement behind its prefix, places in ``CompiledConfiguration/parts``.
  var replacement: Range<Int>
  var prefix: Prefix
  /// How many tokens it takes at the least.
  var minimum: Int
  /// The bits of the words that the tokens must have (``Token/bit(ofWord:)``).
  var required: UInt64
  /// The number of `$*`, `$+`, `$-`, `$=x` and `$~x`.
  var wildcards: Int
  /// Whether the pattern has a `$&x`, whose value is asked for while it is matched.
  var hasMacro: Bool
  /// Whether the replacement looks something up.
  var hasLookup: Bool
  /// Whether the replacement calls a rule set.
  var hasCall: Bool
}

/// One rule set.
struct RuleSet: Sendable {
  /// The name; a rule set without one has its number here.
  var name: ByteString
  var rules: Range<Int>
  var number: Int
}
