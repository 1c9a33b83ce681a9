public import SendmailConfig

/// The file of a text map: lines of columns, read anew for each key and never compiled.
///
/// ```abnf
/// file = *( line LF )
/// line = "#" *OCTET / column *( delimiter column )     ; the delimiter is that of -z, or a blank or TAB, white space behind it skipped
/// ```
/// A line of more than 2047 bytes is read in pieces of that length, each one a line. A line or piece that begins with the
/// delimiter of `-z` has no first column, neither as key nor as value. Of a key and of a column the first 256 bytes count.
/// Sources: installation and operation guide, "K -- Key File Declaration"; the rest found out by asking sendmail.
public struct TextMapFile: Sendable {
  /// What sendmail's buffer takes of a line.
  private static let longest = 2047
  /// What it takes of a column, and of a key.
  private static let longestColumn = 256

  private let entries: [ByteString: (value: ByteString?, line: Int)]

  /// Reads a file as a map's `-k`, `-v` and `-z` say.
  ///
  /// - Complexity: O(*n*) in bytes.
  public init(_ bytes: [UInt8], _ flags: MapFlags) {
    let key = TextMapFile.column(flags.keyColumn) ?? 0
    let value = TextMapFile.column(flags.valueColumn) ?? 0
    var entries: [ByteString: (value: ByteString?, line: Int)] = [:]
    func add(_ line: ArraySlice<UInt8>, _ number: Int) {
      let line = line.prefix { $0 != ASCII.nul }
      guard line.first != ASCII.numberSign,
        let found = TextMapFile.column(key, of: line, flags.columnDelimiter)
      else { return }
      let name = ByteString(found).folded
      guard entries[name] == nil else { return }
      entries[name] = (TextMapFile.column(value, of: line, flags.columnDelimiter).map { ByteString($0) }, number)
    }
    for (index, line) in bytes.split(separator: ASCII.lineFeed, omittingEmptySubsequences: false).enumerated() {
      var rest = line
      repeat {
        add(rest.prefix(TextMapFile.longest), index + 1)
        rest = rest.dropFirst(TextMapFile.longest)
      } while !rest.isEmpty
    }
    self.entries = entries
  }

  /// The value of a key, whose letters' case does not count; the first line that has the key decides.
  public subscript(key: ByteString) -> MapAnswer {
    guard let entry = entries[ByteString(key.bytes.prefix(TextMapFile.longestColumn)).folded], let value = entry.value
    else { return .notFound }
    return .found(value, line: entry.line)
  }

  /// The number that `-k` or `-v` gives; nil without one.
  static func column(_ argument: ByteString?) -> Int? {
    guard let argument, argument.bytes.first.map(ASCII.isDigit) ?? false else { return nil }
    return ConfigurationLine.number(argument.bytes[...])
  }

  /// A column of a line, counted from 0; nil where the line has none of that number.
  private static func column(_ number: Int, of line: ArraySlice<UInt8>, _ delimiter: UInt8?) -> ArraySlice<UInt8>? {
    let isDelimiter: (UInt8) -> Bool = { byte in
      delimiter.map { $0 == byte } ?? (byte == ASCII.space || byte == ASCII.tab)
    }
    guard let first = line.first, number > 0 || first != delimiter else { return nil }
    // Blanks in front are part of no first column, but begin a second one.
    var rest = number == 0 && delimiter == nil ? line.drop(while: ASCII.isSpace) : line
    for _ in 0..<number {
      guard let end = rest.firstIndex(where: isDelimiter) else { return nil }
      rest = rest[(end + 1)...]
      if delimiter == nil { rest = rest.drop(while: ASCII.isSpace) }
    }
    return rest.prefix { !isDelimiter($0) }.prefix(longestColumn)
  }
}
