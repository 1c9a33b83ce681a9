internal import ArgumentParser
internal import SendmailConfig
internal import SendmailDirectory

/// `mailcfg virtmap`: the virtual users, entry by entry.
struct VirtmapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "virtmap", abstract: "Lists and changes the virtual users (virtusertable, virtmaps).",
    discussion: """
      A key is user@domain, or @domain for every other user of a domain. A target is one address, one local user or alias, \
      or error:nouser with a reply.

      EXAMPLES
        mailcfg virtmap set info@example.org anna
        mailcfg virtmap set @example.org "error:nouser 550 5.1.1 No such user here"
      """,
    subcommands: [
      ListEntries<VirtualUserEntries>.self, Get.self, SetEntry<VirtualUserEntries>.self,
      RemoveEntries<VirtualUserEntries>.self, Convert.self,
    ])

  struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "convert",
      abstract: "Writes @ before keys that are a bare domain, the catch-all of old virtual servers.",
      discussion: """
        A domain that has its @domain entry already keeps both lines.

        EXAMPLES
          mailcfg --dry-run virtmap convert
        """)
    @OptionGroup var options: GlobalOptions

    func run() throws {
      try Output.run(options) { output in
        try output.change(.virtmap) { (tables, remarks) throws(EditError) in
          if tables.virtualUsers.convertBareDomains().isEmpty {
            remarks.unchanged = ["\(remarks.path): there is no bare domain to convert; nothing to do"]
          }
        }
      }
    }
  }
}

enum VirtualUserEntries: KeyedTable {
  static let table = MailTable.virtmap
  static let example = (key: "info@example.org", value: "anna")
  static func text(_ tables: MailTables) -> Table { tables.virtualUsers.table }
  static func set(_ value: ByteString, for key: ByteString, in tables: inout MailTables) throws(EditError) -> Table.Edit
  {
    try tables.virtualUsers.set(value, for: key)
  }
  static func remove(_ key: ByteString, from tables: inout MailTables) -> Table.Edit { tables.virtualUsers.remove(key) }
}
