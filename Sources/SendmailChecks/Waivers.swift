internal import SendmailConfig

/// The comments of a text that silence findings.
///
/// ```abnf
/// waiver = "# mailcfg: ignore" 1*( 1*( WSP / "," ) code ) [ 1*WSP "--" *OCTET ]   ; behind "--" is the reason
/// code   = 1*( ALPHA / "-" ) "." 1*( ALPHA / "-" )
/// ```
/// In the comment lines directly above an entry a waiver silences the findings of those checks at that entry. In the comment
/// block that begins the file, with an empty line or nothing behind it, it silences those that concern the file as a whole.
struct Waivers {
  /// One code of a waiver comment.
  struct Waiver {
    /// The 1-based line of the comment.
    var line: Int
    /// The 1-based column of the code.
    var column: Int
    /// The code.
    var code: Diagnostic.Code
    /// The 1-based line of the entry; 0 for the whole file; nil where it stands above nothing.
    var entry: Int?
    /// Whether it silenced something.
    var isUsed = false
  }

  /// All of them, in the order of the text.
  private(set) var all: [Waiver] = []
  private var byEntry: [Int: [Int]] = [:]

  /// No waivers.
  init() {}

  /// Finds the waivers of a text.
  ///
  /// - Complexity: O(*n*) in lines.
  init(_ text: Text) {
    let bytes = text.buffer.span
    var open: [Int] = []
    var blockStart = 0
    for index in 0..<text.lineCount {
      let line = text.lines[index].range
      guard bytes[line.lowerBound] == ASCII.numberSign else {
        if !open.isEmpty {
          let isEmpty = text.content(at: index).isEmpty
          close(open, entry: isEmpty ? (blockStart == 0 ? 0 : nil) : index + 1)
          open = []
        }
        blockStart = index + 1
        continue
      }
      guard line.count > Waivers.head.count, starts(bytes, line) else { continue }
      let first = all.count
      read(text, index)
      open += first..<all.count
    }
    close(open, entry: blockStart == 0 ? 0 : nil)
  }

  private static let head = Array("# mailcfg: ignore".utf8)

  private func starts(_ bytes: Span<UInt8>, _ line: Range<Int>) -> Bool {
    for (offset, byte) in Waivers.head.enumerated() where bytes[line.lowerBound + offset] != byte { return false }
    let next = bytes[line.lowerBound + Waivers.head.count]
    return ASCII.isSpace(next)
  }

  private mutating func read(_ text: Text, _ index: Int) {
    let content = text.content(at: index)
    let rest = text.buffer[content].dropFirst(Waivers.head.count)
    for word in rest.split(whereSeparator: { ASCII.isSpace($0) || $0 == ASCII.comma }) {
      if word.elementsEqual([0x2D, 0x2D]) { return }
      all.append(
        Waiver(
          line: index + 1, column: word.startIndex - content.lowerBound + 1,
          code: Diagnostic.Code(rawValue: String(decoding: word, as: UTF8.self)), entry: nil))
    }
  }

  private mutating func close(_ open: [Int], entry: Int?) {
    guard let entry else { return }
    for number in open {
      all[number].entry = entry
      byEntry[entry, default: []].append(number)
    }
  }

  /// Whether a finding at an entry is silenced; the waiver is then used.
  mutating func silence(_ code: Diagnostic.Code, entry: Int) -> Bool {
    guard !byEntry.isEmpty, let numbers = byEntry[entry] else { return false }
    var isSilenced = false
    for number in numbers where all[number].code == code {
      all[number].isUsed = true
      isSilenced = true
    }
    return isSilenced
  }
}
