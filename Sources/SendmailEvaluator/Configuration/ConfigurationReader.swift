internal import SendmailConfig

/// Reads sendmail.cf line by line, as sendmail does when it starts.
struct ConfigurationReader {
  private(set) var diagnostics: [Diagnostic] = []
  private(set) var level = 0
  private(set) var options: [ConfigurationOption] = []
  private(set) var names = MacroNames()
  private(set) var macros = MacroValues()
  private(set) var classes: [WordSet] = Array(repeating: WordSet(), count: MacroNames.count)
  private(set) var rules = RuleCompiler()
  private(set) var ruleSets = RuleSetTable()
  private(set) var maps: [MapDefinition] = []
  private(set) var mapNumbers: [ByteString: Int] = [:]
  private(set) var mailers: [Mailer] = Mailer.own
  private(set) var headers: [HeaderLine] = []
  private(set) var precedences: [ByteString: Int] = [:]
  private(set) var queueGroups: [EquatesLine] = []
  private(set) var filters: [EquatesLine] = []
  private(set) var environment: [ByteString] = []
  private(set) var unknownClassSources: [ClassSource] = []
  private(set) var addressTypes = TokenTypes(operators: TokenTypes.defaultOperators)
  private(set) var ruleTypes = TokenTypes(
    operators: TokenTypes.defaultOperators, skipsComments: false, splitsSigns: true)
  private(set) var defaultTypes = TokenTypes(operators: TokenTypes.defaultOperators, splitsSigns: true)
  private(set) var blank = ASCII.space

  /// The rule set that `R` lines belong to; nil behind an `S` line that names none.
  private var ruleSet: Int? = 0
  /// The rule sets that an `S` line has begun, to notice one that begins again.
  private var begun: Set<Int> = []
  private var line = 0
  private var lines = 0..<0

  static func read(
    _ bytes: [UInt8], host: HostFacts, files: (ClassSource) -> ClassContents
  ) -> CompiledConfiguration {
    var reader = ConfigurationReader()
    reader.enter(host)
    let text = Text(bytes)
    let (lines, _) = ConfigurationLine.lines(of: text)
    for line in lines { reader.read(line, files) }
    reader.enterOwnNames(host)
    reader.setDeliveryMode(host)
    return CompiledConfiguration(reader)
  }

  private mutating func enter(_ host: HostFacts) {
    for name in [host.name] + host.otherNames where !name.isEmpty {
      classes[Int(UInt8(ascii: "w"))].insert(name.bytes)
    }
    macros[UInt8(ascii: "w")] = host.shortName.bytes
    macros[UInt8(ascii: "j")] = host.name.bytes
    macros[UInt8(ascii: "k")] = host.nodeName.bytes
    macros[UInt8(ascii: "m")] = host.domain?.bytes
    var defects = MacroNames.Defects()
    macros[names.number("opMode", &defects)] = host.operationMode.bytes
    macros[UInt8(ascii: "n")] = Array("MAILER-DAEMON".utf8)
    // Encodings and types of messages that sendmail can make others of.
    for (letter, words) in [("e", ["7bit", "8bit", "binary"]), ("n", ["multipart/signed"]), ("s", ["rfc822"])] {
      for word in words { classes[Int(Array(letter.utf8)[0])].insert(Array(word.utf8)) }
    }
  }

  /// The name and the domain that the host has in the end (`$j`, `$m`) are in its classes, and so are the names of its
  /// interfaces.
  private mutating func enterOwnNames(_ host: HostFacts) {
    let ownNames = Int(UInt8(ascii: "w"))
    for (macro, members) in [(UInt8(ascii: "j"), ownNames), (UInt8(ascii: "m"), Int(UInt8(ascii: "m")))] {
      let name = macros.expand((macros[macro] ?? [])[...]).text
      if !name.isEmpty { classes[members].insert(name) }
    }
    for name in host.interfaceNames where classes[ownNames].number(of: name.bytes) == nil {
      classes[ownNames].insert(name.bytes)
      if name.bytes.first != UInt8(ascii: "[") {
        classes[ownNames].insert([UInt8(ascii: "[")] + name.bytes + [UInt8(ascii: "]")])
      }
    }
  }

