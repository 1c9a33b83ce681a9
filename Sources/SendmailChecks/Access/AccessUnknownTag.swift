internal import SendmailConfig

/// A word before a colon that no rule looks up.
enum AccessUnknownTag: AccessEntryCheck {
  static let check = Check(
    .accessUnknownTag, .warning, "A word before a colon that sendmail's rules never look up", page: .access)
  static let interest: AccessTraits = .unknownTag

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    let word = String(decoding: entry.entry.key.bytes.prefix { $0 != ASCII.colon }, as: UTF8.self)
    if table.facts.tags?.contains(word.lowercased()) ?? false { return }
    guard !AccessIPv6WithoutPrefix.looksLikeAddress(Array(entry.entry.key.bytes.prefix { $0 != 0x2F })),
      let doubt = table.table.doubts(about: AccessRule(entry: entry.entry)).first(where: {
        $0.code == .accessUnknownTag
      })
    else { return }
    findings.add(doubt, code: .accessUnknownTag, entry: entry.line)
  }
}
