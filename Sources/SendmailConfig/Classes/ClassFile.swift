/// An editable class file: local-host-names (sendmail.cw), relay-domains, trusted-users and every other file that an `F`
/// line of sendmail.cf names.
///
/// ```abnf
/// file    = *line [ piece ]
/// line    = *piece LF            ; a piece is at most 2047 bytes, the LF included
/// piece   = comment / words
/// comment = "#" *OCTET           ; in the first byte of a piece only
/// words   = *OCTET               ; what the format takes of it, cut at white space; a NUL ends it
/// ```
/// There are no continuation lines, no quotes and no escapes, and nothing is expanded. The members are exactly the words
/// that sendmail would read: the rest of a line that is longer than its buffer is read as if it were a line of its own,
/// even where the line is a comment, and ``diagnostics`` says so. One thing is left out on purpose: a word that begins with
/// the byte 0x93 makes sendmail copy the class named behind it, and is no member here.
public struct ClassFile: Sendable {
  /// What the members are compared with, and so which of them make sense.
  public enum Purpose: Sendable {
    /// Class w: names this host answers for, compared as a whole.
    case localHosts
    /// Class R: domains with everything below them, and prefixes of addresses.
    case relayDomains
    /// Any words.
    case words
  }

  /// The text, edits included.
  public package(set) var text: Text
  /// How sendmail scans a line.
  public let format: ClassFileFormat
  /// What the members are for.
  public let purpose: Purpose

  /// The longest piece of a line in bytes, its LF included: sendmail's buffer holds 2048.
  public static let longestPiece = 2047

  /// Reads a class file.
  ///
  /// - Parameters:
  ///   - bytes: The bytes of the file.
  ///   - format: The format of its `F` line; see ``ClassSource``.
  ///   - purpose: What its members are for; decides what ``diagnostics`` and ``add(_:)`` object to.
  /// - Complexity: O(*n*) in bytes.
  public init(_ bytes: [UInt8] = [], format: ClassFileFormat = .firstWord, purpose: Purpose = .localHosts) {
    text = Text(bytes)
    self.format = format
    self.purpose = purpose
  }

  /// The members, in the order of the text; those that stand twice are in it twice.
  ///
  /// - Complexity: O(*n*) in bytes.
  public var members: [ClassMember] {
    var result: [ClassMember] = []
    forEachMember { line, word in
      result.append(member(line, word))
      return true
    }
    return result
  }

  /// Whether a word is a member: the same bytes, the case of ASCII letters aside, as sendmail compares.
  ///
  /// That is the whole answer for class w. Class R matches by parts of names and addresses; this says only whether the
  /// word itself is in the file.
  /// - Complexity: O(*n*) in bytes.
  public func contains(_ word: ByteString) -> Bool { firstMember(word) != nil }

  /// The first member equal to a word, the case of ASCII letters aside.
  ///
  /// - Complexity: O(*n*) in bytes.
  public func firstMember(_ word: ByteString) -> ClassMember? {
    var result: ClassMember?
    let wanted = word.folded
    forEachMember { line, place in
      guard isEqual(place, wanted) else { return true }
      result = member(line, place)
      return false
    }
    return result
  }

  func member(_ line: Int, _ word: Range<Int>) -> ClassMember {
    ClassMember(
      line: line + 1, column: word.lowerBound - text.lines[line].range.lowerBound + 1,
      word: ByteString(text.buffer[word])
    )
  }

  /// Whether the bytes at a place are those of a folded word, the case of ASCII letters aside.
  func isEqual(_ place: Range<Int>, _ folded: ByteString) -> Bool {
    place.count == folded.bytes.count
      && zip(text.buffer[place], folded.bytes).allSatisfy { ASCII.lowercased($0) == $1 }
  }

  /// Calls `body` with the 0-based line and the place of each member, in order, until it answers false.
  @inline(__always)
  package func forEachMember(_ body: (Int, Range<Int>) -> Bool) {
    let bytes = text.buffer.span
    for (index, line) in text.lines.enumerated() {
      var goesOn = true
      ClassFile.forEachWord(bytes, line.range, format) { word in
        guard bytes[word.lowerBound] != ClassFile.classCopy else { return true }
        goesOn = body(index, word)
        return goesOn
      }
      guard goesOn else { return }
    }
  }

  /// sendmail's code for `$=`: a word that begins with it names a class to copy.
  static let classCopy: UInt8 = 0x93

  /// Calls `body` with the place of each word that sendmail reads of a line, until it answers false.
  ///
  /// - Parameters:
  ///   - bytes: The buffer.
  ///   - line: The place of the line, its LF included.
  @inline(__always)
  static func forEachWord(
    _ bytes: Span<UInt8>, _ line: Range<Int>, _ format: ClassFileFormat, _ body: (Range<Int>) -> Bool
  ) {
    var start = line.lowerBound
    while start < line.upperBound {
      let end = min(start + longestPiece, line.upperBound)
      guard words(bytes, start..<end, format, body) else { return }
      start = end
    }
  }

  /// As ``forEachWord(_:_:_:_:)`` for one piece; false when `body` answered false.
  private static func words(
    _ bytes: Span<UInt8>, _ piece: Range<Int>, _ format: ClassFileFormat, _ body: (Range<Int>) -> Bool
  ) -> Bool {
    guard bytes[piece.lowerBound] != ASCII.numberSign else { return true }
    var end = piece.lowerBound
    while end < piece.upperBound, bytes[end] != ASCII.nul { end += 1 }
    guard let found = format.match(bytes, piece.lowerBound..<end) else { return true }
    var index = found.lowerBound
    while index < found.upperBound {
      while index < found.upperBound, ASCII.isSpace(bytes[index]) { index += 1 }
      guard index < found.upperBound else { break }
      let start = index
      while index < found.upperBound, !ASCII.isSpace(bytes[index]) { index += 1 }
      guard body(start..<index) else { return false }
    }
    return true
  }

  /// Replaces lines; see ``Text/replaceLines(_:with:)``.
  mutating func replaceLines(_ indices: Range<Int>, with bytes: [UInt8]) {
    text.replaceLines(indices, with: bytes)
  }
}

/// A word of a class file.
public struct ClassMember: Sendable, Equatable {
  /// The 1-based line.
  public var line: Int
  /// The 1-based column in bytes.
  public var column: Int
  /// The word as written.
  public var word: ByteString
}
