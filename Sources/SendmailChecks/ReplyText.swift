internal import SendmailConfig

/// The text of a refusal in a table, as sendmail makes a reply of it.
struct ReplyText {
  /// The enhanced code as written before a colon, such as `5.7.1` or `D.S.N`; nil without one.
  var enhancedCode: ByteString?
  /// What is behind it.
  var text: ByteString
  /// Whether the text is in double quotes as a whole.
  var isQuoted: Bool
  /// The reply code at the head of the text, inside quotes too; nil without one.
  var code: Int?
  /// What follows the reply code: the enhanced code that sendmail takes from there.
  var innerEnhancedCode: ByteString?
  /// What is behind the codes.
  var words: ByteString

  /// Reads a text that may begin with `D.S.N:`.
  init(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes.trimming(while: ASCII.isSpace)
    if let colon = rest.firstIndex(of: ASCII.colon), ReplyText.isThreeParts(rest[..<colon]) {
      enhancedCode = ByteString(rest[..<colon])
      rest = rest[(colon + 1)...].drop(while: ASCII.isBlank)
    }
    text = ByteString(rest)
    isQuoted = rest.count >= 2 && rest.first == ASCII.quote && rest.last == ASCII.quote
    var inner = isQuoted ? rest.dropFirst().dropLast() : rest
    let digits = inner.prefix(while: ASCII.isDigit)
    let behind = inner.dropFirst(3).first
    if digits.count == 3, behind.map(ASCII.isBlank) ?? false {
      code = Int(String(decoding: digits, as: UTF8.self))
      inner = inner.dropFirst(3).drop(while: ASCII.isBlank)
      let word = inner.prefix { !ASCII.isBlank($0) }
      if ReplyText.isEnhancedCode(word) {
        innerEnhancedCode = ByteString(word)
        inner = inner.dropFirst(word.count).drop(while: ASCII.isBlank)
      }
    }
    words = ByteString(inner)
  }

  /// The enhanced code that counts.
  var effectiveEnhancedCode: ByteString? { innerEnhancedCode ?? enhancedCode }

  /// Whether the classes of the two codes differ: `550 4.2.1`.
  var codesDiffer: Bool {
    guard let code, let first = effectiveEnhancedCode?.bytes.first, ASCII.isDigit(first) else { return false }
    return code / 100 != Int(first - 0x30)
  }

  /// Three words with dots between, as the rule `ERROR:$-.$-.$-:$+` takes them.
  private static func isThreeParts(_ bytes: ArraySlice<UInt8>) -> Bool {
    let parts = bytes.split(separator: 0x2E, omittingEmptySubsequences: false)
    return parts.count == 3
      && parts.allSatisfy { part in
        !part.isEmpty && part.allSatisfy { ASCII.isLetterOrDigit($0) }
      }
  }

  /// `D.S.N` of RFC 3463 §2, in digits.
  static func isEnhancedCode(_ bytes: ArraySlice<UInt8>) -> Bool {
    let parts = bytes.split(separator: 0x2E, omittingEmptySubsequences: false)
    return parts.count == 3 && parts.allSatisfy { 1...3 ~= $0.count && $0.allSatisfy(ASCII.isDigit) }
      && [0x32, 0x34, 0x35].contains(parts[0].first ?? 0) && parts[0].count == 1
  }

  /// What sendmail makes of a text without quotes: comments in parentheses go, and so do blanks beside operators.
  ///
  /// nil where nothing is lost, and where quotes inside keep parts of it as they are.
  var withoutLostBlanks: ByteString? {
    guard !isQuoted, !text.bytes.contains(ASCII.quote), !text.bytes.contains(ASCII.backslash) else { return nil }
    var result: [UInt8] = []
    var depth = 0
    var pendingBlank = false
    var hadParenthesis = false
    for byte in text.bytes {
      if byte == 0x28 {
        depth += 1
        hadParenthesis = true
        pendingBlank = true
        continue
      }
      if depth > 0 {
        if byte == 0x29 { depth -= 1 }
        continue
      }
      if ASCII.isSpace(byte) {
        pendingBlank = true
        continue
      }
      let isOperator = ReplyText.operators.contains(byte)
      if pendingBlank, let last = result.last, !isOperator, !ReplyText.operators.contains(last) {
        result.append(ASCII.space)
      }
      pendingBlank = false
      result.append(byte)
    }
    let plain = ByteString(text.bytes.split(whereSeparator: ASCII.isSpace).joined(separator: [ASCII.space]))
    return result == plain.bytes && !hadParenthesis ? nil : ByteString(result)
  }

  private static let operators = Array(".:%@!^/[]+<>,;".utf8)
}
