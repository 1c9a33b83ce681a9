/// A macro that sendmail.cf defines (`D` line).
public struct MacroDefinition: Sendable, Equatable {
  /// The name without braces; `${x}` and `$x` are one macro.
  public var name: ByteString
  /// The value: quotes and backslashes resolved, other macros in it as written.
  public var value: ByteString
  /// The 1-based line.
  public var line: Int
}

/// The name of a macro or a class: one byte, or letters, digits and `_` in braces.
enum MacroName {
  /// Reads a name.
  ///
  /// - Returns: The name without braces and what is behind it; nil where there is no name.
  static func read(_ bytes: ArraySlice<UInt8>) -> (name: ByteString, rest: ArraySlice<UInt8>)? {
    guard let first = bytes.first else { return nil }
    guard first == 0x7B else { return (ByteString([first]), bytes.dropFirst()) }
    guard let end = bytes.firstIndex(of: 0x7D), end > bytes.startIndex + 1 else { return nil }
    // Other characters are named in an error, and left out.
    let name = bytes[bytes.startIndex + 1..<end].filter { isNameByte($0) }
    return (ByteString(name), bytes[(end + 1)...])
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    ASCII.isDigit(byte) || byte == 0x5F || ASCII.lowercased(byte) &- 0x61 < 26
  }

  /// The index behind the `$…` at `index`, which is not the last byte.
  static func end(of bytes: [UInt8], at index: Int) -> Int {
    var next = index + 1
    if bytes[next] == 0x24 { return next + 1 }
    if [0x3D, 0x7E, 0x26, 0x3F].contains(bytes[next]), next + 1 < bytes.count { next += 1 }
    guard bytes[next] == 0x7B else { return next + 1 }
    return bytes[next...].firstIndex(of: 0x7D).map { $0 + 1 } ?? bytes.count
  }
}

/// The macros defined so far, to expand a line with.
package struct Macros {
  private var values: [ByteString: ByteString] = [:]

  mutating func define(_ name: ByteString, _ value: ByteString) { values[name] = value }

  /// Expands `$x` and `${name}` where they are defined, and `$$`.
  ///
  /// What the host and the message define (`$w`, `$&{…}`) and conditions stay as written; their names are added to
  /// `unknown`.
  func expand(_ bytes: ArraySlice<UInt8>, unknown: inout [ByteString], depth: Int = 0) -> [UInt8] {
    var result: [UInt8] = []
    let bytes = Array(bytes)
    var index = 0
    while index < bytes.count {
      guard bytes[index] == 0x24, index + 1 < bytes.count else {
        result.append(bytes[index])
        index += 1
        continue
      }
      let end = MacroName.end(of: bytes, at: index)
      if bytes[index + 1] == 0x24 {
        result.append(0x24)
      } else if let (name, _) = MacroName.read(bytes[(index + 1)..<end]), let value = values[name], depth < 10 {
        result += expand(value.bytes[...], unknown: &unknown, depth: depth + 1)
      } else {
        result += bytes[index..<end]
        if bytes[index + 1] != 0x3D { unknown.append(ByteString(bytes[(index + 1)..<end])) }
      }
      index = end
    }
    return result
  }

  /// A string with its quotes taken off and its backslashes resolved (`\n`, `\r`, `\f`, `\b`, otherwise the byte itself).
  package static func unquoted(_ bytes: ArraySlice<UInt8>) -> ByteString {
    var result: [UInt8] = []
    var escapes = false
    for byte in bytes {
      if escapes {
        escapes = false
        switch byte {
        case UInt8(ascii: "r"): result.append(ASCII.carriageReturn)
        case UInt8(ascii: "n"): result.append(ASCII.lineFeed)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "b"): result.append(0x08)
        default: result.append(byte)
        }
      } else if byte == ASCII.backslash {
        escapes = true
      } else if byte != ASCII.quote {
        result.append(byte)
      }
    }
    return ByteString(result)
  }
}
