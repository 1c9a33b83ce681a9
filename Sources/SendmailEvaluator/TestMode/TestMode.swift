public import SendmailConfig

/// Address-test mode: takes the commands of `sendmail -bt` and prints what it prints.
public struct TestMode: Sendable {
  let configuration: CompiledConfiguration
  var rewriter: Rewriter
  /// The debugging levels that are shown of rules (`-d21`) and maps (`-d60`).
  var debugging: (rules: Int, maps: Int)
  /// The names of macros and classes: those of the file, and those that were typed.
  private var names: MacroNames
  /// What `/parse` and `/try` take addresses for.
  var role = AddressRole()

  /// The questions that nobody could answer, each once, in their order.
  public private(set) var unknowns: [UnknownAnswer] = []

  /// What sendmail prints before the first command.
  public static let greeting: ByteString =
    "ADDRESS TEST MODE (ruleset 3 NOT automatically invoked)\nEnter <ruleset> <address>\n"

  /// Begins a session.
  ///
  /// - Parameters:
  ///   - rules: The level of `-d21`: 0 shows what goes into rule sets and comes out, 12 each rule that is tried, 15 what its
  ///     wildcards took.
  ///   - maps: The level of `-d60`: 1 shows each question to a map, 5 its arguments too.
  public init(
    _ configuration: Configuration, _ context: EvaluationContext = EvaluationContext(), rules: Int = 0, maps: Int = 0
  ) {
    self.configuration = configuration.compiled
    var context = context
    context.trace = .everything
    rewriter = Rewriter(configuration.compiled, context)
    names = self.configuration.names
    debugging = (rules, maps)
    setRole(role)
  }

  /// Takes addresses for another part from now on.
  mutating func setRole(_ role: AddressRole) {
    self.role = role
    var defects = MacroNames.Defects()
    rewriter.macros[names.number("addr_type", &defects)] = role.name
  }

  /// Runs one line.
  ///
  /// - Returns: What is printed, without the prompt; nil where the session ends (`/quit`).
  public mutating func run(_ line: ByteString) -> ByteString? {
    var text = TestModeText(configuration)
    let bytes = line.bytes[...]
    switch bytes.first {
    case nil, ASCII.numberSign: break
    case UInt8(ascii: "."): define(bytes.dropFirst(), &text)
    case UInt8(ascii: "$"): showMacro(bytes.dropFirst(), &text)
    case UInt8(ascii: "="): showRules(bytes.dropFirst(), &text)
    case UInt8(ascii: "/"):
      if bytes.map(ASCII.lowercased).elementsEqual("/quit".utf8) { return nil }
      command(bytes, &text)
    case UInt8(ascii: "-"): debug(bytes.dropFirst(), &text)
    case UInt8(ascii: "?"): text.add(TestMode.help)
    default: rewrite(bytes, &text)
    }
    return ByteString(text.bytes)
  }

  /// Whether it is recorded which rules match.
  var recordsCoverage: Bool {
    get { !rewriter.coverage.isEmpty }
    set { rewriter.coverage = newValue ? Array(repeating: false, count: configuration.rules.count) : [] }
  }

  /// The lines of the rules that have matched since ``recordsCoverage`` was set.
  var matchedLines: Set<Int> {
    Set(zip(configuration.rules, rewriter.coverage).filter(\.1).map(\.0.line))
  }

  private mutating func rewrite(_ line: ArraySlice<UInt8>, _ text: inout TestModeText) {
    var rest = line.drop(while: ASCII.isSpace)
    let sets = rest.prefix { !ASCII.isSpace($0) }
    rest = rest.dropFirst(sets.count)
    let blanks = rest.prefix(while: ASCII.isSpace)
    rest = rest.dropFirst(blanks.count)
    guard !rest.isEmpty else {
      if blanks.isEmpty, !sets.isEmpty { text.line("No address!") }
      return
    }
    if let objection = TestMode.objection(to: rest) { return text.line(objection) }
    while true {
      rewriter.begin()
      let end = scan(rest)
      flush(&text)
      if !rewriter.workspace.tokens.isEmpty { apply(sets, &text) }
      guard end < rest.endIndex else { return }
      rest = rest[(end + 1)...]
      if rest.isEmpty { return }
    }
  }

