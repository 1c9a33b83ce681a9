import FoundationEssentials
import TestSupport
import Testing

/// What scripts rely on: JSON, dry runs that can be applied, and second runs that write nothing.
@Suite struct ChangeOutputTests {
  /// Commands that change something in the fixture `hosting`, once.
  static let commands: [[String]] = [
    ["relay", "add", "192.0.2.7"], ["relay", "add", "192.0.2.128/28", "--comment", "Büro", "--expires", "2999-01-31"],
    ["relay", "add", "2001:db8::/45", "exchange.acme.example"], ["relay", "remove", "192.0.2.10"],
    ["relay", "remove", "198.51.100.0/24"], ["access", "set", "From:new.example", "REJECT"],
    ["access", "set", "To:former.employee@shop.example", "550 5.1.1 gone"],
    ["access", "set", "spam.example", "ERROR:5.7.1:550 no", "thanks"], ["access", "remove", "from:noreply@"],
    ["access", "remove", "to:former.employee@shop.example"], ["virtmap", "set", "new@shop.example", "anna"],
    ["virtmap", "set", "news@club.example", "dora@partner.example"],
    ["virtmap", "set", "@club.example", "error:nouser no"],
    ["virtmap", "remove", "@club.example"], ["alias", "set", "new", "anna", "bernd@partner.example"],
    ["alias", "set", "sales", "anna"], ["alias", "add", "sales", "dora"], ["alias", "drop", "sales", "bernd"],
    ["alias", "drop", "sales", "anna"], ["alias", "remove", "webmaster"],
    ["alias", "remove", "bernd", "sales", "root"],
    ["host", "add", "new.example"], ["host", "remove", "club.example"],
    ["host", "remove", "localhost", "shop-old.example"],
    ["build"], ["build", "virtmap"],
  ]

