internal import SendmailConfig

/// Aliases in which no check can find anything by itself: a plain name, and users and addresses with commas between.
///
/// Nearly all are; they need not be read as addresses.
enum PlainDestinations {
  /// The places of the destinations in the value; nil where the alias has to be looked at.
  static func ranges(of view: AliasLineView, _ alias: LocatedAlias) -> [Range<Int>]? {
    let bytes = view.joined.span
    var index = 0
    while index < bytes.count, isPlain(bytes[index]), bytes[index] != ASCII.at { index += 1 }
    guard index > 0, index < bytes.count, bytes[index] == ASCII.colon, alias.key.count == index else { return nil }
    var result: [Range<Int>] = []
    index = alias.valueStart
    while index < bytes.count {
      if bytes[index] == ASCII.comma || ASCII.isBlank(bytes[index]) {
        index += 1
        continue
      }
      let start = index
      var at: Int?
      while index < bytes.count, isPlain(bytes[index]) {
        if bytes[index] == ASCII.at {
          guard at == nil else { return nil }
          at = index
        }
        index += 1
      }
      let end = index
      guard end > start, end - start <= 255, isAddress(bytes, start, at, end) else { return nil }
      while index < bytes.count, ASCII.isBlank(bytes[index]) { index += 1 }
      guard index == bytes.count || bytes[index] == ASCII.comma else { return nil }
      result.append(start - alias.valueStart..<end - alias.valueStart)
    }
    return result.isEmpty ? nil : result
  }

  /// Whether a user, or a user and a host with dots inside: what no rule of sendmail.cf changes or refuses.
  private static func isAddress(_ bytes: Span<UInt8>, _ start: Int, _ at: Int?, _ end: Int) -> Bool {
    guard let at else { return true }
    guard at > start, at + 1 < end, bytes[at + 1] != 0x2E, bytes[end - 1] != 0x2E else { return false }
    for index in at + 1..<end - 1 where bytes[index] == 0x2E && bytes[index + 1] == 0x2E { return false }
    return true
  }

  @inline(__always)
  private static func isPlain(_ byte: UInt8) -> Bool {
    ASCII.isLetterOrDigit(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F
      || byte == 0x2B || byte == ASCII.at
  }
}
