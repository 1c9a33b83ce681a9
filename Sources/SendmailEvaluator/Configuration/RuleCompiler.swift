internal import SendmailConfig

/// Compiles `R` lines.
///
/// ```abnf
/// rule        = "R" pattern 1*HT replacement [ HT *OCTET ]        ; the last is a comment
/// pattern     = *( token / "$*" / "$+" / "$-" / "$@" / "$=" class / "$~" class / "$&" macro / "$#" / "$|" )
/// replacement = [ "$@" / "$:" / "$#" ] *( token / "$" DIGIT / "$&" macro / lookup / "$>" token )
/// lookup      = "$[" *piece [ "$:" *piece ] "$]" / "$(" token *piece *( "$@" *piece ) [ "$:" *piece ] "$)"
/// ```
/// Other macros and conditions are expanded when the line is read. Sources: installation and operation guide, "R and S --
/// Rewriting Rules".
struct RuleCompiler {
  /// How many wildcards a pattern may have.
  static let maximumWildcards = 9
  /// How many bytes sendmail takes of one side of a rule once it is expanded.
  static let room = 2047
  /// How many arguments a look-up may have.
  static let maximumArguments = 9

  private(set) var lexicon = WordSet()
  private(set) var pool: [UInt8] = []
  private(set) var parts: [RulePart] = []
  private var scanner = TokenScanner()

  /// Compiles a rule of which both sides are expanded; what sendmail says about it goes to `report`.
  mutating func compile(
    pattern: [UInt8], replacement: [UInt8], lines: Range<Int>, types: TokenTypes, report: (ByteString) -> Void
  ) -> Rule {
    scan(pattern, types, report)
    var rule = Rule(
      line: lines.lowerBound, lastLine: lines.upperBound - 1, pattern: parts.count..<parts.count,
      replacement: parts.count..<parts.count, prefix: .again,
      minimum: 0, required: 0, wildcards: 0, hasMacro: false, hasLookup: false, hasCall: false)
    if scanner.ends.isEmpty { report("R line: null LHS") }
    for (token, bytes) in takeTokens() {
      let part = patternPart(token, bytes, report)
      switch part.kind {
      case .any: rule.wildcards += 1
      case .some, .one, .inClass, .notInClass:
        rule.wildcards += 1
        rule.minimum += 1
      case .macro: rule.hasMacro = true
      case .nothing, .matched: break
      case .token:
        rule.minimum += 1
        rule.required |= Token.bit(ofWord: part.argument)
      }
      parts.append(part)
    }
    rule.pattern = rule.pattern.lowerBound..<parts.count
    if rule.wildcards > RuleCompiler.maximumWildcards {
      report("R line: too many wildcards")
      parts.removeSubrange(rule.pattern)
      rule.pattern = parts.count..<parts.count
      (rule.minimum, rule.required, rule.wildcards, rule.hasMacro) = (0, 0, 0, false)
    }
    compileReplacement(replacement, &rule, types, report)
    return rule
  }

  private mutating func scan(_ text: [UInt8], _ types: TokenTypes, _ report: (ByteString) -> Void) {
    scanner.scan(text.span, types: types, balances: false, room: .max)
    for fault in scanner.faults {
      report(fault == .tooManyTokens ? "prescan: too many tokens" : "prescan: token too long")
    }
  }

