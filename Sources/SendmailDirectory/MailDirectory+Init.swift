internal import Glibc
internal import SendmailConfig
internal import SystemSupport

extension MailDirectory {
  /// Makes a mail directory with commented, empty tables and their maps; files that are there stay as they are.
  ///
  /// - Parameters:
  ///   - path: The directory; it is made where it is not there, with mode 0755 less the umask.
  ///   - configuration: The sendmail.cf that says which tables there are, and where; nil for the directory's own, if it has one.
  ///   - options: How.
  /// - Returns: What was made.
  /// - Throws: ``MailDirectoryError`` where something cannot be made.
  public static func make(
    at path: String, configuration: String? = nil, options: Options = Options()
  ) throws(MailDirectoryError) -> MailChange {
    var change = MailChange()
    if !options.isDryRun, unsafe mkdir(path, 0o755) != 0, errno != EEXIST {
      throw MailDirectoryError(
        errno == EACCES || errno == EPERM || errno == EROFS ? .permission : .cannotCreate,
        SystemError(call: "mkdir", path: path, errno: errno).description)
    }
    if options.isDryRun, unsafe access(path, F_OK) != 0 {
      change.notices.append("\(path) would be made, with empty tables")
      return change
    }
    let directory = try MailDirectory(path, configuration: configuration)
    // What is there is known only then.
    if !options.isDryRun { change.notices = try directory.recover(wait: options.wait) }
    let present = Set(try directory.presentTables)
    let absent = Set(try directory.tables { _ in true }).subtracting(present)
    if present.isEmpty, absent.isEmpty { throw directory.noTables() }
    var unbuilt: Set<MailTable> = []
    for table in present {
      guard let map = try directory.locations.knownLocation(of: table)?.map else { continue }
      if try !directory.locations.isThere(map.path) { unbuilt.insert(table) }
    }
    guard !absent.isEmpty || !unbuilt.isEmpty else { return change }
    var made = try directory.transact(absent.union(unbuilt), options, rebuild: .whenDifferent, needsTable: false) {
      tables in
      // Another program may have made one meanwhile.
      for table in absent where tables.text(table).originalCount == 0 {
        tables.append(comment: comment(table), to: table)
      }
    }
    made.notices = change.notices + made.notices
    return made
  }

  private static func comment(_ table: MailTable) -> String {
    switch table {
    case .access:
      """
      # Who may send mail through this server, and who is refused: KEY, blanks, VALUE (see cf/README, ACCESS DATABASE).
      # Connect:203.0.113.25	RELAY
      # From:spam.example	REJECT

      """
    case .virtmap:
      """
      # Addresses of the domains of this server, and where their mail goes: ADDRESS, blanks, TARGET.
      # info@example.org	anna
      # @example.org	error:nouser 550 5.1.1 No such user here

      """
    case .alias:
      """
      # Aliases: NAME: DESTINATION, DESTINATION ... (see aliases(5)).
      # postmaster: root

      """
    case .host:
      """
      # The names this server takes mail for, one a line; sendmail reads them when it starts.
      # example.org

      """
    }
  }
}

extension MailTables {
  /// Puts a comment at the end of a table.
  mutating func append(comment: String, to table: MailTable) {
    let bytes = Array(comment.utf8)
    switch table {
    case .access: access.table.append(comment: bytes)
    case .virtmap: virtualUsers.table.append(comment: bytes)
    case .alias: aliases.text.append(bytes)
    case .host: hosts.text.append(bytes)
    }
  }
}
