internal import SendmailConfig

/// What is looked for in the mailertable: hosts and domains, and by which mailer their mail goes (cf/README,
/// FEATURE(`mailertable')).
enum MailerTableChecks {
  static let noColon = Check(
    "mailertable.no-colon", .warning, "A value without a colon is ignored", page: .mailertable)
  static let unknownMailer = Check(
    "mailertable.unknown-mailer", .warning, "A mailer that sendmail.cf does not define", page: .mailertable)
  static let errorForm = Check(
    "mailertable.error-form", .warning, "error: wants a word or code, and a colon behind it", page: .mailertable)

  static let commentInValue = Check(
    "mailertable.comment-in-value", .warning, "A # behind a value begins no comment", page: .mailertable)

  static let all = [noColon, unknownMailer, errorForm, commentInValue]

  static func run(_ input: CheckedText<Table>, _ context: CheckContext, _ findings: inout FileFindings) {
    let table = input.content
    let pass = TablePass(all: table, &findings)
    let mailers = context.facts.mailers
    for candidate in pass.candidates {
      guard let entry = table.entry(at: Int(candidate.line)),
        case .entry(let fields) = table.classify(Int(candidate.line))
      else { continue }
      let column = table.valueColumn(fields, line: Int(candidate.line))
      var value = ByteString(entry.value.bytes.trimming(while: ASCII.isSpace))
      // Behind error: it is part of the text.
      if !value.folded.bytes.starts(with: "error:".utf8), let mark = TrailingComment.start(in: value.bytes[...]) {
        findings.add(
          commentInValue, line: entry.line, column: column + mark,
          message: "# begins a comment only in column 1: it becomes part of the host",
          remedy: "put the comment on a line of its own above the entry")
        value = ByteString(value.bytes[..<mark].trimming(while: ASCII.isSpace))
        if value.isEmpty { continue }
      }
      guard let colon = value.bytes.firstIndex(of: ASCII.colon), value.bytes.first != 0x5B else {
        findings.add(
          noColon, line: entry.line, column: column,
          message:
            "\(value.escaped) names no mailer: the entry is ignored, and the search goes on with the domains above",
          remedy: "write smtp:\(value.escaped), or another mailer and a colon")
        continue
      }
      let mailer = ByteString(value.bytes[..<colon]).folded
      let rest = value.bytes[(colon + 1)...]
      if mailer == "error" {
        guard !rest.contains(ASCII.colon), rest.first.map({ !ASCII.isDigit($0) }) ?? true else { continue }
        findings.add(
          errorForm, line: entry.line, column: column,
          message: "without a second colon the word is part of the text: sendmail answers \(ByteString(rest).escaped)",
          remedy: "write error:5.1.2:550 and the text, or error:nohost:550 and the text")
      } else if mailers.map({ !$0.contains(mailer) }) ?? (mailer == "discard") {
        findings.add(
          unknownMailer, line: entry.line, column: column,
          message: "there is no mailer \(mailer.escaped): sendmail refuses the address (\"buildaddr: unknown mailer\")",
          remedy: "name a mailer that an M line of sendmail.cf defines, such as smtp or relay")
      }
    }
  }
}
