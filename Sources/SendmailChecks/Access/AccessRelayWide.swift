internal import SendmailConfig

/// A top-level domain, a sixteenth of the Internet or all of IPv6 that may relay.
enum AccessRelayWide: AccessEntryCheck {
  static let check = Check(
    "access.relay-wide", .warning, "RELAY for a whole top-level domain or millions of addresses", page: .access)
  static let interest: AccessTraits = .relayWide

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    guard let what = doors(entry.key, table) else { return }
    findings.add(
      check, line: entry.line, message: "\(entry.entry.key.escaped) \(what)",
      remedy: "name the host, the domain or the network that is meant")
  }

  /// What RELAY opens for a key, where that is too much to be meant.
  static func doors(_ key: AccessKey, _ table: AccessTableView) -> String? {
    switch key.pattern {
    case .network(let network) where network.address.family == .ipv4:
      // 10/8 and 127/8 are nobody else's.
      guard key.tag != .to, network.prefixLength == 8, ![10, 127].contains(network.address.parts[0]) else { return nil }
      return "lets 16777216 addresses relay, \(network)"
    case .network(let network) where network.prefixLength == 0:
      return key.tag == .to ? nil : "lets every IPv6 client relay"
    case .host(let host):
      guard host.folded != "localhost", !(table.context.isLocal(host.bytes) ?? false), host.bytes.last != 0x2E,
        !host.bytes.contains(0x2E)
      else { return nil }
      let name = key.untagged.folded.escaped
      let doors =
        switch key.tag {
        case .some(.connect): "lets every client below .\(name) relay"
        case .some: "lets everybody relay to every host below .\(name)"
        case nil: "lets every client below .\(name) relay, and everybody to every host below it"
        }
      return "\(doors): one label is a whole top-level domain"
    default: return nil
    }
  }
}
