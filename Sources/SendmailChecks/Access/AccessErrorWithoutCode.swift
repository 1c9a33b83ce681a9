internal import SendmailConfig

/// A refusal without a reply code.
enum AccessErrorWithoutCode: AccessEntryCheck {
  static let check = Check(
    "access.error-without-code", .warning, "A refusal without a reply code is answered with 553 5.3.0", page: .access,
    fixes: true)
  static let interest: AccessTraits = .replyWithoutCode

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    guard let reply = AccessReply.read(entry.entry.value) else { return }
    if reply.code == nil {
      let shown = reply.words.isEmpty ? "" : " \(reply.words.escaped)"
      findings.add(
        check, line: entry.line, column: entry.valueColumn,
        message: "there is no reply code before the text: sendmail answers 553 5.3.0\(shown)"
          + (reply.enhancedCode.map { ", without \($0.escaped)" } ?? ""),
        remedy: remedy(entry, reply), fix: fix(entry, reply, table))
    } else if let code = reply.enhancedCode, !ReplyText.isEnhancedCode(code.bytes[...]) {
      findings.add(
        check, line: entry.line, column: entry.valueColumn,
        message: "\(code.escaped) is no enhanced status code: sendmail answers \(reply.code ?? 550) 5.0.0",
        remedy: "write the three numbers, as in ERROR:5.7.1:550 and the text")
    }
  }

  private static func remedy(_ entry: AccessEntry, _ reply: ReplyText) -> String {
    // "RELAY"
    if reply.isQuoted, reply.enhancedCode == nil, isKeyword(reply.words, entry) {
      return "write \(reply.words.escaped) without quotes"
    }
    let isError = entry.entry.value.bytes.first.map { ASCII.lowercased($0) == 0x65 } ?? false
    // 192.0.2.7 RELAY
    if !isError, !reply.words.isEmpty, !reply.words.bytes.allSatisfy(ASCII.isDigit) {
      return "if a refusal is meant, write ERROR:5.7.1:550 and the text"
    }
    return "write \(suggestion(reply).escaped)"
  }

  private static func isKeyword(_ text: ByteString, _ entry: AccessEntry) -> Bool {
    if case .other = AccessAction(text, tag: entry.key.tag) { return false }
    return true
  }

  private static func suggestion(_ reply: ReplyText) -> ByteString {
    let code = reply.enhancedCode.flatMap { ReplyText.isEnhancedCode($0.bytes[...]) ? $0 : nil } ?? "5.7.1"
    let number = code.bytes.first == 0x34 ? "450" : "550"
    let words = reply.text.bytes.allSatisfy(ASCII.isDigit) ? ByteString("Access denied") : reply.text
    guard reply.isQuoted else { return ByteString("ERROR:\(code):\(number) ".utf8 + words.bytes) }
    return ByteString("ERROR:\(code):\"\(number) ".utf8 + words.bytes.dropFirst())
  }

  /// Certain where the enhanced code says which reply code it has to be.
  private static func fix(_ entry: AccessEntry, _ reply: ReplyText, _ table: AccessTableView) -> TextFix? {
    guard let code = reply.enhancedCode, ReplyText.isEnhancedCode(code.bytes[...]), code.bytes.first != 0x32,
      !reply.words.isEmpty, !reply.text.bytes.allSatisfy(ASCII.isDigit)
    else { return nil }
    return table.fix(entry, value: suggestion(reply))
  }
}
