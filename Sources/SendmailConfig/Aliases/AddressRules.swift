/// The rule sets of a site, as far as they judge addresses of an aliases file.
///
/// `SendmailEvaluator` has the interpreter; what reads an aliases file knows the answers only.
package protocol AddressRules: Sendable {
  /// How addresses are cut into tokens (option OperatorChars).
  var types: TokenTypes { get }

  /// Whether a name without quotes, blanks, comments and brackets is a local one, and is kept as it stands with nothing said.
  ///
  /// False says nothing; ``answer(to:)`` does.
  func keepsPlainName(_ name: [UInt8]) -> Bool

  /// What the rules make of an address that can be cut into tokens.
  func answer(to address: [UInt8]) -> AddressAnswer
}

/// Where mail for an address goes.
package enum AddressResolution: Sendable, Equatable {
  /// To a user whose mailer takes aliases (flag `A`), under this name.
  case local([UInt8])
  /// To a command.
  case program([UInt8])
  /// Into a file.
  case file([UInt8])
  /// To the addresses in a file.
  case include([UInt8])
  /// To a mailer that takes no aliases.
  case remote([UInt8])
  /// Nowhere: a rule refused the address.
  case refused
  /// Nowhere: it could not be read as an address.
  case unreadable
}

/// What the rules of a site make of an address.
package struct AddressAnswer: Sendable {
  /// Where it leads.
  package var resolution: AddressResolution
  /// What is reported on the way, in order.
  package var messages: [AddressMessage]
  /// The rule that refused it.
  package var refusal: Refusal?

  /// What a rule says that refuses an address.
  package struct Refusal: Sendable {
    /// What sendmail prints, behind the address where it names that.
    package var words: [UInt8]
    package var namesAddress: Bool
    /// The text of the rule, with its codes.
    package var text: [UInt8]
    /// The exit status that sendmail records.
    package var exitStatus: Int32

    /// Makes a refusal.
    package init(words: [UInt8], namesAddress: Bool, text: [UInt8], exitStatus: Int32) {
      self.words = words
      self.namesAddress = namesAddress
      self.text = text
      self.exitStatus = exitStatus
    }
  }

  /// Makes an answer.
  package init(resolution: AddressResolution, messages: [AddressMessage]) {
    self.resolution = resolution
    self.messages = messages
  }
}

/// Whose rules judge the addresses of an aliases file.
enum AddressJudge {
  /// A standard sendmail.cf's, with these names of the host and this byte for a blank.
  case standard(LocalHosts, blank: UInt8)
  /// The site's own.
  case site(any AddressRules)

  /// How addresses are cut into tokens.
  var types: TokenTypes {
    switch self {
    case .standard: .standard
    case .site(let rules): rules.types
    }
  }
}
