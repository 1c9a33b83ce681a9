/// One message that sendmail's address parser or `newaliases(1)` prints about an address.
public struct AddressMessage: Sendable, Equatable {
  /// What is wrong; the raw value is stable and meant for scripts.
  public enum Code: String, Sendable, CaseIterable {
    /// A string that begins with `"` does not end.
    case unbalancedQuote = "unbalanced-quote"
    /// A comment does not end.
    case unbalancedOpeningParenthesis = "unbalanced-opening-parenthesis"
    /// A comment ends that has not begun.
    case unbalancedClosingParenthesis = "unbalanced-closing-parenthesis"
    /// A `<` without its `>`.
    case unbalancedOpeningAngle = "unbalanced-opening-angle"
    /// A `>` without its `<`.
    case unbalancedClosingAngle = "unbalanced-closing-angle"
    /// More tokens than sendmail's buffer holds.
    case tokensTooLong = "tokens-too-long"
    /// More than a thousand tokens.
    case tooManyTokens = "too-many-tokens"
    /// One token of more than 256 bytes.
    case tokenTooLong = "token-too-long"
    /// An address of more than 255 bytes, comments included.
    case addressTooLong = "address-too-long"
    /// A byte 0x80–0x9F.
    case eightBitCharacter = "eight-bit-character"
    /// A control byte, which is replaced by `?`.
    case nonPrintableCharacter = "non-printable-character"
    /// A backslash at the end of the user part, which is replaced by `?`.
    case trailingBackslash = "trailing-backslash"
    /// The user part has an odd number of quotes.
    case unbalancedUserQuote = "unbalanced-user-quote"
    /// A group without members.
    case emptyGroup = "empty-group"
    /// An address without a user part.
    case userRequired = "user-required"
    /// An `@` with nothing behind it.
    case hostRequired = "host-required"
    /// Something behind an address literal.
    case invalidAddress = "invalid-address"
    /// A colon within the host part.
    case colonInHost = "colon-in-host"
    /// A host name that begins with a dot or has two in a row.
    case invalidHostName = "invalid-host-name"
    /// Two `@`, or a comma, where a route may not be.
    case invalidRoute = "invalid-route"
    /// The rules stopped after one hundred rounds.
    case ruleLoop = "rule-loop"
    /// The rules called each other more than fifty deep.
    case ruleRecursion = "rule-recursion"
    /// Nothing was left that could be delivered to.
    case noMailer = "no-mailer"
    /// An address literal with a mailer behind it that does not exist.
    case unknownMailer = "unknown-mailer"
    /// A rule of the site refused the address, in words of its own.
    case refusedByRule = "refused-by-rule"
    /// A rule of the site, or one that could not be followed, is reported about.
    case ruleReport = "rule-report"
    /// One of the addresses of a value cannot be parsed at all (option CheckAliases).
    case badAddress = "bad-address"
    /// The line has no colon.
    case missingColon = "missing-colon"
    /// The name cannot be parsed at all.
    case illegalAliasName = "illegal-alias-name"
    /// The name is not one that this host delivers to.
    case nonLocalName = "non-local-name"

    /// sendmail's own words for it, without what they are about.
    var words: String {
      switch self {
      case .unbalancedQuote: "Unbalanced '\"'"
      case .unbalancedOpeningParenthesis: "Unbalanced '('"
      case .unbalancedClosingParenthesis: "Unbalanced ')'"
      case .unbalancedOpeningAngle: "Unbalanced '<'"
      case .unbalancedClosingAngle: "Unbalanced '>'"
      case .tokensTooLong: "Address too long"
      case .tooManyTokens: "prescan: too many tokens"
      case .tokenTooLong: "prescan: token too long"
      case .addressTooLong: "too long (255 bytes max)"
      case .eightBitCharacter: "8-bit character"
      case .nonPrintableCharacter: "non-printable character"
      case .trailingBackslash: "trailing \\ character"
      case .unbalancedUserQuote: "unbalanced quote"
      case .emptyGroup: "List:; syntax illegal for recipient addresses"
      case .userRequired: "User address required"
      case .hostRequired: "Hostname required"
      case .invalidAddress: "Invalid address"
      case .colonInHost: "Colon illegal in host name part"
      case .invalidHostName: "Invalid host name"
      case .invalidRoute: "Invalid route address"
      case .ruleLoop: "Infinite loop"
      case .ruleRecursion: "rewrite: excessive recursion (max 50)"
      case .noMailer: "buildaddr: no mailer in parsed address"
      case .unknownMailer: "buildaddr: unknown mailer"
      case .refusedByRule: "refused"
      case .ruleReport: "rule set"
      case .badAddress: "bad address"
      case .missingColon: "missing colon"
      case .illegalAliasName: "illegal alias name"
      case .nonLocalName: "cannot alias non-local names"
      }
    }
  }

