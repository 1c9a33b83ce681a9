internal import SendmailConfig

/// A name without a tag that lets relay in three ways at once.
enum AccessUntaggedRelay: AccessEntryCheck {
  static let check = Check(
    "access.untagged-relay", .warning, "A domain without a tag opens three doors with RELAY", page: .access)
  static let interest: AccessTraits = .relayUntaggedName
  static let isExact = true

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    guard !entry.traits.contains(.oneLabel), case .host(let name) = entry.key.pattern else { return }
    findings.add(
      check, line: entry.line, column: entry.valueColumn,
      message:
        "\(name.escaped) without a tag lets everybody relay to it and below, lets every client with a name in it relay, "
        + "and accepts every sender in it",
      remedy: "write To:\(name.escaped), Connect:\(name.escaped) or From:\(name.escaped), whichever is meant")
  }
}
