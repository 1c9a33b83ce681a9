internal import SendmailConfig

/// A line of passwd(5), or as much of it as is known: `name:password:uid:gid:gecos:directory:shell`.
struct AccountEntry {
  /// The columns, with the names that `-v` of a user map has for them.
  enum Column: String, CaseIterable {
    case name, password = "passwd", user = "uid", group = "gid", gecos, directory = "dir", shell

    /// The column that `-v` names; nil where there is none.
    init?(named name: ByteString) { self.init(rawValue: name.description) }
  }

  private let fields: [ArraySlice<UInt8>]

  init(_ line: ByteString) {
    fields = line.bytes.split(separator: ASCII.colon, maxSplits: 6, omittingEmptySubsequences: false)
  }

  /// The value of a column; nil where the line ends before it.
  subscript(column: Column) -> ByteString? {
    let place = Column.allCases.firstIndex(of: column) ?? 0
    return place < fields.count ? ByteString(fields[place]) : nil
  }
}
