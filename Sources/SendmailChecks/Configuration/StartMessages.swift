internal import SendmailConfig

/// What sendmail says of lines of sendmail.cf when it starts, beyond what the parsers of tables and maps need of them.
enum StartMessages {
  static let all = [
    Check("cf.rule", .error, "A rule that sendmail refuses", page: .configuration),
    Check("cf.rule-set", .error, "A rule set that sendmail refuses, or one that begins twice", page: .configuration),
    Check("cf.mailer", .error, "A mailer that sendmail refuses", page: .configuration),
    Check("cf.header", .error, "A header that sendmail refuses", page: .configuration),
    Check("cf.equates", .error, "A mail filter or a queue group that sendmail refuses", page: .configuration),
    Check("cf.macro-name", .error, "A name of a macro or class that sendmail refuses", page: .configuration),
    Check("cf.level", .error, "A V line that sendmail refuses", page: .configuration),
  ]

  static func examine(
    _ messages: [Diagnostic], _ configuration: ConfigurationFile, _ findings: inout FileFindings
  ) {
    struct Told: Hashable {
      var line: Int
      var code: Diagnostic.Code
    }
    let told = Set(configuration.diagnostics.map { Told(line: $0.line, code: $0.code) })
    for message in messages where !told.contains(Told(line: message.line, code: message.code)) {
      // Files that are missing are found by themselves, where they can be looked for.
      guard message.code != .configurationClassSource else { continue }
      findings.add(message, code: message.code, entry: message.line)
    }
  }
}
