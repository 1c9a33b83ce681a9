import Glibc
import TestSupport
import Testing

/// `access`, `virtmap`, `alias`, `host`, `lookup`, `dump`, `diff`, `status`, `init`: what they print and write.
@Suite struct TableCommandTests {
  @Test func entriesByKey() throws {
    let place = try Workplace("hosting")
    try place("build")
    let before = try place.read("access")
    // Replaced where it stands, in any case of letters; the key stays as it is written.
    let replaced = try place("access", "set", "CONNECT:203.0.113.7", "REJECT").outputText
    #expect(
      replaced == "etc-mail/access:11: replaced  connect:203.0.113.7  REJECT  (was connect:203.0.113.7  RELAY)\n"
        + "etc-mail/access.db: rebuilt, 14 entries\n")
    #expect(try place("access", "get", "Connect:203.0.113.7").outputText == "REJECT\n")
    #expect(
      try place("access", "set", "connect:203.0.113.7", "REJECT").outputText
        == "etc-mail/access:11: connect:203.0.113.7 says so already; nothing to do\n")
    try place("access", "set", "connect:203.0.113.7", "RELAY")
    #expect(try place.read("access") == before)
    // A new one goes behind the last of its tag, in the style of the lines there.
    #expect(
      try place("access", "set", "From:new.example", "550", "5.7.1", "go away").outputText
        .hasPrefix("etc-mail/access:21: added  From:new.example  550 5.7.1 go away\n"))
    let removed = try place("access", "remove", "From:NEW.example", "none.example").outputText.split(separator: "\n")
    #expect(
      removed == [
        "etc-mail/access:21: removed  From:new.example  550 5.7.1 go away",
        "etc-mail/access: none.example has no entry; nothing to do", "etc-mail/access.db: rebuilt, 14 entries",
      ])
    #expect(try place.read("access") == before)
    #expect(try place("access", "get", "none.example", status: 1).outputText == "")
    let list = try place("access", "list").outputText.split(separator: "\n")
    #expect(list.count == 14)
    #expect(list[3] == "etc-mail/access:11: connect:203.0.113.7  RELAY")
    // The sender that is Latin-1 in a comment, and all else, is as it was.
    #expect(try place.read("access") == Fixtures.bytes("hosting/access"))
  }

  @Test func passwordsAreNotShown() throws {
    let place = try Workplace("debian")
    try place("build")
    let secret = "not-a-real-password"
    for command in [
      ["access", "list"], ["access", "get", "AuthInfo:smarthost.example.net"], ["dump", "access"],
      ["lookup", "access", "authinfo:smarthost.example.net"], ["--json", "dump", "access"],
      ["access", "list", "--json"],
      ["-n", "access", "remove", "AuthInfo:smarthost.example.net"],
      ["--json", "access", "remove", "AuthInfo:smarthost.example.net", "-n"],
    ] {
      let outcome = try place.run(command)
      #expect(!outcome.outputText.contains(secret) || command.contains("-n"), "\(command)")
    }
    #expect(try place("access", "get", "AuthInfo:smarthost.example.net", "--show-secrets").outputText.contains(secret))
    #expect(try place("dump", "access", "--show-secrets").outputText.contains(secret))
    // A changed line is told without them too; only a diff, which is to be applied, has to be whole.
    let changed = try place("access", "set", "AuthInfo:smarthost.example.net", "\"U:office\" \"P:another-password\"")
    #expect(!changed.outputText.contains("-password"), "\(changed.outputText)")
    let removed = try place("access", "remove", "AuthInfo:smarthost.example.net")
    #expect(!removed.outputText.contains("-password"), "\(removed.outputText)")
    place.write("access", "AuthInfo:other.example \"P:not-a-real-password\"\n")
    #expect(!(try place("diff", "access", status: 1).outputText.contains(secret)))
  }

  @Test func virtualUsers() throws {
    let place = try Workplace("hosting")
    let before = try place.read("virtmaps")
    let added = try place("-v", "virtmap", "set", "new@shop.example", "anna")
    // Behind the last address of its domain; the catch-alls stay at the end of the file.
    #expect(added.outputText.hasPrefix("etc-mail/virtmaps:"))
    #expect(added.errorText.contains("etc-mail/virtmaps:16:28: warning: the line ends in CR LF"))
    #expect(try place("virtmap", "get", "NEW@shop.example").outputText == "anna\n")
    #expect(try place("lookup", "virtmap", "new@shop.example").outputText == "anna\n")
    try place("virtmap", "remove", "new@shop.example")
    #expect(try place.read("virtmaps") == before)
    // A line that ends in CR LF keeps its line end.
    try place("virtmap", "set", "news@club.example", "dora@partner.example")
    #expect(try place.text("virtmaps").contains("news@club.example\tdora@partner.example\r\n"))
    try place("virtmap", "set", "news@club.example", "club-news")
    #expect(try place.read("virtmaps") == before)
  }

  @Test func aliasesKeepTheirShape() throws {
    let place = try Workplace("hosting")
    let before = try place.text("aliases")
    try place("alias", "add", "sales", "dora")
    #expect(
      try place.text("aliases").contains(
        "\nsales: anna,\n\tbernd,\n       carl@partner.example,\n       dora\nowner-sales:"))
    try place("alias", "drop", "SALES", "DORA")
    #expect(try place.text("aliases") == before)
    try place("alias", "drop", "sales", "bernd")
    #expect(try place.text("aliases").contains("\nsales: anna,\n       carl@partner.example\n"))
    #expect(try place("alias", "get", "sales").outputText == "anna\ncarl@partner.example\n")
    // The last of two of the same name counts; both go.
    #expect(try place("alias", "get", "webmaster").outputText == "bernd\n")
    let removed = try place("alias", "remove", "webmaster").outputText.split(separator: "\n")
    #expect(
      removed == [
        "etc-mail/aliases:20: removed  webmaster:  anna", "etc-mail/aliases:21: removed  Webmaster:  bernd",
        "etc-mail/aliases.db: rebuilt, 16 entries",
      ])
    #expect(try place("alias", "get", "webmaster", status: 1).outputText == "")
    #expect(
      try place("alias", "remove", "webmaster").outputText == "etc-mail/aliases: no alias webmaster; nothing to do\n")
    #expect(try place("alias", "drop", "none", "x").outputText == "etc-mail/aliases: no alias none; nothing to do\n")
    #expect(try place("alias", "drop", "sales", "nobody-there").outputText.contains("nothing to do"))
    #expect(try place("alias", "list").outputText.contains("etc-mail/aliases:8: sales: anna, carl@partner.example\n"))
  }

  @Test func hostNames() throws {
    let place = try Workplace("hosting")
    let before = try place.read("sendmail.cw")
    let added = try place("host", "add", "new.example", "SHOP.example")
    #expect(
      added.outputText
        == "etc-mail/sendmail.cw:10: added  new.example\netc-mail/sendmail.cw:3: SHOP.example is there already; nothing to do\n"
    )
    #expect(added.errorText.contains("--reload"))
    #expect(try place("host", "list").outputText.contains("etc-mail/sendmail.cw:10: new.example\n"))
    let again = try place("host", "add", "new.example")
    #expect(again.outputText == "etc-mail/sendmail.cw:10: new.example is there already; nothing to do\n")
    #expect(!again.errorText.contains("--reload"))
    try place("host", "remove", "NEW.example")
    #expect(try place.read("sendmail.cw") == before)
    #expect(
      try listDirectory(place.mail) == [
        ".mailcfg.history", ".mailcfg.lock", "access", "aliases", "sendmail.cw", "virtmaps",
      ])
  }

  @Test func reloadSignalsTheProcessOfThePidFile() throws {
    let place = try Workplace("hosting")
    let (pidFile, sign) = (place.directory.path("sendmail.pid"), place.directory.path("sign"))
    let mail = place.directory.path("etc-mail")
    place.write(
      "sendmail.cf",
      "V10/Berkeley\nKaccess hash \(mail)/access\nFw\(mail)/sendmail.cw\nO PidFile=\(pidFile)\n"
        + "O DontBlameSendmail=ClassFileInUnsafeDirPath\n")
    // Without a daemon the change is made, and that nobody was told is an error.
    let missing = try place("host", "add", "one.example", "--reload", status: 66)
    #expect(missing.outputText.contains("etc-mail/sendmail.cw:10: added  one.example\n"))
    #expect(missing.errorText.contains(pidFile))

    let daemon = try ChildProcess(
      place.directory.copyShell(as: "sendmail"),
      ["-c", "trap 'echo got >>\"$1\"' HUP; echo ready >\"$1\"; while :; do sleep 0.05; done", "sh", sign],
      log: place.directory.path("log"))
    defer { daemon.kill() }
    func lines() -> Int { ((try? place.directory.readText("sign")) ?? "").split(separator: "\n").count }
    for _ in 0..<1000 where lines() == 0 { usleep(5_000) }
    try place.directory.write("sendmail.pid", "\(daemon.pid)\n/usr/sbin/sendmail -bd\n")
    let told = try place("host", "add", "two.example", "--reload")
    #expect(told.errorText.contains("process \(daemon.pid)"))
    for _ in 0..<1000 where lines() < 2 { usleep(5_000) }
    #expect(lines() == 2)
    // Nothing changed, or nothing is to be changed: nobody is told.
    try place("host", "add", "two.example", "--reload")
    try place("--dry-run", "host", "add", "three.example", "--reload")
    usleep(200_000)
    #expect(lines() == 2)
    #expect(daemon.isRunning)
    for bad in ["0\n", "1\n", "-1\n", "x\n", "", "99999999999\n"] {
      try place.directory.write("sendmail.pid", bad)
      let outcome = try place("host", "add", "four.example", "--reload", status: 65)
      #expect(outcome.errorText.contains("no process id"), "\(outcome.errorText)")
      try place("host", "remove", "four.example")
    }
  }

  @Test func lookupAndDump() throws {
    let place = try Workplace("hosting")
    #expect(try place.refused(66, "lookup", "access", "x").contains("etc-mail/access.db: there is no such map yet"))
    #expect(try place.refused(66, "dump", "alias").contains("mailcfg build"))
    try place("build")
    #expect(try place("lookup", "access", "SPAM.example").outputText == "REJECT\n")
    let several = try place("lookup", "access", "spam.example", "none", "from:noreply@", status: 1)
    #expect(several.outputText == "spam.example\tREJECT\nfrom:noreply@\tDISCARD\n")
    let list = try place("lookup", "alias", "-", input: Array("abuse\nnone\nRoot\n\nhelp desk".utf8), status: 1)
    #expect(list.outputText == "abuse\tpostmaster\nRoot\tanna\n")
    // Without a terminating LF, and with none at all.
    #expect(try place("lookup", "alias", "-", input: Array("abuse".utf8)).outputText == "abuse\tpostmaster\n")
    #expect(try place("lookup", "alias", "-").outputText == "")
    #expect(try place("lookup", "alias", "M\u{FC}ller", status: 1).outputText == "", "the key is Latin-1, not UTF-8")
    let key: [UInt8] = [0x6D, 0xFC] + Array("ller".utf8)
    #expect(try place("lookup", "alias", "-", input: key).output == key + Array("\tanna\n".utf8))
    let dump = try place("dump", "virtmap").output.split(separator: 0x0A)
    #expect(dump.count == 16)
    #expect(dump.first?.elementsEqual("@club.example\t%1@partner.example".utf8) == true)
    #expect(zip(dump, dump.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
    #expect(!(try place("dump", "alias").output.contains(0)), "neither NUL nor marker")
    #expect(!(try place("dump", "alias").outputText.contains("@\t@")))
  }

  @Test func diffNamesEntries() throws {
    let place = try Workplace("hosting")
    #expect(try place("diff", status: 66).errorText.contains("etc-mail/access.db"))
    try place("build")
    #expect(try place("diff").outputText == "")
    try place.replace("Connect:192.0.2.64", with: "Connect:192.0.2.65", in: "access")
    try place.replace("root:\t\tanna", with: "root:\t\tdora", in: "aliases")
    let outcome = try place("diff", status: 1)
    #expect(
      outcome.outputText == """
        - etc-mail/access.db: connect:192.0.2.64  RELAY
        + etc-mail/access:7: connect:192.0.2.65  RELAY
        - etc-mail/aliases.db: root  anna
        + etc-mail/aliases:4: root  dora

        """)
    #expect(try place("diff", "virtmap").outputText == "")
    #expect(try place("diff", "alias", status: 1).outputText.split(separator: "\n").count == 2)
    try place("build")
    #expect(try place("diff").outputText == "")
  }

  @Test func initMakesTheTablesThatASendmailConfigurationNames() throws {
    let place = try Workplace()
    let elsewhere = place.directory.path("elsewhere")
    try place.directory.makeDirectory("elsewhere", mode: 0o755)
    place.write("site.cf", "V10/Berkeley\nFw \(elsewhere)/names\nKaccess hash \(elsewhere)/access\n")
    let made = try place("--cf", "etc-mail/site.cf", "init")
    #expect(made.outputText.contains("\(elsewhere)/access: made\n"))
    #expect(made.outputText.contains("\(elsewhere)/names: made\n"))
    #expect(try place.names() == ["site.cf"])
    #expect(try place("--cf", "etc-mail/site.cf", "status").outputText.contains("\(elsewhere)/access.db"))
    place.write("odd.cf", "hello\n")
    #expect(
      try place.refused(78, "--cf", "etc-mail/odd.cf", "init").contains("none of sendmail's tables is named in it"))
  }

  @Test func initMakesWhatIsMissing() throws {
    let place = try Workplace()
    #expect(unsafe rmdir(place.mail) == 0)
    let dry = try place("--dry-run", "init")
    #expect(dry.errorText.contains("etc-mail would be made"))
    #expect(unsafe access(place.mail, F_OK) != 0)
    let made = try place("init")
    let all = ["access", "access.db", "aliases", "aliases.db", "sendmail.cw", "virtmaps", "virtmaps.db"]
    #expect(try place.names() == all)
    for name in all { #expect(made.outputText.contains("etc-mail/\(name): "), "\(made.outputText)") }
    let text = try place.text("access")
    #expect(text.split(separator: "\n").allSatisfy { $0.hasPrefix("#") })
    try place("status")
    let before = try place.snapshot()
    #expect(try place("init").outputText == "")
    #expect(try place.snapshot() == before)
    try place("relay", "add", "192.0.2.7")
    try place("alias", "set", "postmaster", "root")
    try place("host", "add", "example.org")
    try place("virtmap", "set", "@example.org", "anna")
    try place("status")
    // What is there stays; the rest is made.
    #expect(unsafe unlink(place.path("virtmaps")) == 0)
    #expect(try place.refused(66, "init").contains("the text is gone"))
    #expect(unsafe unlink(place.path("virtmaps.db")) == 0)
    let access = try place.read("access")
    try place("init")
    #expect(try place.read("access") == access)
    #expect(try place.text("virtmaps").hasPrefix("#"))
  }

  @Test(.needs(.dbDump)) func theMapsOfInitAreEmpty() throws {
    let place = try Workplace()
    try place("init")
    #expect(try place.pairs("access.db") == [])
    #expect(try place.pairs("aliases.db") == [.init("@\0", "@\0")])
  }

  /// What stands in a map's place and is none, and cannot be replaced, is to be moved away by a person.
  @Test func statusTellsWhatIsInAMapsPlace() throws {
    let place = try Workplace("hosting")
    for make in [{ unsafe mkfifo($0, 0o644) }, { unsafe mkdir($0, 0o755) }] as [(String) -> Int32] {
      #expect(make(place.path("access.db")) == 0)
      let said = try place("status", status: 1).outputText
      #expect(said.contains("; move it away, and run mailcfg build\n"), "\(said)")
      #expect(unsafe remove(place.path("access.db")) == 0)
    }
  }

  @Test func statusTellsEachTable() throws {
    let place = try Workplace("hosting")
    try place("build", "access")
    let outcome = try place("status", status: 1)
    #expect(
      outcome.outputText == """
        access: etc-mail/access, 14 entries; etc-mail/access.db (hash): agrees
        virtmap: etc-mail/virtmaps, 16 entries; etc-mail/virtmaps.db (hash): not built yet; run mailcfg build
        alias: etc-mail/aliases, 17 entries; etc-mail/aliases.db (hash): not built yet; run mailcfg build
        host: etc-mail/sendmail.cw, 8 entries

        """)
    #expect(outcome.errorText == "")
    try place("build")
    try place.replace("Connect:192.0.2.64", with: "Connect:192.0.2.65", in: "access")
    // As old as the map: the content tells.
    let map = try place.status("access.db")
    #expect(unsafe utimensat(AT_FDCWD, place.path("access"), [map.st_mtim, map.st_mtim], 0) == 0)
    #expect(
      try place("status", status: 1).outputText.hasPrefix(
        "access: etc-mail/access, 14 entries; etc-mail/access.db (hash): 2 entries differ; run mailcfg build\n"))
  }
}