  /// How long an address may be.
  static let longestAddress = 255

  /// Why sendmail takes no address from a text.
  static func objection(to text: ArraySlice<UInt8>) -> ByteString? {
    let taken = text.prefix(longestAddress).map { Meta.isMeta($0) ? 0x3F : $0 }
    let shown = ByteString(AddressMessage.printed(taken))
    if text.count > longestAddress { return "Address \"\(shown)\" too long (\(longestAddress) bytes max)" }
    return text.contains(where: Meta.isMeta) ? "8-bit character in mailbox address \"\(shown)\"" : nil
  }

  /// Applies the rule sets of a list.
  private mutating func apply(_ sets: ArraySlice<UInt8>, _ text: inout TestModeText) {
    for name in sets.split(separator: ASCII.comma, omittingEmptySubsequences: false) {
      if name.isEmpty, name.startIndex == sets.endIndex { return }
      // What follows a comma is still part of the name in messages.
      let shown = ByteString(sets[name.startIndex...])
      switch RuleSetTable.find(Array(name.isEmpty ? shown.bytes[...] : name), in: configuration.ruleSetNumbers) {
      case .success(let number):
        let status = rewriter.rewrite(number, from: 0)
        flush(&text)
        if status != Rewriter.Status.done { text.line("== Ruleset \(shown) (\(number)) status \(status)") }
      case .failure(let defect):
        if !defect.message.isEmpty { text.message(defect.message) }
        return text.line("Undefined ruleset \(shown)")
      }
    }
  }

  /// Cuts an address up to a comma; its end.
  private mutating func scan(_ text: ArraySlice<UInt8>) -> Int {
    var tokens: [Token] = []
    let (_, end, faults) = rewriter.workspace.scan(
      text.span, delimiter: ASCII.comma, types: configuration.ruleTypes, into: &tokens)
    for fault in faults { rewriter.report(AddressMessage.text(fault, about: text)) }
    rewriter.workspace.tokens = tokens
    return text.startIndex + end
  }

  mutating func flush(_ text: inout TestModeText) {
    for event in rewriter.events { text.add(event, rules: debugging.rules, maps: debugging.maps) }
    rewriter.events = []
    for unknown in rewriter.unknowns where !unknowns.contains(unknown) { unknowns.append(unknown) }
    rewriter.unknowns = []
  }

  private mutating func define(_ line: ArraySlice<UInt8>, _ text: inout TestModeText) {
    let kind = line.first
    guard kind == UInt8(ascii: "D") || kind == UInt8(ascii: "C") else {
      return text.line(
        line.isEmpty ? "Usage: .[DC]macro value(s)" : "Unknown \".\" command .\(ByteString(line))")
    }
    // Of a class without a name nothing is said.
    if kind == UInt8(ascii: "C"), line.count == 1 { return }
    var defects = MacroNames.Defects()
    let (number, rest) = names.read(line.dropFirst(), &defects)
    for message in defects.messages { text.message(message) }
    guard number != 0 else { return }
    if kind == UInt8(ascii: "D") {
      rewriter.macros[number] = Array(rest)
    } else {
      rewriter.add(rest.split(whereSeparator: ASCII.isSpace).map { ByteString($0) }, toClass: number)
    }
  }

  private mutating func showMacro(_ line: ArraySlice<UInt8>, _ text: inout TestModeText) {
    if line.first == 0x3D { return showClass(line.dropFirst(), &text) }
    var defects = MacroNames.Defects()
    let (number, _) = names.read(line, &defects)
    for message in defects.messages { text.message(message) }
    // A name of nothing but bytes that no name has is one that is not defined.
    let isName = defects.messages.allSatisfy { $0.bytes.starts(with: "Invalid".utf8) }
    guard number != 0, let value = rewriter.macros[number] else { return isName ? text.line("Undefined") : () }
    text.addShown(value)
    text.line("")
  }

