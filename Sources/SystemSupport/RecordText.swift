/// The words of which our own files are made, and what tells whether they are whole.
///
/// ```
/// word = *( %x21-24 / %x26-7E / "%" 2HEXDIG )        ; any bytes; with blanks kept, %x20 too
/// ```
package enum RecordText {
  private static let digits = Array("0123456789abcdef".utf8)

  /// Bytes as a word.
  ///
  /// - Parameter keepsBlanks: Whether blanks stay as they are, for what ends with its line.
  /// - Complexity: O(*n*) in bytes.
  package static func escaped(_ bytes: some Sequence<UInt8>, keepsBlanks: Bool = false) -> String {
    var result: [UInt8] = []
    for byte in bytes {
      if byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "%") || keepsBlanks && byte == 0x20 {
        result.append(byte)
      } else {
        result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// The bytes of a word; nil where it is none.
  package static func unescaped(_ word: some Sequence<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = word.makeIterator()
    while let byte = rest.next() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.next().flatMap(value), let low = rest.next().flatMap(value) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x41...0x46: digit - 0x41 + 10
    case 0x61...0x66: digit - 0x61 + 10
    default: nil
    }
  }

  /// FNV-1a, 64 bits: against torn files.
  package static func checksum(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  /// A number in hexadecimal, with all its digits.
  package static func hex(_ number: some FixedWidthInteger & UnsignedInteger) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: number.bitWidth / 4 - digits.utf8.count) + digits
  }
}
