internal import SendmailConfig

/// A destination that sendmail's address parser complains about.
enum AliasBadDestination: AliasCheck {
  static let check = Check(
    "alias.bad-destination", .warning, "A destination that sendmail cannot read as an address", page: .aliases)

  static func examine(_ alias: AliasView, _ context: CheckContext, _ findings: inout FileFindings) {
    for destination in alias.destinations {
      guard let message = destination.messages.last else { continue }
      let follows =
        destination.kind == .invalid ? "no mail goes there" : "it takes the address as well as it can"
      alias.report(
        check, at: destination, &findings,
        message: "sendmail says \"\(String(decoding: message.text, as: UTF8.self))\": \(follows)",
        remedy: "write an address, a user, \"|command\", /file or :include:/list")
    }
  }
}
