internal import SendmailConfig

/// A refusal of a domain of this host, without a tag.
enum AccessRejectOwnDomain: AccessEntryCheck {
  static let check = Check(
    "access.reject-own-domain", .warning, "REJECT for a domain of this host refuses the mail to it, too", page: .access)
  static let interest: AccessTraits = .rejectsOwn

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    let name = entry.entry.key.folded
    // What was found by a hash is looked at once more.
    guard table.ownDomains.contains(name.bytes) else { return }
    let isOwn = table.context.isVirtual(name.bytes) == true
    findings.add(
      check, line: entry.line, column: entry.valueColumn,
      message: "without a tag it stands for recipients as well (FEATURE(`blocklist_recipients')): mail to "
        + (isOwn ? "\(name.escaped), which is a domain of this host," : "this host's domains below \(name.escaped)")
        + " is refused",
      remedy: "write From:\(name.escaped) if senders are meant, Connect:\(name.escaped) if clients are")
  }
}
