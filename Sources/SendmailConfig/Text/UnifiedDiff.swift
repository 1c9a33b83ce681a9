/// The lines of a unified diff, as `diff -u` writes them (POSIX `diff`, "Diff -u Output Format").
enum UnifiedDiff {
  /// `---` and `+++` with the names.
  static func heading(from old: String, to new: String) -> [UInt8] { Array("--- \(old)\n+++ \(new)\n".utf8) }

  /// `@@` with the lines, 0-based here and 1-based there.
  static func heading(_ old: Range<Int>, _ new: Range<Int>) -> [UInt8] {
    Array("@@ -\(text(old)) +\(text(new)) @@\n".utf8)
  }

  private static func text(_ range: Range<Int>) -> String {
    // An empty range is named by the line before it.
    range.count == 1
      ? "\(range.lowerBound + 1)" : "\(range.isEmpty ? range.lowerBound : range.lowerBound + 1),\(range.count)"
  }

  /// A line with its sign and, where it has none, what says that its line end is missing.
  static func append(_ sign: TextPatch.Sign, _ line: ArraySlice<UInt8>, to result: inout [UInt8]) {
    result.append(sign.rawValue)
    result += line
    if line.last != ASCII.lineFeed { result += Array("\n\\ No newline at end of file\n".utf8) }
  }
}

extension Text {
  /// A unified diff with `***` in the place of what logs in elsewhere.
  package static func diff(withoutSecrets diff: [UInt8]) -> [UInt8] {
    let text = Text(diff)
    return (0..<text.lineCount).flatMap { index -> [UInt8] in
      let line = text.buffer[text.content(at: index)]
      return line.prefix(1) + Secrets.masked(line: ByteString(line.dropFirst())).bytes + [ASCII.lineFeed]
    }
  }
}
