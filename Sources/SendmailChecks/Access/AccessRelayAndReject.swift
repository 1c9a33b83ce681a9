internal import SendmailConfig

/// A client that one line lets relay and another refuses.
enum AccessRelayAndReject: AccessEntryCheck {
  static let check = Check(
    "access.relay-and-reject", .warning, "One line lets a client relay, another refuses it", page: .access)
  static let interest: AccessTraits = .untaggedVerdict

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    let key = ByteString(Array("Connect:".utf8) + entry.pattern.bytes)
    guard let index = table.line(of: key), let other = table.table.table.entry(at: index),
      refuses(entry.action) && AccessAction(other.value, tag: .connect) == .relay
        || entry.action == .relay && refuses(AccessAction(other.value, tag: .connect))
    else { return }
    let isAddress =
      switch entry.key.pattern {
      case .address, .network: true
      default: false
      }
    let path = findings.path
    findings.add(
      check, line: entry.line,
      message:
        "\(entry.entry.key.escaped)  \(entry.entry.value.escaped) does not count for clients: line \(index + 1), "
        + "\(other.key.escaped)  \(other.value.escaped), is looked up first"
        + (isAddress ? "" : "; for senders and recipients it does"),
      remedy: isAddress
        ? "remove one of the two" : "write From:\(entry.pattern.escaped) or To:\(entry.pattern.escaped) here",
      related: [
        CheckFinding.RelatedPlace(
          path: path, line: index + 1, note: "this line counts: \(other.key.escaped)  \(other.value.escaped)")
      ])
  }

  private static func refuses(_ action: AccessAction) -> Bool {
    switch action {
    case .reject, .error, .other, .discard: true
    default: false
    }
  }
}
