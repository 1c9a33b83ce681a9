internal import SendmailConfig

/// The frame of an address in a header field, as `sendmail -bt` shows it: `$g` stands for the address itself.
///
/// ```abnf
/// field  = [ phrase ":" ] [ phrase ] "<" address ">" *OCTET   ; the last < counts
///        / [ phrase ":" ] address [ ";" ]
/// phrase = *( word / quoted-string / comment )
/// ```
/// Comments stay, behind the address they stand in, and so does what is around the angle brackets; a phrase with bytes in it that it
/// may not hold without quotes gets them. Found out by asking; forms that nobody writes, such as brackets inside each other, may
/// come out otherwise.
enum CrackedAddress {
  private enum Kind { case text, quoted, comment, opening, closing, colon, semicolon }
  private typealias Piece = (kind: Kind, bytes: ArraySlice<UInt8>)

  private static let address = Array("$g".utf8)
  /// What wants quotes around a phrase: `. ; , @ \ < > ' [ ] :`.
  private static let special = Set<UInt8>(Array(".;,@\\<>'[]:".utf8))

  static func frame(of field: ArraySlice<UInt8>) -> [UInt8] {
    let pieces = pieces(of: field.trimming(while: ASCII.isBlank))
    guard let open = pieces.lastIndex(where: { $0.kind == .opening }) else {
      return plain(pieces.filter { $0.kind != .closing })
    }
    let close = pieces[open...].firstIndex { $0.kind == .closing } ?? pieces.endIndex
    let rest = pieces[min(close + 1, pieces.endIndex)...]
    // Quotes behind the brackets make it forget what was before.
    if rest.contains(where: { $0.kind == .quoted }) { return [0x3C] + address + [0x3E] }
    var head = pieces[..<open]
    var result: [UInt8] = []
    if let colon = head.firstIndex(where: { $0.kind == .colon }) {
      result = phrase(head[..<colon]) + [ASCII.colon]
      head = head[(colon + 1)...]
    }
    result += phrase(head)
    result.append(0x3C)
    result += inside(pieces[(open + 1)..<close])
    result.append(0x3E)
    for piece in rest where piece.kind != .closing { result += piece.bytes }
    return result
  }

  /// What stands between the brackets.
  private static func inside(_ pieces: ArraySlice<Piece>) -> [UInt8] {
    guard pieces.contains(where: { !$0.bytes.allSatisfy(ASCII.isBlank) }) else { return [] }
    var result: [UInt8] = []
    var isThere = false
    for piece in pieces {
      if piece.kind == .comment {
        result += [ASCII.space] + piece.bytes
      } else if !isThere, !piece.bytes.allSatisfy(ASCII.isBlank) {
        if !result.isEmpty { result.append(ASCII.space) }
        result += address
        isThere = true
      }
    }
    return result
  }

  /// An address without brackets.
  private static func plain(_ pieces: [Piece]) -> [UInt8] {
    var pieces = pieces[...]
    var result: [UInt8] = []
    if let colon = pieces.firstIndex(where: { $0.kind == .colon }) {
      result = phrase(pieces[..<colon]) + [ASCII.colon]
      pieces = pieces[(colon + 1)...]
      guard let first = pieces.first else { return result }
      if first.kind == .text { result += first.bytes.prefix(while: ASCII.isBlank) }
    }
    var isThere = false
    func separate(_ others: [UInt8]) {
      if let last = result.last, !others.contains(last) { result.append(ASCII.space) }
    }
    var previous = Kind.text
    for piece in pieces {
      defer { previous = piece.kind }
      switch piece.kind {
      case .comment:
        separate([ASCII.space, ASCII.colon])
        result += piece.bytes
      case .semicolon:
        result.append(0x3B)
        if !isThere { result += address }
        isThere = true
      default:
        // Blanks behind a comment, with another one behind them, are an address to it.
        let isEmpty =
          piece.bytes.allSatisfy(ASCII.isBlank)
          ? previous != .comment : piece.bytes.elementsEqual([ASCII.quote, ASCII.quote])
        guard !isThere, !isEmpty else { continue }
        separate([ASCII.space, ASCII.colon, 0x3B])
        result += address
        isThere = true
      }
    }
    return result
  }

  /// A phrase, in quotes where it needs them; the blanks around it stay outside.
  private static func phrase(_ pieces: ArraySlice<Piece>) -> [UInt8] {
    let text = Array(pieces.map(\.bytes).joined())
    let needsQuotes = pieces.contains { piece in
      switch piece.kind {
      case .quoted, .comment: false
      case .text: piece.bytes.contains(where: special.contains)
      case .opening, .closing, .colon, .semicolon: true
      }
    }
    guard needsQuotes else { return text }
    let core = text[...].trimming(while: ASCII.isBlank)
    var result = Array(text[..<core.startIndex])
    result.append(ASCII.quote)
    for byte in core {
      if byte == ASCII.quote { result.append(ASCII.backslash) }
      result.append(byte)
    }
    result.append(ASCII.quote)
    return result + text[core.endIndex...]
  }

  private static func pieces(of field: ArraySlice<UInt8>) -> [Piece] {
    var pieces: [Piece] = []
    var index = field.startIndex
    var start = index
    // A colon between square brackets, as in [IPv6:2001:db8::1], ends no name of a group.
    var depth = 0
    func end(_ kind: Kind, at next: Int) {
      if start < index { pieces.append((.text, field[start..<index])) }
      pieces.append((kind, field[index..<next]))
      index = next
      start = next
    }
    while index < field.endIndex {
      switch field[index] {
      case ASCII.backslash: index = min(index + 2, field.endIndex)
      case ASCII.quote: end(.quoted, at: endOfQuotes(field[index...]))
      case 0x28:
        let (next, open) = endOfComment(field[index...])
        end(.comment, at: next)
        if open > 0 { pieces[pieces.count - 1].bytes += [UInt8](repeating: 0x29, count: open) }
      case 0x3C: end(.opening, at: index + 1)
      case 0x3E: end(.closing, at: index + 1)
      case 0x3B: end(.semicolon, at: index + 1)
      case ASCII.colon where field[index...].starts(with: [ASCII.colon, ASCII.colon]): index += 2
      case 0x5B:
        depth += 1
        index += 1
      case 0x5D:
        depth -= 1
        index += 1
      case ASCII.colon where depth <= 0: end(.colon, at: index + 1)
      default: index += 1
      }
    }
    if start < index { pieces.append((.text, field[start..<index])) }
    return pieces
  }

  private static func endOfQuotes(_ text: ArraySlice<UInt8>) -> Int {
    var index = text.startIndex + 1
    while index < text.endIndex, text[index] != ASCII.quote { index += text[index] == ASCII.backslash ? 2 : 1 }
    return min(index + 1, text.endIndex)
  }

  /// Where a comment ends, and how many parentheses are open there.
  private static func endOfComment(_ text: ArraySlice<UInt8>) -> (end: Int, depth: Int) {
    var (index, depth) = (text.startIndex, 0)
    while index < text.endIndex {
      switch text[index] {
      case ASCII.backslash: index += 1
      case 0x28: depth += 1
      case 0x29:
        depth -= 1
        if depth == 0 { return (index + 1, 0) }
      default: break
      }
      index += 1
    }
    return (text.endIndex, depth)
  }
}
