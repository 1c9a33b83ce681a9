/// What is known of a client that was let relay beside its entries: one comment line above them.
///
/// ```abnf
/// relay-note = "# mailcfg: relay " client [" expires=" full-date] [" note=" 1*OCTET]
/// ```
/// A comment is what every other program leaves alone. The line names the client as it was given, so a block is found and
/// removed as the one thing it was added as, wherever its entries have gone meanwhile.
public struct RelayNote: Hashable, Sendable {
  /// The client.
  public var client: RelayClient
  /// The last day on which it may relay; nil for no end.
  public var expires: CalendarDate?
  /// What a person wrote about it.
  public var note: ByteString?

  private static let head = Array("# mailcfg: relay ".utf8)

  /// Makes a note.
  ///
  /// - Throws: ``EditError`` with ``EditError/Code/badComment`` where the note has a line break, a NUL byte or another
  ///   control character, or is longer than 500 bytes.
  public init(client: RelayClient, expires: CalendarDate? = nil, note: ByteString? = nil) throws(EditError) {
    if let note {
      guard !note.bytes.contains(where: { $0 < 0x20 && $0 != ASCII.tab || $0 == 0x7F }) else {
        throw EditError(
          .badComment, "comment \"\(note.escaped)\": it has to stand on one line, without control characters")
      }
      guard note.bytes.count <= 500 else {
        throw EditError(.badComment, "the comment has \(note.bytes.count) bytes; at most 500 fit")
      }
    }
    self.client = client
    self.expires = expires
    let trimmed = note.map { ByteString($0.bytes.trimming(while: ASCII.isBlank)) }
    self.note = trimmed.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Reads a comment line; nil where it is another comment.
  init?(line: ArraySlice<UInt8>) {
    guard line.starts(with: RelayNote.head) else { return nil }
    var rest = line.dropFirst(RelayNote.head.count).trimming(while: ASCII.isSpace)
    func word() -> String {
      let word = rest.prefix { !ASCII.isBlank($0) }
      rest = rest.dropFirst(word.count).drop(while: ASCII.isBlank)
      return String(decoding: word, as: UTF8.self)
    }
    guard let client = try? RelayClient(word()) else { return nil }
    self.client = client
    if rest.starts(with: "expires=".utf8) {
      guard let date = CalendarDate(word().dropFirst("expires=".utf8.count)) else { return nil }
      expires = date
    }
    guard !rest.isEmpty else { return }
    // Words that somebody added elsewhere would be lost when the line is written again.
    guard rest.starts(with: "note=".utf8) else { return nil }
    note = ByteString(rest.dropFirst("note=".utf8.count))
  }

  /// Whether a comment line looks as if it were to be a note.
  static func isMeant(_ line: ArraySlice<UInt8>) -> Bool {
    let words = String(decoding: line.dropFirst(), as: UTF8.self).lowercased().split(separator: " ", maxSplits: 2)
    return words.starts(with: ["mailcfg:", "relay"])
  }

  /// The comment line, without a line end.
  var line: ByteString {
    var bytes = RelayNote.head + Array("\(client)".utf8)
    if let expires { bytes += Array(" expires=\(expires)".utf8) }
    if let note { bytes += Array(" note=".utf8) + note.bytes }
    return ByteString(bytes)
  }
}
