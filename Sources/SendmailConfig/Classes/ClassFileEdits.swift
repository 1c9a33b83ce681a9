extension EditError.Code {
  /// The word cannot stand in this class, or would never match.
  public static let badWord = EditError.Code(rawValue: "bad-word")
  /// The line cannot be changed without changing what else is read of it.
  public static let badLine = EditError.Code(rawValue: "bad-line")
}

extension ClassFile {
  /// What an edit did.
  public typealias Edit = Table.Edit

  /// Makes a word a member: a line of its own behind the last line that has one.
  ///
  /// - Returns: ``Table/Edit/added(line:)``, or ``Table/Edit/unchanged(line:)`` where it is a member, the case of ASCII
  ///   letters aside.
  /// - Throws: ``EditError`` with ``EditError/Code/badWord`` where the word is none, could never match what the class is
  ///   for, or would not be read back by the file's format. The text is then unchanged.
  @discardableResult
  public mutating func add(_ word: ByteString) throws(EditError) -> Edit {
    try check(word)
    if let member = firstMember(word) { return .unchanged(line: member.line) }
    let line = word.bytes + text.lineEnd
    guard ClassFile.words(of: line, format) == [word] else {
      throw EditError(
        .badWord,
        "\"\(word.escaped)\": on a line of its own, the format \(format.text.escaped) of the F line would not take this word; "
          + "add it by hand in the form that the format wants")
    }
    var place = text.lineCount
    forEachMember { index, _ in
      place = index + 1
      return true
    }
    replaceLines(place..<place, with: line)
    return .added(line: place + 1)
  }

  /// Removes a word wherever it is a member.
  ///
  /// A line that has no other member goes as a whole, with a comment behind the word: what was said of the word goes with
  /// it. Otherwise the word is cut out with the blanks behind it. Comment lines stay.
  ///
  /// - Returns: ``Table/Edit/removed(count:)`` with the number of places, or ``Table/Edit/unchanged(line:)`` with 0.
  /// - Throws: ``EditError`` with ``EditError/Code/badLine`` where the line would then be read otherwise, such as one that
  ///   is longer than sendmail's buffer. The text is then unchanged.
  @discardableResult
  public mutating func remove(_ word: ByteString) throws(EditError) -> Edit {
    let wanted = word.folded
    var places: [(line: Int, words: [Range<Int>])] = []
    forEachMember { line, place in
      guard isEqual(place, wanted) else { return true }
      if let last = places.last, last.line == line {
        places[places.count - 1].words.append(place)
      } else {
        places.append((line, [place]))
      }
      return true
    }
    guard !places.isEmpty else { return .unchanged(line: 0) }
    var replacements: [(line: Int, bytes: [UInt8])] = []
    for (line, words) in places { replacements.append((line, try cut(words, from: line, of: wanted))) }
    for (line, bytes) in replacements.reversed() { replaceLines(line..<line + 1, with: bytes) }
    return .removed(count: places.reduce(0) { $0 + $1.words.count })
  }

  /// The bytes of a 0-based line without some of its words; none where it would have no member.
  private func cut(_ words: [Range<Int>], from line: Int, of folded: ByteString) throws(EditError) -> [UInt8] {
    let range = text.lines[line].range
    let before = ClassFile.words(of: Array(text.buffer[range]), format)
    let after = before.filter { $0.folded != folded }
    if after.isEmpty { return [] }
    // Without the blanks behind the word the rest may begin a comment, or two words may become one.
    for takesBlanks in [true, false] {
      var bytes: [UInt8] = []
      var index = range.lowerBound
      for word in words {
        bytes += text.buffer[index..<word.lowerBound]
        index = word.upperBound
        let blanks = text.buffer[index..<range.upperBound].prefix(while: ASCII.isBlank)
        if takesBlanks { index = blanks.endIndex }
      }
      bytes += text.buffer[index..<range.upperBound]
      if ClassFile.words(of: bytes, format) == after {
        return ClassFile.withoutTrailingBlanks(bytes, unlike: range, text)
      }
    }
    throw EditError(
      .badLine,
      "line \(line + 1): without \"\(folded.escaped)\" sendmail would read other words of this line; split the line first"
    )
  }

  /// Takes off the blanks that stood before the last word, which is gone.
  private static func withoutTrailingBlanks(_ bytes: [UInt8], unlike old: Range<Int>, _ text: Text) -> [UInt8] {
    let isEnd: (UInt8) -> Bool = { $0 == ASCII.lineFeed || $0 == ASCII.carriageReturn }
    let end = bytes.reversed().prefix(while: isEnd).count
    let oldBody = text.buffer[old].reversed().drop(while: isEnd)
    guard let last = oldBody.first, !ASCII.isBlank(last) else { return bytes }
    let body = bytes.dropLast(end).reversed().drop(while: ASCII.isBlank).reversed()
    return Array(body) + bytes.suffix(end)
  }

  /// The words that sendmail reads of some bytes that are one line.
  static func words(of line: [UInt8], _ format: ClassFileFormat) -> [ByteString] {
    var result: [ByteString] = []
    forEachWord(line.span, 0..<line.count, format) { place in
      result.append(ByteString(line[place]))
      return true
    }
    return result
  }

  private func check(_ word: ByteString) throws(EditError) {
    func refuse(_ why: String) throws(EditError) -> Never {
      throw EditError(.badWord, "\"\(word.escaped)\": \(why)")
    }
    guard let first = word.bytes.first else { throw EditError(.badWord, "the word is empty") }
    if word.bytes.contains(where: { $0 == ASCII.lineFeed || $0 == ASCII.carriageReturn }) {
      try refuse("a line break in it would begin another line")
    }
    if word.bytes.contains(ASCII.nul) { try refuse("a NUL byte in it would end the line") }
    if word.bytes.contains(where: ASCII.isSpace) { try refuse("a blank in it would make two words of it") }
    if word.bytes.contains(ASCII.numberSign) {
      try refuse("with # in it, it would be read as a comment or cut short, depending on the format")
    }
    if first == ClassFile.classCopy { try refuse("the byte 0x93 at its beginning would make sendmail copy a class") }
    if word.bytes.count > ClassFile.longestPiece - 2 {
      try refuse("it has \(word.bytes.count) bytes, and sendmail reads at most \(ClassFile.longestPiece) of a line")
    }
    if let objection = ClassWordObjection(word, purpose) { try refuse("\(objection.reason); \(objection.remedy)") }
  }
}
