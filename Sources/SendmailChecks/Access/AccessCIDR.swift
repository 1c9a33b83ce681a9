internal import SendmailConfig

/// A block of addresses with its length.
enum AccessCIDR: AccessEntryCheck {
  static let check = Check("access.cidr", .warning, "A CIDR block never matches", page: .access, fixes: true)
  static let interest: AccessTraits = .slash

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    let pattern = entry.pattern
    guard let first = pattern.bytes.first, ASCII.isDigit(first) || pattern.bytes.contains(ASCII.colon),
      let slash = pattern.bytes.firstIndex(of: 0x2F), slash + 1 < pattern.bytes.count,
      pattern.bytes[(slash + 1)...].allSatisfy(ASCII.isDigit)
    else { return }
    let why = "sendmail looks addresses up by whole octets or groups, never by /length: the entry matches nothing"
    var keys: [ByteString] = []
    if let client = try? RelayClient(pattern.description), case .network(let network) = client {
      keys = (try? network.keys(table.table.ipv6Form)) ?? []
    }
    if keys.isEmpty {
      findings.add(
        check, line: entry.line, message: "\(entry.entry.key.escaped): \(why)",
        remedy: "write the octets or groups of the prefix, as in \(entry.tagText)192.168.5")
    } else {
      table.report(check, entry, why, instead: keys, &findings)
    }
  }
}
