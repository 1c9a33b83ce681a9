internal import SendmailConfig

/// An address without a user or without a host.
enum VirtualUserIncompleteTarget: VirtualUserCheck {
  static let check = Check(
    "virtmap.incomplete-target", .warning, "A target without a user or without a host is refused", page: .virtmap)
  static let interest: VirtualUserTraits = .edgeAt

  static func examine(_ entry: VirtualUserEntry, _ table: VirtualUserTableView, _ findings: inout FileFindings) {
    let lacksUser = entry.target.first == ASCII.at
    findings.add(
      check, line: entry.line, column: entry.valueColumn,
      message:
        "\(ByteString(entry.target).escaped) has no \(lacksUser ? "user" : "host"): mail to \(entry.name) is refused",
      remedy: lacksUser
        ? "write %1\(ByteString(entry.target).escaped) to keep the user"
        : "write the host behind the @, or leave the @ off")
  }
}
