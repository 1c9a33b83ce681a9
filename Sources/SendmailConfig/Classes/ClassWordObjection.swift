/// Why a word can never match what its class is compared with.
struct ClassWordObjection: Equatable {
  var code: Diagnostic.Code
  var reason: String
  var remedy: String

  /// nil where there is nothing against the word.
  init?(_ word: ByteString, _ purpose: ClassFile.Purpose) {
    let bytes = word.bytes
    guard let first = bytes.first, let last = bytes.last else { return nil }
    switch purpose {
    case .words: return nil
    case .localHosts:
      if first == 0x2E {
        self.init(
          .classLeadingDot, "class w holds whole host names, and a leading dot never matches", "write each host")
        return
      }
      if last == 0x2E {
        self.init(
          .classTrailingDot, "names are compared without their final dot, so this never matches", "drop the dot")
        return
      }
      if ClassWordObjection.isLiteral(bytes) { return nil }
      if ClassWordObjection.isIPv4(bytes) {
        self.init(.classNotHost, "an address matches only as a literal", "write [\(word.escaped)]")
        return
      }
    case .relayDomains:
      if let slash = bytes.firstIndex(of: 0x2F), slash > 0 {
        self.init(
          .classNotHost, "class R knows no /length: it never matches", "write the octets of the prefix, as 192.168.5")
        return
      }
      if first == 0x5B {
        self.init(.classNotHost, "addresses are compared without brackets: this never matches", "drop the brackets")
        return
      }
      if bytes.allSatisfy({ ASCII.isDigit($0) || $0 == 0x2E }) || word.folded.bytes.starts(with: "ipv6".utf8) {
        guard !ClassWordObjection.isCompressed(bytes) else {
          self.init(.classNotHost, "a prefix with :: never matches", "write the groups out, as IPv6:2001:db8:0:0")
          return
        }
        return nil
      }
      if bytes.contains(ASCII.colon) {
        self.init(.classNotHost, "an IPv6 prefix matches only behind IPv6:", "write IPv6:\(word.escaped)")
        return
      }
      if last == 0x2E {
        self.init(
          .classTrailingDot, "names are compared without their final dot, so this never matches", "drop the dot")
        return
      }
    }
    if bytes.contains(0x2A) {
      self.init(
        .classWildcard, "* is an ordinary character here and never matches",
        purpose == .localHosts ? "write each host" : "write the domain: it stands for everything below it")
      return
    }
    if let odd = bytes.first(where: ClassWordObjection.isForeign) {
      self.init(
        .classNotHost, "no host name has \"\(ByteString([odd]).escaped)\" in it: it never matches",
        "write host names with blanks or line breaks between them, and nothing else")
      return
    }
    return nil
  }

  private init(_ code: Diagnostic.Code, _ reason: String, _ remedy: String) {
    self.code = code
    self.reason = reason
    self.remedy = remedy
  }

  /// Whether brackets are around it.
  private static func isLiteral(_ bytes: [UInt8]) -> Bool {
    bytes.count > 2 && bytes.first == 0x5B && bytes.last == 0x5D
  }

  /// Four numbers with dots between them.
  private static func isIPv4(_ bytes: [UInt8]) -> Bool {
    let parts = bytes.split(separator: 0x2E, omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(ASCII.isDigit) }
  }

  private static func isCompressed(_ bytes: [UInt8]) -> Bool {
    zip(bytes, bytes.dropFirst()).contains { $0 == ASCII.colon && $1 == ASCII.colon }
  }

  /// What stands in no host name; bytes from 0x80 may be a name in UTF-8, and are left alone.
  private static func isForeign(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x80...: false
    default: true
    }
  }
}
