/// The tokens of one address, as sendmail cuts it; see ``TokenScanner``.
struct MailboxTokens {
  /// The tokens, none of them empty.
  ///
  /// No tokens is an address that cannot be parsed.
  var tokens: [[UInt8]] = []
  /// Offset of the delimiter that ended the scan, or of the text's end.
  var end: Int
  /// What was reported, in order.
  var messages: [AddressMessage]

  /// The most bytes that one token may have.
  static let longestToken = TokenScanner.longestToken

  static func kind(_ byte: UInt8) -> TokenTypes.Kind { TokenTypes.standard.kind(byte) }

  /// The tokens one after the other, cut off at `limit` bytes; two atoms in a row get `blank` between them.
  static func joined(_ tokens: some Sequence<[UInt8]>, blank: UInt8, limit: Int = .max) -> [UInt8] {
    var text: [UInt8] = []
    var afterAtom = false
    for token in tokens {
      let isAtom = token.first.map { kind($0) == .atom } ?? false
      if afterAtom && isAtom { text.append(blank) }
      text += token
      afterAtom = isAtom
    }
    if text.count > limit { text.removeSubrange(limit...) }
    return text
  }

  /// Scans to the delimiter or to the end of `text`, in which there is no NUL.
  init(_ text: ArraySlice<UInt8>, delimiter: UInt8?, types: TokenTypes = .standard) {
    var scanner = TokenScanner()
    scanner.scan(text.span, delimiter: delimiter, types: types)
    end = text.startIndex + scanner.end
    messages = scanner.faults.map { AddressMessage($0, about: text) }
    var start = 0
    for end in scanner.ends {
      tokens.append(Array(scanner.bytes[start..<end]))
      start = end
    }
  }
}

extension AddressMessage {
  /// Makes the message for what the scanner found.
  init(_ fault: TokenScanner.Fault, about text: ArraySlice<UInt8>) {
    let code: Code =
      switch fault {
      case .unbalancedQuote: .unbalancedQuote
      case .unbalancedOpeningParenthesis: .unbalancedOpeningParenthesis
      case .unbalancedClosingParenthesis: .unbalancedClosingParenthesis
      case .unbalancedOpeningAngle: .unbalancedOpeningAngle
      case .unbalancedClosingAngle: .unbalancedClosingAngle
      case .tokensTooLong: .tokensTooLong
      case .tooManyTokens: .tooManyTokens
      case .tokenTooLong: .tokenTooLong
      }
    self.init(code, about: text)
  }

  /// What sendmail says about a text that it cuts into tokens: `TEXT... words`.
  package static func text(_ fault: TokenScanner.Fault, about text: ArraySlice<UInt8>) -> [UInt8] {
    AddressMessage(fault, about: text).text
  }
}
