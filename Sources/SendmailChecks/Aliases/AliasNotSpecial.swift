internal import SendmailConfig

/// Words that mean something to other mail servers.
enum AliasNotSpecial: AliasCheck {
  static let check = Check(
    "alias.not-special", .warning, "error:, :blackhole: and :fail: mean nothing to sendmail", page: .aliases)

  static func examine(_ alias: AliasView, _ context: CheckContext, _ findings: inout FileFindings) {
    for destination in alias.destinations {
      let text = String(decoding: destination.text.prefix(12), as: UTF8.self).lowercased()
      guard
        text.hasPrefix("error:") || text.hasPrefix(":blackhole:") || text.hasPrefix(":fail:")
          || text.hasPrefix(":defer:")
      else { continue }
      let wantsNothing = text.hasPrefix(":blackhole:")
      alias.report(
        check, at: destination, &findings,
        message: "\(ByteString(destination.text).escaped) is an ordinary name here: User unknown",
        remedy: wantsNothing
          ? "write /dev/null"
          : "remove the alias, or refuse the address in the virtual user table with error:nouser 550 5.1.1 and a text")
    }
  }
}