  @Test(arguments: commands)
  func aDryRunIsADiffThatMakesTheSame(command: [String]) throws {
    let place = try Workplace("hosting")
    let before = try place.everything()
    let dry = try place.run(["--dry-run"] + command)
    #expect(try place.everything() == before, "a dry run writes nothing, takes no lock, leaves no file")

    // What patch makes of the copy is what the real run makes.
    let real = try place.run(command)
    let copy = try Workplace("hosting")
    let patched = try run(
      "patch", ["-p0", "--no-backup-if-mismatch"], input: dry.output, directory: copy.directory.path)
    if dry.output.starts(with: Array("--- ".utf8)) {
      #expect(patched.status == 0, "\(patched.outputText)")
      #expect(!patched.outputText.contains("fuzz") && !patched.outputText.contains("offset"), "\(patched.outputText)")
    } else {
      #expect(command[0] == "build")
    }
    for file in try copy.names() {
      #expect(
        String(decoding: try place.read(file), as: UTF8.self) == String(decoding: try copy.read(file), as: UTF8.self))
      #expect(try place.read(file) == copy.read(file), "\(file)")
    }
    #expect(dry.errors == real.errors || command[0] == "host", "\(dry.errorText)")
  }

  @Test(arguments: commands)
  func theSecondRunWritesNothing(command: [String]) throws {
    let place = try Workplace("hosting")
    let first = try place.run(command)
    #expect(!first.output.isEmpty)
    let before = try place.snapshot()
    let second = try place.run(command)
    #expect(try place.snapshot() == before)
    #expect(!second.outputText.contains("rebuilt"))
    #expect(!second.outputText.contains(": added "))
    #expect(!second.outputText.contains(": removed "))
    #expect(try place.run(["-n"] + command).output.starts(with: Array("--- ".utf8)) == false)
  }

  struct Change: Decodable {
    struct Line: Decodable {
      var file: String
      var line: Int
      var action: String
      var before: String?
      var after: String?
    }
    struct Map: Decodable {
      var file: String
      var entries: Int
      var rebuilt: Bool
    }
    var version: Int
    var changed: Bool
    var changes: [Line]
    var maps: [Map]
  }

  static func decode<Value: Decodable>(_ type: Value.Type, _ outcome: Outcome) throws -> Value {
    try JSONDecoder().decode(type, from: Data(outcome.output))
  }

  @Test(arguments: commands)
  func theJSONSaysWhatChanged(command: [String]) throws {
    let place = try Workplace("hosting")
    let texts = ["access", "virtmaps", "aliases", "sendmail.cw"]
    func lines(_ file: String) throws -> [String] {
      var bytes = try place.read(file).split(separator: 0x0A, omittingEmptySubsequences: false)
      if bytes.last?.isEmpty ?? false { bytes.removeLast() }
      return bytes.map { String(decoding: $0.last == 0x0D ? $0.dropLast() : $0, as: UTF8.self) }
    }
    var before: [String: [String]] = [:]
    for text in texts { before["etc-mail/\(text)"] = try lines(text) }
    let dry = try Self.decode(Change.self, place.run(["--json", "--dry-run"] + command))
    let change = try Self.decode(Change.self, place.run(command + ["--json"]))
    #expect(change.version == 1)
    #expect(change.changed)
    #expect(dry.changed)
    #expect(dry.changes.map(\.line) == change.changes.map(\.line))

    // Undone from the end, the changes lead back to the text as it was.
    for text in texts {
      let file = "etc-mail/\(text)"
      var now = try lines(text)
      let own = change.changes.filter { $0.file == file }
      for line in own where line.action != "removed" {
        #expect(now[line.line - 1] == line.after, "\(line)")
      }
      for line in own where line.action != "added" {
        #expect(line.before.map { before[file]?.contains($0) ?? false } == true, "\(line)")
      }
      for line in own.reversed() where line.action == "added" { now.remove(at: line.line - 1) }
      for line in own where line.action == "replaced" { #expect(line.after != line.before) }
      for line in own { #expect(["added", "replaced", "removed"].contains(line.action)) }
      let removed = own.count { $0.action == "removed" }
      #expect(now.count + removed == before[file]?.count)
      for line in own where line.action == "removed" { #expect(before[file]?[line.line - 1] == line.before, "\(line)") }
    }
    if command[0] == "host" {
      #expect(change.maps.isEmpty)
    } else {
      #expect(change.maps.contains { $0.rebuilt && $0.entries > 0 && $0.file.hasPrefix("etc-mail/") })
    }

    let again = try Self.decode(Change.self, place.run(["--json"] + command))
    #expect(!again.changed)
    #expect(again.changes.isEmpty)
    #expect(!again.maps.contains { $0.rebuilt })
  }

  @Test func nothingIsPrintedBesideTheJSON() throws {
    let place = try Workplace("hosting")
    let outcome = try place("--json", "build")
    #expect(outcome.errorText == "")
    struct Findings: Decodable {
      struct Finding: Decodable {
        var code: String
        var severity: String
        var file: String
        var line: Int
        var column: Int
        var message: String
        var remedy: String
        var fixable: Bool
      }
      var findings: [Finding]
    }
    let findings = try Self.decode(Findings.self, outcome).findings
    let duplicate = try #require(findings.first { $0.file == "etc-mail/aliases" })
    #expect(duplicate.line == 21)
    #expect(duplicate.severity == "warning")
    #expect(findings.contains { $0.file == "etc-mail/virtmaps" && $0.line == 23 && $0.code == "virtmap.bare-domain" })
    place.write("access", "good.example OK\n bad.example OK\n")
    let bad = try Self.decode(Findings.self, place("--json", "build", "access", status: 65)).findings
    #expect(bad.map(\.severity) == ["error"])
    #expect(bad.map(\.line) == [2])
  }

  @Test func statusAsJSON() throws {
    struct Status: Decodable {
      struct Table: Decodable {
        var name: String
        var file: String
        var map: String?
        var type: String?
        var entries: Int
        var agrees: Bool
      }
      var version: Int
      var tables: [Table]
    }
    let place = try Workplace("hosting")
    let before = try Self.decode(Status.self, place("--json", "status", status: 1)).tables
    #expect(before.map(\.name) == ["access", "virtmap", "alias", "host"])
    #expect(before.map(\.agrees) == [false, false, false, true])
    try place("build")
    let after = try Self.decode(Status.self, place("--json", "status"))
    #expect(after.version == 1)
    #expect(after.tables.map(\.agrees) == [true, true, true, true])
    #expect(after.tables.map(\.entries) == [14, 16, 17, 8])
    #expect(after.tables.map(\.type) == ["hash", "hash", "hash", nil])
    #expect(after.tables.map(\.map) == ["etc-mail/access.db", "etc-mail/virtmaps.db", "etc-mail/aliases.db", nil])
    #expect(
      after.tables.map(\.file) == ["etc-mail/access", "etc-mail/virtmaps", "etc-mail/aliases", "etc-mail/sendmail.cw"])
  }

  @Test func lookupAsJSON() throws {
    struct Lookup: Decodable, Equatable {
      struct Result: Decodable, Equatable {
        var key: String
        var value: String?
      }
      var results: [Result]
    }
    let place = try Workplace("hosting")
    try place("build")
    let found = try Self.decode(
      Lookup.self, place("--json", "lookup", "access", "connect:192.0.2.10", "none", status: 1))
    #expect(found.results == [.init(key: "connect:192.0.2.10", value: "RELAY"), .init(key: "none", value: nil)])
    let one = try Self.decode(Lookup.self, place("lookup", "--json", "alias", "ABUSE"))
    #expect(one.results == [.init(key: "ABUSE", value: "postmaster")])
    let all = try Self.decode(Lookup.self, place("dump", "--json", "virtmap"))
    #expect(all.results.count == 16)
    #expect(all.results.contains(.init(key: "orders@shop.example", value: "bernd")))
  }

  @Test func entriesAsJSON() throws {
    struct Entries: Decodable {
      struct Entry: Decodable {
        var line: Int
        var key: String
        var value: String
      }
      var version: Int
      var file: String
      var entries: [Entry]
    }
    struct Relays: Decodable {
      struct Relay: Decodable {
        var client: String
        var lines: [Int]
        var expires: String?
        var note: String?
      }
      var relays: [Relay]
    }
    struct Aliases: Decodable {
      struct Alias: Decodable {
        var line: Int
        var name: String
        var destinations: [String]
      }
      var aliases: [Alias]
    }
    struct Check: Decodable {
      struct Place: Decodable {
        var file: String
        var line: Int
        var key: String
      }
      var mayRelay: Bool
      var decidedBy: Place?
      var tried: [String]
    }
    let place = try Workplace("hosting")
    let access = try Self.decode(Entries.self, place("--json", "access", "list"))
    #expect(access.file == "etc-mail/access")
    #expect(access.entries.count == 14)
    #expect(access.entries.first.map { [$0.key, $0.value] } == ["Connect:192.0.2.10", "RELAY"])
    #expect(access.entries.first?.line == 6)
    let one = try Self.decode(Entries.self, place("--json", "virtmap", "get", "ORDERS@shop.example"))
    #expect(one.entries.map(\.line) == [6])
    #expect(try Self.decode(Entries.self, place("--json", "access", "get", "none", status: 1)).entries.isEmpty)

    try place("relay", "add", "192.0.2.128/31", "--comment", "quote \" and ü", "--expires", "2999-01-31")
    let relay = try #require(Self.decode(Relays.self, place("--json", "relay", "list")).relays.last)
    #expect(relay.client == "192.0.2.128/31")
    #expect(relay.lines == [14, 15])
    #expect(relay.expires == "2999-01-31")
    #expect(relay.note == "quote \" and ü")

    let aliases = try Self.decode(Aliases.self, place("--json", "alias", "get", "sales")).aliases
    #expect(aliases.map(\.line) == [8])
    #expect(aliases.map(\.destinations) == [["anna", "bernd", "carl@partner.example"]])
    #expect(try Self.decode(Aliases.self, place("--json", "alias", "list")).aliases.count == 18)

    let yes = try Self.decode(Check.self, place("--json", "relay", "check", "198.51.100.3"))
    #expect(yes.mayRelay)
    #expect(yes.decidedBy?.line == 9)
    #expect(yes.decidedBy?.file == "etc-mail/access")
    #expect(
      yes.tried == [
        "Connect:198.51.100.3", "198.51.100.3", "Connect:198.51.100", "198.51.100",
      ])
    #expect(try !Self.decode(Check.self, place("--json", "relay", "check", "203.0.113.99", status: 1)).mayRelay)
  }
}
