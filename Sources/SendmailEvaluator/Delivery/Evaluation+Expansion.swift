public import SendmailConfig

extension Evaluation {
  /// Takes an address down to its final deliveries, as `sendmail -bv` does: rules, virtual users, aliases, lists, `.forward`
  /// files.
  ///
  /// The look-ups of the context answer for aliases, lists and accounts; the trace need not be asked for. The user database
  /// (`O UserDatabaseSpec`) is not asked and named in ``Expansion/unknowns``.
  ///
  /// - Parameters:
  ///   - address: An address as it stands in an envelope, or the name of an alias.
  ///   - limit: How many recipients there may be; at so many the walk ends.
  /// - Returns: What was found.
  /// - Complexity: O(*n*) in bytes of the aliases and lists that are reached: each is taken apart once. Aliases are followed as
  ///   deep as `O MaxAliasRecursion` says, but never more than 1,000 levels.
  public mutating func expand(_ address: ByteString, limit: Int = 1_000_000) -> Expansion {
    var expander = Expander(rewriter, limit: limit)
    let expansion = expander.expand(address)
    return expansion
  }
}
