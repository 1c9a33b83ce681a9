import TestSupport
import Testing

@Suite struct TestSupportTests {
  @Test func largeInputAndOutputPassThrough() throws {
    var generator = SplitMix64(seed: 1)
    let input = (0..<3_000_000).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    let outcome = try run("cat", input: input)
    #expect(outcome.status == 0)
    #expect(outcome.output == input)
    #expect(try run("sh", ["-c", "cat >&2; exit 7"], input: input).errors == input)
    #expect(try run("sh", ["-c", "exec true"], input: input).status == 0)
    #expect(try run("sh", ["-c", "kill -9 $$"]).status == 128 + 9)
    #expect(throws: TestSupportError.self) { try run("sleep", ["30"], timeout: 1) }
    #expect(try run("pwd", directory: "/usr").outputText == "/usr\n")
    #expect(try run("sh", ["-c", "echo $A"], environment: ["A": "x"]).outputText == "x\n")
  }

  @Test func aDumpIsReadByteByByte() throws {
    let text = "VERSION=3\nformat=print\ntype=hash\nHEADER=END\n a\\00\n b\\\\\\0d\n \n x\nDATA=END\n"
    let map = try DumpedMap(dump: Array(text.utf8))
    #expect(map.header["type"] == "hash")
    #expect(map.pairs == [.init("a\0", "b\\\r"), .init("", "x")])
  }

  @Test(.needs(.makemap, .dbDump)) func makemapAnswers() throws {
    let answer = try Oracle.makemap(Array("Key\tValue X\n bad\nkey again\n".utf8))
    #expect(answer.pairs == [.init("key", "Value X")])
    #expect(answer.status == 65)
    #expect(
      answer.messages == [
        "makemap: map: line 2: syntax error (leading space)", "makemap: map: line 3: key key: duplicate key",
      ])
  }

  @Test(.needs(.postmap, .dbDump)) func postmapAnswers() throws {
    let answer = try Oracle.postmap(Array("Key Value\n  more\nkey again\n".utf8))
    #expect(answer.pairs == [.init("key\0", "Value  more\0")])
    #expect(answer.messages == ["postmap: warning: map.db: duplicate entry: \"key\""])
  }

  @Test(.needs(.sendmail, .dbDump)) func newaliasesAnswers() throws {
    let answer = try Oracle.newaliases(Array("Root: anna,\n  bernd\nx@local.example: y\nnocolon\n".utf8))
    #expect(answer.pairs == [.init("@\0", "@\0"), .init("root\0", "anna,  bernd\0"), .init("x\0", "y\0")])
    #expect(
      answer.messages == ["aliases: line 4: missing colon", "aliases: 2 aliases, longest 12 bytes, 18 bytes total"])
    #expect(answer.status == 70)
    let plain = try Oracle.newaliases(Array("a: b\n".utf8), specification: "hash:")
    #expect(plain.pairs == [.init("@", "@"), .init("a", "b")])
  }

  @Test(.needs(.makemap, .dbDump, .sendmail)) func theMailDirectoriesAreBuiltWithoutAnError() throws {
    for (name, names, entries) in [("hosting", SendmailSite.Names.hosting, 14), ("debian", .stock, 31)] {
      let directory = try TemporaryDirectory()
      try directory.copyFixture(name)
      if name == "debian" {
        let configuration = try directory.readText("sendmail.cf")
        #expect(configuration.contains("Kaccess hash -T<TMPF> \(directory.path)/access\n"))
        #expect(!configuration.contains("/etc/mail"))
      }
      let site = try SendmailSite(
        mailDirectory: directory.path, names: names, configuration: directory.path("for-the-test.cf"))
      try site.buildMaps()
      #expect(try DumpedMap(path: directory.path("access.db")).pairs.count == entries)
    }
  }

  @Test(.needsLiveSendmail) func aLiveSendmailRefusesAndAllows() throws {
    let directory = try TemporaryDirectory()
    try directory.write("access", "Connect:127.0.0.78\tRELAY\nConnect:IPv6:2001:db8:0:0:0:0:0:25\tRELAY\n")
    try directory.write("aliases", "list: root, mail\n")
    try directory.write("virtusertable", "info@local.example list\n")
    try directory.write("local-host-names", "local.example\n")
    let site = try SendmailSite(mailDirectory: directory.path)
    try site.buildMaps()
    #expect(try site.lookUp(["connect:127.0.0.78", "nothing"], in: "access") == ["RELAY", nil])
    #expect(
      try site.expand(["info@local.example"]) == [
        "mail... deliverable: mailer local, user mail", "root... deliverable: mailer local, user root",
      ])
    let live = try site.start(addresses: ["2001:db8::25"])
    let stranger = try live.connect(from: "127.0.0.77")
    let friend = try live.connect(from: "127.0.0.78")
    #expect(try stranger.recipient("u@remote.example").hasPrefix("550 5.7.1"))
    #expect(try friend.recipient("u@remote.example").hasPrefix("250 2.1.5"))
    #expect(try live.connect(from: "2001:db8::25").recipient("u@remote.example").hasPrefix("250 2.1.5"))
    #expect(try live.connect(from: "::1").recipient("u@remote.example").hasPrefix("250 2.1.5"))
    live.stop()
    #expect(try directory.snapshot().count == 8)
  }
}
