import SendmailChecks
import SendmailConfig
import TestSupport
import Testing

/// Waivers, limits, fixes, circles: what is the same for every check.
@Suite struct CheckerTests {
  /// Makes an input of texts by file, on the host of the documentation's examples.
  static func input(_ files: [String: String]) throws -> CheckInput {
    try ExampleInput.make(files.mapValues { Array($0.utf8) })
  }

  static func findings(_ files: [String: String], limit: Int = 1000) throws -> [String] {
    let report = Checker(limit: limit).run(try input(files))
    return report.findings.map { "\($0.path):\($0.diagnostic.line): \($0.diagnostic.code.rawValue)" }
  }

  static let usual = "postmaster: root\nmailer-daemon: postmaster\nroot: anna@example.net\n"

  // MARK: Entries that others decide for

  @Test(.needs(.m4)) func aRefusedDomainOfThisHostWhoseRecipientsAreLetInIsNone() throws {
    let features = "FEATURE(`access_db')\nFEATURE(`blocklist_recipients')\n"
    func lines(_ access: String) throws -> [String] {
      try Self.findings(["access": access, "sendmail.mc": features]).filter { $0.hasSuffix("reject-own-domain") }
    }
    let found = ["access:1: access.reject-own-domain"]
    #expect(try lines("example.org REJECT\n") == found)
    #expect(try lines("example.org DISCARD\n") == found)
    // local.example is below it.
    #expect(try lines("example REJECT\n") == found)
    #expect(try lines("example REJECT\nlocal.example OK\nTo:xn--bcher-kva.example OK\n") == [])
    #expect(try lines("example.org REJECT\nTo:example.org RELAY\n") == [])
    #expect(try lines("example.org 550 We are closed\n") == [])
    #expect(try lines("other.org REJECT\nample.org REJECT\n") == [])
  }

