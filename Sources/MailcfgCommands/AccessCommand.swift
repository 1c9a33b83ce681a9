internal import ArgumentParser
internal import SendmailConfig
internal import SendmailDirectory

/// `mailcfg access`: the access table, entry by entry.
struct AccessCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "access", abstract: "Lists and changes the access table by key.",
    discussion: """
      To let a client relay, use mailcfg relay.

      EXAMPLES
        mailcfg access set From:spam.example REJECT
        mailcfg access list
      """,
    subcommands: [
      ListEntries<AccessEntries>.self, GetEntry<AccessEntries>.self, SetEntry<AccessEntries>.self,
      RemoveEntries<AccessEntries>.self,
    ])
}

enum AccessEntries: KeyedTable {
  static let table = MailTable.access
  static let example = (key: "From:spam.example", value: "REJECT")
  static func text(_ tables: MailTables) -> Table { tables.access.table }
  static func set(_ value: ByteString, for key: ByteString, in tables: inout MailTables) throws(EditError) -> Table.Edit
  {
    try tables.access.set(value, for: key)
  }
  static func remove(_ key: ByteString, from tables: inout MailTables) -> Table.Edit { tables.access.remove(key) }
  static func doubts(about key: ByteString, in tables: MailTables) -> [Diagnostic] {
    tables.access.rule(for: key).map { tables.access.doubts(about: $0) } ?? []
  }
}
