internal import SendmailConfig

/// A top-level domain, a sixteenth of the Internet or all of IPv6 that may relay.
enum AccessRelayWide: AccessEntryCheck {
  static let check = Check(
    "access.relay-wide", .warning, "RELAY for a whole top-level domain or millions of addresses", page: .access)
  static let interest: AccessTraits = .relayWide

  static func examine(_ entry: AccessEntry, _ table: AccessTableView, _ findings: inout FileFindings) {
    let name = entry.pattern.folded
    let what: String
    switch entry.key.pattern {
    case .network(let network) where network.address.family == .ipv4:
      // 10/8 and 127/8 are nobody else's.
      guard entry.key.tag != .to, network.prefixLength == 8, ![10, 127].contains(network.address.parts[0]) else {
        return
      }
      what = "lets 16777216 addresses relay, \(network)"
    case .network(let network) where network.prefixLength == 0:
      guard entry.key.tag != .to else { return }
      what = "lets every IPv6 client relay"
    case .host(let host):
      guard host.folded != "localhost", !(table.context.isLocal(host.bytes) ?? false), host.bytes.last != 0x2E else {
        return
      }
      let doors =
        switch entry.key.tag {
        case .some(.connect): "lets every client below .\(name.escaped) relay"
        case .some: "lets everybody relay to every host below .\(name.escaped)"
        case nil: "lets every client below .\(name.escaped) relay, and everybody to every host below it"
        }
      what = "\(doors): one label is a whole top-level domain"
    default: return
    }
    findings.add(
      check, line: entry.line, message: "\(entry.entry.key.escaped) \(what)",
      remedy: "name the host, the domain or the network that is meant")
  }
}
