public import SendmailConfig

/// What happened in an evaluation.
public enum TraceEvent: Sendable, Equatable {
  /// A rule set begins with these tokens.
  case entered(ruleSet: ByteString, tokens: [ByteString])
  /// A rule set is left with these tokens.
  case left(ruleSet: ByteString, tokens: [ByteString])
  /// A rule set without rules was called; its number is given too.
  case skipped(ruleSet: ByteString, number: Int)
  /// A rule was tried; only with ``TraceLevel/everything``.
  case tried(line: Int)
  /// The rule that was tried did not match; only with ``TraceLevel/everything``.
  case failed(line: Int)
  /// A rule matched.
  case matched(line: Int)
  /// A `$1` … `$9` was replaced by what the wildcard took; only with ``TraceLevel/everything``.
  case substituted(number: Int, tokens: [ByteString])
  /// The tokens after a rule; only with ``TraceLevel/everything``.
  case rewritten(tokens: [ByteString])
  /// A rule matched too often in a row, with these tokens at the end; only with ``TraceLevel/everything``.
  case looped(tokens: [ByteString])
  /// The value of a `$&x` was asked for; only with ``TraceLevel/everything``.
  case macro(name: ByteString, value: ByteString?, isPattern: Bool)
  /// A map was asked.
  case lookedUp(MapLookup)
  /// sendmail reports something.
  case message(ByteString)
}

/// One question to a map.
public struct MapLookup: Sendable, Equatable {
  /// The map's name.
  public var map: ByteString
  /// The key as the rule makes it.
  public var key: ByteString
  /// The arguments, `%1` first.
  public var arguments: [ByteString]
  /// The value that the rule gets; nil where nothing was found.
  public var value: ByteString?
  /// How it went: 0, or 75 for a temporary failure (`sysexits.h`).
  public var status: Int32
  /// The 1-based line of the rule.
  public var ruleLine: Int
  /// The 1-based line of the entry in the table's text, where that is known.
  public var tableLine: Int?
  /// What the map returns in place of a value when it cannot be read (`-T`), key included.
  public var failureValue: ByteString?
  /// Whether a temporary failure becomes that of the rule set (no `-t`).
  public var defers = true
  /// What sendmail says while it looks.
  public var message: ByteString?
}

/// How much an evaluation records.
public enum TraceLevel: Int, Sendable, Comparable {
  /// Nothing.
  case none
  /// Questions to maps.
  case lookups
  /// Rule sets, rules that match, questions to maps.
  case matches
  /// Each rule that is tried, too.
  case everything

  /// Orders by how much is recorded.
  public static func < (left: TraceLevel, right: TraceLevel) -> Bool { left.rawValue < right.rawValue }
}
