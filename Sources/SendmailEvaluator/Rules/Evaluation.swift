public import SendmailConfig

/// What an evaluation knows beside sendmail.cf.
public struct EvaluationContext: Sendable {
  /// Values of macros, such as `client_addr` or `f`, by their names without braces; they hide those of sendmail.cf.
  public var macros: [ByteString: ByteString]
  /// Further members of classes, by the classes' names without braces.
  public var classWords: [ByteString: [ByteString]]
  /// Who answers questions to tables and to the world.
  public var lookups: Lookups
  /// How much is recorded.
  public var trace: TraceLevel
  /// How many steps rules may take for one text: each part of a pattern that is tried is one, and each token that is moved; with
  /// rules recorded twenty.
  ///
  /// sendmail has no such limit, and rule sets that call themselves twice for each token keep it busy for ages. The stock rules
  /// take some thousand steps; five million are some hundredths of a second.
  public var stepLimit = 5_000_000

  /// Makes a context.
  public init(
    macros: [ByteString: ByteString] = [:], classWords: [ByteString: [ByteString]] = [:],
    lookups: Lookups = Lookups(), trace: TraceLevel = .none
  ) {
    self.macros = macros
    self.classWords = classWords
    self.lookups = lookups
    self.trace = trace
  }
}

/// What rule sets made of a text.
public struct Rewriting: Sendable {
  /// The tokens at the end.
  public var tokens: [ByteString]
  /// How it ended (`sysexits.h`): 0, 65 where an expansion cannot be cut into tokens, 75 after a temporary failure of a map,
  /// 78 for an error in sendmail.cf.
  public var status: Int32
  /// What sendmail reports on the way, in its words.
  public var messages: [ByteString]
  /// Questions that nobody could answer: the result is right only if the answer to all of them is "not found".
  public var unknowns: [UnknownAnswer]
  /// What happened, as far as it was to be recorded.
  public var trace: [TraceEvent]

  /// The tokens, one behind the other without blanks.
  public var text: ByteString { ByteString(tokens.flatMap(\.bytes)) }

  /// What `$#mailer $@ host $: user` chose; nil where no mailer was chosen.
  public var triple: MailerTriple? { MailerTriple(tokens) }
}

/// A mailer, a host and a user: what rule sets choose with `$#`.
public struct MailerTriple: Sendable, Equatable {
  /// The mailer, such as `local`, `esmtp` or `error`; in check rule sets also `discard` and words of their own.
  public var mailer: ByteString
  /// The tokens behind `$@`; nil without it.
  public var host: [ByteString]?
  /// The tokens behind `$:`; nil without it.
  public var user: [ByteString]?

  init?(_ tokens: [ByteString]) {
    guard tokens.first?.bytes == [Meta.mailer] else { return nil }
    var parts: (mailer: [UInt8], host: [ByteString]?, user: [ByteString]?) = ([], nil, nil)
    for token in tokens.dropFirst() {
      switch token.bytes {
      case [Meta.host] where parts.host == nil && parts.user == nil: parts.host = []
      case [Meta.user] where parts.user == nil: parts.user = []
      default:
        if parts.user != nil {
          parts.user?.append(token)
        } else if parts.host != nil {
          parts.host?.append(token)
        } else {
          parts.mailer += token.bytes
        }
      }
    }
    (mailer, host, user) = (ByteString(parts.mailer), parts.host, parts.user)
  }
}

/// One session with a configuration: rule sets applied to one text after the other.
///
/// Macros that rules set stay set from one text to the next, as within a connection. A value of this type serves one task at a
/// time; making one costs some microseconds, so that many of them can be at work.
public struct Evaluation: Sendable {
  var rewriter: Rewriter

  /// Begins a session.
  public init(_ configuration: Configuration, _ context: EvaluationContext = EvaluationContext()) {
    rewriter = Rewriter(configuration.compiled, context)
  }

  /// Sets a macro, such as `client_addr`; nil takes its value away.
  public mutating func setMacro(_ name: ByteString, to value: ByteString?) {
    rewriter.setMacro(name, value?.bytes)
  }

  /// Adds members to a class.
  public mutating func add(_ words: [ByteString], toClass name: ByteString) {
    rewriter.add(words, toClass: name)
  }

  /// Applies rule sets to a text, one after the other, as address-test mode does: parentheses are no comments in it.
  ///
  /// - Parameters:
  ///   - ruleSets: Names or numbers.
  ///   - text: The text.
  /// - Returns: What they made of it; nil where there is no such rule set.
  public mutating func rewrite(_ text: ByteString, by ruleSets: [ByteString]) -> Rewriting? {
    var numbers: [Int] = []
    for name in ruleSets {
      guard let number = rewriter.configuration.ruleSetNumber(name.bytes) else { return nil }
      numbers.append(number)
    }
    return rewriter.run(text.bytes, by: numbers, types: rewriter.configuration.ruleTypes)
  }

  /// Applies a rule set that checks something, as sendmail does in a session: `check_mail`, `check_relay` and so on.
  ///
  /// - Parameters:
  ///   - first: The text.
  ///   - second: The second one of such rule sets as `check_relay`, which find `$|` in front of it.
  ///   - ruleSet: The name.
  ///   - keepsComments: Whether parentheses are no comments, as in checks of headers.
  /// - Returns: What it made of the texts; nil where there is no such rule set.
  public mutating func check(
    _ first: ByteString, _ second: ByteString? = nil, by ruleSet: ByteString, keepsComments: Bool = false
  ) -> Rewriting? {
    guard let number = rewriter.configuration.ruleSetNumber(ruleSet.bytes) else { return nil }
    let configuration = rewriter.configuration
    return rewriter.run(
      first.bytes, second?.bytes, by: [number],
      types: keepsComments ? configuration.ruleTypes : configuration.defaultTypes, balances: !keepsComments)
  }

  /// As ``rewrite(_:by:)`` for one rule set.
  public mutating func rewrite(_ text: ByteString, by ruleSet: ByteString) -> Rewriting? {
    rewrite(text, by: [ruleSet])
  }
}

extension Rewriter {
  /// Applies rule sets to a text, or to two with `$|` between them.
  mutating func run(
    _ first: [UInt8], _ second: [UInt8]? = nil, by numbers: [Int], types: TokenTypes, balances: Bool = true
  ) -> Rewriting {
    begin()
    // No address can have the bytes that stand for "$|" and its like.
    guard !first.contains(where: Meta.isMeta), !(second?.contains(where: Meta.isMeta) ?? false) else {
      report("8-bit character in mailbox address")
      return finish(Status.badData)
    }
    let text = second.map { first + [Meta.otherwise] + $0 } ?? first
    var tokens: [Token] = []
    let (isReadable, _, faults) = workspace.scan(text.span, types: types, balances: balances, into: &tokens)
    for fault in faults { report(AddressMessage.text(fault, about: text[...])) }
    guard isReadable else { return finish(Status.badData) }
    workspace.tokens = tokens
    var status = Status.done
    for number in numbers {
      let ended = rewrite(number, from: 0)
      if status == Status.done { status = ended }
    }
    return finish(status)
  }

  mutating func begin() {
    workspace.clear()
    hasStrayCalls = false
    stepsLeft = stepLimit
    if decisions != nil { decisions = DecisionLog() }
    events = []
    messages = []
    unknowns = []
  }

  mutating func finish(_ status: Int32) -> Rewriting {
    Rewriting(
      tokens: workspace.shown(workspace.tokens[...]), status: status, messages: messages, unknowns: unknowns,
      trace: events)
  }
}
