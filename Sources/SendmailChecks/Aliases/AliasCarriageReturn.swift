internal import SendmailConfig

/// Lines that end in CR LF.
enum AliasCarriageReturn {
  static let check = Check(
    "alias.carriage-return", .warning, "CR LF line ends become part of the values", page: .aliases, fixes: true)
}
