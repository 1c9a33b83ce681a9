/// Why no line of aliases(5) can store a key.
public enum UnstorableAliasName: String, Error, Sendable, Equatable, CaseIterable {
  /// The name is empty.
  case empty
  /// The name, with the quotes that it needs, has more than 255 bytes.
  case tooLong = "too-long"
  /// A NUL, a line end or another control byte.
  case controlByte = "control-byte"
  /// A byte 0x80–0x9F, as they occur in the UTF-8 form of many letters.
  case eightBitByte = "eight-bit-byte"
  /// A colon: the value would begin there, even within quotes.
  case colon
  /// A backslash: the entry could be stored, but sendmail looks such a name up in no alias file.
  case backslash
  /// A name that leads to another host, to a program, a file or a list of addresses.
  case nonLocal = "non-local"
  /// Blanks, quotes, brackets or commas that sendmail drops, moves or replaces.
  case changed
}

extension AliasName {
  /// The spelling under which `newaliases(1)` stores a key, to be written before the colon of a new entry.
  ///
  /// That is the key itself or the key in quotes. Letters keep their case here; they are stored in lower case. A key with
  /// a blank must have its quotes already, since they are part of it: `"foo bar"`.
  ///
  /// - Parameters:
  ///   - key: the key, without a NUL at its end.
  ///   - hosts: the names of this host.
  ///   - blank: what stands for a blank between two words (option BlankSub).
  /// - Returns: the bytes to write before the colon.
  /// - Throws: ``UnstorableAliasName`` when there is none.
  public static func spelling(
    for key: [UInt8], hosts: LocalHosts = .standard, blank: UInt8 = UInt8(ascii: ".")
  ) throws(UnstorableAliasName) -> [UInt8] {
    if key.isEmpty { throw .empty }
    if key.count > ParsedMailbox.longestAddress { throw .tooLong }
    for byte in key {
      switch byte {
      case 0..<32, 127, 255: throw .controlByte
      case 0x80...0x9F: throw .eightBitByte
      case UInt8(ascii: ":"): throw .colon
      case UInt8(ascii: "\\"): throw .backslash
      default: break
      }
    }
    let wanted = key.map(ASCII.lowercased)
    var isRefused = false
    for spelling in [key, [UInt8(ascii: "\"")] + key + [UInt8(ascii: "\"")]] {
      // A line that begins so is a comment, or continues the line before it.
      if spelling[0] == UInt8(ascii: "#") || spelling[0] == UInt8(ascii: " ") { continue }
      let line = spelling + [UInt8(ascii: ":")]
      let name = parse(line.span, hosts: hosts, blank: blank)
      if name.messages.isEmpty && name.storedKey(in: line.span) == wanted { return spelling }
      if name.refusal?.code == .nonLocalName { isRefused = true }
    }
    if isRefused { throw .nonLocal }
    throw key.count + 2 > ParsedMailbox.longestAddress ? .tooLong : .changed
  }
}
