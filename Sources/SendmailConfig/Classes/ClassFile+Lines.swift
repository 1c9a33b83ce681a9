extension ClassFile {
  /// Replaces whole lines; see ``Text/replaceLines(_:with:)``.
  package mutating func replace(lines: Range<Int>, with bytes: [UInt8]) { replaceLines(lines, with: bytes) }
}
