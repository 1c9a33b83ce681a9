internal import SendmailConfig

/// What sendmail answers where rules choose the mailer `error` (cf/README, "error").
///
/// ```abnf
/// host = dsn / word                              ; behind $@
/// user = [ code SP [ dsn 1*SP ] ] *OCTET         ; behind $:, quotes aside
/// code = 3DIGIT
/// dsn  = DIGIT "." 1*3DIGIT "." 1*3DIGIT
/// ```
/// Without a code it is 553 5.3.0, whatever the host says.
struct ReplyText {
  var code = 553
  var enhancedCode: ByteString = "5.3.0"
  var text: ByteString

  init(_ destination: Destination) {
    let bytes = Unquoting.strip(destination.user.bytes)
    guard bytes.count > 3, bytes[..<3].allSatisfy(ASCII.isDigit), ASCII.isSpace(bytes[3]) else {
      text = ByteString(bytes)
      return
    }
    code = bytes[..<3].reduce(0) { $0 * 10 + Int($1 - 0x30) }
    var rest = bytes[4...]
    // Without a text behind it, it is the text.
    if let enhanced = ReplyText.enhancedCode(rest), enhanced.bytes.count < rest.count {
      enhancedCode = enhanced
      rest = rest.dropFirst(enhanced.bytes.count).drop(while: ASCII.isSpace)
    } else if let host = destination.host, ReplyText.enhancedCode(host.bytes[...]) == host {
      enhancedCode = host
    } else {
      enhancedCode = ByteString("\(code / 100).0.0")
    }
    text = ByteString(rest)
  }

  /// The enhanced code at the head of a text.
  static func enhancedCode(_ text: ArraySlice<UInt8>) -> ByteString? {
    let word = text.prefix { !ASCII.isSpace($0) }
    let parts = word.split(separator: 0x2E, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].count == 1, [0x32, 0x34, 0x35].contains(parts[0].first),
      parts.allSatisfy({ 1...3 ~= $0.count && $0.allSatisfy(ASCII.isDigit) })
    else { return nil }
    return ByteString(word)
  }
}
