import SendmailConfig
import TestSupport
import Testing

@testable import SendmailEvaluator

@Suite("Rules, beside sendmail -bt")
struct RuleTests {
  /// Runs commands in both, and compares what they print.
  static func compare(
    _ commands: [[UInt8]], configuration: [UInt8], debug: (rules: Int, maps: Int) = (15, 5),
    lookups: Lookups = Lookups()
  ) throws {
    let real = RealTestMode.self
    let theirs = try real.init().run(
      commands, configuration: configuration, debug: "21.\(debug.rules),60.\(debug.maps)")
    var context = EvaluationContext()
    context.lookups = lookups
    let compiled = Configuration(configuration, host: real.host)
    var mode = TestMode(compiled, context, rules: debug.rules, maps: debug.maps)
    Difference.report(commands, theirs: Array(theirs.dropFirst())) { mode.run(ByteString($0))?.bytes ?? [] }
  }

  @Test("Odd rules", .needs(.sendmail))
  func oddRules() throws {
    let (rules, commands) = (OddRules.text, OddRules.commands)
    try Self.compare(
      commands.split(separator: "\n").map { Array($0.utf8) },
      configuration: Array((RealTestMode.frame + rules).utf8))
  }

  @Test("Room for tokens, with some in front", .needs(.sendmail))
  func room() throws {
    var text = RealTestMode.frame
    var commands: [[UInt8]] = []
    for front in [0, 1, 2, 500, 998] {
      for total in [997, 998, 999, 1000, 1001] where total > front {
        let words = Array(repeating: "y", count: total - front).joined(separator: " ")
        text += "Sto\(commands.count)\nR$*\t$: \(words)\n"
        let ahead = Array(repeating: "x", count: front).joined(separator: " ")
        text += "Sof\(commands.count)\nR$*\t$: \(ahead) $>to\(commands.count) $1\nR$*\t$: end $1\n"
        commands.append(Array("of\(commands.count) a".utf8))
      }
    }
    try Self.compare(commands, configuration: Array(text.utf8), debug: (4, 5))
  }

  @Test("Generated rules", .needs(.sendmail), arguments: 1...(4 * Effort.factor))
  func generatedRules(seed: Int) throws {
    var generator = GeneratedRules(seed: seed)
    let text = generator.text()
    let commands = (0..<150).map { _ in Array(generator.command().utf8) }
    try Self.compare(commands, configuration: Array((RealTestMode.frame + text).utf8))
  }
}

/// Records where what sendmail prints and what is printed here differ.
enum Difference {
  static func report(_ commands: [[UInt8]], theirs: [[UInt8]], ours: ([UInt8]) -> [UInt8]) {
    var different: [String] = []
    for (command, output) in zip(commands, theirs) {
      let (left, right) = (RealTestMode.comparable(output), RealTestMode.comparable(ours(command)))
      guard left != right else { continue }
      different.append(ByteString(command).escaped)
      if different.count <= 3 {
        Issue.record(
          "\(ByteString(command).escaped)\n--- sendmail\n\(around(left, right))\n--- here\n\(around(right, left))")
      }
    }
    #expect(different.isEmpty, "of \(commands.count) commands: \(different.prefix(40))")
  }

  /// The part of a long text that differs from another.
  private static func around(_ text: String, _ other: String) -> String {
    let (lines, others) = (text.split(separator: "\n"), other.split(separator: "\n"))
    let same = zip(lines, others).prefix { $0 == $1 }.count
    return lines[min(lines.count, max(0, same - 6))..<min(lines.count, same + 4)].map { String($0.prefix(300)) }
      .joined(separator: "\n")
  }
}

/// How much the generated tests do: the environment variable `MAILCFG_TEST_FACTOR` makes it more.
enum Effort {
  static let factor = Tools.environmentValue("MAILCFG_TEST_FACTOR").flatMap { Int($0) } ?? 1
}
