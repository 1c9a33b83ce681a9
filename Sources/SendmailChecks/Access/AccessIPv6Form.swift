internal import SendmailConfig

/// An IPv6 address or prefix in a spelling that this sendmail never looks up.
enum AccessIPv6Form: AccessEntryCheck {
  static let check = Check(
    "access.ipv6-form", .warning, "An IPv6 key in another spelling than sendmail's never matches", page: .access,
    fixes: true)
  static let interest: AccessTraits = .ipv6

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    guard !entry.traits.contains(.slash) else { return }
    let rest = ByteString(entry.pattern.bytes.dropFirst(5))
    let form = table.table.ipv6Form
    guard let problem = IPv6Spelling(rest, form) else { return }
    let why =
      form == .uncompressed
      ? "sendmail looks IPv6 addresses up in eight groups without :: and without leading zeros: the entry matches nothing"
      : "sendmail looks IPv6 addresses up with :: (option UseCompressedIPv6Addresses): the entry matches nothing"
    guard problem.prefix == nil else { return report(check, entry, why, problem, table, &findings) }
    table.report(check, entry, why, instead: problem.keys, &findings)
  }
}

extension AccessIPv6Form {
  /// Reports an address that ends in `::`: who writes `2001:db8:2::` may well mean the network, and a person decides.
  static func report(
    _ check: Check, _ entry: AccessEntry, _ why: String, _ spelling: IPv6Spelling, _ table: AccessTableView,
    _ findings: inout FileFindings
  ) {
    guard let prefix = spelling.prefix, let address = spelling.keys.first else { return }
    let keys = (network: entry.tagged(prefix.bytes), address: entry.tagged(address.bytes))
    if [keys.network, keys.address].contains(where: { table.line(of: $0) != nil }) { return }
    findings.add(
      check, line: entry.line, message: "\(entry.entry.key.escaped): \(why)",
      remedy: "write \(keys.network.escaped) for the network, or \(keys.address.escaped) for that one address")
  }
}

/// How an IPv6 key should have been written.
struct IPv6Spelling {
  /// The keys without a tag; empty where none can be told.
  var keys: [ByteString] = []
  /// Of an address that ends in `::` the key of the network that it may stand for; nil for others.
  var prefix: ByteString?

  /// Looks at what is behind `IPv6:`; nil where there is nothing against it.
  init?(_ text: ByteString, _ form: IPv6Form) {
    let written = text.folded
    if let address = IPAddress(written.description) {
      let network = IPNetwork(address, prefixLength: address.bitWidth)
      let wanted = network.flatMap { try? $0.keys(form) } ?? []
      if wanted.contains(where: { $0.folded == ByteString(Array("ipv6:".utf8) + written.bytes) }) { return nil }
      // In the compressed form other addresses may begin with it.
      if form == .compressed, text.bytes.count < 39, written.bytes.last != ASCII.colon, hasGap(written.bytes) {
        return nil
      }
      keys = wanted
      let groups = written.bytes.dropLast(2).split(separator: ASCII.colon, omittingEmptySubsequences: false)
      if written.bytes.suffix(2).elementsEqual("::".utf8), form == .uncompressed, groups.allSatisfy({ !$0.isEmpty }) {
        prefix = ByteString(Array("IPv6".utf8) + groups.flatMap { [ASCII.colon] + Self.unpadded($0) })
      }
      return
    }
    let groups = written.bytes.split(separator: ASCII.colon, omittingEmptySubsequences: false)
    let isSound = groups.allSatisfy { $0.count <= 4 && $0.allSatisfy(Self.isHexadecimal) }
    // A prefix in whole groups.
    if groups.count <= 8, groups.allSatisfy({ Self.isCanonical($0) }) { return nil }
    if form == .compressed, isSound, written.bytes.last != ASCII.colon, hasGap(written.bytes) { return nil }
    let cut = groups.reversed().drop(while: \.isEmpty).reversed().map(Self.unpadded)
    if isSound, cut.count <= 8, !cut.isEmpty, cut.allSatisfy({ !$0.isEmpty }) {
      keys = [ByteString(Array("IPv6".utf8) + cut.flatMap { [ASCII.colon] + $0 })]
    }
  }

  private func hasGap(_ bytes: [UInt8]) -> Bool {
    zip(bytes, bytes.dropFirst()).contains { $0 == ASCII.colon && $1 == ASCII.colon }
  }

  private static func unpadded(_ group: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let rest = group.drop { $0 == 0x30 }
    return rest.isEmpty ? group.suffix(1) : rest
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    ASCII.isDigit(byte) || ASCII.lowercased(byte) &- 0x61 < 6
  }

  private static func isCanonical(_ group: ArraySlice<UInt8>) -> Bool {
    1...4 ~= group.count && group.allSatisfy(isHexadecimal) && (group.count == 1 || group.first != 0x30)
  }
}
