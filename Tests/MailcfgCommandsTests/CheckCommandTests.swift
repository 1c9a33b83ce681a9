import Glibc
import SendmailConfig
import TestSupport
import Testing

/// `mailcfg check`: what it prints, how it ends, and what `--fix` does.
@Suite struct CheckCommandTests {
  let place: Workplace

  init() throws {
    place = try Workplace()
    place.write("aliases", "postmaster: root\nmailer-daemon: postmaster\nroot: anna@example.net\n")
    place.write("access", "Connect:192.0.2 RELAY\n")
    place.write("sendmail.cw", "example.org\n")
    try place("-q", "build")
  }

  @Test func nothingIsFoundInGoodFiles() throws {
    let outcome = try place("check", "--elsewhere", "--strict")
    #expect(outcome.outputText == "")
    #expect(outcome.errorText == "mailcfg: nothing found\n")
  }

  @Test func textHasPlaceMessageCodeAndRemedy() throws {
    place.write("access", "Connect:192.0.2 RELAY\nConnect:198.51.100.0/24 RELAY\nConnect:192.0.2 REJECT\n")
    try place("-q", "build", status: 65)
    let outcome = try place("check", "--elsewhere", "access", status: 1)
    #expect(
      outcome.outputText == """
        etc-mail/access:2:1: warning: Connect:198.51.100.0/24: sendmail looks addresses up by whole octets or groups, never by \
        /length: the entry matches nothing [access.cidr]
            write Connect:198.51.100 (--fix does it)
        etc-mail/access:3:1: error: Connect:192.0.2 stands in line 1 too, and that line counts: makemap keeps the first \
        [table.duplicate-key]
            etc-mail/access:1:1: this line counts: Connect:192.0.2  RELAY
            remove one of the two

        """)
    #expect(outcome.errorText == "mailcfg: 1 error, 1 warning, 0 notes; check --fix mends 1 of them\n")
    #expect(try place("-q", "check", "--elsewhere", status: 1).outputText.split(separator: "\n").count == 3)
    #expect(
      try place("--color", "always", "check", "--elsewhere", status: 1).outputText.contains("\u{1B}[31merror\u{1B}[0m"))
  }

  @Test func warningsCountWhereStrictIsWanted() throws {
    place.write("access", "Connect:198.51.100.0/24 RELAY\n")
    try place("-q", "build")
    try place("check", "--elsewhere")
    try place("check", "--elsewhere", "--strict", status: 1)
    try place("check", "--elsewhere", "--strict", "alias")
    try place("check", "virtmap", status: 66)
    try place("check", "--fix", "--format", "sarif", status: 64)
    try place("check", "--format", "yaml", status: 64)
    try place("--json", "check", "--format", "text", status: 64)
  }

  @Test func jsonHasWhatTheDesignPromises() throws {
    place.write("access", "Connect:198.51.100.0/24 RELAY\n")
    try place("-q", "build")
    let outcome = try place("check", "--elsewhere", "--format", "json")
    #expect(try place("--json", "check", "--elsewhere").output == outcome.output)
    #expect(
      outcome.outputText == """
        {
          "findings" : [
            {
              "code" : "access.cidr",
              "column" : 1,
              "documentation" : "Docs/checks/access.md#accesscidr",
              "file" : "etc-mail/access",
              "fixable" : true,
              "line" : 1,
              "message" : "Connect:198.51.100.0/24: sendmail looks addresses up by whole octets or groups, never by /length: \
        the entry matches nothing",
              "related" : [

              ],
              "remedy" : "write Connect:198.51.100",
              "severity" : "warning"
            }
          ],
          "omitted" : [

          ],
          "version" : 1
        }

        """)
  }

  /// The parts of SARIF 2.1.0 that its schema requires, and that results and rules agree.
  @Test(.needsProgram("python3")) func sarifIsWhole() throws {
    place.write(
      "access", "Connect:198.51.100.0/24 RELAY\nFrom:x.example RELAY\nConnect:192.0.2 RELAY\n192.0.2 REJECT\n")
    try place("-q", "build")
    let outcome = try place("check", "--elsewhere", "--format", "sarif")
    place.write("check.sarif", outcome.output)
    let script = """
      import json, re, sys
      log = json.load(open(sys.argv[1]))
      assert log["version"] == "2.1.0" and log["$schema"].startswith("https://")
      run, = log["runs"]
      driver = run["tool"]["driver"]
      ids = [rule["id"] for rule in driver["rules"]]
      assert len(ids) == len(set(ids)) > 100
      for rule in driver["rules"]:
          assert rule["shortDescription"]["text"].endswith(".") and rule["help"]["text"] and rule["help"]["markdown"]
          assert re.match(r"^[a-z][a-z0-9+.-]*:[^ ]+$", rule["helpUri"])
          assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
      assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints") and run["properties"]["columnUnit"] == "bytes"
      assert len(run["results"]) == 3
      for result in run["results"]:
          assert ids[result["ruleIndex"]] == result["ruleId"] and result["message"]["text"]
          assert result["level"] in ("none", "note", "warning", "error")
          for location in result["locations"] + result.get("relatedLocations", []):
              place = location["physicalLocation"]
              assert place["artifactLocation"]["uri"] == "etc-mail/access"
              assert place["region"]["startLine"] >= 1 and place["region"]["startColumn"] >= 1
      print("good")
      """
    let checked = try run("python3", ["-c", script, place.path("check.sarif")])
    #expect(checked.outputText == "good\n", "\(checked.errorText)")
  }

  /// An entry that becomes two lines is told beside its neighbour as what it became.
  @Test func aFixIsToldWithTheLineItMends() throws {
    place.write("access", "From:a.example\tREJECT # why\nFrom:b.example.\tREJECT\n")
    let outcome = try place("check", "--elsewhere", "access", "--fix")
    #expect(
      outcome.outputText.hasPrefix(
        """
        etc-mail/access:2: replaced  From:a.example  REJECT  (was From:a.example  REJECT # why)
        etc-mail/access:3: replaced  From:b.example  REJECT  (was From:b.example.  REJECT)

        """), "\(outcome.outputText)")
  }

  @Test func fixesAreShownThenMade() throws {
    place.write("access", "Connect:198.51.100.0/24 RELAY\nFrom:a.example REJECT # Petra\n")
    try place("-q", "build")
    let before = try place.snapshot()
    let shown = try place("-n", "check", "--elsewhere", "--fix")
    #expect(
      shown.outputText == """
        --- etc-mail/access
        +++ etc-mail/access
        @@ -1,2 +1,3 @@
        -Connect:198.51.100.0/24 RELAY
        -From:a.example REJECT # Petra
        +Connect:198.51.100 RELAY
        +# Petra
        +From:a.example REJECT
        etc-mail/access.db: would be rebuilt, 2 entries

        """)
    #expect(try place.snapshot() == before)
    try place("check", "--elsewhere", "--fix")
    #expect(try place.text("access") == "Connect:198.51.100 RELAY\n# Petra\nFrom:a.example REJECT\n")
    #expect(try place("lookup", "access", "connect:198.51.100").outputText == "RELAY\n")
    #expect(try place("check", "--elsewhere", "--fix", "--strict").outputText == "")
  }

  @Test func aFixThatWouldMakeADuplicateIsLeft() throws {
    place.write("access", "Connect:198.51.100.0/24 RELAY\nConnect:198.51.100 REJECT\n")
    try place("-q", "build")
    try place("check", "--elsewhere", "--fix")
    #expect(try place.text("access") == "Connect:198.51.100.0/24 RELAY\nConnect:198.51.100 REJECT\n")
  }

  @Test func passwordsAreNotTold() throws {
    let lines = "AuthInfo:a.example \"U:x\" \"P:secret\"\nAuthInfo:a.example \"U:x\" \"P:secret\"\n"
    place.write("access", lines + "AuthInfo:b.example \"U:x\" \"P:secret\"\r\n")
    try place("-q", "build", status: 65)
    for arguments in [["check"], ["--json", "check"], ["check", "--format", "sarif"], ["-n", "check", "--fix"]] {
      let outcome = try place.run(arguments + ["--elsewhere"], status: arguments.contains("--fix") ? 0 : 1)
      #expect(!(outcome.outputText + outcome.errorText).contains("secret"), "\(arguments)")
    }
    let outcome = try place("--json", "check", "--elsewhere", "--fix")
    #expect(!outcome.outputText.contains("secret"))
  }

  @Test func theMachineIsLookedAtUnlessItIsAnother() throws {
    place.write("aliases", "postmaster: root\nmailer-daemon: root\nroot: nobody-of-that-name-here\n", mode: 0o664)
    try place("-q", "build")
    let here = try place("check", "alias").outputText
    #expect(here.contains("[alias.dangling]") && here.contains("[file.unsafe-aliases]"))
    let elsewhere = try place("check", "alias", "--elsewhere").outputText
    #expect(elsewhere == "")
  }

  /// What keeps sendmail from starting is an error, whatever kind of line it is in.
  @Test(
    .needsLiveSendmail,
    arguments: [
      "O NoSuchOption=1", "O DontBlameSendmail=TrustStickyBit,NoSuchWord", "Mfoo, P=/bin/x", "SX\nR$*\t$2", "R$* $1",
      "Kfoo regex (", "Kfoo sequence none", "Kfoo dns", "Snosuch=999", "HFrom", "Xfoo, F=T", "Zfoo",
    ]) func whatSendmailDoesNotStartWithIsAnError(lines: String) throws
  {
    let good = "V10/Berkeley\nMlocal, P=/bin/true, A=true $u\nO QueueDirectory=/tmp\n"
    place.write("sendmail.cf", good)
    #expect(try place("check", "--elsewhere", "--strict").outputText == "")
    let site = try SendmailSite(mailDirectory: place.mail, template: Array("\(good)\(lines)\n".utf8))
    let outcome = try place("check", "--elsewhere", status: 1)
    let theirs = try site.sendmail(["-bi"])
    #expect(theirs.status == 70, "\(theirs.outputText)\(theirs.errorText)")
    // FILE: line 4: WORDS
    let said = try #require((theirs.errorText + theirs.outputText).firstMatch(of: #/: line (\d+): ([^\n]*)/#))
    #expect(outcome.outputText.contains("sendmail.cf:\(said.1):1: error: "), "\(said.0): \(outcome.outputText)")
  }

  /// As cf/README has it: the schema of aliases in LDAP needs nothing behind the colon.
  @Test(arguments: ["ldap:", "hash:DIR/aliases, ldap:", "null:"]) func aliasesInLDAPAreNoFault(value: String) throws {
    let lines =
      "V10/Berkeley\nMlocal, P=/bin/true, F=lsA, A=true $u\nScanonify=3\nSparse=0\nR$*\t$#local $: $1\n"
    place.write("sendmail.cf", lines + "O AliasFile=\(value.replacing("DIR", with: place.mail))\n")
    #expect(try place("check", "--elsewhere", "--strict").outputText == "")
    let expanded = try place("alias", "expand", "nobody-here")
    // What is in LDAP is not guessed.
    #expect(expanded.errorText.contains("nobody-here") == value.contains("ldap"), "\(expanded.errorText)")
  }

  /// Every word in sendmail's program that could be the name of an option, as an option.
  @Test(.needsLiveSendmail) func theOptionsAreThoseOfSendmail() throws {
    let program = try readFile(try Tools.sendmail)
    let words = program.split { !($0 &- 0x30 < 10 || ($0 | 0x20) &- 0x61 < 26) }
    let names = Set(
      words.filter { 5...40 ~= $0.count && $0.first! &- 0x41 < 26 }.map { String(decoding: $0, as: UTF8.self) })
    // sendmail reads no further behind a mode that there is not.
    let lines = names.filter { $0.contains(where: \.isLowercase) }.sorted().map {
      "O \($0)=\($0.lowercased().hasPrefix("ei") ? "m" : "b")"
    }
    let text = "V10/Berkeley\nMlocal, P=/bin/true, A=true $u\n" + lines.joined(separator: "\n") + "\n"
    let site = try SendmailSite(mailDirectory: place.mail, template: Array(text.utf8))
    let theirs = try site.sendmail(["-bt"])
    let pattern = #/(\d+):(?:\d+: error:)? readcf: unknown option name/#
    let unknown = (theirs.outputText + theirs.errorText).matches(of: pattern).map { Int($0.1) ?? 0 }
    let checked = try place("check", "--elsewhere", "--all", status: 1)
    let ours = checked.outputText.matches(of: pattern).map { Int($0.1) ?? 0 }
    #expect(unknown.count > 100 && unknown.count < lines.count - 100)
    #expect(Set(ours).symmetricDifference(unknown).sorted().map { lines[$0 - 3] } == [])
  }

  /// Files that mailcfg has no commands for are not mended, and nobody is told so.
  @Test func onlyTablesAreMended() throws {
    place.write("mailertable", "a.example smtp:b.example\r\n")
    let outcome = try place("check", "--elsewhere", "--fix", "-n")
    #expect(outcome.outputText.contains("[table.carriage-return]"))
    #expect(!(outcome.outputText + outcome.errorText).contains("mailertable b/"), "\(outcome.outputText)")
    let told = outcome.outputText.split(separator: "\n")
    let place = try #require(told.firstIndex { $0.contains("mailertable:1:") })
    #expect(!told[place + 1].contains("--fix"), "\(told[place + 1])")
  }

  /// What is written in Docs/checks about maps, with real maps.
  @Test(
    .needs(.makemap), arguments: DocumentedCheck.all.filter { $0.page == "maps" && $0.code != "map.not-read" })
  func theExamplesOfMapsShowIt(section: DocumentedCheck) throws {
    func codes(_ example: DocumentedCheck.Example) throws -> [String] {
      let place = try Workplace()
      try place.directory.write("empty.cf", "")
      for (name, bytes) in example where name != "sh" {
        // The tests may run below /tmp.
        let text =
          String(decoding: bytes, as: UTF8.self) + (name == "sendmail.cf" ? "O DontBlameSendmail=TrustStickyBit\n" : "")
        place.write(name, text.split(separator: "DIR", omittingEmptySubsequences: false).joined(separator: place.mail))
      }
      try place("-q", "build")
      let script = String(decoding: example["sh"] ?? [], as: UTF8.self)
      let tools = (try Tools.makemap).split(separator: "/").dropLast().joined(separator: "/")
      let outcome = try run(
        "/bin/bash", ["-c", "PATH=/\(tools):$PATH\n" + script], environment: Tools.environment, directory: place.mail)
      #expect(outcome.errorText.split(separator: "\n").filter { !$0.hasPrefix("WARNING: ") } == [])
      let report = try mailcfg(
        ["--mail-dir", "etc-mail", "--json", "check", "--elsewhere"], directory: place.directory.path)
      return report.outputText.split(separator: "\n").filter { $0.contains("\"code\" :") }
        .map { String($0.split(separator: "\"")[3]) }
    }
    #expect(try codes(section.wrong).contains(section.code), "\(section.code)")
    #expect(try !codes(section.right).contains(section.code), "\(section.code)")
  }

  @Test(.needsPermissionsThatCount) func aMapThatMayNotBeReadIsTold() throws {
    try run("chmod", ["000", place.path("access.db")])
    let outcome = try Unprivileged.mailcfg(
      ["--mail-dir", "etc-mail", "check", "--elsewhere", "access"], directory: place.directory.path)
    #expect(outcome.outputText.contains("[map.not-read]"), "\(outcome.outputText)\(outcome.errorText)")
    #expect(outcome.status == 0)
  }

  /// The fixtures, as they were when a person last agreed with what is said of them.
  @Test(arguments: ["hosting", "debian"]) func theFixturesGiveWhatAPersonAgreedWith(name: String) throws {
    let place = try Workplace(name)
    try place("-q", "build")
    let outcome = try place("check", "--elsewhere", "--all")
    #expect(outcome.outputText == String(decoding: try Fixtures.bytes("check/\(name)"), as: UTF8.self), "\(name)")
    #expect(!outcome.outputText.contains(": error: "))
  }
}
