internal import SendmailConfig

/// A domain that this host takes no mail for.
enum VirtualUserForeignDomain: VirtualUserCheck {
  static let check = Check(
    "virtmap.foreign-domain", .warning, "A domain that is neither in class w nor in class VirtHost", page: .virtmap)
  static let interest: VirtualUserTraits = .newDomain

  static func examine(_ entry: VirtualUserEntry, _ table: VirtualUserTableView, _ findings: inout FileFindings) {
    guard let domain = entry.rule.key.domain, !entry.traits.contains(.dot), !domain.bytes.contains(0x2A),
      table.context.isVirtual(domain.bytes) == false,
      // sendmail itself finds the rest of this host's own name in DNS.
      !(table.context.localHosts?.contains(domain.folded.bytes.prefix { $0 != 0x2E }.map { $0 }) ?? false)
    else { return }
    findings.add(
      check, line: entry.line, column: (entry.rule.key.user?.bytes.count ?? 0) + 2,
      message:
        "\(domain.escaped) is in neither class w nor class VirtHost: its entries are never looked up, this one the first",
      remedy: "mailcfg host add \(domain.escaped), if this host is to take its mail")
  }
}
