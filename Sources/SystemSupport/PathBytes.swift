internal import Glibc

// Names of files are bytes, and nearly always UTF-8. Where they are not, the bytes that do not fit stand in the string as
// characters of a private plane, one for each byte, and become bytes again on the way to the system: every name has one
// string, and every string one name.

extension String {
  /// The first of the 256 characters that stand for bytes.
  private static let standIn: UInt32 = 0xF_0000

  /// Takes a path that the system or the command line gave.
  package init(path bytes: [UInt8]) {
    // A stand-in in a name is taken apart like what is not UTF-8: nothing else may look like it.
    if let text = String(validating: bytes, as: UTF8.self), !text.hasStandIns {
      self = text
      return
    }
    var scalars = String.UnicodeScalarView()
    var rest = bytes[...]
    while let first = rest.first {
      let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
      if let character = String(validating: rest.prefix(length), as: UTF8.self), !character.hasStandIns,
        character.unicodeScalars.count == 1
      {
        scalars.append(contentsOf: character.unicodeScalars)
        rest = rest.dropFirst(length)
      } else {
        if let scalar = Unicode.Scalar(String.standIn + UInt32(first)) { scalars.append(scalar) }
        rest = rest.dropFirst()
      }
    }
    self = String(scalars)
  }

  /// Whether a character of it stands for a byte.
  package var hasStandIns: Bool {
    // In UTF-8 they all begin with this byte.
    utf8.contains(0xF3) && unicodeScalars.contains { $0.value & ~0xFF == String.standIn }
  }

  /// The bytes of the path, as the system knows it.
  package var pathBytes: [UInt8] {
    guard hasStandIns else { return Array(utf8) }
    var bytes: [UInt8] = []
    for scalar in unicodeScalars {
      if scalar.value & ~0xFF == String.standIn {
        bytes.append(UInt8(scalar.value & 0xFF))
      } else {
        bytes += UTF8.encode(scalar).map { Array($0) } ?? []
      }
    }
    return bytes
  }

  /// Lends the path as the system takes it.
  func withPath<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    guard hasStandIns else { return unsafe withCString { unsafe body($0) } }
    return unsafe (pathBytes + [0]).withUnsafeBytes { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) { chars in
        // There is a byte at least, the NUL.
        guard let start = chars.baseAddress else { return unsafe withCString { unsafe body($0) } }
        return unsafe body(start)
      }
    }
  }

  /// The directory of the path as it is written; `.` where no slash is in it.
  package var pathParent: String {
    guard let slash = utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == utf8.startIndex ? "/" : String(self[..<slash])
  }

  /// What is behind the last slash of the path.
  package var pathName: String {
    utf8.lastIndex(of: UInt8(ascii: "/")).map { String(self[utf8.index(after: $0)...]) } ?? self
  }
}
