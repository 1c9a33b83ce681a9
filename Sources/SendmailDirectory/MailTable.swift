/// A table of a mail directory, by the name that commands use.
public enum MailTable: String, CaseIterable, Sendable, Comparable {
  /// Who may send and relay.
  case access
  /// The virtual users: virtmaps, virtusertable.
  case virtmap
  /// The aliases.
  case alias
  /// The names of this host, class w: sendmail.cw, local-host-names.
  case host

  /// The file names that are looked for where no sendmail.cf tells, in order.
  public var fileNames: [String] {
    switch self {
    case .access: ["access"]
    case .virtmap: ["virtmaps", "virtusertable"]
    case .alias: ["aliases"]
    case .host: ["sendmail.cw", "local-host-names"]
    }
  }

  /// The order of the cases.
  public static func < (left: MailTable, right: MailTable) -> Bool {
    (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
  }
}
