internal import SendmailConfig

/// A machine that hosts(5) knows without a domain.
enum UnqualifiedHost {
  static let check = Check(
    "cf.unqualified-host", .note, "sendmail finds no domain of this machine in its files", page: .configuration)

  static func examine(_ name: ByteString, _ findings: inout FileFindings) {
    findings.add(
      check, line: 1, entry: 0,
      message: "/etc/hosts has this machine as \(name.escaped), and no name with a domain for it: unless a name "
        + "server has, sendmail waits for a minute each time it starts, and goes by the short name",
      remedy: "write the full name first into its line of /etc/hosts, as in 127.0.1.1 \(name.escaped).DOMAIN "
        + name.escaped)
  }
}
