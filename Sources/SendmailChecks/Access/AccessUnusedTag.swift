internal import SendmailConfig

/// A tag for which the feature is not there.
enum AccessUnusedTag: AccessEntryCheck {
  static let check = Check(
    "access.unused-tag", .warning, "A tag that this sendmail.cf has no rule for", page: .access)
  static let interest: AccessTraits = .unusedTag

  private static let features: [String: String] = [
    "Spam": "delay_checks', `friend", "GreetPause": "greet_pause", "ClientRate": "ratecontrol",
    "ClientConn": "conncontrol", "qgrp": "queuegroup", "bcc": "bcc", "Compat": "compat_check",
    "TLS_Srv_Features": "tls_session_features", "TLS_Clt_Features": "tls_session_features",
  ]

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    guard let tag = entry.key.tag, findings.isFirst("unused \(tag.name)") else { return }
    let feature = features[tag.name].map { "add FEATURE(`\($0)') to the .mc file" } ?? "see cf/README"
    findings.add(
      check, line: entry.line,
      message: "this sendmail.cf has no rule that looks \(tag.name): up: the entry does nothing (first of its kind)",
      remedy: "\(feature), or remove the lines")
  }
}