  @Test func aUserWithAnEntryForTheDomainIsNotHidden() throws {
    func lines(_ table: String) throws -> [String] { try Self.findings(["genericstable": table]) }
    #expect(try lines("@a.example x@c.example\nanna a@c.example\nanna@a.example b@c.example\n") == [])
    #expect(
      try lines("@a.example x@c.example\n@b.example y@c.example\nanna a@c.example\nanna@a.example b@c.example\n")
        == ["genericstable:3: genericstable.hidden-user"])
  }

  @Test func aNumberSignInTheTextOfAnErrorIsNoComment() throws {
    #expect(try Self.findings(["mailertable": "a.example error:5.1.2:550 No such # host\n"]) == [])
    // In the place of the value: makemap stores it, and says nothing.
    #expect(
      try Self.findings(["mailertable": "a.example # to come\n"]) == ["mailertable:1: mailertable.comment-in-value"])
    #expect(
      try Self.findings(["genericstable": "anna\t# to come\n"]) == ["genericstable:1: genericstable.comment-in-value"])
  }

  // MARK: Waivers

  @Test func aWaiverSilencesOneFindingAtOneEntry() throws {
    let text = """
      # a note
      # mailcfg: ignore access.cidr, access.untagged-relay -- they know
      # another note
      192.0.2.0/24 RELAY
      198.51.100.0/24 RELAY

      """
    #expect(try Self.findings(["access": text]) == ["access:2: waiver.unused", "access:5: access.cidr"])
  }

  @Test func aWaiverAboveNothingIsUnused() throws {
    let text = "From:a.example OK\n# mailcfg: ignore access.cidr\n\n192.0.2.0/24 RELAY\n"
    #expect(try Self.findings(["access": text]) == ["access:2: waiver.unused", "access:4: access.cidr"])
  }

  @Test func aWaiverAtTheHeadIsForTheWholeFile() throws {
    let file = "# mailcfg: ignore table.carriage-return\n\nFrom:a.example OK\r\n"
    #expect(try Self.findings(["access": file]) == [])
    // Directly above an entry it is for the entry.
    let entry = "# mailcfg: ignore table.carriage-return\nFrom:a.example OK\r\n"
    #expect(try Self.findings(["access": entry]) == ["access:1: waiver.unused", "access:2: table.carriage-return"])
    let aliases = "# mailcfg: ignore alias.missing-root alias.missing-postmaster\n\nmailer-daemon: anna@example.net\n"
    #expect(try Self.findings(["aliases": aliases]) == [])
  }

  @Test func aWaiverStandsAboveTheFirstLineOfAnAlias() throws {
    let text = "# mailcfg: ignore alias.comment-in-value\nteam: root,\n  postmaster # since May\n" + Self.usual
    #expect(try Self.findings(["aliases": text]) == [])
    let classes = "# mailcfg: ignore class.trailing-dot\nexample.org.\nlocal.example.\n"
    #expect(try Self.findings(["local-host-names": classes]) == ["local-host-names:3: class.trailing-dot"])
  }

  @Test func parsersFindingsAreSilencedToo() throws {
    let text = "From:a.example OK\n# mailcfg: ignore table.duplicate-key\nFrom:a.example REJECT\n"
    #expect(try Self.findings(["access": text]) == [])
  }

  // MARK: Limits

  @Test func findingsBeyondTheLimitAreCounted() throws {
    let text = (0..<500).map { "From:spam\($0).example ERROR:5.7.1:550 No, thank you\nFrom:x\($0).example RELAY\n" }
    let lines = text.joined()
    let all = Checker().run(try Self.input(["access": lines]))
    #expect(all.findings.count == 1000 && all.omitted.isEmpty)
    let some = Checker(limit: 7).run(try Self.input(["access": lines]))
    #expect(some.findings.count == 14)
    #expect(some.omitted.map(\.count) == [493, 493])
  }

  /// The sieve before the checks lets nothing through that a check would have counted otherwise.
  @Test func countsDoNotDependOnTheLimit() throws {
    var random = SplitMix64(seed: 7)
    let pieces = [
      "From:", "To:", "Connect:", "", "a.example", "b@c.example", "@d", "10.1", "IPv6:1::2", " ", "\t", "RELAY",
      "REJECT",
      "ERROR:", "5.7.1:", "550 ", "No, sir", "(x)", "\"", "D.S.N:", "450 4.1.1 a", "\n", "\n",
      "# mailcfg: ignore access.relay-from\n",
    ]
    for _ in 0..<200 {
      let bytes = random.text(of: pieces, count: 300)
      let input = try ExampleInput.make(["access": bytes])
      var expected: [Diagnostic.Code: Int] = [:]
      for finding in Checker(limit: .max).run(input).findings { expected[finding.diagnostic.code, default: 0] += 1 }
      var counted: [Diagnostic.Code: Int] = [:]
      let report = Checker(limit: 1).run(input)
      for finding in report.findings { counted[finding.diagnostic.code, default: 0] += 1 }
      for omission in report.omitted { counted[omission.code, default: 0] += omission.count }
      // A waiver for what is not listed is as used as any other.
      #expect(counted == expected, "\(printable(bytes))")
    }
  }

  // MARK: Circles

  @Test func aCircleThroughVirtualUsersAndAListIsShownWhole() throws {
    let files = [
      "aliases": "team: staff@example.org\ncrew: :include:/list/crew\n" + Self.usual,
      "virtusertable": "staff@example.org crew\n", "/list/crew": "# all\nteam\n",
    ]
    let report = Checker().run(try Self.input(files))
    let loop = try #require(report.findings.first { $0.diagnostic.code.rawValue == "alias.loop" })
    #expect(loop.diagnostic.message.hasPrefix("team → crew → :include:/list/crew → team: "))
    #expect(
      loop.related.map { "\($0.path):\($0.line)" } == ["aliases:1", "virtusertable:1", "aliases:2", "/list/crew:2"])
  }

  @Test func legalSelfReferencesAreNoCircles() throws {
    for text in [
      "root: root, anna@example.net\npostmaster: root\nmailer-daemon: root\n",
      "x: \\x\n" + Self.usual, "anna: bernd\nbernd: anna\n" + Self.usual, "anna: anna\n" + Self.usual,
      "a: b, root\nb: a\n" + Self.usual,
    ] { #expect(try Self.findings(["aliases": text]) == [], "\(text)") }
    #expect(
      try Self.findings(["aliases": "x: x\n" + Self.usual]) == ["aliases:1: alias.dangling"])
  }

  @Test func aCatchAllThatLeadsBackIsACircle() throws {
    let table = "@example.org %1@local.example\n@local.example %1@example.org\n"
    #expect(try Self.findings(["virtusertable": table]) == ["virtusertable:1: virtmap.loop"])
    let legal = "@example.org info@example.org\ninfo@example.org anna\n@local.example %1@example.org\n"
    #expect(try Self.findings(["virtusertable": legal]) == [])
  }

  @Test func depthCountsListsToo() throws {
    func chain(_ count: Int) -> String {
      (1..<count).map { "a\($0): a\($0 + 1)\n" }.joined() + "a\(count): :include:/list/last\n" + Self.usual
    }
    let list = ["/list/last": "anna@example.net\n"]
    #expect(try Self.findings(["aliases": chain(9)].merging(list) { $1 }) == [])
    #expect(try Self.findings(["aliases": chain(10)].merging(list) { $1 }) == ["aliases:1: alias.too-deep"])
    #expect(try Self.findings(["aliases": chain(12)].merging(list) { $1 }) == ["aliases:3: alias.too-deep"])
  }

  // MARK: Places and fixes

  /// Nobody but a person decides to let a whole top-level domain or a sixteenth of the Internet relay.
  @Test(arguments: [
    "Connect:com. RELAY", "edu. RELAY", "To:org. RELAY", "Connect:8. RELAY", "Connect:net RELAY # all of net",
    "Connect:8.0.0.0/8 RELAY",
  ]) func aFixOpensNoDoorWide(line: String) throws {
    let report = Checker().run(try Self.input(["access": line + "\n"]))
    #expect(!report.findings.isEmpty)
    #expect(report.findings.allSatisfy { $0.fix == nil })
    // With another value the same is certain.
    let refusing = Checker().run(try Self.input(["access": line.split(separator: " ")[0] + " REJECT # x\n"]))
    #expect(refusing.findings.contains { $0.fix != nil })
  }

  /// Several keys come in the place of one, also where the text ends with it; `ending` is what is behind the value.
  @Test(arguments: ["", "\n", " ", "\r\n", "\nFrom:a.example REJECT"]) func aKeyThatBecomesSeveralKeepsItsLines(
    ending: String
  ) throws {
    let text = Array("To:b.example RELAY\nConnect:172.16.0.0/14\tRELAY\(ending)".utf8)
    let report = Checker().run(try ExampleInput.make(["access": text]))
    let fix = try #require(report.findings.first { $0.diagnostic.code.rawValue == "access.cidr" }?.fix)
    var table = AccessTable(text)
    for edit in fix.edits { table.table.replaceLines(edit.lines, with: edit.replacement) }
    let old = AccessTable(text).table.entries.map { ($0.key, $0.value) }
    let keys = ["172.16", "172.17", "172.18", "172.19"].map { ByteString("Connect:\($0)") }
    let wanted = [old[0]] + keys.map { ($0, old[1].1) } + old[2...]
    let found = table.table.entries.map { ($0.key, $0.value) }
    #expect(found.map(\.0) == wanted.map(\.0) && found.map(\.1) == wanted.map(\.1))
  }

  /// Who writes `2001:db8:2::` may mean the network: no fix makes one address of it.
  @Test(arguments: ["Connect:IPv6:2001:db8:2::", "Connect:2001:0DB8:02::", "IPv6:2001:db8:2::"])
  func aNetworkOfIPv6IsLeftToAPerson(key: String) throws {
    let finding = try #require(Checker().run(try Self.input(["access": "\(key) RELAY\n"])).findings.first)
    let tag = key.hasPrefix("Connect:") ? "Connect:" : ""
    #expect(finding.fix == nil)
    #expect(
      finding.diagnostic.remedy
        == "write \(tag)IPv6:2001:db8:2 for the network, or \(tag)IPv6:2001:db8:2:0:0:0:0:0 for that one address")
    let both = "\(key) RELAY\n\(tag)IPv6:2001:db8:2 RELAY\n"
    #expect(try Self.findings(["access": both]).filter { $0.contains("ipv6") } == [])
  }

  /// A comment that ends in a backslash would swallow what is written behind it.
  @Test func aMissingAliasIsNotAddedToAComment() throws {
    let text = Array("root: anna\n# the end\\\n".utf8)
    let report = Checker().run(try ExampleInput.make(["aliases": text]))
    let fixes = report.findings.compactMap(\.fix)
    #expect(fixes.count == 2)
    for fix in fixes {
      var aliases = AliasesFile(text)
      for edit in fix.edits { aliases.replaceLines(edit.lines, with: edit.replacement) }
      #expect(aliases.aliases.count == 2 && aliases.text.lineCount == 3)
    }
  }

  /// As sendmail reads them when an alias leads to them.
  @Test(arguments: ["\"|/bin/sh\"", "<|/bin/sh>", "\"/tmp/f\"", "(c)\"|/bin/sh\"", "@localhost:|/bin/sh"])
  func aProgramIsOneInAnySpelling(target: String) throws {
    let found = try Self.findings(["virtusertable": "x@example.org \(target)\n", "local-host-names": "example.org\n"])
    #expect(found.contains("virtusertable:1: virtmap.program"), "\(found)")
  }

  /// Random bytes and random pieces of tables: never a crash, and every place is inside the text.
  @Test func randomTextsGiveFindingsInsideThem() throws {
    var random = SplitMix64(seed: 2026)
    let pieces = [
      "\n", "\n", "\n", " ", "\t", ":", ",", "@", "#", "\"", "\\", "\\\n", "(", ")", "<", ">", "|", "/", ".", "*", "+",
      "%1",
      "[1.2.3.4]", "1.2.3.0/24", "IPv6:", "2001:db8::1", "Connect:", "From:", "To:", "RELAY", "REJECT # x", "SKIP",
      "ERROR:5.7.1:550 a, b", "error:nouser x", ":include:/list/a", "example.org", "a", "b", "anna", "root", "a: b",
      "b: a",
      "a@example.org", "b@example.org", "\u{FEFF}", "\r\n", "\0", "ü", "# mailcfg: ignore access.cidr\n",
      String(repeating: "x", count: 400),
    ]
    for round in 0..<600 {
      var example: DocumentedCheck.Example = [:]
      for file in ["access", "virtusertable", "aliases", "local-host-names", "relay-domains", "/list/a"] {
        var bytes = random.text(of: pieces, count: random.below(60))
        if round % 3 == 0 {
          for _ in 0..<random.below(20) where !bytes.isEmpty {
            bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
          }
        }
        example[file] = bytes
      }
      let report = Checker().run(try ExampleInput.make(example))
      for finding in report.findings {
        let text = Text(example[finding.path] ?? [])
        let diagnostic = finding.diagnostic
        let isInside =
          diagnostic.line >= 1 && diagnostic.column >= 1
          && (diagnostic.line == 1 || diagnostic.line <= text.lineCount)
          && (text.lineCount == 0 || diagnostic.column <= text.line(diagnostic.line).count + 1)
        #expect(isInside, "round \(round): \(diagnostic) in \(finding.path): \(printable(example[finding.path] ?? []))")
        #expect(!diagnostic.message.isEmpty && !diagnostic.remedy.isEmpty)
        #expect(!diagnostic.message.contains("\n") && !diagnostic.remedy.contains("\n"))
        #expect(Check.named(diagnostic.code) != nil, "\(diagnostic.code)")
        for edit in finding.fix?.edits ?? [] {
          #expect(edit.lines.upperBound <= text.lineCount, "round \(round): \(diagnostic)")
        }
      }
    }
  }
}
