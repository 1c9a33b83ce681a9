import Glibc
import TestSupport
import Testing

/// What the maps hold is what the real makemap and newaliases make of the same texts, read with `db5.3_dump`.
@Suite(.needs(.makemap, .sendmail, .dbDump)) struct MapTests {
  @Test func afterEachChangeTheMapsAreWhatTheRealProgramsMake() throws {
    let place = try Workplace("hosting")
    try place("build")
    for (index, command) in ChangeOutputTests.commands.enumerated() {
      // Some take away what others need; each is taken as it comes.
      _ = try mailcfg(["--mail-dir", "etc-mail"] + command, directory: place.directory.path)
      switch command[0] {
      case "access", "relay": try place.expectMap("access.db", of: "access")
      case "virtmap": try place.expectMap("virtmaps.db", of: "virtmaps")
      case "alias": try place.expectAliasMap()
      default: break
      }
      #expect(try place.names().count == 7, "\(index)")
    }
    try place("status")
    try place("diff")
  }

  /// In the Debian form sendmail.cf says what and where; the real programs read the same sendmail.cf.
  @Test func withSendmailCfTheMapsAreWhatTheRealProgramsMake() throws {
    let place = try Workplace("debian")
    try place("build")
    try place("relay", "add", "203.0.113.25", "2001:db8:77::/48")
    try place("virtmap", "set", "new@example.org", "anna")
    try place("alias", "add", "sales", "emil")
    let theirs = try TemporaryDirectory()
    for name in ["access", "virtusertable", "aliases", "local-host-names", "mailertable", "relay-domains"] {
      try theirs.write(name, try place.read(name))
    }
    try SendmailSite(mailDirectory: theirs.path).buildMaps()
    for map in ["access.db", "virtusertable.db", "aliases.db"] {
      expectSame(try place.pairs(map), try DumpedMap(path: theirs.path(map)).sortedPairs, "\(map)")
    }
  }

  /// makemap takes the tail of a line of more than 1022 bytes for a line of its own: this one difference is meant.
  private func withoutLongLines(_ text: [UInt8]) -> [UInt8] {
    let lines = text.split(separator: 0x0A, omittingEmptySubsequences: false)
    return Array(lines.filter { $0.count <= 1022 }.joined(separator: [0x0A]))
  }

  @Test func theTailOfALongLineBecomesNoEntry() throws {
    let place = try Workplace()
    let comment = "#" + String(repeating: "x", count: 1022)
    place.write("access", comment + "evil.example RELAY\ngood.example OK\n")
    #expect(
      try Oracle.makemap(place.read("access")).pairs == [.init("evil.example", "RELAY"), .init("good.example", "OK")])
    let outcome = try place("build", "access", status: 65)
    #expect(outcome.errorText.contains("etc-mail/access:1:1023: error: "))
    #expect(try place.pairs("access.db") == [.init("good.example", "OK")])
  }

  /// Texts as they grow, and worse: every line that a program of sendmail's would refuse is left out, and said.
  @Test(arguments: 0..<12)
  func generatedTables(seed: UInt64) throws {
    let place = try Workplace()
    var generator = SplitMix64(seed: 0x6D61_696C + seed)
    let pieces = [
      "Connect:192.0.2.", "1", "25", "\tRELAY\n", " OK\n", "\n", "\r\n", "spam.example", "From:", "@", "REJECT", "#",
      " ",
      "\t\t", "A", "b", "ERROR:5.7.1:550 no", "\u{0}", "ü", ":", "info@shop.example", "anna", "\"", "\\", "key value\n",
      "KEY other\n", String(repeating: "long ", count: 300), "\n\n", "a\tb\n", "\u{0C}", "%1@example.org\n",
    ]
    let text = generator.text(of: pieces, count: 150)
    for name in ["access", "virtmaps"] {
      place.write(name, text)
      let answer = try Oracle.makemap(withoutLongLines(text))
      let table = name == "access" ? "access" : "virtmap"
      let outcome = try mailcfg(["--mail-dir", "etc-mail", "build", table], directory: place.directory.path)
      expectSame(try place.pairs("\(name).db"), answer.pairs)
      let isFlawless = answer.status == 0 && text == withoutLongLines(text)
      #expect(outcome.status == (isFlawless ? 0 : 65), "\(outcome.errorText)\(answer.messages)")
      #expect(try place.read(name) == text)
    }
  }

  @Test(arguments: 0..<12)
  func generatedAliases(seed: UInt64) throws {
    let place = try Workplace()
    var generator = SplitMix64(seed: 0x616C_6961 + seed)
    let pieces = [
      "root", "anna", ": ", ":", ", ", ",\n\t", "\n", "\n", "\n", "sales: anna, bernd\n", "Sales:\tdora\n", "#", "\\",
      "bernd@partner.example", "\"|/usr/bin/x -v\"", "/var/x", ":include:/x", "\"", "(", ")", "<", ">", " ", "\t", "ü",
      "list: a@b.example\n", "no colon\n", "x@remote.example: y\n", "\r\n", "\\\n", "owner-list: x\n", "\u{0}", "@",
      "MAILER-DAEMON: postmaster\n", "  continued\n",
    ]
    place.write("aliases", generator.text(of: pieces, count: 120))
    _ = try mailcfg(["--mail-dir", "etc-mail", "build", "alias"], directory: place.directory.path)
    try place.expectAliasMap()
  }

  @Test(arguments: ["access", "virtusertable", "aliases"])
  func everyFixture(folder: String) throws {
    for fixture in try Fixtures.all(in: folder) {
      let place = try Workplace()
      let (name, table) =
        ["access": ("access", "access"), "aliases": ("aliases", "alias")][folder] ?? ("virtmaps", "virtmap")
      place.write(name, try Fixtures.bytes(fixture))
      let outcome = try mailcfg(["--mail-dir", "etc-mail", "build", table], directory: place.directory.path)
      #expect([0, 65].contains(outcome.status), "\(fixture): \(outcome.errorText)")
      let text = try place.read(name)
      let answer =
        try folder == "aliases" ? Oracle.newaliases(text, hostNames: []) : Oracle.makemap(withoutLongLines(text))
      expectSame(try place.pairs("\(name).db"), answer.pairs, "\(fixture)")
      #expect(try place.read(name) == Fixtures.bytes(fixture), "\(fixture)")
    }
  }

  /// What the real makemap built is up to date, and is replaced like our own.
  @Test func aMapOfTheRealMakemapIsTakenOver() throws {
    let place = try Workplace("hosting")
    try place.makemap("access")
    let before = try place.snapshot()
    #expect(try place("build", "access").outputText == "etc-mail/access.db: agrees with its text, 14 entries\n")
    #expect(try place("relay", "add", "192.0.2.10").outputText.contains("nothing to do"))
    #expect(try place.snapshot() == before)
    try place("relay", "add", "192.0.2.7")
    try place.expectMap("access.db", of: "access")
    // And the other way round.
    try place.makemap("access")
    #expect(try place("status", status: 1).outputText.contains("etc-mail/access.db (hash): agrees\n"))
    try place("relay", "remove", "192.0.2.7")
    try place.expectMap("access.db", of: "access")
  }

  /// A map that says something else than the text is brought up to date by `build`, whatever the time stamps say.
  @Test func contentDecidesAndNotTheTime() throws {
    let place = try Workplace("hosting")
    place.write("access.txt", "Connect:192.0.2.10 RELAY\nother.example REJECT\n")
    try place.makemap("access.txt", map: "access")
    let future = timespec(tv_sec: 4_000_000_000, tv_nsec: 0)
    #expect(unsafe utimensat(AT_FDCWD, place.path("access.db"), [future, future], 0) == 0)
    let diff = try place("diff", "access", status: 1).outputText.split(separator: "\n")
    #expect(diff.count == 14)
    #expect(diff.contains("- etc-mail/access.db: other.example  REJECT"))
    #expect(diff.contains("+ etc-mail/access:7: connect:192.0.2.64  RELAY"))
    #expect(try place("build", "access").outputText == "etc-mail/access.db: rebuilt, 14 entries\n")
    try place.expectMap("access.db", of: "access")
  }

  @Test func aBtreeOfTheSiteStaysABtree() throws {
    let place = try Workplace("hosting")
    place.write(
      "sendmail.cf",
      "V10/Berkeley\nKaccess btree -T<TMPF> /etc/mail/access\nKvirtuser hash -N -f /etc/mail/virtmaps\n"
        + "O AliasFile=/etc/mail/aliases\nFw/etc/mail/sendmail.cw\n")
    try place.makemap("access", type: "btree")
    try place("relay", "add", "192.0.2.7")
    try place.expectMap("access.db", of: "access", type: "btree")
    try place("build")
    try place.expectMap("access.db", of: "access", type: "btree")
    // -N: keys and values with NUL, -f: no folding of keys.
    try place.expectMap("virtmaps.db", of: "virtmaps", options: ["-N", "-f"])
    #expect(try place("lookup", "virtmap", "Orders@Shop.Example").outputText == "bernd\n")
  }
}
