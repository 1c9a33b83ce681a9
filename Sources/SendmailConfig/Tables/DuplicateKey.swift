extension Diagnostic {
  /// What is to be said of a key that stands twice, at the line that does not count.
  ///
  /// - Parameters:
  ///   - key: The key as written.
  ///   - line: The 1-based line that does not count.
  ///   - counted: The 1-based line that counts.
  ///   - isAlias: Whether the last one counts (newaliases(1)) and not the first (makemap(8)).
  package static func duplicate(_ key: ByteString, line: Int, counted: Int, isAlias: Bool) -> Diagnostic {
    Diagnostic(
      code: isAlias ? .aliasDuplicate : .tableDuplicate, severity: isAlias ? .warning : .error, line: line,
      message: "\(key.escaped) stands in line \(counted) too, and that line counts: "
        + (isAlias ? "newaliases keeps the last" : "makemap keeps the first"),
      remedy: "remove one of the two")
  }
}
