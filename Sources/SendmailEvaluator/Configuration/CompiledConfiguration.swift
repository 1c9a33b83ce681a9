internal import SendmailConfig

/// A sendmail.cf in the form that evaluations run: tokens and words as numbers, rules in flat arrays.
final class CompiledConfiguration: Sendable {
  /// How many rule sets there can be; names take the upper half, from above.
  static let maximumRuleSets = 200

  let diagnostics: [Diagnostic]
  let level: Int
  let options: [ConfigurationOption]
  let names: MacroNames
  let macros: MacroValues
  /// The members of classes, by the classes' numbers.
  let classes: [FrozenWords]
  /// The words that rules name.
  let lexicon: WordSet
  /// The bytes of all tokens in ``parts``.
  let pool: [UInt8]
  let parts: [RulePart]
  /// The same parts for matching, of which there is more to go through.
  let patternParts: [PatternPart]
  let rules: [Rule]
  /// The guards of the rules' patterns.
  let guards: [PatternGuard]
  let ruleSets: [RuleSet]
  /// The rules of each rule set.
  let ruleRanges: [Range<Int>]
  /// The places of the rules in the order of their lines.
  private let rulesByLine: [Int]
  /// The rule set that each word of the lexicon names; -1 for none.
  let ruleSetOfWord: [Int32]
  /// The map that each word of the lexicon names; -1 for none.
  let mapOfWord: [Int32]
  /// The maps by their numbers, and behind them the one of hosts.
  let compiledMaps: [CompiledMap]
  let ruleSetNumbers: [ByteString: Int]
  let maps: [MapDefinition]
  let mapNumbers: [ByteString: Int]
  let mailers: [Mailer]
  let headers: [HeaderLine]
  let precedences: [ByteString: Int]
  let queueGroups: [EquatesLine]
  let filters: [EquatesLine]
  let environment: [ByteString]
  let unknownClassSources: [ClassSource]
  /// How addresses and what maps return are cut.
  let addressTypes: TokenTypes
  /// How the default of a look-up is cut.
  let defaultTypes: TokenTypes
  /// How rules are cut, and what is typed in test mode.
  let ruleTypes: TokenTypes
  /// The byte for a blank between two atoms (`O BlankSub`).
  let blank: UInt8

  init(_ reader: ConfigurationReader) {
    diagnostics = reader.diagnostics
    level = reader.level
    options = reader.options
    names = reader.names
    macros = reader.macros
    classes = reader.classes.map { FrozenWords($0) }
    lexicon = reader.rules.lexicon
    pool = reader.rules.pool
    // Which bytes make an atom is known once all options are read.
    parts = reader.rules.parts.map { part in
      var part = part
      let first = reader.rules.pool[Int(part.token.start)]
      part.token.isAtom = reader.ruleTypes.kind(first) == .atom
      return part
    }
    var rules: [Rule] = []
    var ruleSets: [RuleSet] = []
    for number in 0..<CompiledConfiguration.maximumRuleSets {
      let first = rules.count
      rules += reader.ruleSets.rules[number]
      ruleSets.append(
        RuleSet(name: reader.ruleSets.name(number), rules: first..<rules.count, number: number))
    }
    self.rules = rules
    patternParts = parts.map { PatternPart(kind: $0.kind, argument: $0.argument) }
    guards = rules.map { [parts] in PatternGuard($0, parts) }
    rulesByLine = rules.indices.sorted { rules[$0].line < rules[$1].line }
    self.ruleSets = ruleSets
    ruleSetNumbers = reader.ruleSets.numbers
    ruleRanges = ruleSets.map(\.rules)
    var (ruleSetOfWord, mapOfWord): ([Int32], [Int32]) = ([], [])
    for number in 0..<reader.rules.lexicon.count {
      let word = Array(reader.rules.lexicon[number])
      let found = try? RuleSetTable.find(word.filter { $0 != ASCII.quote }, in: reader.ruleSets.numbers).get()
      ruleSetOfWord.append(Int32(found ?? -1))
      let map = reader.mapNumbers[ByteString(word).folded]
      mapOfWord.append(Int32(map ?? (ByteString(word).folded == "host" ? reader.maps.count : -1)))
    }
    (self.ruleSetOfWord, self.mapOfWord) = (ruleSetOfWord, mapOfWord)
    compiledMaps = (reader.maps + [.host]).map { CompiledMap($0) }
    maps = reader.maps
    mapNumbers = reader.mapNumbers
    mailers = reader.mailers
    headers = reader.headers
    precedences = reader.precedences
    queueGroups = reader.queueGroups
    filters = reader.filters
    environment = reader.environment
    unknownClassSources = reader.unknownClassSources
    addressTypes = reader.addressTypes
    defaultTypes = reader.defaultTypes
    ruleTypes = reader.ruleTypes
    blank = reader.blank
  }

  /// The rule that stands at a line; nil where none does.
  func rule(atLine line: Int) -> Rule? {
    var (low, high) = (0, rulesByLine.count)
    while low < high {
      let middle = (low + high) / 2
      if rules[rulesByLine[middle]].line < line { low = middle + 1 } else { high = middle }
    }
    guard low < rulesByLine.count, rules[rulesByLine[low]].line == line else { return nil }
    return rules[rulesByLine[low]]
  }

  /// The number of the rule set that a name, or the digits of a number, stands for; nil where there is none.
  func ruleSetNumber(_ text: [UInt8]) -> Int? {
    if case .success(let number) = RuleSetTable.find(text, in: ruleSetNumbers) { return number }
    return nil
  }
}
