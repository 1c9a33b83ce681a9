internal import SendmailConfig

/// A last line without LF that has a NUL byte.
enum CutAtNUL {
  static let check = Check(
    "table.cut-at-nul", .warning, "A NUL byte silently cuts the last line", page: .tables)
}