  /// What is wrong.
  public var code: Code
  /// The words of `newaliases(1)`, as it prints them behind `FILE: line N: `.
  public var text: [UInt8]
  /// The exit status that `newaliases(1)` records, `nil` when it records none.
  ///
  /// The first status recorded in a run is the one it ends with (`sysexits.h`: 64 usage, 68 no such host, 70 internal).
  public var exitStatus: Int32?

  /// Makes a message.
  public init(code: Code, text: [UInt8], exitStatus: Int32? = nil) {
    self.code = code
    self.text = text
    self.exitStatus = exitStatus
  }

  /// Makes `ADDRESS... words`, the address shortened in its middle as sendmail does.
  init(_ code: Code, about address: ArraySlice<UInt8>, status: Int32? = nil) {
    self.init(
      code: code, text: Self.printed(Self.shortened(address) + Array("... \(code.words)".utf8)), exitStatus: status)
  }

  /// That an address is too long, where it is so many bytes that are taken of it.
  package static func tooLong(_ address: ArraySlice<UInt8>) -> [UInt8] {
    printed(shortened(address) + Array("... Address \"".utf8) + address + Array("\" too long (255 bytes max)".utf8))
  }

  /// The bytes as a message shows them: the eighth bit cleared, which makes 0x80 the end of it.
  package static func printed(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    bytes.prefix { $0 != 0x80 }.map { $0 & 0x7F }
  }

  /// At most 202 bytes, or 100 of each end: a longer text loses its middle.
  package static func shortened(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    bytes.count < 203 ? Array(bytes) : Array(bytes.prefix(100)) + Array("...".utf8) + Array(bytes.suffix(100))
  }

  /// A user part with `?` for what it cannot have, and what is said of it; it stays usable.
  package static func checking(user: [UInt8]) -> (clean: [UInt8], message: AddressMessage?) {
    let (clean, fault) = replacingControls(user)
    let message = fault.map { fault in
      AddressMessage(
        code: fault,
        text: printed(Array("Syntax error in mailbox address \"".utf8) + clean + Array("\" (\(fault.words))".utf8)))
    }
    return (clean, message)
  }

  /// The text with `?` for each control byte outside quotes that no backslash precedes, and the last fault found.
  private static func replacingControls(_ text: [UInt8]) -> ([UInt8], AddressMessage.Code?) {
    var text = text
    var fault: AddressMessage.Code?
    var quoted = false
    var place = 0
    while place < text.count {
      let byte = text[place]
      if byte & 0xE0 == 0x80 {
        fault = .eightBitCharacter
        text[place] = UInt8(ascii: "?")
      } else if !quoted && (byte & 0x60 == 0 || byte == 127) {
        fault = .nonPrintableCharacter
        text[place] = UInt8(ascii: "?")
      } else if byte == UInt8(ascii: "\"") {
        quoted.toggle()
      } else if byte == UInt8(ascii: "\\") {
        place += 1
        if place == text.count {
          fault = .trailingBackslash
          text[place - 1] = UInt8(ascii: "?")
        }
      }
      place += 1
    }
    if quoted { fault = .unbalancedUserQuote }
    return (text, fault)
  }
}
