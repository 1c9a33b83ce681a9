/// What each byte is to a ``TokenScanner``.
package struct TokenTypes: Sendable {
  /// What a byte is.
  package enum Kind: UInt8, Sendable { case atom, operation, quote, blank, pair }

  /// Whether parentheses enclose comments, as in addresses; in rules each is a token.
  package let skipsComments: Bool
  private let kinds: [UInt8]

  /// The operators that a standard sendmail.cf sets (`O OperatorChars`).
  package static let standardOperators: ByteString = ".:%@!^/[]+"
  /// The operators of a sendmail.cf that sets none.
  package static let defaultOperators: ByteString = ".:@[]"
  /// How a sendmail with a standard sendmail.cf cuts addresses.
  package static let standard = TokenTypes(operators: standardOperators)

  /// Makes the types for a value of `O OperatorChars`.
  ///
  /// Where texts come from rules, what stands for `$*` and its like (`splitsSigns`) is a token of its own.
  package init(operators: ByteString, skipsComments: Bool = true, splitsSigns: Bool = false) {
    self.skipsComments = skipsComments
    var kinds = [UInt8](repeating: Kind.atom.rawValue, count: 256)
    if splitsSigns {
      for byte in 0x80...0x9F { kinds[byte] = Kind.operation.rawValue }
      for byte in [0x81, 0x82, 0x93, 0x94, 0x95] { kinds[byte] = Kind.pair.rawValue }
    }
    for byte in Array(9...13) + [0x20] { kinds[byte] = Kind.blank.rawValue }
    kinds[0x22] = Kind.quote.rawValue
    for byte in "<>,;".utf8 { kinds[Int(byte)] = Kind.operation.rawValue }
    for byte in "()".utf8 { kinds[Int(byte)] = (skipsComments ? Kind.blank : .operation).rawValue }
    for byte in operators.bytes where kinds[Int(byte)] == Kind.atom.rawValue {
      kinds[Int(byte)] = Kind.operation.rawValue
    }
    self.kinds = kinds
  }

  @inline(__always)
  package func kind(_ byte: UInt8) -> Kind { Kind(rawValue: kinds[Int(byte)]) ?? .atom }
}
