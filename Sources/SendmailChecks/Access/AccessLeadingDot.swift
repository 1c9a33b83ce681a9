internal import SendmailConfig

/// A domain with a dot before it.
enum AccessLeadingDot: AccessEntryCheck {
  static let check = Check(
    "access.leading-dot", .warning, "A domain with a leading dot is looked up with lookupdotdomain only", page: .access)
  static let interest: AccessTraits = .leadingDot

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    guard table.facts.looksUpDotDomains != true else { return }
    let why =
      table.facts.looksUpDotDomains == false
      ? "this sendmail.cf looks no name up with a leading dot (access_db without lookupdotdomain): the entry matches nothing"
      : "a name with a leading dot is looked up only where access_db has the argument lookupdotdomain"
    // Without its dot the key would stand for the domain itself, too: that is for a person to decide.
    let pattern = entry.pattern.bytes.drop { $0 == 0x2E }
    findings.add(
      check, line: entry.line, message: "\(entry.entry.key.escaped): \(why)",
      remedy: pattern.isEmpty
        ? "remove the line"
        : "write \(entry.tagged(pattern).escaped), which stands for the domain and everything below it")
  }
}
