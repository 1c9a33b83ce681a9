internal import SendmailConfig

/// A parameter that is always empty.
enum VirtualUserEmptyParameter: VirtualUserCheck {
  static let check = Check("virtmap.empty-parameter", .warning, "A parameter that is always empty", page: .virtmap)
  static let interest: VirtualUserTraits = .percent

  static func examine(_ entry: VirtualUserEntry, _ table: VirtualUserTableView, _ findings: inout FileFindings) {
    let value = entry.rule.entry.value.bytes
    var index = 0
    while index + 1 < value.count {
      guard value[index] == 0x25 else {
        index += 1
        continue
      }
      if 0x34...0x39 ~= value[index + 1] {
        findings.add(
          check, line: entry.line, column: entry.valueColumn + index,
          message:
            "%\(Character(Unicode.Scalar(value[index + 1]))) stands for nothing: there are %0 (the key), %1 (the user), "
            + "%2 and %3 (the detail behind +)", remedy: "write %1, or %% for a %")
        return
      }
      index += 2
    }
  }
}
