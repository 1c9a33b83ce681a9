internal import SendmailConfig

/// Prints as sendmail's address-test mode prints.
struct TestModeText {
  let configuration: CompiledConfiguration
  private(set) var bytes: [UInt8] = []

  init(_ configuration: CompiledConfiguration) { self.configuration = configuration }

  mutating func add(_ text: ByteString) { bytes += text.bytes }

  mutating func line(_ text: ByteString) {
    add(text)
    bytes.append(ASCII.lineFeed)
  }

  /// What sendmail reports, in whose words the eighth bit is lost.
  mutating func message(_ text: ByteString) { line(ByteString(AddressMessage.printed(text.bytes))) }

  /// Bytes of a token: what stands for `$*` and so on as one writes it, others as sendmail shows them, `M-!` for 0xA1; of
  /// control characters only what ends lines and tabs are shown.
  mutating func addShown(_ token: [UInt8]) {
    for byte in MacroText.written(token[...], names: configuration.names) {
      if byte >= 0x80 { add("M-") }
      switch byte & 0x7F {
      case ASCII.tab: add("\\t")
      case ASCII.lineFeed: add("\\n")
      case ASCII.carriageReturn: add("\\r")
      case let shown where shown >= 0x20 && shown < 0x7F: bytes.append(shown)
      default: break
      }
    }
  }

  /// Tokens with a blank before each, and a line end.
  mutating func addTokens(_ tokens: [ByteString]) {
    for token in tokens {
      bytes.append(ASCII.space)
      addShown(token.bytes)
    }
    bytes.append(ASCII.lineFeed)
  }

  /// One side of a rule, with a blank before each token.
  mutating func addParts(_ places: Range<Int>, prefix: Rule.Prefix? = nil) {
    if prefix == .once { add(" $:") }
    if prefix == .end { add(" $@") }
    for place in places {
      bytes.append(ASCII.space)
      addShown(Array(configuration.pool[configuration.parts[place].token.range]))
    }
  }

  /// A rule set's name in sixteen columns.
  private mutating func addName(_ name: ByteString) {
    let shown = name.bytes.prefix(16)
    bytes += shown
    bytes += Array(repeating: ASCII.space, count: 16 - shown.count)
  }

  /// An event, as debugging of the rules (`-d21`) and of maps (`-d60`) asks for it.
  mutating func add(_ event: TraceEvent, rules: Int, maps: Int) {
    switch event {
    case .entered(let name, let tokens):
      addName(name)
      add("   input:")
      addTokens(tokens)
    case .left(let name, let tokens):
      addName(name)
      add(" returns:")
      addTokens(tokens)
    case .skipped(let name, let number):
      if rules >= 4 { line("-----skip subr \(name) (\(number))") }
    case .tried(let number):
      guard rules >= 12, let rule = configuration.rule(atLine: number) else { return }
      add(rules >= 15 ? "-----trying rule (line \(rule.lastLine)):" : "-----trying rule:")
      addParts(rule.pattern)
      bytes.append(ASCII.lineFeed)
    case .failed:
      if rules >= 10 { line("----- rule fails") }
    case .matched(let number):
      guard rules >= 12, let rule = configuration.rule(atLine: number) else { return }
      add("-----rule matches:")
      addParts(rule.replacement, prefix: rule.prefix)
      bytes.append(ASCII.lineFeed)
    case .substituted(let number, let tokens):
      guard rules >= 15 else { return }
      add("$\(number):")
      for token in tokens {
        add(" =\"")
        add(token)
        add("\"")
      }
      bytes.append(ASCII.lineFeed)
    case .rewritten(let tokens):
      guard rules >= 4 else { return }
      add("rewritten as:")
      addTokens(tokens)
    case .looped(let tokens):
      guard rules >= 1 else { return }
      add("workspace: ")
      addTokens(tokens)
    case .macro(let name, let value, let isPattern):
      guard rules >= 2 else { return }
      add("rewrite: \(isPattern ? "LHS" : "RHS") $&{")
      add(name)
      add("} => \"")
      add(value ?? "(NULL)")
      line("\"")
    case .lookedUp(let lookup):
      if maps >= 1 {
        add(lookup, maps: maps)
      } else if let message = lookup.message {
        line(message)
      }
    case .message(let text):
      add(text)
      bytes.append(ASCII.lineFeed)
    }
  }

  private mutating func add(_ lookup: MapLookup, maps: Int) {
    add("map_lookup(")
    add(lookup.map)
    add(", ")
    addShown(lookup.key.bytes)
    if maps >= 5 {
      for (index, argument) in ([lookup.key] + lookup.arguments).enumerated() {
        add(", %\(index)=")
        add(argument)
      }
    }
    add(") => ")
    if let message = lookup.message { line(message) }
    add(lookup.value ?? "NOT FOUND")
    line(" (\(lookup.status)), ad=0")
    guard lookup.status == Rewriter.Status.temporaryFailure, lookup.defers else { return }
    add("map_lookup(")
    add(lookup.map)
    add(", ")
    add(lookup.key)
    line(") tempfail: errno=0")
    guard let value = lookup.failureValue else { return }
    add("map_lookup tempfail: returning \"")
    add(value)
    line("\"")
  }
}
