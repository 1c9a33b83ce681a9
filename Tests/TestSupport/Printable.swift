/// Bytes as one printable line: control bytes, the backslash and bytes that are not ASCII as `\n`, `\t`, `\xHH`.
package func printable(_ bytes: some Sequence<UInt8>) -> String {
  var result = ""
  for byte in bytes {
    switch byte {
    case 0x0A: result += "\\n"
    case 0x0D: result += "\\r"
    case 0x09: result += "\\t"
    case 0x5C: result += "\\\\"
    case 0x20...0x7E: result.unicodeScalars.append(Unicode.Scalar(byte))
    default: result += "\\x" + hex(byte)
    }
  }
  return result
}

/// Bytes as a dump of 16 a line: offset, hexadecimal, and what is printable.
package func hexdump(_ bytes: [UInt8]) -> String {
  var lines: [String] = []
  for start in stride(from: 0, to: bytes.count, by: 16) {
    let row = bytes[start..<min(start + 16, bytes.count)]
    let digits = row.map(hex).joined(separator: " ")
    let text = String(decoding: row.map { (0x20...0x7E).contains($0) ? $0 : 0x2E }, as: UTF8.self)
    let offset = String(start, radix: 16)
    lines.append(
      String(repeating: "0", count: max(0, 6 - offset.count)) + offset + "  " + digits
        + String(repeating: " ", count: 49 - digits.count) + text)
  }
  return lines.joined(separator: "\n")
}

private func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
