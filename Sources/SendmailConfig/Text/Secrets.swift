/// What logs in at other servers, kept out of whatever is shown: the values of `AuthInfo:` keys (cf/README, "STARTTLS AND
/// AUTH").
///
/// The values are lists such as `"U:anna" "P:secret"`, or `"P=c2VjcmV0"` in base64. What hides them does so in lines that are
/// no entries too: a comment, a line that makemap refuses, one with a quote in its key; and where somebody has left the quotes out.
package enum Secrets {
  /// What stands in the place of a secret.
  package static let mask: [UInt8] = Array("***".utf8)
  private static let tag = Array("authinfo".utf8)

  /// A line of a table without the secrets that it may hold.
  ///
  /// - Complexity: O(*n*) in bytes.
  package static func masked(line: ByteString) -> ByteString {
    let bytes = line.bytes
    if let start = firstTag(in: bytes), firstItem(in: bytes[..<start], .behindOthers) == nil {
      // The word with the tag is the key; what is quoted in it is a value that somebody forgot to set apart.
      let key = bytes[..<start] + bytes[start...].prefix { !ASCII.isSpace($0) && $0 != ASCII.quote }
      guard bytes[key.endIndex...].contains(where: { !ASCII.isSpace($0) }) else { return line }
      return ByteString(key + [ASCII.tab] + mask)
    }
    return cut(line, .behindOthers)
  }

  /// A word of a command line, or what a caller says of a change, without the secrets that it may hold: all that stands in the
  /// word behind an `AuthInfo:` key, and what is an item.
  package static func masked(word: String) -> String {
    let bytes = Array(word.utf8)
    guard let start = firstTag(in: bytes),
      let blank = bytes[start...].firstIndex(where: { ASCII.isSpace($0) || $0 == ASCII.quote }),
      bytes[blank...].contains(where: { !ASCII.isSpace($0) })
    else { return masked(message: word) }
    let head = String(decoding: bytes[..<blank], as: UTF8.self)
    return masked(message: head) + " " + String(decoding: mask, as: UTF8.self)
  }

  /// A text up to its first password.
  fileprivate static func cut(_ text: ByteString, _ unquoted: Unquoted) -> ByteString {
    guard let item = firstItem(in: text.bytes[...], unquoted) else { return text }
    return ByteString(text.bytes[..<item.lowerBound] + mask)
  }

  /// Which words without quotes are items.
  fileprivate enum Unquoted {
    /// None: rules go by the text.
    case none
    /// All but one at the head: that is a name, such as the alias `p`.
    case behindOthers
    /// Those with a colon: `P=[IPC]` is part of a mailer.
    case withColon
    case all
  }

  /// A message without passwords that it may quote.
  package static func masked(message: String) -> String {
    let bytes = Array(message.utf8)
    let unquoted = firstTag(in: bytes) == nil ? Unquoted.withColon : .all
    guard var item = firstItem(in: bytes[...], unquoted) else { return message }
    var result: [UInt8] = []
    var start = 0
    while true {
      result += bytes[start..<item.lowerBound] + mask
      start = item.upperBound
      guard let next = firstItem(in: bytes[start...], unquoted) else { break }
      item = next
    }
    return String(decoding: result + bytes[start...], as: UTF8.self)
  }

  /// Whether a key logs in elsewhere, even if somebody has put quotes around it.
  package static func isTagged(_ key: Span<UInt8>) -> Bool { firstTag(in: key, endsWord: true) != nil }

  private static func firstTag(in bytes: [UInt8]) -> Int? { firstTag(in: bytes.span, endsWord: false) }

  /// Where a word `authinfo` with its colon, or a blank in its place, begins.
  ///
  /// - Parameter endsWord: Whether the end of the text will do as well.
  private static func firstTag(in bytes: Span<UInt8>, endsWord: Bool) -> Int? {
    // A million keys may be looked up at a time: nothing is allocated, and no byte asked for by way of a protocol.
    let length = tag.count
    var start = 0
    while start + length < bytes.count + (endsWord ? 1 : 0) {
      defer { start += 1 }
      guard ASCII.lowercased(bytes[start]) == UInt8(ascii: "a") else { continue }
      let end = start + length
      guard end == bytes.count || bytes[end] == ASCII.colon || ASCII.isSpace(bytes[end]) else { continue }
      if (0..<length).allSatisfy({ ASCII.lowercased(bytes[start + $0]) == tag[$0] }) { return start }
    }
    return nil
  }

  /// Where the first password stands: behind `P:` or `P=` at the beginning of an item, up to the quote that ends it.
  private static func firstItem(in bytes: ArraySlice<UInt8>, _ unquoted: Unquoted) -> Range<Int>? {
    var index = bytes.startIndex
    while let found = bytes[index...].firstIndex(where: { ASCII.lowercased($0) == UInt8(ascii: "p") }) {
      index = found + 1
      guard index < bytes.endIndex, bytes[index] == ASCII.colon || bytes[index] == UInt8(ascii: "=") else { continue }
      let isQuoted = found > bytes.startIndex && bytes[found - 1] == ASCII.quote
      guard isQuoted || isItem(at: found, in: bytes, unquoted) else { continue }
      let start = index + 1
      let end = bytes[start...].firstIndex { isQuoted ? $0 == ASCII.quote : ASCII.isSpace($0) || $0 == ASCII.quote }
      guard start < end ?? bytes.endIndex else { continue }
      return start..<(end ?? bytes.endIndex)
    }
    return nil
  }

  /// Whether a word without quotes begins at a place, and is an item.
  private static func isItem(at place: Int, in bytes: ArraySlice<UInt8>, _ unquoted: Unquoted) -> Bool {
    let isFirst = place == bytes.startIndex
    guard isFirst || ASCII.isSpace(bytes[place - 1]) || "#=,;(".utf8.contains(bytes[place - 1]) else { return false }
    switch unquoted {
    case .none: return false
    case .behindOthers: return !isFirst
    case .withColon: return bytes[place + 1] == ASCII.colon
    case .all: return true
    }
  }
}

extension ByteString {
  /// The value of a key of a map for output: three stars where it logs in elsewhere (`AuthInfo:`), and with
  /// `showingSecrets` as it is.
  package func shown(of key: ByteString, showingSecrets: Bool = false) -> ByteString {
    if showingSecrets { return self }
    return Secrets.isTagged(key.bytes.span) ? ByteString(Secrets.mask) : Secrets.cut(self, .none)
  }

  /// A key of a map for output: without the password that is part of it where the blank before the value was forgotten.
  package func shownAsKey(showingSecrets: Bool = false) -> ByteString {
    showingSecrets ? self : Secrets.cut(self, .none)
  }
}
