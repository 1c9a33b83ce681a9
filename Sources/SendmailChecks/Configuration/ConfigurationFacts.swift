internal import SendmailConfig

/// What a sendmail.cf says about how tables are looked up, as far as its lines tell it for certain.
///
/// The features of cf/README leave no name behind in sendmail.cf; each is known by a rule that nothing else makes. Where the
/// rule sets of cf/README are not there, nothing is known: `nil`.
struct ConfigurationFacts {
  /// Whether there is a sendmail.cf at all.
  let isKnown: Bool
  /// `SKIP` ends a search (argument `skip` of access_db).
  private(set) var hasSkip: Bool?
  /// `.domain` is looked up (argument `lookupdotdomain`).
  private(set) var looksUpDotDomains: Bool?
  /// `To:user@domain` lets relay (argument `relaytofulladdress`).
  private(set) var relaysToFullAddress: Bool?
  /// Connection and sender are judged at RCPT (FEATURE delay_checks).
  private(set) var delaysChecks: Bool?
  /// `To:` may refuse (FEATURE blocklist_recipients).
  private(set) var blocksRecipients: Bool?
  /// `From:` may let relay (FEATURE relay_mail_from).
  private(set) var relaysMailFrom: Bool?
  /// The tags that the rules look up, in lower case.
  private(set) var tags: Set<String>?
  /// Names below those of class VirtHost are looked up among the virtual users too (FEATURE virtuser_entire_domain).
  private(set) var takesVirtualSubdomains = false
  /// Every local recipient has to have an account: the local mailer has the flag `w`, no relay takes unknown users, and no
  /// user database is looked into.
  private(set) var wantsAccounts: Bool?
  /// The mailers that sendmail.cf defines, in lower case; nil without one.
  private(set) var mailers: Set<ByteString>?
  /// The values of option DontBlameSendmail, in lower case.
  private let notBlamed: Set<ByteString>
  /// How deep aliases may go.
  private(set) var aliasDepth = 10
  /// Whether aliases are looked for in one place only.
  private(set) var hasOneAliasFile = true

  init(_ configuration: ConfigurationFile?) {
    notBlamed = configuration?.notBlamed ?? []
    guard let configuration else {
      isKnown = false
      return
    }
    isKnown = true
    aliasDepth = configuration.maximumAliasRecursion
    hasOneAliasFile = configuration.aliasFiles.count <= 1
    readRules(configuration)
    readMailer(configuration)
  }

  private mutating func readRules(_ configuration: ConfigurationFile) {
    var asks = false
    var features: Set<String> = []
    var tags: Set<String> = []
    for line in configuration.lines {
      let text = String(decoding: line.body, as: UTF8.self)
      if line.kind == UInt8(ascii: "S"), text.hasPrefix("checkrelay") { features.insert("delay") }
      guard line.kind == UInt8(ascii: "R") else { continue }
      // The first rule of the rule sets D, A, F, E and U, which nobody else writes.
      if text.contains("$(access $4:$1 $: ? $)") { asks = true }
      if text.hasPrefix("<SKIP> <$+> <$+> <$- $-> <$*>") { features.insert("skip") }
      if text.contains("$(access $5:.$2 ") { features.insert("dot") }
      if text.contains("<+ To> $| <F:$1@$2> <D:$2> <F:$1@>") { features.insert("full") }
      if text.contains("$>SearchList <+ To> $| <$2> <>") { features.insert("block") }
      if text.contains("$>SearchList <! From>") { features.insert("from") }
      if text.contains("$* $={VirtHost}") { features.insert("virtual") }
      ConfigurationFacts.collectTags(text, into: &tags)
    }
    takesVirtualSubdomains = features.contains("virtual")
    guard asks else { return }
    hasSkip = features.contains("skip")
    looksUpDotDomains = features.contains("dot")
    relaysToFullAddress = features.contains("full")
    delaysChecks = features.contains("delay")
    blocksRecipients = features.contains("block")
    relaysMailFrom = features.contains("from")
    self.tags = tags
  }

  /// The words in `<! Word>`, `<+ Word>` and `$(access Word:…`, in quotes or not.
  private static func collectTags(_ text: String, into tags: inout Set<String>) {
    for head in ["<! \"", "<! ", "<+ \"", "<+ ", "$(access \"", "$(access "] {
      var rest = text[...]
      while let found = rest.firstRange(of: head) {
        rest = rest[found.upperBound...]
        let word = rest.prefix { $0.isLetter || $0 == "_" || $0.isNumber }
        let next = rest.dropFirst(word.count).drop { $0 == "\"" }.first
        if !word.isEmpty, next == (head.hasPrefix("<") ? ">" : ":") { tags.insert(word.lowercased()) }
      }
    }
  }

  private mutating func readMailer(_ configuration: ConfigurationFile) {
    for line in configuration.lines where line.kind == UInt8(ascii: "M") {
      let name = ByteString(line.body.prefix { $0 != ASCII.comma && !ASCII.isSpace($0) }).folded
      mailers = (mailers ?? []).union([name])
      let text = String(decoding: line.body, as: UTF8.self)
      guard name == "local", let flags = text.firstRange(of: "F=") else { continue }
      let hasFlag = text[flags.upperBound...].prefix { $0 != "," && $0 != " " }.contains("w")
      let relay = configuration.macro(named: "L").map { !$0.isEmpty } ?? false
      let database = configuration.option(named: "UserDatabaseSpec").map { !$0.value.isEmpty } ?? false
      wantsAccounts = hasFlag && !relay && !database
    }
  }

  /// Whether an option value of DontBlameSendmail is set.
  func tolerates(_ value: String) -> Bool { notBlamed.contains(ByteString(value).folded) }
}