  /// `${deliveryMode}`: rules ask for it, since mail that is only deferred is not checked.
  private mutating func setDeliveryMode(_ host: HostFacts) {
    guard let number = names.find("deliveryMode") else { return }
    let option = options.last { $0.name == "DeliveryMode" }?.value.bytes.first ?? UInt8(ascii: "b")
    macros[number] = [host.operationMode == "t" ? UInt8(ascii: "i") : option]
  }

  private mutating func read(_ logical: ConfigurationLine, _ files: (ClassSource) -> ClassContents) {
    (line, lines) = (logical.line, logical.lines)
    let body = logical.kind == UInt8(ascii: "F") ? logical.body : translated(logical.body)
    switch logical.kind {
    case 0, ASCII.numberSign: break
    case UInt8(ascii: "R"): addRule(body)
    case UInt8(ascii: "S"): beginRuleSet(body)
    case UInt8(ascii: "D"): define(body)
    case UInt8(ascii: "C"): addClassWords(body)
    case UInt8(ascii: "T"): addWords(body, UInt8(ascii: "t"))
    case UInt8(ascii: "F"): fillClass(logical, files)
    case UInt8(ascii: "K"): declareMap(body)
    case UInt8(ascii: "O"): setOption(logical)
    case UInt8(ascii: "M"): addMailer(body)
    case UInt8(ascii: "H"): addHeader(body)
    case UInt8(ascii: "P"): addPrecedence(body, logical)
    case UInt8(ascii: "Q"): addEquates(body, to: \.queueGroups)
    case UInt8(ascii: "X"): addEquates(body, to: \.filters)
    case UInt8(ascii: "E"): environment.append(ByteString(body))
    case UInt8(ascii: "V"): setLevel(body)
    default: report(.unknownLine, "unknown configuration line \"\(ByteString([logical.kind]))\(ByteString(body))\"")
    }
  }

  mutating func report(_ code: Diagnostic.Code, _ message: ByteString, _ severity: Diagnostic.Severity = .error) {
    diagnostics.append(
      Diagnostic(
        code: code, severity: severity, line: line, message: message.escaped,
        remedy: "see the installation and operation guide, chapter 5, for lines of this kind"))
  }

  /// A line with each `$` as the byte that stands for a macro, and the macros' numbers for their names.
  private mutating func translated(_ body: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard body.contains(0x24) else { return body }
    var result: [UInt8] = []
    var rest = body
    var defects = MacroNames.Defects()
    while let byte = rest.popFirst() {
      guard byte == 0x24, let next = rest.first else {
        result.append(byte)
        continue
      }
      if next == 0x24 {
        result.append(0x24)
        rest = rest.dropFirst()
        continue
      }
      result.append(Meta.macro)
      if [0x3D, 0x7E, 0x26, 0x3F].contains(next) {
        result.append(next)
        rest = rest.dropFirst()
      }
      let (number, tail) = names.read(rest, &defects)
      // The number 0 ends the line, as a NUL does.
      guard number != 0 else { break }
      result.append(number)
      rest = tail
    }
    for message in defects.messages { report(.macroName, message) }
    return result[...]
  }

  /// A line as it stands in the file, for messages.
  private func written(_ body: ArraySlice<UInt8>) -> ByteString {
    ByteString(MacroText.written(body, names: names))
  }

  /// A text with its macros expanded.
  private mutating func expanded(_ bytes: ArraySlice<UInt8>, room: Int = MacroValues.room) -> [UInt8] {
    let (text, isTooDeep) = macros.expand(bytes, room: room)
    if isTooDeep { report(.macroName, "expand: recursion too deep (10 max)") }
    return text
  }

  /// The number of the macro or class that a line names, and what is behind the name.
  private mutating func readName(_ body: ArraySlice<UInt8>) -> (number: UInt8, rest: ArraySlice<UInt8>)? {
    var defects = MacroNames.Defects()
    let (number, rest) = names.read(body, &defects)
    for message in defects.messages { report(.macroName, message) }
    return number == 0 ? nil : (number, rest)
  }
}

