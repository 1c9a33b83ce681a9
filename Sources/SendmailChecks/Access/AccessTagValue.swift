internal import SendmailConfig

/// A value that its tag cannot read.
enum AccessTagValue: AccessEntryCheck {
  static let check = Check("access.tag-value", .warning, "A value that its tag cannot read", page: .access)
  static let interest: AccessTraits = .tagValue

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    guard let tag = entry.key.tag, let (why, remedy) = objection(tag.name, entry.entry.value, entry.action) else {
      return
    }
    findings.add(check, line: entry.line, column: entry.valueColumn, message: why, remedy: remedy)
  }

  private static func objection(
    _ tag: String, _ value: ByteString, _ action: AccessAction
  ) -> (String, remedy: String)? {
    let word = ByteString(value.bytes.trimming(while: ASCII.isSpace)).escaped
    switch (tag, action) {
    case ("ClientRate", .limit), ("ClientConn", .limit), ("GreetPause", .pause), ("Spam", .friend), ("Spam", .hater):
      return nil
    case ("ClientRate", _), ("ClientConn", _):
      return (
        "\(word) is no number; sendmail reads the digits at its head, or 0, and refuses every connection above that",
        "write a number; 0 alone is any number"
      )
    case ("GreetPause", _): return ("\(word) is no number of milliseconds", "write a number; 0 is no pause")
    case ("Spam", _): return ("\(word) is neither FRIEND nor HATER: it does nothing", "write FRIEND or HATER")
    case ("AuthInfo", _):
      let text = value.description.lowercased()
      let hasUser = text.contains("\"u:") || text.contains("\"i:") || text.contains("\"u=") || text.contains("\"i=")
      guard !hasUser || !(text.contains("\"p:") || text.contains("\"p=")) else { return nil }
      return (
        "the value lacks \(hasUser ? "a password (\"P:…\")" : "a name (\"U:…\" or \"I:…\")"): sendmail does not log in",
        "write \"U:name\" \"P:password\", each in double quotes"
      )
    default: return nil
    }
  }
}
