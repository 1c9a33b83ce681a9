/// What a standard sendmail.cf does with an address: no smart host, no domain table, no virtual users, no mailer table.
///
/// Sources: cf/README, "RULESETS" in the installation and operation guide. Only what decides whether a name is local, and
/// what its user part is, is here. The numbers of the rules count, since sendmail names them when one loops.
enum AddressRuleSet: String, Sendable {
  /// Rule set 3: groups, angle brackets and routes go, the host part is set between `<@` and `>`.
  case canonify
  /// Rule set 96: a dot behind every host name that is complete.
  case canonifyHost = "Canonify2"
  /// Rule set 0: where the address belongs.
  case parse
  /// The second half of rule set 0: another host, or a user of this one.
  case deliver = "Parse1"
  /// The first half of rule set 0: refuses what is malformed and peels this host's names off.
  case checkSyntax = "Parse0"
  /// The recipient rules of the local mailer: the host part goes.
  case localRecipient = "EnvToL"
  /// The recipient rules of the mailers for other hosts: UUCP names get their old form.
  case remoteRecipient = "EnvToSMTP"
  /// Rule set 4: back to the form that people write.
  case final

  var rules: [AddressRule] {
    switch self {
    case .canonify: Self.canonifyRules
    case .canonifyHost: Self.canonifyHostRules
    case .parse: Self.parseRules
    case .deliver: Self.deliverRules
    case .checkSyntax: Self.checkSyntaxRules
    case .localRecipient: Self.localRecipientRules
    case .remoteRecipient: Self.remoteRecipientRules
    case .final: Self.finalRules
    }
  }

  /// The number of a rule in a standard sendmail.cf, from 1.
  ///
  /// That one has three rules more for names in further classes.
  func number(ofRule place: Int) -> Int {
    self == .canonifyHost && place == Self.canonifyHostRules.count - 1 ? 16 : place + 1
  }

  private static let canonifyRules: [AddressRule] = [
    .last([], ["<", "@", ">"]),

    // A group, `name: members;`, loses its name and its semicolon. A mark at the end says that the colon may be one.
    .once([.any], [1, "<", "@", ">"]),
    .once([.any, "<", .any, ">", .any, "<", "@", ">"], [1, "<", 2, ">", 3]),
    .once(["@", .any, "<", "@", ">"], ["@", 1]),
    .once([.any, "[", "IPv6", ":", .some, "]", "<", "@", ">"], [1, "[", "IPv6", ":", 2, "]"]),
    .once([.any, ":", ":", .any, "<", "@", ">"], [1, ":", ":", 2]),
    .once([":", "include", ":", .any, "<", "@", ">"], [":", "include", ":", 1]),
    .once([.any, ":", .any, "[", .any, "]"], [1, ":", 2, "[", 3, "]", "<", "@", ">"]),
    .once([.any, ":", .any, "<", "@", ">"], [2]),
    .once([.any, "<", "@", ">"], [1]),
    .again([.any, ";"], [1]),
    .last([.any, "<", .some, ":", ";", ">", .any], [2, ":", ";", "<", "@", ">"]),
    .again([.any, "<", .any, ";", ">"], [1, "<", 2, ">"]),
    .last([], [":", ";", "<", "@", ">"]),

    // The innermost angle brackets hold the address.
    .once([.any], ["<", 1, ">"]),
    .again([.some, "<", .any, ">"], ["<", 2, ">"]),
    .again(["<", .any, ">", .some], ["<", 1, ">"]),
    .last(["<", ">"], ["<", "@", ">"]),
    .once(["<", .some, ">"], [1]),

    // The way of a source route is not followed.
    .again(["@", .some, ",", .some], [2]),
    .again(["@", "[", .any, "]", ":", .some], [2]),
    .again(["@", .some, ":", .some], [2]),

    .last([.some, ":", .any, ";", "@", .some], [1, ":", 2, ";", "<", "@", 3, ">"], .canonifyHost),
    .last([.some, ":", .any, ";"], [1, ":", 2, ";"]),

    // user@host
    .once([.some, "@", .some], [1, "<", "@", 2, ">"]),
    .again([.some, "<", .some, "@", .some, ">"], [1, 2, "<", "@", 3, ">"]),
    .last([.some, "<", "@", .some, ">"], [1, "<", "@", 2, ">"], .canonifyHost),

    // host!user, user%host
    .last([.one, "!", .some], [2, "<", "@", 1, ".", "UUCP", ">"], .canonifyHost),
    .last([.some, ".", .one, "!", .some], [3, "<", "@", 1, ".", 2, ">"], .canonifyHost),
    .last([.some, "!", .some], [2, "<", "@", 1, ".", "UUCP", ">"], .canonifyHost),
    .again([.any, "%", .any], [1, "@", 2]),
    .again([.any, "@", .any, "@", .any], [1, "%", 2, "@", 3]),
    .last([.any, "@", .any], [1, "<", "@", 2, ">"], .canonifyHost),

    .last([.any], [1], .canonifyHost),
  ]

