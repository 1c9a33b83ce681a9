internal import SendmailConfig

/// The refusal in an access value.
enum AccessReply {
  /// The reply in a value that is `ERROR:…` or begins with a reply code; nil for other values.
  static func read(_ value: ByteString) -> ReplyText? {
    let bytes = value.bytes.trimming(while: ASCII.isSpace)
    if bytes.prefix(6).map(ASCII.lowercased).elementsEqual("error:".utf8) { return ReplyText(bytes.dropFirst(6)) }
    guard let first = bytes.first, ASCII.isDigit(first) || first == ASCII.quote else { return nil }
    return ReplyText(bytes)
  }
}
