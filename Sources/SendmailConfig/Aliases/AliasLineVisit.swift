/// A logical line of an aliases file as a check sees it.
package struct AliasLineView: Sendable {
  /// The 0-based physical lines.
  package let lines: Range<Int>
  /// The lines as sendmail joins them, without the final LF.
  package let joined: [UInt8]
  /// The alias, where it is one.
  package let alias: LocatedAlias?
  /// What the parser has to say of the line.
  package let finding: Diagnostic?

  private let line: AliasLine

  init(_ line: AliasLine, alias: LocatedAlias?, finding: Diagnostic?) {
    self.line = line
    lines = line.lines
    joined = line.joined
    self.alias = alias
    self.finding = finding
  }

  /// Where a byte of ``joined`` stands in the file: 1-based line, 1-based column in bytes.
  package func place(_ offset: Int) -> (line: Int, column: Int) {
    let raw = line.raw.span
    let end = min(line.rawOffset(offset), raw.count)
    var (lineFeeds, start) = (0, 0)
    for place in 0..<end where raw[place] == ASCII.lineFeed {
      lineFeeds += 1
      start = place + 1
    }
    return (lines.lowerBound + lineFeeds + 1, end - start + 1)
  }
}

/// An alias in its logical line.
package struct LocatedAlias: Sendable {
  /// The key as newaliases stores it.
  package var key: [UInt8]
  /// Where the value begins in the joined line.
  package var valueStart: Int
}

extension AliasesFile {
  /// Calls `body` with each logical line that is more than a comment of one line or nothing, in order, in one pass.
  package func forEachView(_ body: (AliasLineView) -> Void) {
    forEachLine { line, kind in
      var alias: LocatedAlias?
      if case .alias(let entry, _) = kind { alias = LocatedAlias(key: entry.key, valueStart: entry.valueStart) }
      body(AliasLineView(line, alias: alias, finding: finding(line, kind)))
      return true
    }
  }

  /// Replaces whole lines; see ``Text/replaceLines(_:with:)``.
  package mutating func replaceLines(_ indices: Range<Int>, with bytes: [UInt8]) {
    text.replaceLines(indices, with: bytes)
  }
}
