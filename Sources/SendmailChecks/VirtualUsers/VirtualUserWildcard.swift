internal import SendmailConfig

/// A `*` that is to stand for something.
enum VirtualUserWildcard: VirtualUserCheck {
  static let check = Check("virtmap.wildcard", .warning, "A * in a key never matches", page: .virtmap, fixes: true)
  static let interest: VirtualUserTraits = .star

  static func examine(_ entry: VirtualUserEntry, _ table: VirtualUserTableView, _ findings: inout FileFindings) {
    let key = entry.rule.key
    let user = key.user?.bytes ?? []
    let domain = key.domain?.bytes ?? []
    // "user+*@domain" and "+*@domain" are looked up as they stand.
    let isDetail = user.suffix(2).elementsEqual("+*".utf8) && !user.dropLast(2).contains(0x2A)
    guard !isDetail || domain.contains(0x2A) else { return }
    let isCatchAll = user.elementsEqual("*".utf8) && !domain.contains(0x2A)
    let new = ByteString([ASCII.at] + domain)
    findings.add(
      check, line: entry.line,
      message: "\(entry.name): * is an ordinary character in a key: the entry matches nothing",
      remedy: isCatchAll
        ? "write \(new.escaped), which stands for every other user" : "write one entry for each address",
      fix: isCatchAll ? TableFixes.replacing(entry.index, of: table.table, keys: [new]) : nil)
  }
}
