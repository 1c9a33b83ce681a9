internal import SendmailConfig

/// An IPv6 address without `IPv6:` before it.
enum AccessIPv6WithoutPrefix: AccessEntryCheck {
  static let check = Check(
    "access.ipv6-without-prefix", .warning, "An IPv6 address without IPv6: before it never matches", page: .access,
    fixes: true)
  static let interest: AccessTraits = [.colon, .unknownTag]

  /// Whether it is made of hexadecimal digits, colons and dots, with a colon twice at least.
  static func looksLikeAddress(_ bytes: [UInt8]) -> Bool {
    bytes.count { $0 == ASCII.colon } >= 2
      && bytes.allSatisfy {
        ASCII.isDigit($0) || ASCII.lowercased($0) &- 0x61 < 6 || $0 == ASCII.colon || $0 == 0x2E
      }
  }

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    guard !entry.traits.contains(.slash) else { return }
    let pattern = entry.pattern
    guard looksLikeAddress(pattern.bytes) else { return }
    var keys: [ByteString] = []
    var why = "IPv6 addresses are looked up with IPv6: before them: the entry matches nothing"
    if let address = IPAddress(pattern.description) {
      keys = IPNetwork(address, prefixLength: address.bitWidth).flatMap { try? $0.keys(table.table.ipv6Form) } ?? []
      if address.family == .ipv4 { why = "such an address is looked up as IPv4: the entry matches nothing" }
      if let spelling = IPv6Spelling(pattern, table.table.ipv6Form), spelling.prefix != nil {
        return AccessIPv6Form.report(check, entry, why, spelling, table, &findings)
      }
    } else if let spelling = IPv6Spelling(pattern, table.table.ipv6Form) {
      keys = spelling.keys
    } else {
      keys = [ByteString(Array("IPv6:".utf8) + pattern.bytes)]
    }
    table.report(check, entry, why, instead: keys, &findings)
  }
}
