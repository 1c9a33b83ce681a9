internal import SendmailConfig

/// The refusal in a target.
///
/// ```abnf
/// refusal = "error:" ( enhanced ":" text / word 1*WSP text )   ; the case of "error" does not count
/// ```
struct VirtualUserError {
  /// The word behind the colon, which chooses the exit status; nil where there is an enhanced code.
  var word: ByteString?
  /// The text with its codes.
  var reply: ReplyText

  /// Reads a target that begins with `error:`.
  init(_ target: ArraySlice<UInt8>) {
    let rest = target.dropFirst(6).drop(while: ASCII.isBlank)
    let reply = ReplyText(rest)
    if reply.enhancedCode != nil {
      self.reply = reply
      return
    }
    let word = rest.prefix { !ASCII.isBlank($0) }
    self.word = ByteString(word)
    self.reply = ReplyText(rest.dropFirst(word.count))
  }
}
