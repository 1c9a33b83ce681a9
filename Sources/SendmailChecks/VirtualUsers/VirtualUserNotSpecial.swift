internal import SendmailConfig

/// Words that mean something in other tables.
enum VirtualUserNotSpecial: VirtualUserCheck {
  static let check = Check(
    "virtmap.not-special", .warning, "DISCARD, REJECT and mailer:host mean nothing here", page: .virtmap)
  static let interest: VirtualUserTraits = [.word, .colon]

  static func examine(_ entry: VirtualUserEntry, _ table: VirtualUserTableView, _ findings: inout FileFindings) {
    let text = String(decoding: entry.target, as: UTF8.self)
    let words = ["discard", "reject", "ok", "relay", "skip"]
    let mailers = ["smtp:", "esmtp:", "relay:", "local:", "discard:", "procmail:", "dsmtp:"]
    let lowered = text.lowercased()
    let isWord = words.contains(lowered)
    guard isWord || mailers.contains(where: lowered.hasPrefix) else { return }
    findings.add(
      check, line: entry.line, column: entry.valueColumn,
      message: "\(ByteString(entry.target).escaped) is the name of a user here, as any other word",
      remedy: lowered.hasPrefix("discard")
        ? "name an alias that leads to /dev/null"
        : "name a user or an address, or refuse with error:nouser 550 5.1.1 and a text")
  }
}
