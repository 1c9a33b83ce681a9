internal import SendmailConfig

/// The name of a user of this host without an `@`.
enum AccessBareUser: AccessEntryCheck {
  static let check = Check(
    "access.bare-user", .warning, "A user's name without @ is looked up as a domain", page: .access)
  static let interest: AccessTraits = .oneLabel

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    guard entry.key.tag == nil || entry.key.tag == .from || entry.key.tag == .to, entry.action != .relay,
      !entry.traits.contains(.quote), !entry.traits.contains(.slash), !entry.traits.contains(.star)
    else { return }
    let name = entry.pattern
    guard !(table.context.isLocal(name.bytes) ?? false) else { return }
    let isAlias = table.context.aliases?.node(named: name.bytes) != nil
    guard isAlias || table.context.input.machine.hasAccount(name) == true else { return }
    findings.add(
      check, line: entry.line,
      message: "\(entry.entry.key.escaped) is looked up as a host or top-level domain, but \(name.escaped) is "
        + "\(isAlias ? "an alias" : "a user") of this host",
      remedy: "for the user, write \(entry.tagged(name.bytes + [ASCII.at]).escaped)")
  }
}
