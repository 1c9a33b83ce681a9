import Glibc
import TestSupport
import Testing

/// Directories and files that are missing, unreadable or something else: told clearly, and left alone.
@Suite struct OddDirectoryTests {
  /// Commands that read or change the table access.
  static let commands: [[String]] = [
    ["relay", "add", "192.0.2.7"], ["relay", "remove", "192.0.2.10"], ["relay", "list"],
    ["relay", "check", "192.0.2.10"],
    ["access", "set", "a.example", "OK"], ["access", "get", "a.example"], ["build", "access"], ["diff", "access"],
    ["--dry-run", "relay", "add", "192.0.2.7"],
  ]

  @Test func thereIsNoDirectory() throws {
    let place = try Workplace()
    #expect(unsafe rmdir(place.mail) == 0)
    for command in Self.commands + [["status"], ["build"], ["diff"], ["lookup", "access", "x"], ["dump", "access"]] {
      let outcome = try place.run(command, status: 66)
      #expect(outcome.outputText == "")
      #expect(
        outcome.errorText == "mailcfg: etc-mail: there is no such directory; mailcfg --mail-dir DIR names another\n")
      #expect(unsafe access(place.mail, F_OK) != 0)
    }
    try place.directory.write("etc-mail", "a file\n")
    for command in Self.commands {
      #expect(try place.run(command, status: 66).errorText.hasPrefix("mailcfg: etc-mail: "))
    }
  }

  @Test func thereIsNoTable() throws {
    let place = try Workplace()
    place.write("something", "else\n")
    for command in Self.commands + [["status"], ["build"], ["alias", "list"], ["host", "add", "a.example"]] {
      let message = try place.refused(66, command)
      #expect(message.contains("etc-mail"))
      #expect(message.contains("mailcfg init"), "\(message)")
      #expect(try listDirectory(place.mail) == ["something"], "not even a lock file")
    }
  }

  @Test func aMissingTableIsMadeByTheFirstEntry() throws {
    let place = try Workplace("hosting")
    #expect(unsafe unlink(place.path("access")) == 0)
    #expect(try place.refused(66, "relay", "list").contains("etc-mail/access"))
    let outcome = try place("relay", "add", "192.0.2.7")
    #expect(
      outcome.outputText
        == "etc-mail/access: made\netc-mail/access:1: added  Connect:192.0.2.7  RELAY\netc-mail/access.db: rebuilt, 1 entry\n"
    )
    #expect(try place.text("access").hasPrefix("Connect:192.0.2.7"))
  }

  @Test(.needsPermissionsThatCount) func aPermissionIsMissing() throws {
    let place = try Workplace("hosting")
    try place("build")
    func refused(_ command: [String], says: String) throws {
      let before = try place.snapshot()
      let outcome = try Unprivileged.mailcfg(["--mail-dir", "etc-mail"] + command, directory: place.directory.path)
      #expect(outcome.status == 77, "\(command): \(outcome.errorText)")
      #expect(outcome.errorText.contains("Permission denied"), "\(command): \(outcome.errorText)")
      #expect(outcome.errorText.contains(says), "\(command): \(outcome.errorText)")
      #expect(outcome.errorText.split(separator: "\n").count == 1)
      #expect(outcome.outputText == "")
      #expect(try place.snapshot() == before)
    }
    // The table cannot be read.
    #expect(unsafe chmod(place.path("access"), 0) == 0)
    for command in Self.commands + [["build"]] { try refused(command, says: "etc-mail/access:") }
    #expect(unsafe chmod(place.path("access"), 0o644) == 0)
    // The map cannot be read.
    #expect(unsafe chmod(place.path("access.db"), 0) == 0)
    for command in [
      ["lookup", "access", "x"], ["dump", "access"], ["diff", "access"], ["relay", "add", "192.0.2.7"],
    ] {
      try refused(command, says: "etc-mail/access.db:")
    }
    #expect(unsafe chmod(place.path("access.db"), 0o640) == 0)
    // Nothing may be written in the directory.
    #expect(unsafe chmod(place.mail, 0o555) == 0)
    for command in [["relay", "add", "192.0.2.7"], ["alias", "add", "sales", "dora"], ["build", "--force"]] {
      try refused(command, says: "etc-mail")
    }
    let list = try Unprivileged.mailcfg(["--mail-dir", "etc-mail", "relay", "list"], directory: place.directory.path)
    #expect(list.status == 0)
    // Nor even looked at.
    #expect(unsafe chmod(place.mail, 0) == 0)
    let outcome = try Unprivileged.mailcfg(
      ["--mail-dir", "etc-mail", "relay", "add", "192.0.2.7"], directory: place.directory.path)
    #expect(outcome.status == 77)
    #expect(outcome.errorText.hasSuffix("etc-mail: Permission denied (open)\n"), "\(outcome.errorText)")
    #expect(unsafe chmod(place.mail, 0o755) == 0)
  }

  /// Two maps in two directories, the second of which may not be written: neither is built.
  @Test(.needsPermissionsThatCount) func oneOfTwoMapDirectoriesMayNotBeWritten() throws {
    let place = try Workplace("hosting")
    let second = place.directory.path("second")
    try place.directory.makeDirectory("second")
    try writeFile(second + "/virtmaps", try place.read("virtmaps"))
    try place.directory.write(
      "site.cf",
      // The tests may run below /tmp.
      "V10/Berkeley\nO DontBlameSendmail=TrustStickyBit\nKaccess hash \(place.path("access"))\n"
        + "Kvirtuser hash \(second)/virtmaps\n")
    #expect(unsafe chmod(second, 0o555) == 0)
    let before = try place.snapshot()
    let arguments = ["--mail-dir", "etc-mail", "--cf", "site.cf", "build", "access", "virtmap"]
    let outcome = try Unprivileged.mailcfg(arguments, directory: place.directory.path)
    #expect(outcome.status == 77, "\(outcome.errorText)")
    #expect(outcome.errorText.contains("second"))
    #expect(try place.snapshot() == before)
    #expect(try listDirectory(second) == ["virtmaps"])
    #expect(unsafe chmod(second, 0o755) == 0)
    #expect(try Unprivileged.mailcfg(arguments, directory: place.directory.path).status == 0)
    #expect(try listDirectory(second) == ["virtmaps", "virtmaps.db"])
  }

  /// A new directory where none may be made.
  @Test(.needsPermissionsThatCount) func aDirectoryCannotBeMade() throws {
    let place = try Workplace()
    #expect(unsafe rmdir(place.mail) == 0)
    #expect(unsafe chmod(place.directory.path, 0o555) == 0)
    let outcome = try Unprivileged.mailcfg(["--mail-dir", "etc-mail", "init"], directory: place.directory.path)
    #expect(unsafe chmod(place.directory.path, 0o755) == 0)
    #expect(outcome.status == 77)
    #expect(outcome.errorText.contains("etc-mail"))
    let missing = try mailcfg(["--mail-dir", place.directory.path("none/etc-mail"), "init"])
    #expect(missing.status == 73)
    #expect(missing.errorText.contains("none/etc-mail"))
  }

  @Test(arguments: ["directory", "pipe", "loop", "dangling", "device"])
  func theTableIsNoFile(kind: String) throws {
    let place = try Workplace("hosting")
    let path = place.path("access")
    #expect(unsafe unlink(path) == 0)
    switch kind {
    case "directory": #expect(unsafe mkdir(path, 0o755) == 0)
    case "pipe": #expect(unsafe mkfifo(path, 0o644) == 0)
    case "loop": #expect(unsafe symlink("access", path) == 0)
    case "device": #expect(unsafe symlink("/dev/null", path) == 0)
    default: #expect(unsafe symlink("nowhere/access", path) == 0)
    }
    let before = try place.snapshot()
    for command in Self.commands {
      let outcome = try place.run(command, status: kind == "dangling" ? 66 : 74)
      #expect(outcome.outputText == "")
      #expect(outcome.errorText.contains(kind == "device" ? "/dev/null" : "access"), "\(outcome.errorText)")
      #expect(outcome.errorText.split(separator: "\n").count == 1)
      #expect(try place.snapshot() == before, "\(command)")
    }
    // The other tables are no worse for it.
    #expect(try place("alias", "add", "sales", "dora").outputText.contains("etc-mail/aliases.db: rebuilt"))
  }

  // MARK: Maps that are none

  /// What may lie in the place of `access.db`, and a word of what is to be said about it.
  static let badMaps: [(name: String, says: String)] = [
    ("text", "text"), ("random", "not a Berkeley DB"), ("half", "cut short"), ("1.85 hash", "1.85"),
    ("1.85 btree", "1.85"),
    ("page of zeros", "not a Berkeley DB"), ("one byte", ""),
  ]

  private func put(_ kind: String, _ place: Workplace) throws {
    var generator = SplitMix64(seed: 0x1850)
    try place("build")
    let whole = try place.read("access.db")
    switch kind {
    case "text": place.write("access.db", try place.read("access"))
    case "random": place.write("access.db", (0..<12_288).map { _ in UInt8(truncatingIfNeeded: generator.next()) })
    case "half": place.write("access.db", Array(whole[..<(whole.count / 2)]))
    case "1.85 hash":
      place.write("access.db", [0x61, 0x15, 0x06, 0x00, 2, 0, 0, 0] + [UInt8](repeating: 0, count: 8184))
    case "1.85 btree":
      place.write("access.db", [0x62, 0x31, 0x05, 0x00, 3, 0, 0, 0] + [UInt8](repeating: 0, count: 8184))
    case "page of zeros": place.write("access.db", [UInt8](repeating: 0, count: 4096))
    case "one byte": place.write("access.db", [0])
    default:
      place.write("access.db", whole.enumerated().map { index, byte in index > 512 && index % 7 == 0 ? ~byte : byte })
    }
  }

  @Test(arguments: badMaps)
  func theMapIsNoDatabase(kind: String, says: String) throws {
    let place = try Workplace("hosting")
    try put(kind, place)
    for command in [
      ["relay", "add", "192.0.2.7"], ["access", "set", "a.example", "OK"], ["build"], ["build", "access"],
      ["lookup", "access", "spam.example"], ["dump", "access"], ["diff", "access"], ["diff"],
      ["--dry-run", "relay", "add", "192.0.2.7"],
    ] {
      let before = try place.snapshot()
      let outcome = try place.run(command, status: 65)
      #expect(outcome.outputText == "", "\(command)")
      let message = outcome.errorText.split(separator: "\n").last ?? ""
      #expect(message.hasPrefix("mailcfg: etc-mail/access.db: "), "\(command): \(outcome.errorText)")
      #expect(message.contains(says), "\(command): \(outcome.errorText)")
      #expect(try place.snapshot() == before, "\(command)")
    }
    let status = try place("status", status: 1).outputText.split(separator: "\n")
    #expect(status[0].hasPrefix("access: etc-mail/access, 14 entries; etc-mail/access.db (hash): "))
    #expect(status[0].contains(says))
    #expect(status[1].hasSuffix(": agrees"))
    // What needs no map of this table is done.
    try place("relay", "check", "192.0.2.10")
    try place("alias", "add", "sales", "dora")
    try place("--no-build", "relay", "add", "192.0.2.7")
    // Whoever is sure has it replaced.
    #expect(try place("build", "access", "--force").outputText == "etc-mail/access.db: rebuilt, 15 entries\n")
    #expect(try place("lookup", "access", "connect:192.0.2.7").outputText == "RELAY\n")
  }

  /// A database of the right type whose pages are damaged gives no answers; a change replaces it by a whole one.
  @Test(.needs(.makemap, .dbDump)) func theMapIsDamaged() throws {
    let place = try Workplace("hosting")
    try put("damaged", place)
    let damaged = try place.read("access.db")
    for command in [["lookup", "access", "spam.example"], ["dump", "access"], ["diff", "access"]] {
      let message = try place.refused(65, command)
      #expect(message.hasPrefix("mailcfg: etc-mail/access.db: "), "\(message)")
    }
    try place("status", status: 1)
    #expect(try place("build", "access").outputText == "etc-mail/access.db: rebuilt, 14 entries\n")
    try place.expectMap("access.db", of: "access")
    place.write("access.db", damaged)
    try place("relay", "add", "192.0.2.7")
    try place.expectMap("access.db", of: "access")
  }

  /// A file without a byte is a map that was never built: touch(1) by an admin, or a makemap that was killed.
  @Test func anEmptyFileIsBuilt() throws {
    let place = try Workplace("hosting")
    place.write("access.db", [], mode: 0o600)
    #expect(try place("relay", "add", "192.0.2.7").outputText.hasSuffix("etc-mail/access.db: rebuilt, 15 entries\n"))
    #expect(try place.mode("access.db") == 0o600)
  }

  @Test(.needs(.makemap, .dbDump)) func theMapIsOfAnotherType() throws {
    let place = try Workplace("hosting")
    try place.makemap("access", type: "btree")
    for command in [
      ["relay", "add", "192.0.2.7"], ["build"], ["lookup", "access", "x"], ["dump", "access"], ["diff"],
    ] {
      let before = try place.snapshot()
      let outcome = try place.run(command, status: 65)
      #expect(outcome.errorText.contains("mailcfg: etc-mail/access.db: "), "\(outcome.errorText)")
      #expect(outcome.errorText.contains("another type"), "\(outcome.errorText)")
      #expect(outcome.outputText == "")
      #expect(try place.snapshot() == before)
    }
    #expect(try DumpedMap(path: place.path("access.db")).header["type"] == "btree")
    try place("build", "access", "--force")
    try place.expectMap("access.db", of: "access")
  }

  /// A file with several databases in it is read as sendmail reads it, and is there for a reason.
  @Test(.needs(.dbLoad)) func theMapIsAListOfDatabases() throws {
    let place = try Workplace("hosting")
    let lines = ["V10/Berkeley", "O DontBlameSendmail=TrustStickyBit", "Kaccess btree \(place.path("access"))"]
    place.write("sendmail.cf", Array(lines.map { $0 + "\n" }.joined().utf8))
    try run(
      Tools.dbLoad, ["-T", "-t", "btree", "-c", "database=other", place.path("access.db")], input: Array("a\nb\n".utf8),
      environment: Tools.environment)
    #expect(try place("lookup", "access", "other").output.count == 5)
    for command in [["relay", "add", "192.0.2.7"], ["build", "access"]] {
      let before = try place.snapshot()
      let outcome = try place.run(command, status: 65)
      #expect(outcome.errorText.contains("there are databases of other names in this file"), "\(outcome.errorText)")
      #expect(try place.snapshot() == before)
    }
    #expect(try place("build", "access", "--force").outputText.hasSuffix("access.db: rebuilt, 14 entries\n"))
    #expect(try place("lookup", "access", "other", status: 1).outputText == "")
  }

  @Test(arguments: ["directory", "pipe", "loop"])
  func theMapIsNoFile(kind: String) throws {
    let place = try Workplace("hosting")
    let path = place.path("access.db")
    switch kind {
    case "directory": #expect(unsafe mkdir(path, 0o755) == 0)
    case "pipe": #expect(unsafe mkfifo(path, 0o644) == 0)
    default: #expect(unsafe symlink("access.db", path) == 0)
    }
    let before = try place.snapshot()
    for command in [
      ["relay", "add", "192.0.2.7"], ["build"], ["build", "--force", "access"], ["lookup", "access", "x"],
    ] {
      let outcome = try mailcfg(["--mail-dir", "etc-mail"] + command, directory: place.directory.path)
      #expect([65, 74].contains(outcome.status), "\(command): \(outcome.status)")
      #expect(outcome.errorText.contains("etc-mail/access.db: "), "\(outcome.errorText)")
      #expect(outcome.outputText == "")
      #expect(try place.snapshot() == before, "\(command)")
    }
  }

  // MARK: A sendmail.cf that does not fit

  /// The `K` line of access, and a word of what is to be said.
  static let configurations: [(line: String, says: String)] = [
    ("Kother hash /etc/mail/other", "there is no map access"), ("Kaccess text /etc/mail/access", "text"),
    ("Kaccess ldap -k (x=%0)", "ldap"), ("Kaccess cdb /etc/mail/access", "cdb"),
    ("Kaccess dbm /etc/mail/access", "dbm"),
    ("Kaccess sequence a b", "sequence"), ("Kaccess hash", ""), ("Kaccess null", "null"),
    ("Kaccess socket inet:1@localhost", "socket"),
  ]

  @Test(arguments: configurations)
  func sendmailCfNamesNoSuchMap(line: String, says: String) throws {
    let place = try Workplace("hosting")
    place.write(
      "sendmail.cf",
      "V10/Berkeley\n\(line)\nKvirtuser hash /etc/mail/virtmaps\nO AliasFile=/etc/mail/aliases\nFw/etc/mail/sendmail.cw\n"
    )
    for command in Self.commands + [["lookup", "access", "x"], ["dump", "access"]] {
      let message = try place.refused(78, command)
      #expect(message.hasPrefix("mailcfg: etc-mail/sendmail.cf: "), "\(message)")
      #expect(message.contains(says), "\(message)")
    }
    // The other tables are found.
    try place("virtmap", "set", "a@shop.example", "anna")
    try place("build")
    // A table that is not in the configuration is passed over, one that cannot be read is told with the reason.
    let told = try place("status").outputText.split(separator: "\n").first { $0.hasPrefix("access: ") }
    #expect(told?.contains(says) ?? line.hasPrefix("Kother"), "\(told ?? "")")
  }

  @Test func theNamedConfigurationIsNotThere() throws {
    let place = try Workplace("hosting")
    let message = try place.refused(66, "--cf", "etc-mail/none.cf", "relay", "list")
    #expect(message.contains("etc-mail/none.cf"))
    #expect(unsafe mkdir(place.path("sendmail.cf"), 0o755) == 0)
    #expect(try place.refused(74, "relay", "list").contains("sendmail.cf"))
  }
}
