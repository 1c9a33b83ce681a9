internal import SendmailConfig
internal import SendmailEvaluator

extension FuzzTarget {
  /// The reader of sendmail.cf and the rules: every message names a line that is there; what rules make does not depend on what
  /// is recorded, nor on what was asked before; there are never more tokens than sendmail has room for.
  static let rules = FuzzTarget("rules", longest: 6144, dictionary: "rules") { input throws(FuzzFailure) in
    let world = World(&input)
    let texts = input.strings(atMost: 4)
    let bytes = frame(input.choice(of: 3)) + input.rest()
    let configuration = world.configuration(bytes)
    try requireSound(configuration.diagnostics, of: Text(bytes))
    for name in configuration.ruleSetNames {
      let lines = configuration.ruleLines(of: name)
      try require(lines == lines.sorted(), "the rules of \(name.escaped) are in another order")
    }
    _ = (configuration.options.count, configuration.headers.count, configuration.environment.count)
    let sets = Array(configuration.ruleSetNames.prefix(4))
    for text in texts.map({ ByteString($0) }) {
      for set in sets {
        var (plain, traced) = (world.evaluation(configuration, .none), world.evaluation(configuration, .everything))
        guard let first = plain.rewrite(text, by: set), let second = traced.rewrite(text, by: set) else {
          throw FuzzFailure(description: "\(set.escaped) has rules and is not found")
        }
        try require(first.tokens.count <= 1000, "\(first.tokens.count) tokens")
        // What is recorded costs steps, so one of them may have given up.
        if !second.messages.contains(where: { $0.description.contains("given up") }) {
          try require(first.tokens == second.tokens && first.status == second.status, "a trace changes what is made")
          try require(first.messages == second.messages && first.unknowns == second.unknowns, "or what is said")
        }
        _ = (first.triple, plain.check(text, text, by: set))
      }
      var evaluation = world.evaluation(configuration, .lookups)
      let parsed = evaluation.parse(text)
      for event in parsed.rewriting.trace {
        guard case .lookedUp(let lookup) = event else { continue }
        try require(lookup.ruleLine >= 1, "a look-up by no rule")
      }
      _ = evaluation.rewrite(text, for: "local", as: AddressRole(isSender: true, isHeader: true))
    }
  }

  /// Address-test mode: whatever is typed, an answer of whole lines, the same one each time.
  static let testMode = FuzzTarget("test-mode", dictionary: "rules") { input throws(FuzzFailure) in
    let world = World(&input)
    let levels = (rules: input.pick([0, 4, 12, 15]), maps: input.pick([0, 1, 5]))
    let commands = input.strings(atMost: 12).map { command in ByteString(command.filter { $0 != 0x0A }) }
    let configuration = world.configuration(frame(2) + input.rest())
    var context = EvaluationContext(lookups: world.lookups)
    context.stepLimit = stepLimit
    var first = TestMode(configuration, context, rules: levels.rules, maps: levels.maps)
    var second = first
    for command in commands {
      let answer = first.run(command)
      try require(second.run(command) == answer, "another answer to \(command.escaped)")
      guard let answer else { return }
      try require(answer.bytes.last.map { $0 == 0x0A } ?? true, "half a line in answer to \(command.escaped)")
    }
  }

  /// Enough for any rules that come to an end.
  private static let stepLimit = 100_000

  /// The head of a configuration: none, or one with which rules can be tried.
  private static func frame(_ number: Int) -> [UInt8] {
    let heads = [
      "", "V10\nO OperatorChars=.:%@!^/[]+\n",
      """
      V10/Berkeley
      O OperatorChars=.:%@!^/[]+
      Kh hash /h
      Kt text -k 0 -v 1 /t
      Kd dequote
      Km macro
      Ka arith
      Kr regex -s1,2 -d. ^(.*)@(.*)$
      Ks sequence h t
      Kn dns -R MX
      Ku user -vdir
      Kz switch aliases
      Mlocal, P=/x, F=l, A=x, S=1, R=2
      Mprog, P=/x, F=l, A=x
      Mesmtp, P=[IPC], A=TCP $h
      C{in}a b.c
      S3
      R$* < $+ >\t$2
      S0
      R$+ @ $+\t$#esmtp $@ $2 $: $1
      R$+\t$#local $: $1
      Ss

      """,
    ]
    return Array(heads[number].utf8)
  }

  /// What rules can ask, made of an input: the answer to a question is a matter of its bytes alone.
  private struct World: Sendable {
    private let values: [ByteString]

    init(_ input: inout FuzzInput) { values = input.strings(atMost: 5).map { ByteString($0) } }

    private func answer(_ name: ByteString, _ key: ByteString) -> MapAnswer {
      let sum = (name.bytes + key.bytes).reduce(7) { $0 &* 31 &+ Int($1) } & 0xFF
      switch sum % 8 {
      case 0: return .temporaryFailure
      case 1: return .unknown
      case 2, 3: return .notFound
      default: return values.isEmpty ? .notFound : .found(values[sum % values.count], line: 1)
      }
    }

    var lookups: Lookups {
      var lookups = Lookups(
        table: { map, key in
          map.declaration.mapClass == "text"
            ? TextMapFile(values.flatMap { $0.bytes + [0x0A] }, map.declaration.flags)[key] : answer(map.name, key)
        },
        host: { answer("host", $0) }, record: { answer($0, $1) }, account: { answer("user", $0) })
      lookups.service = { $0 == "aliases" ? ["h", "t"] : nil }
      return lookups
    }

    func configuration(_ bytes: [UInt8]) -> Configuration {
      Configuration(bytes, host: HostFacts(name: "mx.example.org")) { source in
        source.isOptional ? .missing(reason: "No such file") : .text(values.first?.bytes ?? [])
      }
    }

    func evaluation(_ configuration: Configuration, _ trace: TraceLevel) -> Evaluation {
      var context = EvaluationContext(lookups: lookups, trace: trace)
      context.stepLimit = FuzzTarget.stepLimit
      return Evaluation(configuration, context)
    }
  }
}
