internal import SendmailConfig

/// A refusal without a reply code.
enum VirtualUserErrorWithoutCode: VirtualUserCheck {
  static let check = Check(
    "virtmap.error-without-code", .warning, "A refusal without a reply code is answered with 553 5.3.0", page: .virtmap,
    fixes: true)
  static let interest: VirtualUserTraits = .error

  static func examine(_ entry: VirtualUserEntry, _ table: VirtualUserTableView, _ findings: inout FileFindings) {
    let error = VirtualUserError(entry.target)
    guard !error.reply.text.isEmpty else { return }
    if let word = error.word, ReplyText.isEnhancedCode(word.bytes[...]) {
      // The rules take one token for the word, and a number is one.
      let new = ByteString("error:\(word):".utf8 + error.reply.text.bytes)
      findings.add(
        check, line: entry.line, column: entry.valueColumn,
        message: "there is no colon behind the enhanced status code: sendmail answers 553 5.3.0 "
          + "\(ByteString(word.bytes.dropFirst()).escaped) \(error.reply.text.escaped)",
        remedy: "write \(new.escaped)",
        fix: error.reply.code == nil ? nil : TableFixes.replacing(entry.index, of: table.table, value: new))
    } else if error.reply.code == nil {
      let new = suggestion(error)
      findings.add(
        check, line: entry.line, column: entry.valueColumn,
        message: "there is no reply code before the text: sendmail answers 553 5.3.0 \(error.reply.text.escaped)",
        remedy: "write \(new.escaped)",
        fix: isCertain(error) ? TableFixes.replacing(entry.index, of: table.table, value: new) : nil)
    } else if let code = error.reply.enhancedCode, !ReplyText.isEnhancedCode(code.bytes[...]) {
      findings.add(
        check, line: entry.line, column: entry.valueColumn,
        message: "\(code.escaped) is no enhanced status code: sendmail answers \(error.reply.code ?? 550) 5.0.0",
        remedy: "write the three numbers, as in error:5.1.1:550 and the text")
    }
  }

  private static func isCertain(_ error: VirtualUserError) -> Bool {
    if let code = error.reply.enhancedCode {
      return ReplyText.isEnhancedCode(code.bytes[...]) && code.bytes.first != 0x32
    }
    return error.word?.folded == "nouser" && error.reply.text.bytes.first != ASCII.colon
  }

  private static func suggestion(_ error: VirtualUserError) -> ByteString {
    let text = error.reply.text.bytes
    var head = "nouser 550 5.1.1 "
    if let code = error.reply.enhancedCode, ReplyText.isEnhancedCode(code.bytes[...]) {
      head = "\(code):\(code.bytes.first == 0x34 ? "450" : "550") "
    } else if error.word?.folded == "tempfail" {
      head = "tempfail 450 4.3.0 "
    }
    guard error.reply.isQuoted else { return ByteString(Array("error:\(head)".utf8) + text) }
    // The code goes inside the quotes, or it is no longer at the head of the text.
    let split = head.firstIndex { $0 == " " || $0 == ":" } ?? head.startIndex
    let first = head[...split]
    return ByteString(Array("error:\(first)\"\(head[head.index(after: split)...])".utf8) + text.dropFirst())
  }
}