  private mutating func showClass(_ line: ArraySlice<UInt8>, _ text: inout TestModeText) {
    var defects = MacroNames.Defects()
    let (number, _) = names.read(line, &defects)
    for message in defects.messages { text.message(message) }
    guard number != 0 else { return }
    var sets = [configuration.classes[Int(number)].words]
    if rewriter.hasOverlay { sets.append(rewriter.classOverlay[Int(number)].words) }
    for set in sets {
      for word in 0..<set.count {
        text.add(ByteString(set[word]))
        text.line("")
      }
    }
  }

  private mutating func showRules(_ line: ArraySlice<UInt8>, _ text: inout TestModeText) {
    if line.first == UInt8(ascii: "M") { return showMailers(&text) }
    guard let kind = line.first else { return text.line("Usage: =Sruleset or =M") }
    guard kind == UInt8(ascii: "S") else { return text.line("Unknown \"=\" command =\(ByteString(line))") }
    let name = Array(line.dropFirst())
    let number: Int
    switch RuleSetTable.find(name, in: configuration.ruleSetNumbers) {
    case .success(let found): number = found
    case .failure(let defect):
      if !defect.message.isEmpty { text.message(defect.message) }
      return text.line("Undefined ruleset \(ByteString(name))")
    }
    for place in configuration.ruleSets[number].rules {
      let rule = configuration.rules[place]
      var sides = TestModeText(configuration)
      sides.addParts(rule.pattern)
      let pattern = sides.bytes.dropFirst() + (rule.pattern.isEmpty ? [] : [ASCII.space])
      sides = TestModeText(configuration)
      sides.addParts(rule.replacement, prefix: rule.prefix)
      text.add("R")
      text.add(ByteString(pattern))
      text.add("\t\t")
      text.add(ByteString(sides.bytes.dropFirst()))
      text.line(rule.replacement.isEmpty && rule.prefix == .again ? "" : " ")
    }
  }

  /// Sets levels: `d` and a list of `FIRST[-LAST][.LEVEL]`; without a level it is 1, without anything all are.
  private mutating func debug(_ line: ArraySlice<UInt8>, _ text: inout TestModeText) {
    guard let letter = line.first else { return text.line("Usage: -d{debug arguments}") }
    guard letter == UInt8(ascii: "d") else { return text.line("Unknown \"-\" command -\(ByteString(line))") }
    let list = line.count > 1 ? line.dropFirst() : Array("0-99.1".utf8)[...]
    for piece in list.split(separator: ASCII.comma) {
      let parts = piece.split(separator: 0x2E, maxSplits: 1)
      let range = parts.first?.split(separator: 0x2D, maxSplits: 1) ?? []
      guard let first = range.first.flatMap({ ConfigurationLine.number($0) }) else { continue }
      let last = range.count > 1 ? ConfigurationLine.number(range[1]) ?? first : first
      let level = parts.count > 1 ? ConfigurationLine.number(parts[1]) ?? 1 : 1
      if first <= 21, last >= 21 { debugging.rules = level }
      if first <= 60, last >= 60 { debugging.maps = level }
    }
  }

  /// What `?` prints.
  private static let help: ByteString = """
    RULESETS ADDRESS      applies rule sets, such as 3,0, to an address
    .DmVALUE  .CcWORDS    sets a macro; adds words to a class
    $m  $=c               prints a macro's value; a class's members
    =Sruleset  =M         prints the rules of a rule set; the mailers
    /parse ADDRESS        mailer, host and user of an address
    /try MAILER ADDRESS   the address as that mailer wants it
    /tryflags [HE][SR]    for /try: header or envelope, sender or recipient
    /map MAP KEY          looks a key up
    /canon HOST  /mx HOST asks for a host's full name, or its mail exchangers
    -dX.Y                 21.12 shows each rule, 60.1 each look-up, 60.5 its arguments too; 0 nothing
    /quit                 ends the session, as the end of the input does

    """
}
