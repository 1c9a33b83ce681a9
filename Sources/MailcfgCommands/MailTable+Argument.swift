internal import ArgumentParser
internal import SendmailDirectory

/// A table that has a map, as an argument.
enum MappedTable: String, ExpressibleByArgument, CaseIterable {
  case access, virtmap, alias

  /// The table.
  var table: MailTable {
    switch self {
    case .access: .access
    case .virtmap: .virtmap
    case .alias: .alias
    }
  }
}
