internal import ArgumentParser
internal import SendmailConfig
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

extension MailTable {
  /// Whether passwords may be in it: those that sendmail logs in with elsewhere (`AuthInfo:`).
  var hasSecrets: Bool { self == .access }

  /// A value for output; where it is a secret, something in its place.
  func shown(_ value: ByteString, of key: ByteString, secrets: Bool) -> ByteString {
    hasSecrets ? value.shown(of: key, showingSecrets: secrets) : value
  }

  /// A key for output.
  func shown(key: ByteString, secrets: Bool) -> ByteString {
    hasSecrets ? key.shownAsKey(showingSecrets: secrets) : key
  }
}
