internal import SendmailConfig

/// The lines of a file of addresses, one after the other (`:include:`, `.forward`; aliases(5)).
///
/// ```abnf
/// line    = "#" *OCTET / [ address *( "," address ) ] [ 1*SPACE comment ]
/// comment = "#@#" [ SPACE *OCTET ]          ; to the end of the line
/// ```
/// A CR before the LF does not count. A line of 2,047 bytes or more is cut into lines of that many; a NUL ends what counts of one.
struct ListLines {
  private let bytes: [UInt8]
  private var place = 0
  /// The 1-based number of the line that was given last.
  private(set) var number = 0
  private static let longest = 2047

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The next line with something in it.
  mutating func next() -> ArraySlice<UInt8>? {
    while place < bytes.count {
      let limit = min(place + ListLines.longest, bytes.count)
      var end = place
      while end < limit, bytes[end] != ASCII.lineFeed { end += 1 }
      var line = bytes[place..<end].prefix { $0 != 0 }
      if end < limit, line.endIndex == end, line.last == ASCII.carriageReturn { line.removeLast() }
      place = end < limit ? end + 1 : end
      number += 1
      guard let first = line.first, first != ASCII.numberSign else { continue }
      let text = ListLines.withoutComment(line)
      if !text.isEmpty { return text }
    }
    return nil
  }

  private static func withoutComment(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var index = line.startIndex + 1
    while index + 2 < line.endIndex {
      if line[index] == ASCII.numberSign, line[index + 1] == ASCII.at, line[index + 2] == ASCII.numberSign,
        ASCII.isSpace(line[index - 1]), index + 3 == line.endIndex || ASCII.isSpace(line[index + 3])
      {
        var end = index - 1
        while end > line.startIndex, ASCII.isSpace(line[end]) { end -= 1 }
        return line[...end]
      }
      index += 1
    }
    return line
  }
}
