import SendmailConfig
import TestSupport
import Testing

@testable import SendmailEvaluator

@Suite("Configurations that would keep a program busy, or break it")
struct HostileTests {
  private static func run(_ evaluation: inout Evaluation, _ text: ByteString, by set: ByteString = "s") -> Rewriting? {
    evaluation.rewrite(text, by: set)
  }

  private func configuration(_ text: String) -> Configuration { Configuration(Array(text.utf8)) }

  @Test("A hundred thousand classes: names beyond sendmail's room are errors with their lines")
  func classes() {
    let text = (1...100_000).map { "C{c\($0)}word\n" }.joined()
    let found = configuration(text)
    #expect(found.diagnostics.contains { $0.line == 95 && $0.message.contains("too many long names") })
    #expect(found.members(ofClass: "c1") == ["word"])
    #expect(found.members(ofClass: "c99999").isEmpty)
  }

  @Test("A class of two hundred thousand words")
  func words() {
    let names = (1...200_000).map { "Cxw\($0).example\n" }.joined()
    let text = names + "V10\nO OperatorChars=.\nSs\nR$*$=x\t$@ yes\nR$*\t$@ no\n"
    var evaluation = Evaluation(configuration(text))
    #expect(Self.run(&evaluation, "a.w199999.example")?.text == "yes")
    #expect(Self.run(&evaluation, "w200001.example")?.text == "no")
  }

  @Test("Patterns that fail slowly")
  func slowPatterns() {
    let pattern = Array(repeating: "$* a", count: 9).joined(separator: " ")
    var evaluation = Evaluation(configuration("V10\nSs\nR\(pattern) b\t$@ yes\n"))
    let text = ByteString(Array(repeating: "a", count: 400).joined(separator: " "))
    #expect(Self.run(&evaluation, text)?.tokens.count == 400)
  }

  @Test("Rule sets that call each other without end")
  func recursion() throws {
    var evaluation = Evaluation(configuration("V10\nSa\nR$*\t$: $>b $1\nSb\nR$*\t$: $>a $1\n"))
    let result = try #require(Self.run(&evaluation, "x", by: "a"))
    #expect(result.status == 78)
    #expect(result.messages.contains { $0.description.contains("excessive recursion") })
  }

  @Test("Rule sets that call themselves twice for each token", .timeLimit(.minutes(1)))
  func explosion() throws {
    let text = "V10\nSa\nR t $*\t$: go $1\nR go $*\t$: go $>a $1\nR go $*\t$: go $>a $1\nR go $*\t$@ t $1\n"
    let tokens = ByteString(Array(repeating: "t", count: 45).joined(separator: " "))
    for trace in [TraceLevel.none, .everything] {
      var evaluation = Evaluation(configuration(text), EvaluationContext(trace: trace))
      let result = try #require(Self.run(&evaluation, tokens, by: "a"))
      #expect(result.status == 78)
      #expect(result.messages.count == 1)
      #expect(
        result.messages.first?.description.hasPrefix("rewrite: given up after too many steps, ruleset a, line ") == true
      )
      // The next text is evaluated as if nothing had been.
      #expect(Self.run(&evaluation, "t t t", by: "a")?.status == 0)
    }
  }

  @Test("Tens of thousands of rules, words and long lines", .timeLimit(.minutes(2)))
  func size() throws {
    let rules = (1...50_000).map { "R a\($0) $*\t$@ found \($0) $1\n" }.joined()
    var evaluation = Evaluation(configuration("V10\nSs\n" + rules))
    #expect(Self.run(&evaluation, "a49999 x")?.tokens.map(\.description) == ["found", "49999", "x"])
    let words = (1...50_000).map { "C{c\($0 % 90)}w\($0)\n" }.joined()
    #expect(configuration(words).members(ofClass: "c7").count == 50_000 / 90 + 1)
    let long = String(repeating: "x", count: 4_000_000)
    let found = configuration("V10\nD{m}\(long)\nSs\nR\(long)\t\(long)\nC{w}\(long)\nK\(long)\nM\(long)\nH\(long): y\n")
    #expect(found.macro("m")?.bytes.count == 4095)
    #expect(found.diagnostics.contains { $0.line == 4 && $0.message == "prescan: token too long" })
  }

  @Test("Operators that are none, in every place")
  func operators() throws {
    var random = SplitMix64(seed: 5)
    let pieces =
      (0..<256).map { "$\(UnicodeScalar(UInt8($0)))" } + [
        "\t", " ", "a", "$1", "$*", "$(", "$)", "$[", "$]", "$>", "{", "}",
      ]
    for _ in 0..<300 {
      let rules = (0..<8).map { _ in "R" + (0..<6).map { _ in random.pick(pieces) }.joined() + "\n" }.joined()
      var evaluation = Evaluation(configuration("V10\nSs\n" + rules))
      _ = Self.run(&evaluation, "a b @ c")
    }
  }

  @Test("Macros that name themselves, lines that end early, what is no configuration at all")
  func oddLines() {
    let loop = configuration("V10\nDa$b\nDb$a\nSs\nR$*\t$: $a\n")
    #expect(loop.diagnostics.contains { $0.message.contains("recursion too deep") })
    for line in [
      "R", "S", "D", "C", "F", "K", "M", "H", "O", "P", "Q", "X", "E", "T", "V", "D{", "$", "R$", "R\t", "R$&\t$&",
    ] {
      for tail in ["", "\n", "\n\t", "\0", "{", "$", "$=", "\t$(", "\t$>", "\t$["] {
        _ = configuration("V10\nSs\n" + line + tail)
      }
    }
    _ = Configuration((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 3) })
  }

  @Test("Missing rule sets and maps are reported, and the evaluation goes on")
  func missing() throws {
    let found = configuration("V10\nSs\nR$*\t$: $>nowhere $(nomap $1 $: default $)\n")
    var evaluation = Evaluation(found)
    let result = try #require(Self.run(&evaluation, "x", by: "s"))
    #expect(result.status == 78)
    #expect(result.messages == ["rewrite: map nomap not found", "Unknown ruleset nowhere"])
    #expect(Self.run(&evaluation, "x", by: "nowhere") == nil)
  }

  @Test("What nobody can answer is named")
  func unknowns() throws {
    let found = configuration(
      "V10\nKl ldap -k x\nKd dns -R MX\nSs\nR$*\t$: $(l $1 $: no $) $(d a.example $: no $) $[ b.example $: no $]\n")
    var evaluation = Evaluation(found)
    let result = try #require(Self.run(&evaluation, "x", by: "s"))
    #expect(result.unknowns.map(\.map) == ["l", "d", "host"])
    #expect(result.text == "nonono")
  }

  @Test("One configuration in many tasks")
  func tasks() async throws {
    let found = configuration("V10\nO OperatorChars=.\nKm macro\nSs\nR$*\t$: $(m {v} $@ $1 $) $&{v}\n")
    await withTaskGroup(of: Bool.self) { group in
      for task in 0..<16 {
        group.addTask {
          var evaluation = Evaluation(found)
          return (0..<200).allSatisfy { round in
            let text = ByteString("t\(task).r\(round)")
            // The value is that of before: macros are replaced before maps are asked.
            _ = evaluation.rewrite(text, by: "s")
            return evaluation.rewrite(text, by: "s")?.text == text
          }
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }
}
