internal import SendmailConfig

/// The included lists of an alias.
enum AliasIncludes {
  /// Calls `body` with each included list that has an absolute path.
  static func forEach(_ alias: AliasView, _ body: (AliasDestination, ByteString) -> Void) {
    for destination in alias.destinations {
      guard case .include(let path) = destination.kind else { continue }
      let trimmed = ByteString(path.trimming(while: ASCII.isSpace))
      if trimmed.bytes.first == 0x2F { body(destination, trimmed) }
    }
  }

  /// The lines of an included list, without comments, and where they stand.
  ///
  /// ```abnf
  /// line = "#" *OCTET / [ destination *( "," destination ) ] [ 1*WSP "#@#" ( WSP *OCTET / end ) ]
  /// ```
  static func destinations(
    of contents: [UInt8], hosts: LocalHosts
  ) -> [(line: Int, destination: AliasDestination)] {
    var result: [(line: Int, destination: AliasDestination)] = []
    for (index, raw) in contents.split(separator: ASCII.lineFeed, omittingEmptySubsequences: false).enumerated() {
      guard raw.first != ASCII.numberSign else { continue }
      let line = withoutComment(raw.trimming(while: ASCII.isSpace))
      guard !line.isEmpty, line.count < 2048 else { continue }
      result += AliasDestination.parse(line, hosts: hosts).map { (index + 1, $0) }
    }
    return result
  }

  private static func withoutComment(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let mark = Array("#@#".utf8)
    for index in line.indices where line[index...].starts(with: mark) {
      let isAlone = index == line.startIndex || ASCII.isBlank(line[index - 1])
      let behind = index + 3
      if isAlone, behind == line.endIndex || ASCII.isBlank(line[behind]) { return line[..<index] }
    }
    return line
  }
}
