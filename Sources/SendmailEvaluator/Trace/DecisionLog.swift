internal import SendmailConfig

/// Notes which rule made a result, and out of what.
///
/// The rule sets that are called hand results up; the first one that was left with what is there at the end has made it, by the
/// rule of it that matched last. The tokens that this rule had before it tell where they come from: what a map returns
/// keeps its place in the workspace however often rules pass it on.
struct DecisionLog {
  /// A rule that matched.
  private struct Step {
    var line: Int
    /// The event of the look-up that one of its tokens comes from.
    var lookup: Int?
    var member: (word: ByteString, name: ByteString)?
  }

  private var last: [Step?] = []
  private var results: [(text: [UInt8], step: Step)] = []
  private var values: [(places: Range<Int>, event: Int)] = []
  private var lastLine: Int?
  /// The line of the rule that sendmail reports something about first.
  private(set) var messageLine: Int?

  /// Notes that a map has returned tokens at these places of the arena; the event is its look-up.
  mutating func noteValue(_ places: Range<Int>, event: Int) { values.append((places, event)) }

  mutating func enter(depth: Int) {
    while last.count <= depth { last.append(nil) }
    last[depth] = nil
  }

  mutating func noteMatch(_ rule: Rule, _ rewriter: borrowing Rewriter, base: Int, depth: Int) {
    lastLine = rule.line
    var step = Step(line: rule.line)
    for token in rewriter.workspace.tokens[base...] {
      let place = Int(token.start)
      guard let value = values.last(where: { $0.places.contains(place) }) else { continue }
      step.lookup = max(step.lookup ?? value.event, value.event)
    }
    for index in 0..<rewriter.matchCount {
      let match = rewriter.matches[index]
      guard rewriter.configuration.parts[match.part].kind == .inClass else { continue }
      let tokens = rewriter.workspace.tokens[match.first..<match.end]
      // A value that is a word of a class, such as OK: the entry has it, not the class.
      if let first = tokens.first, values.contains(where: { $0.places.contains(Int(first.start)) }) { continue }
      var text: [UInt8] = []
      rewriter.workspace.join(tokens, blank: rewriter.configuration.blank, into: &text)
      let name = rewriter.configuration.names.name(UInt8(rewriter.configuration.parts[match.part].argument))
      step.member = (ByteString(text), name)
    }
    if last.indices.contains(depth) { last[depth] = step }
  }

  mutating func noteMessage() { messageLine = messageLine ?? lastLine }

  mutating func leave(_ text: [UInt8], depth: Int) {
    guard last.indices.contains(depth), let step = last[depth] else { return }
    results.append((text, step))
  }

  /// What made a result that rule sets ended with.
  func evidence(for text: [UInt8], _ events: [TraceEvent]) -> Evidence? {
    guard let step = results.first(where: { $0.text == text })?.step else { return nil }
    if let member = step.member { return .member(member.word, ofClass: member.name, ruleLine: step.line) }
    if let event = step.lookup, case .lookedUp(let lookup) = events[event] { return .entry(lookup) }
    return .rule(line: step.line)
  }
}
