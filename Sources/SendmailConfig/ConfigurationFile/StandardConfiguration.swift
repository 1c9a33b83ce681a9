/// A sendmail.cf for a site of which none is known: the rules that a standard one has for local users, virtual users and other
/// hosts (``AddressRuleSet``), and nothing else.
package enum StandardConfiguration {
  /// Makes the text.
  ///
  /// - Parameters:
  ///   - fullName: The host's name.
  ///   - names: Further names under which it takes mail.
  ///   - virtualUsers: The path of the virtual users; nil for none.
  package static func text(fullName: ByteString, names: [ByteString], virtualUsers: ByteString?) -> [UInt8] {
    var lines = [
      "V10/Berkeley", "O OperatorChars=\(TokenTypes.standardOperators)", "O BlankSub=.",
      "O DontBlameSendmail=TrustStickyBit", "Dj\(fullName)", "CO@ % !", "C{Dot}.", "Kdequote dequote",
    ]
    for name in names { lines.append("Cw\(name)") }
    if let virtualUsers { lines.append("Kvirtuser hash -o \(virtualUsers)") }
    for set in [AddressRuleSet.canonifyHost, .checkSyntax, .deliver, .localRecipient, .remoteRecipient] {
      lines.append("S\(set.rawValue)")
      for rule in set.rules {
        if virtualUsers != nil, set == .deliver, rule.isLocal { lines += virtualUserRules }
        lines.append(rule.line)
      }
    }
    lines += ["S3"] + AddressRuleSet.canonify.rules.map(\.line)
    lines += ["S0"] + AddressRuleSet.parse.rules.map(\.line)
    lines += ["S4"] + AddressRuleSet.final.rules.map(\.line)
    lines += plusRules
    lines += [
      "Mlocal, P=/bin/mail, F=lsDFMAw5:/|@qPrmn9, R=EnvToL, A=mail",
      "Mprog, P=/bin/sh, F=lsDFMoqeu9, R=EnvToL, A=sh -c $u",
      "Mesmtp, P=[IPC], F=mDFMuXa, R=EnvToSMTP, A=TCP $h",
    ]
    return Array(lines.map { $0 + "\n" }.joined().utf8)
  }

  /// The name of a rule set in the text.
  static func name(_ set: AddressRuleSet) -> String {
    switch set {
    case .canonify: "3"
    case .parse: "0"
    case .final: "4"
    default: set.rawValue
    }
  }

  /// Looks a local address up among the virtual users: itself, `user++`, `user+*`, `user`, `++`, `+*`, the domain
  /// (cf/README, "virtusertable").
  ///
  /// What was found stands between `$|`, before the address; an `@` there is nothing.
  private static let virtualUserRules: [String] = {
    func ask(_ key: String, _ arguments: String, of pattern: String, _ address: String) -> String {
      "R$| @ $| \(pattern)\t$: $| $(virtuser \(key) \(arguments) $: @ $) $| \(address)"
    }
    let plus = "$+ + $* < @ $+ . >"
    let someDetail = "$+ + $+ < @ $+ . >"
    let address = "$1 + $2 < @ $3 . >"
    let arguments = "$@ $1 $@ $2 $@ +$2"
    return [
      "R$+ < @ $=w . >\t$: $| $(virtuser $1 @ $2 $@ $1 $: @ $) $| $1 < @ $2 . >",
      ask("$1 + + @ $3", arguments, of: someDetail, address), ask("$1 + * @ $3", arguments, of: plus, address),
      ask("$1 @ $3", arguments, of: plus, address), ask("+ + @ $3", arguments, of: someDetail, address),
      ask("+ * @ $3", arguments, of: plus, address),
      "R$| @ $| \(plus)\t$: $| $(virtuser @ $3 \(arguments) $: ! $) $| \(address)",
      ask("@ $2", "$@ $1", of: "$+ < @ $+ . >", "$1 < @ $2 . >"),
      "R$| @ $| $+\t$: $1", "R$| ! $| $+\t$: $1",
      "R$| error : $-.$-.$- : $+ $| $*\t$#error $@ $1.$2.$3 $: $4",
      "R$| error : $- $+ $| $*\t$#error $@ $(dequote $1 $) $: $2",
      "R$| $+ $| $+ < @ $* >\t$: $>0 $>3 $1",
    ]
  }()

  /// What rule set 5 does with `user+detail`: `user+*`, then `user`, to which the detail is not added again.
  private static let plusRules = [
    "S5", "R$+ + *\t$#local $@ $&h $: $1", "R$+ + $*\t$#local $@ + $2 $: $1 + *", "R$+\t$: $1 $| $&h",
    "R$+ $| + $*\t$#local $@ $2 $: @ $1", "R$+ $| $*\t$@ $1",
  ]
}

extension AddressRule {
  /// Whether it is the rule that keeps an address on this host.
  fileprivate var isLocal: Bool {
    if case .decide(.local) = outcome, pattern.count > 1 { return true }
    return false
  }

  /// The rule as a line of sendmail.cf.
  fileprivate var line: String {
    "R\(pattern.isEmpty ? "$@" : pattern.map(\.text).joined(separator: " "))\t\(replacement)"
  }

  private var replacement: String {
    let result = pieces.map(\.text).joined(separator: " ")
    func calls(_ sets: [AddressRuleSet]) -> String {
      sets.map { "$>\(StandardConfiguration.name($0)) " }.joined()
    }
    switch outcome {
    case .again: return result
    case .next(let sets): return "$: \(calls(sets))\(result)"
    case .end(let sets): return "$@ \(calls(sets))\(result)"
    case .decide(.local): return "$#local $: \(result)"
    case .decide(.remote): return "$#esmtp $@ \(host) $: \(result)"
    case .mailer(let part): return "$#$\(part) $@ \(host) $: \(result)"
    case .decide(.refused(let code, let status)):
      return "$#error $@ 5.1.\(status == 68 ? 2 : 3) $: \"553 \(code.words)\""
    case .decide: return result
    }
  }

  /// What stands between `<@` and `>`.
  private var host: String {
    let texts = pieces.map(\.text)
    guard let start = texts.firstIndex(of: "@"), let end = texts.lastIndex(of: ">"), start < end else { return "" }
    return texts[(start + 1)..<end].joined(separator: " ")
  }
}

extension AddressRule.Part {
  fileprivate var text: String {
    switch self {
    case .any: "$*"
    case .some: "$+"
    case .one: "$-"
    case .host: "$=w"
    case .routing: "$=O"
    case .notRouting: "$~O"
    case .notDot: "$~{Dot}"
    case .domain: "$m"
    case .token(let bytes): bytes == [0] ? "$|" : String(decoding: bytes, as: UTF8.self)
    }
  }
}

extension AddressRule.Piece {
  fileprivate var text: String {
    switch self {
    case .matched(let number): "$\(number)"
    case .dequoted(let number): "$(dequote $\(number) $)"
    case .fullName: "$j"
    case .token(let bytes): bytes == [0] ? "$|" : String(decoding: bytes, as: UTF8.self)
    }
  }
}
