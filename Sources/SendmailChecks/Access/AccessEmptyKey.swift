internal import SendmailConfig

/// A tag that nothing stands behind, or only a blank.
enum AccessEmptyKey: AccessEntryCheck {
  static let check = Check(
    "access.empty-key", .warning, "A tag without anything behind its colon never matches", page: .access, fixes: true)
  static let interest: AccessTraits = .empty

  /// Tags whose bare form is the default for everything.
  private static let defaults: Set<String> = [
    "ClientRate", "ClientConn", "Srv_Features", "Clt_Features", "Try_TLS", "TLS_Srv", "TLS_Clt", "TLS_Rcpt", "AuthInfo",
  ]

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    guard let tag = entry.key.tag else { return }
    let words = entry.entry.value.bytes.split(whereSeparator: ASCII.isSpace)
    if words.count == 2, isPattern(words[0]), case .other = entry.action {
      let key = entry.tagged(words[0])
      findings.add(
        check, line: entry.line, column: entry.tagText.utf8.count + 1,
        message: "the blank ends the key: makemap stores \(entry.tagText) with the value "
          + "\(entry.entry.value.shown(of: key).escaped), and nothing looks that up",
        remedy: "write \(key.escaped) without the blank",
        fix: table.fix(entry, keys: [key], value: ByteString(words[1])))
      return
    }
    guard !defaults.contains(tag.name) else { return }
    let feature = tag.name == "GreetPause" ? "; the default is the argument of FEATURE(`greet_pause')" : ""
    findings.add(
      check, line: entry.line,
      message: "\(entry.tagText) alone is no default: nothing looks it up\(feature)",
      remedy: "name the address, network, host or user behind the colon, or remove the line")
  }

  private static func isPattern(_ word: ArraySlice<UInt8>) -> Bool {
    word.contains(0x2E) || word.contains(ASCII.at) || word.contains(ASCII.colon)
  }
}
