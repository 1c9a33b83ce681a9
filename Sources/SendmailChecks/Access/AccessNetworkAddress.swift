internal import SendmailConfig

/// The address of a network where the network may have been meant.
enum AccessNetworkAddress: AccessEntryCheck {
  static let check = Check(
    "access.network-address", .warning, "An address that ends in .0 stands for itself, not for the network",
    page: .access)
  static let interest: AccessTraits = .finalZero

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    let prefix = entry.pattern.bytes.dropLast(2)
    // Beside its neighbour it is one address among others, and below its network an exception.
    guard table.line(of: entry.tagged(prefix + ".1".utf8)) == nil, table.line(of: entry.tagged(prefix)) == nil else {
      return
    }
    findings.add(
      check, line: entry.line,
      message: "\(entry.entry.key.escaped) stands for that one address, not for the 256 that begin with "
        + "\(ByteString(prefix).escaped)", remedy: "if the network is meant, write \(entry.tagged(prefix).escaped)")
  }
}