  /// A token that no address can hold; it marks a host name that does not end in a dot yet.
  private static let mark: [UInt8] = [0]

  private static let canonifyHostRules: [AddressRule] = [
    .once([.any, "<", "@", "localhost", ">", .any], [1, "<", "@", .fullName, ".", ">", 2]),
    .once([.any, "<", "@", "localhost", ".", .domain, ">", .any], [1, "<", "@", .fullName, ".", ">", 2]),
    .once([.any, "<", "@", "localhost", ".", "UUCP", ">", .any], [1, "<", "@", .fullName, ".", ">", 2]),

    // An address literal is this host, or it is left as it stands.
    .once([.any, "<", "@", "[", .some, "]", ">", .any], [1, "<", "@", "@", "[", 2, "]", ">", 3]),
    .once([.any, "<", "@", "@", .host, ">", .any], [1, "<", "@", .fullName, ".", ">", 3]),
    .last([.any, "<", "@", "@", .some, ">", .any], [1, "<", "@", 2, ">", 3]),

    .once([.any, "<", "@", .any, ".", ">", .any], [1, "<", "@", 2, ".", ".", ">", 3]),
    .once([.any, "<", "@", .any, .notDot, ">", .any], [.token(mark), 1, "<", "@", 2, 3, ">", 4]),
    .once(
      [.any, .token(mark), .any, "<", "@", .some, ".", ">", .any], [2, "<", "@", 3, ".", ">", 4]),
    .once(
      [.any, .token(mark), .any, "<", "@", .some, ".", .some, ">", .any], [2, "<", "@", 3, ".", 4, ".", ">", 5]),
    .once([.any, .token(mark), .any], [2]),

    .once([.any, "<", "@", .host, ">", .any], [1, "<", "@", 2, ".", ">", 3]),
    .again([.any, "<", "@", .any, ".", ".", ">", .any], [1, "<", "@", 2, ".", ">", 3]),
  ]

  private static let parseRules: [AddressRule] = [
    .once([.any], [1], .checkSyntax),
    .decide(["<", "@", ">"], ["<", "@", ">"], .local),
    .once([.any], [1], .deliver),
  ]

  private static let deliverRules: [AddressRule] = [
    .decide([.any, "<", "@", "[", .some, "]", ">", .any], [1, "<", "@", "[", 2, "]", ">", 3], .remote),
    .mailer(
      [.any, "<", "@", "[", .some, "]", ":", .one, ":", .any, ">", .any], [1, "<", "@", "[", 2, "]", ">", 5], 3),
    .decide([.any, "<", "@", "[", .some, "]", ":", .some, ">", .any], [1, "<", "@", "[", 2, "]", ">", 4], .remote),
    .decide([.some, "<", "@", .host, ".", ">"], [1], .local),
    .decide([.any, "<", "@", .any, ">", .any], [1, "<", "@", 2, ">", 3], .remote),
    .decide([.some], [1], .local),
  ]