extension ConfigurationReader {
  private mutating func addRule(_ body: ArraySlice<UInt8>) {
    guard let ruleSet else {
      return report(.rule, "missing valid ruleset for \"R\(written(body))\"")
    }
    guard let tab = body.firstIndex(of: ASCII.tab) else {
      return report(.rule, "invalid rewrite line \"R\(written(body))\" (tab expected)")
    }
    let pattern = expanded(body[..<tab], room: RuleCompiler.room)
    let replacement = expanded(
      body[tab...].drop { $0 == ASCII.tab }.prefix { $0 != ASCII.tab }, room: RuleCompiler.room)
    var messages: [ByteString] = []
    let types = level >= 9 ? ruleTypes : addressTypes
    let rule = rules.compile(pattern: pattern, replacement: replacement, lines: lines, types: types) {
      messages.append($0)
    }
    ruleSets.rules[ruleSet].append(rule)
    for message in messages { report(.rule, message) }
  }

  private mutating func beginRuleSet(_ body: ArraySlice<UInt8>) {
    let text = expanded(body)
    do {
      let number = try ruleSets.enter(text)
      ruleSet = number
      if !begun.insert(number).inserted, !ruleSets.rules[number].isEmpty {
        report(.ruleSet, "WARNING: Ruleset \(ByteString(text)) has multiple definitions", .warning)
      }
    } catch {
      ruleSet = nil
      report(.ruleSet, written(error.message.bytes[...]))
    }
  }

  private mutating func define(_ body: ArraySlice<UInt8>) {
    guard let (number, rest) = readName(body) else { return }
    macros[number] = Macros.unquoted(rest).bytes
  }

  private mutating func addClassWords(_ body: ArraySlice<UInt8>) {
    guard let (number, rest) = readName(body) else { return }
    addWords(expanded(rest)[...], number)
  }

  private mutating func addWords(_ text: ArraySlice<UInt8>, _ number: UInt8) {
    for word in text.split(whereSeparator: ASCII.isSpace) {
      if word.first == Meta.inClass {
        guard word.count > 1 else {
          report(.macroName, "Name required for macro/class")
          continue
        }
        let source = classes[Int(word[word.startIndex + 1])]
        for index in 0..<source.count { classes[Int(number)].insert(source[index]) }
      } else {
        classes[Int(number)].insert(word)
      }
    }
  }

  private mutating func fillClass(_ logical: ConfigurationLine, _ files: (ClassSource) -> ClassContents) {
    guard let (number, _) = readName(logical.body) else { return }
    let source: ClassSource
    do { source = try ClassSource(logical) } catch {
      switch error {
      case .noName, .noFile: report(.classFile, "fileclass: missing file name")
      case .unbalanced: report(.classFile, "illegal filename '\(ByteString(logical.body.dropFirst()))'")
      }
      return
    }
    switch files(source) {
    case .text(let bytes):
      let file = ClassFile(bytes, format: source.format)
      file.forEachMember { _, place in
        classes[Int(number)].insert(bytes[place])
        return true
      }
    case .missing(let reason):
      if !source.isOptional { report(.classFile, "fileclass: cannot open '\(source.path)': \(reason)") }
    case .unknown: unknownClassSources.append(source)
    }
  }

  private mutating func declareMap(_ body: ArraySlice<UInt8>) {
    let text = expanded(body)
    guard let declaration = MapDeclaration(expanded: text[...], line: line) else {
      let name = text[...].drop(while: ASCII.isSpace).prefix { !ASCII.isSpace($0) }
      let isName = name.first.map { ASCII.isDigit($0) || ASCII.lowercased($0) &- 0x61 < 26 } ?? false
      return report(
        .map,
        isName
          ? "readcf: config K line, map \(ByteString(name)): no map class" : "readcf: config K line: no map name")
    }
    guard MapDeclaration.classes.contains(declaration.mapClass) else {
      return report(.map, "readcf: map \(declaration.name): class \(declaration.mapClass) not available")
    }
    let known = mapNumbers[declaration.name.folded]
    let (map, messages) = MapDefinition.make(
      declaration, earlier: known.map { maps[$0] }, names: mapNumbers, blank: blank)
    for message in messages { report(.map, message) }
    if let known {
      maps[known] = map
    } else {
      mapNumbers[declaration.name.folded] = maps.count
      maps.append(map)
    }
  }

