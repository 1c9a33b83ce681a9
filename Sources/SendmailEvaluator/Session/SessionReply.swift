internal import SendmailConfig

extension SMTPReply {
  /// The codes whose replies name the address first.
  private static let codesWithAddress: Set<Int> = [250, 252, 450, 550, 553]

  /// What sendmail makes of the mailer `error`: its user, quotes aside, says the code and the text.
  ///
  /// - Parameters:
  ///   - host: What is behind `$@`.
  ///   - user: What is behind `$:`.
  ///   - address: The address of the command, if it has one.
  init(host: ByteString?, user: ByteString, about address: ByteString?) {
    let reply = ReplyText(Destination(mailer: "*error*", host: host, user: user))
    self.init(code: reply.code, enhancedCode: reply.enhancedCode, text: reply.text, about: address)
  }

  init(code: Int, enhancedCode: ByteString, text: ByteString, about address: ByteString?) {
    self.code = code
    self.enhancedCode = [2, 4, 5].contains(code / 100) ? enhancedCode : nil
    var line = text.bytes[...]
    if let address, SMTPReply.codesWithAddress.contains(code) {
      line = (AddressMessage.shortened(address.bytes[...]) + Array("... ".utf8) + line)[...]
    }
    self.text = ByteString(AddressMessage.printed(line))
  }

  /// What sendmail says of a command that it has to report something about; the codes are its own.
  init(message: ByteString, isSender: Bool) {
    let text = message.bytes
    func begins(_ words: String) -> Bool { text.starts(with: words.utf8) }
    func ends(_ words: String) -> Bool { text.suffix(words.utf8.count).elementsEqual(words.utf8) }
    let codes: (Int, ByteString) =
      if begins("8-bit character in mailbox address") || begins("Syntax error in mailbox address") {
        (501, isSender ? "5.1.7" : "5.1.3")
      } else if ends("prescan: token too long") {
        (553, "5.1.0")
      } else if ends("... Address too long") {
        (553, "5.1.1")
      } else if ends(" too long (255 bytes max)") {
        (553, "5.1.1")
      } else if Unbalanced.allCases.contains(where: { ends($0.rawValue) }) {
        (553, "5.0.0")
      } else if begins("rewrite: excessive recursion") {
        (554, "5.0.0")
      } else if begins("rewrite: ") || begins("Too many subroutine calls") {
        (554, "5.3.0")
      } else {
        (554, "5.3.5")
      }
    self.init(code: codes.0, enhancedCode: codes.1, text: ByteString(AddressMessage.printed(text)))
  }

  private enum Unbalanced: String, CaseIterable {
    case openingAngle = "... Unbalanced '<'"
    case closingAngle = "... Unbalanced '>'"
    case openingParenthesis = "... Unbalanced '('"
    case closingParenthesis = "... Unbalanced ')'"
    case quote = "... Unbalanced '\"'"
  }

  /// What a reply that refuses amounts to, whatever else its code may say.
  var refusal: SessionStep.Verdict { code / 100 == 4 ? .tempfail : .reject }
}
