internal import SendmailConfig

/// A sendmail.cf that defines no mailer `local`; sendmail has defaults for `prog`, `*file*` and `*include*` only.
enum NoLocalMailer {
  static let check = Check(
    "cf.no-local-mailer", .error, "sendmail.cf defines no mailer local", page: .configuration)

  static func examine(_ facts: ConfigurationFacts, _ findings: inout FileFindings) {
    guard !(facts.mailers?.contains("local") ?? false) else { return }
    findings.add(
      check, line: 1, message: "no M line defines the mailer local: sendmail does not start",
      remedy: "write MAILER(local) into the .mc file and make sendmail.cf again")
  }
}
