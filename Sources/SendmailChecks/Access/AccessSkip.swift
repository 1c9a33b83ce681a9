internal import SendmailConfig

/// `SKIP` where it is no keyword.
enum AccessSkip: AccessEntryCheck {
  static let check = Check(
    "access.skip", .warning, "SKIP becomes the text of a refusal where the feature or the key does not know it",
    page: .access)
  static let interest: AccessTraits = .skip

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    var why: String?
    if table.facts.hasSkip == false {
      why = "this sendmail.cf knows no SKIP (access_db without the argument skip)"
    } else if entry.key.tag == .from || entry.key.tag == nil {
      switch entry.key.pattern {
      case .user, .mailbox: why = "for a sender's address SKIP is no keyword, with the argument skip neither"
      default: if table.facts.hasSkip == nil { why = "SKIP is a keyword only where access_db has the argument skip" }
      }
    } else if table.facts.hasSkip == nil {
      why = "SKIP is a keyword only where access_db has the argument skip"
    }
    guard let why else { return }
    findings.add(
      check, line: entry.line, column: entry.valueColumn,
      message: "\(why): sendmail refuses with \"553 5.3.0 SKIP\"",
      remedy: "write OK where the search is to end, or add the argument to the .mc file")
  }
}
