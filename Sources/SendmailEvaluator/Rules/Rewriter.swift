internal import SendmailConfig

/// Applies rule sets to the tokens of its workspace.
struct Rewriter {
  /// The exit codes that rule sets end with (`sysexits.h`).
  enum Status {
    static let done: Int32 = 0
    static let badData: Int32 = 65
    static let noUser: Int32 = 67
    static let noHost: Int32 = 68
    static let temporaryFailure: Int32 = 75
    static let configuration: Int32 = 78
  }

  /// How deep rule sets may call each other.
  static let deepest = 50
  /// How often in a row one rule may match.
  static let mostRounds = 100
  /// How many rule sets one replacement may call.
  static let maximumCalls = 16

  /// A rule set that is called, and the place of its `$>`.
  struct Call {
    var place: Int
    var number: Int
  }

  let configuration: CompiledConfiguration
  let lookups: Lookups
  var level: TraceLevel
  var workspace: Workspace
  var macros: MacroValues
  /// Members that classes have in this evaluation only, by the classes' numbers.
  var classOverlay: [FrozenWords] = []
  var hasOverlay: Bool { !classOverlay.isEmpty }
  /// What the wildcards of the rule that matched last took.
  var matches = InlineArray<9, Match>(repeating: Match(part: 0, first: 0, end: 0))
  /// How many of ``matches`` there are.
  var matchCount = 0
  /// What a rule makes.
  var scratch: [Token] = []
  /// What a rule makes before its questions to maps are answered.
  var unanswered: [Token] = []
  /// The calls that wait for those behind them, of all rule sets that are at work.
  var calls: [Call] = []
  /// How many tokens a rule may make.
  var room = Workspace.maximumTokens
  /// Whether a call that could not be made may be among the tokens.
  var hasStrayCalls = false
  var events: [TraceEvent] = []
  /// The steps that are left for this text.
  var stepsLeft: Int
  /// How many steps there are for each text (``EvaluationContext/stepLimit``).
  let stepLimit: Int
  var messages: [ByteString] = []
  var unknowns: [UnknownAnswer] = []
  /// Whether each rule has matched, by its number; empty unless that is asked for.
  var coverage: [Bool] = []
  /// Whether a host that nobody can tell of is taken to be there.
  var assumesHosts = false
  /// Whether what sendmail says of a table that it cannot open (``Lookups/complaint``) is one of the messages.
  var reportsClosedTables = false
  /// What results are made of; nil where nobody asks.
  var decisions: DecisionLog?

  init(_ configuration: CompiledConfiguration, _ context: EvaluationContext) {
    self.configuration = configuration
    lookups = context.lookups
    level = context.trace
    stepLimit = context.stepLimit
    stepsLeft = context.stepLimit
    workspace = Workspace(configuration)
    macros = configuration.macros
    scratch.reserveCapacity(Workspace.maximumTokens)
    for (name, value) in context.macros { setMacro(name, value.bytes) }
    for (name, words) in context.classWords { add(words, toClass: name) }
  }

  /// Sets a macro, or takes its value away; one that the file does not name has no effect on its rules.
  mutating func setMacro(_ name: ByteString, _ value: [UInt8]?) {
    guard let number = configuration.names.find(name) else { return }
    macros[number] = value
  }

  mutating func add(_ words: [ByteString], toClass name: ByteString) {
    if let number = configuration.names.find(name) { add(words, toClass: number) }
  }

  mutating func add(_ words: [ByteString], toClass number: UInt8) {
    if classOverlay.isEmpty { classOverlay = Array(repeating: FrozenWords(WordSet()), count: MacroNames.count) }
    var members = classOverlay[Int(number)].words
    for word in words { members.insert(word.bytes) }
    classOverlay[Int(number)] = FrozenWords(members)
  }

  /// Records what sendmail says of an address on the way, where the trace shows it in a place of its own.
  mutating func note(_ message: ByteString) {
    messages.append(message)
    decisions?.noteMessage()
  }

  mutating func report(_ message: ByteString) {
    note(message)
    if level >= .matches { events.append(.message(message)) }
  }

