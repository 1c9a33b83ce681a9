public import SendmailConfig

/// The tables of a mail directory while a change is made to them.
public struct MailTables: Sendable {
  /// Who may send and relay.
  public var access = AccessTable()
  /// The virtual users.
  public var virtualUsers = VirtualUserTable()
  /// The aliases.
  public var aliases = AliasesFile()
  /// The names of this host.
  public var hosts = ClassFile()

  /// The text of a table.
  public func text(_ table: MailTable) -> Text {
    switch table {
    case .access: access.table.text
    case .virtmap: virtualUsers.table.text
    case .alias: aliases.text
    case .host: hosts.text
    }
  }

  /// Edits the text of a table.
  mutating func edit(_ table: MailTable, _ body: (inout Text) -> Void) {
    switch table {
    case .access: body(&access.table.text)
    case .virtmap: body(&virtualUsers.table.text)
    case .alias: body(&aliases.text)
    case .host: body(&hosts.text)
    }
  }

  /// What is wrong with the lines of a table.
  public func diagnostics(_ table: MailTable) -> [Diagnostic] {
    switch table {
    case .access: access.diagnostics
    case .virtmap: virtualUsers.diagnostics
    case .alias: aliases.diagnostics
    case .host: hosts.diagnostics
    }
  }

  /// The pairs that the map of a table holds; nil for a table without one.
  func pairs(_ table: MailTable) -> MapPairs? {
    switch table {
    case .access: access.table.pairs
    case .virtmap: virtualUsers.table.pairs
    case .alias: aliases.pairs
    case .host: nil
    }
  }
}
