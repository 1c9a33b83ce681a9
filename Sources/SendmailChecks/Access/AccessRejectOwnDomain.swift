internal import SendmailConfig

/// A refusal of a domain of this host, without a tag: REJECT or DISCARD, as a text of one's own says that it is meant.
enum AccessRejectOwnDomain: AccessEntryCheck {
  static let check = Check(
    "access.reject-own-domain", .warning, "REJECT for a domain of this host refuses the mail to it, too", page: .access)
  static let interest: AccessTraits = .rejectsOwn

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    let name = entry.entry.key.folded
    guard let host = table.context.ownHosts(in: name.bytes).first(where: { decides(entry, for: $0, table) }) else {
      return
    }
    let isDiscarded = entry.action == .discard
    findings.add(
      check, line: entry.line, column: entry.valueColumn,
      message: "without a tag it stands for recipients as well (FEATURE(`blocklist_recipients')): mail to "
        + "\(ByteString(host).escaped), a domain of this host, is \(isDiscarded ? "thrown away" : "refused")",
      remedy: "write From:\(name.escaped) if senders are meant, Connect:\(name.escaped) if clients are")
  }

  /// Whether no entry that is looked up before decides about recipients at a host.
  private static func decides(_ entry: AccessEntry, for host: [UInt8], _ table: AccessTableView) -> Bool {
    var domain = host[...]
    while true {
      if table.line(of: ByteString(Array("to:".utf8) + domain)) != nil { return false }
      if domain.count == entry.entry.key.bytes.count { return table.line(of: ByteString(domain)) == entry.index }
      if table.line(of: ByteString(domain)) != nil { return false }
      guard let dot = domain.firstIndex(of: 0x2E) else { return false }
      domain = domain[(dot + 1)...]
    }
  }
}