  private static let checkSyntaxRules: [AddressRule] = [
    .last(["<", "@", ">"], ["<", "@", ">"]),
    .refuse([.any, ":", .any, ";", "<", "@", ">"], .emptyGroup),
    .again(["@", "<", "@", .any, ">"], ["<", "@", 1, ">"]),
    .refuse(["<", "@", .some, ">"], .userRequired),
    .refuse([.some, "<", "@", ">"], .hostRequired),

    // `<>` in front marks an address whose host part has not been seen to be sound.
    .once([.any], ["<", ">", 1]),
    .again(
      ["<", ">", .any, "<", "@", "[", .any, "]", ":", .some, ">", .any], [1, "<", "@", "[", 2, "]", ":", 3, ">", 4]),
    .again(
      ["<", ">", .any, "<", "@", "[", .any, "]", ",", .some, ">", .any], [1, "<", "@", "[", 2, "]", ",", 3, ">", 4]),
    .refuse(["<", ">", .any, "<", "@", "[", .any, "]", .some, ">", .any], .invalidAddress, status: 68),
    .again(["<", ">", .any, "<", "@", "[", .some, "]", ">", .any], [1, "<", "@", "[", 2, "]", ">", 3]),
    .refuse(["<", ">", .any, "<", .any, ":", .any, ">", .any], .colonInHost),
    .again(["<", ">", .any], [1]),
    .refuse([.any, "<", "@", ".", .any, ">", .any], .invalidHostName, status: 68),
    .refuse([.any, "<", "@", .any, ".", ".", .any, ">", .any], .invalidHostName, status: 68),
    .refuse([.any, "<", "@", .any, "@", ">", .any], .invalidRoute, status: 68),
    .refuse([.any, "@", .any, "<", "@", .any, ">", .any], .invalidRoute),
    .refuse([.any, ",", .notRouting, .any], .invalidRoute),

    // This host's own names go, and what is left is parsed anew if it names another host.
    .last([.any, "<", "@", ">", .any], [1], .checkSyntax, .canonify),
    .last(["<", "@", .host, ".", ">", ":", .any], [2], .checkSyntax, .canonify),
    .once([.one, "<", "@", .host, ".", ">"], [.dequoted(1), "<", "@", 2, ".", ">"]),
    .refuse(["<", "@", .some, ">"], .userRequired),
    .last([.any, .routing, .any, "<", "@", .host, ".", ">"], [1, 2, 3], .checkSyntax, .canonify),
    .once([.one], [.dequoted(1), "<", "@", "*LOCAL*", ">"]),
    .refuse(["<", "@", "*LOCAL*", ">"], .userRequired),
    .last([.any, .routing, .any, "<", "@", "*LOCAL*", ">"], [1, 2, 3], .checkSyntax, .canonify),
    .once([.any, "<", "@", "*LOCAL*", ">"], [1]),
  ]

  private static let localRecipientRules: [AddressRule] = [
    .once([.some, "<", "@", .any, ">"], [1]),
    .once([.some, "+", .any], ["<", ">", 1, "+", 2]),
    .once(["<", .any, ">", .some], [2]),
  ]

  private static let remoteRecipientRules: [AddressRule] = [
    .last(["<", "@", .some, ">", .any], ["<", "@", 1, ">", 2]),
    .once([.some, "<", "@", .some, ".", "UUCP", ".", ">"], ["<", 2, "!", ">", 1]),
    .last([.some, "<", "@", .any, ">", .any], [1, "<", "@", 2, ">", 3]),
    .once(["<", .some, "!", ">", .some], [1, "!", 2, "<", "@", .fullName, ">"]),
  ]

  private static let finalRules: [AddressRule] = [
    .last([.some, ":", ";", "<", "@", ">"], [1, ":"]),
    .last([.any, "<", "@", ">"], []),
    .again([.any, "<", "@", .some, ".", ">", .any], [1, "<", "@", 2, ">", 3]),
    .again([.any, "<", "@", "*LOCAL*", ">", .any], [1, "<", "@", .fullName, ">", 2]),
    .again([.any, "<", .some, ">", .any], [1, 2, 3]),
    .again(["@", .some, ":", "@", .some, ":", .some], ["@", 1, ",", "@", 2, ":", 3]),
    .last(["@", .any], ["@", 1]),
    .again([.some, "@", .one, ".", "UUCP"], [2, "!", 1]),
    .again([.some, "%", .host, "@", .host], [1, "@", 2]),
  ]
}
