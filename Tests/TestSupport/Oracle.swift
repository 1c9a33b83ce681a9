/// sendmail's own programs asked what a text becomes; every answer is read with `db5.3_dump`.
package enum Oracle {
  /// What a program made of a text.
  package struct Answer: Sendable {
    /// The records of the map, sorted; empty when there is no map.
    package var pairs: [DumpedMap.Pair]
    /// The header of the dump, such as `type`: `hash`.
    package var header: [String: String]
    /// The exit code.
    package var status: Int32
    /// What the program said, without the warnings about writable folders; the text's path is reduced to its name.
    package var messages: [String]
  }

  /// Runs the real `makemap`; its messages name the map `map`.
  ///
  /// The `options` are such as `-e`, `-r`, `-N`; see makemap(8).
  package static func makemap(
    _ text: [UInt8], type: String = "hash", options: [String] = []
  ) throws(TestSupportError) -> Answer {
    let directory = try TemporaryDirectory(inMemory: true)
    try directory.write("empty.cf", "")
    let outcome = try run(
      try Tools.makemap, ["-C", "empty.cf"] + options + [type, "map"], input: text, environment: Tools.environment,
      directory: directory.path)
    let map = try? DumpedMap(path: directory.path("map.db"))
    return Answer(
      pairs: map?.sortedPairs ?? [], header: map?.header ?? [:], status: outcome.status,
      messages: lines(outcome.errorText))
  }

  /// Runs the real `newaliases` on a text named `aliases`; `@`→`@` is among the records, as newaliases writes it.
  ///
  /// The `hostNames` are in class w beside the machine's own. The `specification` stands before the path in `O AliasFile`,
  /// such as `hash:` or `hash:-A `; nothing is a plain path, which means records that end in NUL.
  package static func newaliases(
    _ text: [UInt8], hostNames: [String] = ["local.example"], specification: String = ""
  ) throws(TestSupportError) -> Answer {
    let directory = try TemporaryDirectory(inMemory: true)
    try directory.write("aliases", text)
    try directory.write("local-host-names", hostNames.map { $0 + "\n" }.joined())
    for map in ["access", "virtusertable", "mailertable"] { try directory.write(map, "") }
    let site = try SendmailSite(mailDirectory: directory.path)
    let outcome = try site.sendmail(["-bi", "-OAliasFile=\(specification)\(directory.path("aliases"))"])
    let map = try? DumpedMap(path: directory.path("aliases.db"))
    return Answer(
      pairs: map?.sortedPairs ?? [], header: map?.header ?? [:], status: outcome.status,
      messages: lines(outcome.outputText + outcome.errorText).map { removing(directory.path + "/", from: $0) })
  }

  /// Runs the real `postmap` of Postfix, a second opinion on the same grammar; its records end in NUL.
  package static func postmap(_ text: [UInt8]) throws(TestSupportError) -> Answer {
    let directory = try TemporaryDirectory(inMemory: true)
    try directory.write("map", text)
    // Users and groups that every system has: Postfix's own are made when it is installed.
    try directory.write(
      "main.cf",
      """
      mail_owner = mail
      setgid_group = daemon
      maillog_file =
      compatibility_level = 3.6
      inet_interfaces = 127.0.0.1
      myhostname = mx.test.example

      """)
    let outcome = try run(
      try Tools.postmap, ["-c", directory.path, "hash:\(directory.path("map"))"], environment: Tools.environment)
    let map = try? DumpedMap(path: directory.path("map.db"))
    return Answer(
      pairs: map?.sortedPairs ?? [], header: map?.header ?? [:], status: outcome.status,
      messages: lines(outcome.errorText).map { removing(directory.path + "/", from: $0) })
  }

  private static func lines(_ text: String) -> [String] {
    text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("WARNING: ") }
  }

  private static func removing(_ part: String, from text: String) -> String {
    text.split(separator: part, omittingEmptySubsequences: false).joined()
  }
}
