internal import SendmailConfig

/// A local target that is neither an alias nor an account.
enum VirtualUserDangling: VirtualUserCheck {
  static let check = Check(
    "virtmap.dangling", .warning, "A local target that is neither an alias nor an account", page: .virtmap)
  static let interest: VirtualUserTraits = .local

  static func examine(_ entry: VirtualUserEntry, _ table: VirtualUserTableView, _ findings: inout FileFindings) {
    let context = table.context
    guard context.facts.wantsAccounts != false, context.facts.hasOneAliasFile, let aliases = context.aliases,
      entry.traits.intersection([.program, .comma, .blank, .numberSign, .colon, .percent, .edgeAt]).isEmpty,
      // A key that is never looked up leads nobody astray.
      entry.traits.intersection([.bareDomain, .star, .quote, .noDomain, .dot, .nonASCII]).isEmpty,
      let domain = entry.rule.key.domain, context.isVirtual(domain.bytes) != false
    else { return }
    let name = entry.target.map(ASCII.lowercased)
    guard name.allSatisfy({ ASCII.isDigit($0) || $0 &- 0x61 < 26 || [0x2D, 0x2E, 0x5F, 0x2B].contains($0) }),
      aliases.alias(for: name) == nil
    else { return }
    let user = ByteString(name.prefix { $0 != 0x2B })
    guard context.input.machine.hasAccount(user) == false else { return }
    findings.add(
      check, line: entry.line, column: entry.valueColumn,
      message:
        "\(ByteString(entry.target).escaped) is neither an alias nor an account of this host: mail to \(entry.name) is "
        + "refused with \"User unknown\"", remedy: "correct the name, or make the account or alias")
  }
}
