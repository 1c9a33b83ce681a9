/// The aliases files as praliases(8) finds them in a sendmail.cf, which it scans on its own: physical lines that begin with
/// `OA` or `O AliasFile`.
///
/// ```abnf
/// line  = "OA" value / "O AliasFile" [ other *OCTET ] "=" value    ; the name in any case; other: no letter and no digit
/// value = piece *( "," piece )
/// piece = *SPACE [ class ":" ] *SPACE *( "-" *OCTET 1*SPACE ) path  ; blanks within a path and at its end are part of it
/// ```
package struct PraliasesSource: Sendable, Equatable {
  /// The class as written; nil where none is.
  package var mapClass: ByteString?
  /// The path, without `.db`; empty where there is none.
  package var path: ByteString
  /// All of it as written.
  package var text: ByteString

  /// The sources of a sendmail.cf.
  package static func sources(of configuration: [UInt8]) -> [PraliasesSource] {
    configuration.split(separator: ASCII.lineFeed).flatMap { line -> [PraliasesSource] in
      guard let value = value(of: line.prefix { $0 != ASCII.nul }) else { return [] }
      return list(value)
    }
  }

  /// Reads one source, as `-f` names it.
  package init(_ text: ArraySlice<UInt8>) {
    self.text = ByteString(text)
    let text = text.drop(while: ASCII.isSpace)
    var rest = text
    if let colon = text.firstIndex(of: ASCII.colon) {
      mapClass = ByteString(text[..<colon])
      rest = text[(colon + 1)...].drop(while: ASCII.isSpace)
    }
    while rest.first == 0x2D { rest = rest.drop { !ASCII.isSpace($0) }.drop(while: ASCII.isSpace) }
    path = ByteString(rest)
  }

  private static func value(of line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard line.first == UInt8(ascii: "O") else { return nil }
    let rest = line.dropFirst()
    if rest.first == UInt8(ascii: "A") { return rest.dropFirst() }
    let name = Array(" aliasfile".utf8)
    guard rest.prefix(name.count).map(ASCII.lowercased).elementsEqual(name) else { return nil }
    let behind = rest.dropFirst(name.count)
    if let next = behind.first, ASCII.isDigit(next) || ASCII.lowercased(next) &- 0x61 < 26 { return nil }
    return behind.firstIndex(of: 0x3D).map { behind[($0 + 1)...] }
  }

  private static func list(_ value: ArraySlice<UInt8>) -> [PraliasesSource] {
    var result: [PraliasesSource] = []
    var rest = value
    while true {
      rest = rest.drop(while: ASCII.isSpace)
      guard !rest.isEmpty else { return result }
      var piece = rest.prefix { $0 != ASCII.comma }
      rest = rest[piece.endIndex...]
      if rest.isEmpty {
        result.append(PraliasesSource(piece))
        return result
      }
      rest = rest.dropFirst()
      while let last = piece.last, ASCII.isSpace(last) { piece.removeLast() }
      result.append(PraliasesSource(piece))
    }
  }
}
