internal import SendmailConfig

/// One token of a workspace: a place in its bytes, and what matching needs to know of it.
struct Token {
  /// Where its bytes begin in the workspace's arena.
  var start: UInt32
  /// How many bytes it has.
  var count: UInt32
  /// The number of the same word, letters' case aside, in the rules' lexicon; -1 for a word that no rule has.
  var word: Int32
  /// The hash of its bytes, letters' case aside (``FoldedHash``).
  var hash: UInt32
  /// What `$…` it is (``Meta``); 0 for an ordinary token.
  var meta: UInt8
  /// Whether a blank goes between it and another one like it where tokens are joined.
  var isAtom: Bool

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
