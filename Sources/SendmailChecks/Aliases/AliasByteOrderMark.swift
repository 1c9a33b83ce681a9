internal import SendmailConfig

/// A byte-order mark at the head of the aliases.
enum AliasByteOrderMark {
  static let check = Check(
    "alias.byte-order-mark", .warning, "A byte-order mark becomes part of the first name", page: .aliases, fixes: true)
}
