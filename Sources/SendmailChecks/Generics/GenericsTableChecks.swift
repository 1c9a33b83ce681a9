internal import SendmailConfig

/// What is looked for in the genericstable: what local senders are called outside (cf/README, FEATURE(`genericstable')).
enum GenericsTableChecks {
  static let hiddenUser = Check(
    "genericstable.hidden-user", .note, "A user without a domain comes behind @domain", page: .genericstable)
  static let commentInValue = Check(
    "genericstable.comment-in-value", .warning, "A # behind a value begins no comment", page: .genericstable)

  static let all = [hiddenUser, commentInValue]

  static func run(_ input: CheckedText<Table>, _ context: CheckContext, _ findings: inout FileFindings) {
    let table = input.content
    let pass = TablePass(all: table, &findings)
    let entries = pass.candidates.compactMap { table.entry(at: Int($0.line)) }
    let domains = entries.filter { $0.key.bytes.first == ASCII.at && $0.key.bytes.count > 1 }
    for entry in entries {
      if !entry.key.bytes.contains(ASCII.at),
        let domain = domains.first(where: { pass.line(of: entry.key.bytes + $0.key.bytes, in: table) == nil })
      {
        findings.add(
          hiddenUser, line: entry.line,
          message:
            "\(domain.key.escaped) (line \(domain.line)) is asked before \(entry.key.escaped), which senders of that "
            + "domain therefore never get to",
          remedy: "write \(entry.key.escaped)\(domain.key.escaped), too, if it is meant for that domain")
      }
      guard let mark = TrailingComment.start(in: entry.value.bytes[...]),
        let line = pass.line(of: entry.key.bytes, in: table),
        case .entry(let fields) = table.classify(line), line == entry.line - 1
      else { continue }
      findings.add(
        commentInValue, line: entry.line, column: table.valueColumn(fields, line: line) + mark,
        message: "# begins a comment only in column 1: it becomes part of the address",
        remedy: "put the comment on a line of its own above the entry")
    }
  }
}
