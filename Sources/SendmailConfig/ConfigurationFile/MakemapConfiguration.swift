/// What makemap(8) and editmap(8) read of a sendmail.cf, and how: line by line, with no regard for continuation lines,
/// macros or options that are abbreviated.
public struct MakemapConfiguration: Sendable {
  /// The values of the lines `O TrustedUser`, in order; the last that can be used counts.
  public private(set) var trustedUsers: [ByteString] = []
  private let bytes: [UInt8]

  /// Reads the bytes of a sendmail.cf.
  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
    let head = Array("o trusteduser".utf8)
    forEachLine("O") { line in
      guard line.prefix(head.count).map(ASCII.lowercased) == head, let sign = line.firstIndex(of: 0x3D),
        line.dropFirst(head.count).first.map({ !ASCII.isDigit($0) && ASCII.lowercased($0) &- 0x61 >= 26 }) ?? true
      else { return true }
      trustedUsers.append(ByteString(line[(sign + 1)...].drop(while: ASCII.isSpace)))
      return true
    }
  }

  /// How the file of a map is found (types `cf` and `CF` of makemap).
  public enum Comparison: Sendable {
    /// The path is the same, byte for byte.
    case path
    /// The name is, without directory and extension: of the file all from the first dot on, on the line from the last.
    case name
  }

  /// The type of the first `K` line whose last word is a map's file; nil where there is none.
  public func mapType(of file: ByteString, by comparison: Comparison) -> ByteString? {
    let wanted =
      comparison == .path ? file.bytes[...] : MakemapConfiguration.name(file.bytes[...]).prefix { $0 != 0x2E }
    guard !wanted.isEmpty else { return nil }
    var type: ByteString?
    forEachLine("K") { line in
      var line = line
      while let last = line.last, ASCII.isSpace(last) { line.removeLast() }
      // A line that has its words between TABs only is not seen.
      guard let boundary = line.lastIndex(where: ASCII.isSpace), line[...boundary].contains(ASCII.space) else {
        return true
      }
      let word = line[(boundary + 1)...]
      guard (comparison == .path ? word : MakemapConfiguration.stem(word)).elementsEqual(wanted) else { return true }
      // K name class …
      let words = line.dropFirst().split(whereSeparator: ASCII.isSpace)
      guard words.count > 1 else { return true }
      type = ByteString(words[1])
      return false
    }
    return type
  }

  /// The name of a path, cut at its last dot.
  private static func stem(_ path: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let name = name(path)
    return name.lastIndex(of: 0x2E).map { name[..<$0] } ?? name
  }

  /// What is behind the last slash of a path.
  private static func name(_ path: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    path[(path.lastIndex(of: 0x2F).map { $0 + 1 } ?? path.startIndex)...]
  }

  /// Calls `body` with each line that begins with a letter, up to its first NUL and without its LF, until it says no.
  private func forEachLine(_ letter: Character, _ body: (ArraySlice<UInt8>) -> Bool) {
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: ASCII.lineFeed) ?? bytes.count
      if bytes[start] == letter.asciiValue, !body(bytes[start..<end].prefix { $0 != ASCII.nul }) { return }
      start = end + 1
    }
  }
}
