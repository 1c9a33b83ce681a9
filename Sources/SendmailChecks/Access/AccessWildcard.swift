internal import SendmailConfig

/// A `*` that is to stand for something.
enum AccessWildcard: AccessEntryCheck {
  static let check = Check("access.wildcard", .warning, "A * in a key never matches", page: .access)
  static let interest: AccessTraits = .star

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    let pattern = entry.pattern.bytes
    // "user+*@" is looked up as it stands.
    let at = pattern.firstIndex(of: ASCII.at) ?? pattern.endIndex
    let rest =
      pattern[..<at].suffix(2).elementsEqual("+*".utf8) ? pattern[..<at].dropLast(2) + pattern[at...] : pattern[...]
    guard rest.contains(0x2A), !entry.traits.contains(.slash) || rest.first == 0x2A else { return }
    let bare = rest.drop { $0 == 0x2A || $0 == 0x2E || $0 == ASCII.at }
    let number = bare.reversed().drop { $0 == 0x2A || $0 == 0x2E }.reversed()
    let instead = number.contains(0x2A) || number.isEmpty ? nil : entry.tagged(Array(number))
    findings.add(
      check, line: entry.line,
      message: "\(entry.entry.key.escaped): * is an ordinary character in a key, and no look-up has one there: "
        + "the entry matches nothing",
      remedy: instead.map { "write \($0.escaped): it stands for everything below it" }
        ?? "write one entry for each address, or remove the line")
  }
}
