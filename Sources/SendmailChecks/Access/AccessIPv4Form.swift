internal import SendmailConfig

/// Numbers with dots between that are no IPv4 address as sendmail writes it.
enum AccessIPv4Form: AccessEntryCheck {
  static let check = Check(
    "access.ipv4-form", .warning, "Numbers that no IPv4 address is made of never match", page: .access, fixes: true)
  static let interest: AccessTraits = .oddNumbers

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    let parts = entry.pattern.bytes.split(separator: 0x2E, omittingEmptySubsequences: false)
    let numbers = parts.map { Int(String(decoding: $0, as: UTF8.self)) }
    let isPadded = parts.count <= 4 && numbers.allSatisfy { $0.map { $0 < 256 } ?? false }
    let instead =
      isPadded ? [ByteString(numbers.map { String($0 ?? 0) }.joined(separator: "."))] : []
    table.report(
      check, entry,
      isPadded
        ? "addresses are looked up without leading zeros: the entry matches nothing"
        : "no address is written so: the entry matches nothing", instead: instead, &findings)
  }
}