  private mutating func setOption(_ logical: ConfigurationLine) {
    let option: ConfigurationOption
    do { option = try ConfigurationOption(logical) } catch {
      switch error {
      case .noName, .blankBeforeName: report(.option, "readcf: unknown option name 0x0")
      case .ambiguous(let name, let known):
        report(
          .option, "readcf: ambiguous option name \(name) (matches \(known[0]) and \(known[1]))")
      case .unknownLetter(let letter):
        report(.option, "readcf: unknown option name 0x\(String(letter, radix: 16))")
      }
      return
    }
    guard OptionNames.isKnown(option.name) else {
      return report(.option, "readcf: unknown option name \(option.name)")
    }
    options.append(option)
    if option.name == "OperatorChars" {
      addressTypes = TokenTypes(operators: option.value)
      defaultTypes = TokenTypes(operators: option.value, splitsSigns: true)
      ruleTypes = TokenTypes(operators: option.value, skipsComments: false, splitsSigns: true)
    } else if option.name == "BlankSub" {
      blank = option.value.bytes.first ?? ASCII.space
    }
  }

  private mutating func addMailer(_ body: ArraySlice<UInt8>) {
    var messages: [ByteString] = []
    let mailer = Mailer.read(body, line: line, ruleSets: &ruleSets, names: names) { messages.append($0) }
    for message in messages { report(.mailer, message) }
    guard let mailer else { return }
    if let known = mailers.firstIndex(where: { $0.name.folded == mailer.name.folded }) {
      mailers[known] = mailer
    } else {
      mailers.append(mailer)
    }
  }

  private mutating func addHeader(_ body: ArraySlice<UInt8>) {
    guard let header = HeaderLine.read(body, line: line, names: names) else {
      return report(.header, "header syntax error, line \"\(ByteString(body))\"")
    }
    if let name = header.ruleSet {
      do { _ = try ruleSets.enter(name.bytes) } catch { report(.header, error.message) }
    }
    headers.append(header)
  }

  private mutating func addPrecedence(_ body: ArraySlice<UInt8>, _ logical: ConfigurationLine) {
    guard let sign = body.firstIndex(of: 0x3D) else {
      return report(.unknownLine, "unknown configuration line \"P\(ByteString(body))\"")
    }
    let name = body[..<sign].trimming(while: ASCII.isSpace)
    precedences[ByteString(name)] = ConfigurationLine.number(body[(sign + 1)...]) ?? 0
  }

  private mutating func addEquates(
    _ body: ArraySlice<UInt8>, to list: WritableKeyPath<ConfigurationReader, [EquatesLine]>
  ) {
    guard let equates = EquatesLine.read(body, line: line) else {
      return report(.equates, "the line has no name")
    }
    if list == \.filters {
      if filters.contains(where: { $0.name == equates.name }) {
        return report(.equates, "X\(equates.name): duplicate filter definition")
      }
      if equates["S"]?.isEmpty ?? true {
        report(.equates, "X\(equates.name): empty or missing socket information")
      }
    }
    self[keyPath: list].append(equates)
  }

  private mutating func setLevel(_ body: ArraySlice<UInt8>) {
    guard let number = ConfigurationLine.number(body) else {
      return report(.level, "invalid argument to V line: \"\(ByteString(body.prefix(20)))\"")
    }
    level = number
    // From level 9 on the domain is no longer part of $w.
    if level >= 5, level < 9, let name = macros[UInt8(ascii: "j")] { macros[UInt8(ascii: "w")] = name }
  }
}

extension Diagnostic.Code {
  static let unknownLine = Diagnostic.Code(rawValue: "cf.unknown-line")
  static let macroName = Diagnostic.Code(rawValue: "cf.macro-name")
  static let rule = Diagnostic.Code(rawValue: "cf.rule")
  static let ruleSet = Diagnostic.Code(rawValue: "cf.rule-set")
  static let classFile = Diagnostic.Code(rawValue: "cf.class-source")
  static let map = Diagnostic.Code(rawValue: "cf.map")
  static let option = Diagnostic.Code(rawValue: "cf.option")
  static let mailer = Diagnostic.Code(rawValue: "cf.mailer")
  static let header = Diagnostic.Code(rawValue: "cf.header")
  static let equates = Diagnostic.Code(rawValue: "cf.equates")
  static let level = Diagnostic.Code(rawValue: "cf.level")
}