  mutating func report(_ message: [UInt8]) { report(ByteString(message)) }

  /// Takes steps; what is recorded costs more than what is only done.
  @inline(__always)
  mutating func spend(_ steps: Int) { stepsLeft -= level >= .matches ? steps * 20 : steps }

  /// Gives up where no steps are left.
  private mutating func giveUp(_ number: Int, _ place: Int) {
    // Said once: the rule sets that have called end with the same status.
    if stepsLeft > .min / 2 {
      report(
        "rewrite: given up after too many steps, ruleset \(configuration.ruleSets[number].name), line \(configuration.rules[place].line)"
      )
      stepsLeft = .min / 2
    }
  }

  /// Rewrites the tokens from `base` on by a rule set.
  ///
  /// - Returns: How it ended (``Status``).
  mutating func rewrite(_ number: Int, from base: Int, depth: Int = 0) -> Int32 {
    let rules = configuration.ruleRanges[number]
    if level >= .matches {
      events.append(
        .entered(ruleSet: configuration.ruleSets[number].name, tokens: workspace.shown(workspace.tokens[base...])))
    }
    if depth > Self.deepest {
      report("rewrite: excessive recursion (max \(Self.deepest)), ruleset \(configuration.ruleSets[number].name)")
      return Status.configuration
    }
    decisions?.enter(depth: depth)
    var status = Status.done
    var place = rules.lowerBound
    var rounds = 0
    var summary = workspace.summary(from: base)
    let configuration = configuration
    // A rule set that ends with "$#" ends all of them, as long as nothing is in front of it.
    while place < rules.upperBound, !summary.isDecided {
      if level == .everything { events.append(.tried(line: configuration.rules[place].line)) }
      rounds += 1
      if rounds > Self.mostRounds {
        report(
          "Infinite loop in ruleset \(configuration.ruleSets[number].name), rule \(place - rules.lowerBound + 1)")
        if level == .everything {
          events.append(.looped(tokens: workspace.shown(workspace.tokens[base...])))
        }
        break
      }
      spend(1)
      if stepsLeft < 0 {
        giveUp(number, place)
        return Status.configuration
      }
      guard configuration.guards[place].admits(summary), doesMatch(configuration.rules[place], base) else {
        if level == .everything { events.append(.failed(line: configuration.rules[place].line)) }
        place += 1
        rounds = 0
        continue
      }
      let rule = configuration.rules[place]
      noteMatch(rule, place, base, depth)
      let result = replace(rule, number, base, depth)
      spend(workspace.tokens.count - min(base, workspace.tokens.count) + scratch.count)
      if let failure = result.failure {
        // What could not be cut into tokens leaves sendmail without any.
        if depth == 0, result.isUnreadable { workspace.tokens.removeSubrange(base...) }
        return failure
      }
      if status == Status.done { status = result.status }
      summary = workspace.summary(from: base)
      if level == .everything {
        events.append(.rewritten(tokens: workspace.shown(workspace.tokens[base...])))
      }
      switch rule.prefix {
      case .again: break
      case .once:
        place += 1
        rounds = 0
      case .end, .mailer: place = rules.upperBound
      }
    }
    if decisions != nil {
      let result = text(from: base)
      decisions?.leave(result, depth: depth)
    }
    if level >= .matches {
      events.append(
        .left(ruleSet: configuration.ruleSets[number].name, tokens: workspace.shown(workspace.tokens[base...])))
    }
    return status
  }

  /// The bytes of the tokens from a place on, one behind the other.
  func text(from base: Int) -> [UInt8] { workspace.tokens[base...].flatMap { workspace.bytes($0) } }

  private mutating func noteMatch(_ rule: Rule, _ place: Int, _ base: Int, _ depth: Int) {
    if var log = decisions {
      log.noteMatch(rule, self, base: base, depth: depth)
      decisions = log
    }
    if !coverage.isEmpty { coverage[place] = true }
    if level >= .matches { events.append(.matched(line: rule.line)) }
  }
}