  private mutating func compileReplacement(
    _ text: [UInt8], _ rule: inout Rule, _ types: TokenTypes, _ report: (ByteString) -> Void
  ) {
    scan(text, types, report)
    if scanner.ends.isEmpty { report("R line: null RHS") }
    var first = parts.count
    var closing: UInt8 = 0
    var arguments = 0
    for (token, bytes) in takeTokens() {
      switch token.meta {
      case Meta.matched:
        let digit = Int(bytes.last ?? 0) - 0x30
        if digit < 1 || digit > rule.wildcards {
          report("replacement $\(ByteString(bytes.suffix(1))) out of bounds")
        }
        parts.append(RulePart(kind: .matched, argument: Int32(digit - 1), token: token))
        continue
      case Meta.deferredMacro:
        parts.append(RulePart(kind: .macro, argument: Int32(bytes.last ?? 0), token: token))
        continue
      case Meta.anyTokens, Meta.someTokens, Meta.oneToken, Meta.inClass, Meta.notInClass, Meta.condition:
        report("Inappropriate use of $\(RuleCompiler.sign(token.meta)) on RHS")
      case Meta.call: rule.hasCall = true
      case Meta.hostBegin, Meta.mapBegin:
        if closing != 0 { report("cannot nest map lookups") }
        closing = token.meta == Meta.hostBegin ? Meta.hostEnd : Meta.mapEnd
        arguments = 0
        rule.hasLookup = true
      case Meta.hostEnd, Meta.mapEnd:
        if token.meta == closing { closing = 0 }
      case Meta.host where closing != 0:
        arguments += 1
        if arguments > RuleCompiler.maximumArguments { report("too many arguments for map lookup") }
      default: break
      }
      parts.append(RulePart(kind: .token, argument: token.word, token: token))
    }
    if closing != 0 { report("missing map closing token") }
    if first < parts.count {
      switch parts[first].token.meta {
      case Meta.user: rule.prefix = .once
      case Meta.host: rule.prefix = .end
      case Meta.mailer: rule.prefix = .mailer
      default: break
      }
    }
    // "$#" is part of what the rule makes; "$:" and "$@" are not.
    if rule.prefix == .once || rule.prefix == .end { first += 1 }
    rule.replacement = first..<parts.count
  }

  private func patternPart(_ token: Token, _ bytes: ArraySlice<UInt8>, _ report: (ByteString) -> Void) -> RulePart {
    let name = Int32(bytes.count > 1 ? bytes[bytes.startIndex + 1] : 0)
    switch token.meta {
    case Meta.anyTokens: return RulePart(kind: .any, argument: 0, token: token)
    case Meta.someTokens: return RulePart(kind: .some, argument: 0, token: token)
    case Meta.oneToken: return RulePart(kind: .one, argument: 0, token: token)
    case Meta.inClass: return RulePart(kind: .inClass, argument: name, token: token)
    case Meta.notInClass: return RulePart(kind: .notInClass, argument: name, token: token)
    case Meta.deferredMacro: return RulePart(kind: .macro, argument: name, token: token)
    case Meta.host: return RulePart(kind: .nothing, argument: 0, token: token)
    case Meta.matched: report("Inappropriate use of $1-$9 on LHS")
    case Meta.user, Meta.call, Meta.condition, Meta.conditionEnd, Meta.hostBegin, Meta.hostEnd, Meta.mapBegin,
      Meta.mapEnd:
      report("Inappropriate use of $\(RuleCompiler.sign(token.meta)) on LHS")
    default: break
    }
    return RulePart(kind: .token, argument: token.word, token: token)
  }

  private static func sign(_ meta: UInt8) -> ByteString { ByteString(Meta.sign(meta).map { [$0] } ?? []) }

  /// Takes the scanned tokens into the pool and the lexicon.
  private mutating func takeTokens() -> [(token: Token, bytes: ArraySlice<UInt8>)] {
    var result: [(token: Token, bytes: ArraySlice<UInt8>)] = []
    var start = 0
    for end in scanner.ends {
      let word = scanner.bytes[start..<end]
      start = end
      let meta = word.first.map { Meta.isMeta($0) ? $0 : 0 } ?? 0
      let token = Token(
        start: UInt32(pool.count), count: UInt16(word.count), meta: meta, isAtom: false,
        word: Int32(lexicon.insert(word)), hash: FoldedHash.of(word))
      pool += word
      result.append((token, word))
    }
    return result
  }
}
