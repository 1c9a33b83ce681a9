internal import SendmailConfig

/// A user database of another type than sendmail opens.
enum UserDatabase {
  static let check = Check("map.user-database", .error, "A user database that is no btree", page: .maps)

  static func examine(_ database: UserDatabaseState, _ findings: inout FileFindings) {
    guard database.isBtree == false else { return }
    let text = database.path.hasSuffix(".db") ? String(database.path.dropLast(3)) : database.path
    findings.add(
      check, line: database.configurationLine,
      message:
        "\(database.path) is no btree, and sendmail opens user databases as such only: mail to users of this host "
        + "is put off",
      remedy: "mailcfg makemap btree \(text) < \(text)")
  }
}
