import Glibc
import TestSupport
import Testing

/// Input that would be none, or something else: refused with a message that names it, and nothing is changed.
@Suite struct BadInputTests {
  /// What is asked for, and what the message has to say.
  struct Case: Sendable, CustomTestStringConvertible {
    var status: Int32 = 65
    var arguments: [String]
    var says: [String]

    init(_ arguments: [String], _ says: String...) {
      self.arguments = arguments
      self.says = says
    }

    init(_ status: Int32, _ arguments: [String], _ says: String...) {
      self.status = status
      self.arguments = arguments
      self.says = says
    }

    var testDescription: String { printable(arguments.joined(separator: " ").utf8) }
  }

  static let clients: [Case] = [
    Case(["relay", "add", "203.0.113.300"], "203.0.113.300", "300 is more than 255"),
    Case(["relay", "add", "203.0.113.0/33"], "203.0.113.0/33", "32 bits"),
    Case(["relay", "add", "203.0.113.0/-1"], "203.0.113.0/-1"),
    Case(["relay", "add", "203.0.113.0/"], "203.0.113.0/"),
    Case(["relay", "add", "0.0.0.0/0"], "open relay"),
    Case(["relay", "add", "::/0"], "open relay"),
    Case(["relay", "add", "203.0.113.25/24"], "203.0.113.0/24"),
    Case(["relay", "add", "203.0.113"], "203.0.113.0/24"),
    Case(["relay", "add", "203.0.113.25.7"], "203.0.113.25.7"),
    Case(["relay", "add", "0203.0.113.25"], "0203.0.113.25"),
    Case(["relay", "add", "203.0.113.025"], "025"),
    Case(["relay", "add", "2001:db8::g"], "2001:db8::g"),
    Case(["relay", "add", "2001:db8::1::2"], "2001:db8::1::2"),
    Case(["relay", "add", "2001:db8::/129"], "128 bits"),
    Case(["relay", "add", "anna@example.org"], "mail address"),
    Case(["relay", "add", "*.example.org"], "domain alone"),
    Case(["relay", "add", "example"], "top-level"),
    Case(["relay", "add", "a..example"]),
    Case(["relay", "add", ""]),
    Case(["relay", "add", " 192.0.2.1"]),
    Case(["relay", "add", "192.0.2.1 RELAY"]),
    Case(["relay", "add", "192.0.2.1\nConnect:0\tRELAY"]),
    Case(["relay", "add", "192.0.2.1\r"]),
    Case(["relay", "add", "#192.0.2.1"]),
    Case(["relay", "remove", "203.0.113.300"], "300 is more than 255"),
    Case(["relay", "check", "203.0.113.300"], "300 is more than 255"),
    // One bad one among good ones: none is added.
    Case(["relay", "add", "192.0.2.1", "192.0.2.2", "192.0.2.256"], "192.0.2.256"),
    Case(["relay", "add", "192.0.2.1", "--comment", "two\nlines"], "comment", "one line"),
    Case(["relay", "add", "192.0.2.1", "--comment", "x\r\nConnect:0 RELAY"], "one line"),
    Case(["relay", "add", "192.0.2.1", "--comment", String(repeating: "x", count: 1000)], "1000 bytes"),
    Case(["relay", "add", "192.0.2.1", "--expires", "2999-02-30"], "2999-02-30"),
    Case(["relay", "add", "192.0.2.1", "--expires", "30.06.2999"], "YYYY-MM-DD"),
    Case(["relay", "add", "192.0.2.1", "--expires", "2020-01-01"], "2020-01-01"),
    Case(["relay", "add", "192.0.2.1", "--expires", "2999-01-01 note=x"]),
  ]

  static let entries: [Case] = [
    Case(["access", "set", "a\nb.example", "OK"], "line break"),
    Case(["access", "set", "a\rb.example", "OK"], "line break"),
    Case(["access", "set", " a.example", "OK"], "begins with a blank"),
    Case(["access", "set", "\ta.example", "OK"], "begins with a blank"),
    Case(["access", "set", "#a.example", "OK"], "comment"),
    Case(["access", "set", "a.example b.example", "OK"], "blank"),
    Case(["access", "set", "", "OK"], "empty"),
    Case(["access", "set", "a.example", ""], "empty"),
    Case(["access", "set", "a.example", "OK\nb.example\tRELAY"], "line break"),
    Case(["access", "set", "a.example", "OK\r"], "line break"),
    Case(["access", "set", "a.example", " OK"], "begins"),
    Case(["access", "set", "a.example", "REJECT # only today"], "comment"),
    Case(["access", "set", "a.example", String(repeating: "x", count: 1100)], "1022"),
    Case(["access", "set", String(repeating: "x", count: 1100), "OK"], "1022"),
    Case(["virtmap", "set", "a\n@shop.example", "anna"], "line break"),
    Case(["virtmap", "set", " a@shop.example", "anna"], "blank"),
    Case(["virtmap", "set", "#a@shop.example", "anna"], "comment"),
    Case(["virtmap", "set", "shop.example", "anna"], "@shop.example"),
    Case(["virtmap", "set", "*@shop.example", "anna"], "@domain"),
    Case(["virtmap", "set", "a@", "anna"], "domain"),
    Case(["virtmap", "set", "a@shop.example", ""], "empty"),
    Case(["virtmap", "set", "a@shop.example", "anna\nroot@shop.example"], "line break"),
    Case(["virtmap", "set", "a@shop.example", "|/bin/sh"], "alias"),
    Case(["virtmap", "set", "a@shop.example", "/etc/passwd"], "alias"),
    Case(["virtmap", "set", "a@shop.example", ":include:/etc/passwd"], "alias"),
    // As sendmail reads each of these when an alias leads to the entry: "mailer prog", "*file*", "*include*".
    Case(["virtmap", "set", "a@shop.example", "\"|/bin/sh\""], "alias"),
    Case(["virtmap", "set", "a@shop.example", "<|/bin/sh>"], "alias"),
    Case(["virtmap", "set", "a@shop.example", "x<|/bin/sh>"], "alias"),
    Case(["virtmap", "set", "a@shop.example", "()|/bin/sh"], "alias"),
    Case(["virtmap", "set", "a@shop.example", "(c)\"|/bin/sh\""], "alias"),
    Case(["virtmap", "set", "a@shop.example", "\"|/bin/sh\"@localhost"], "alias"),
    Case(["virtmap", "set", "a@shop.example", "\"|/bin/sh\"@shop.example"], "alias"),
    Case(["virtmap", "set", "a@shop.example", "@localhost:|/bin/sh"], "alias"),
    Case(["virtmap", "set", "a@shop.example", "\"/etc/passwd\""], "alias"),
    Case(["virtmap", "set", "a@shop.example", "\":include:/etc/passwd\""], "alias"),
    Case(["virtmap", "set", "a@shop.example", "anna,bernd"], "one target"),
    Case(["virtmap", "set", "a@shop.example", "error:"], "error:nouser"),
    Case(["host", "add", "a\nb.example"], "line break"),
    Case(["host", "add", "#a.example"], "#"),
    Case(["host", "add", " a.example"], "blank"),
    Case(["host", "add", "a.example b.example"], "blank"),
    Case(["host", "add", ""], "empty"),
    Case(["host", "add", "*.example"], "*"),
    Case(["host", "add", "good.example", "bad example"], "bad example"),
  ]

  static let aliases: [Case] = [
    Case(64, ["alias", "add", "sales", "|/bin/sh"], "--allow-programs"),
    Case(64, ["alias", "set", "sales", "|/bin/sh"], "--allow-programs"),
    Case(64, ["alias", "set", "new", "|/bin/sh"], "--allow-programs"),
    Case(64, ["alias", "add", "sales", "\"|/bin/sh -c id\""], "--allow-programs"),
    Case(64, ["alias", "set", "sales", "|/bin/cat@other.example"], "--allow-programs"),
    Case(64, ["alias", "add", "sales", "\"|/bin/sh -c id\"", "--allow-files", "--allow-includes"], "--allow-programs"),
    Case(64, ["alias", "add", "sales", "/etc/passwd"], "--allow-files"),
    Case(64, ["alias", "add", "sales", "\"/etc/passwd\""], "--allow-files"),
    Case(64, ["alias", "add", "sales", "/etc/passwd", "--allow-programs"], "--allow-files"),
    Case(64, ["alias", "add", "sales", ":include:/etc/passwd"], "--allow-includes"),
    Case(64, ["alias", "add", "sales", "\":include:/etc/passwd\""], "--allow-includes"),
    Case(64, ["alias", "add", "sales", ":INCLUDE:/etc/passwd", "--allow-files"], "--allow-includes"),
    // A good one before does not help.
    Case(64, ["alias", "add", "sales", "dora", "|/bin/sh"], "--allow-programs"),
    Case(["alias", "add", "sales", "dora\nroot: evil"], "line break"),
    Case(["alias", "add", "sales", "dora, |/bin/sh"], "one destination"),
    Case(["alias", "add", "sales", "dora,emil"], "one destination"),
    Case(["alias", "add", "sales", ""]),
    Case(["alias", "add", "sales", " dora"], "blanks"),
    Case(["alias", "add", "sales", "#dora"], "comment"),
    Case(["alias", "add", "sales", "dora\\"]),
    Case(["alias", "add", "sales", "\"unclosed"]),
    Case(["alias", "drop", "abuse", "postmaster"], "mailcfg alias remove"),
    Case(["alias", "set", "", "anna"], "empty"),
    Case(["alias", "set", "#new", "anna"], "comment"),
    Case(["alias", "set", " new", "anna"]),
    Case(["alias", "set", "new:x", "anna"], "colon"),
    Case(["alias", "set", "new\nroot", "anna"], "control character"),
    Case(["alias", "set", "new@elsewhere.example", "anna"], "non-local"),
  ]

  @Test(arguments: clients + entries + aliases)
  func itIsRefusedAndNothingChanges(asked: Case) throws {
    let place = try Workplace("hosting")
    place.write("access.db", [])
    let before = try place.snapshot()
    let outcome = try place.run(asked.arguments, status: asked.status)
    #expect(outcome.outputText == "")
    for text in asked.says { #expect(outcome.errorText.contains(text), "\(outcome.errorText)") }
    // One message on one line, whatever is quoted in it.
    #expect(outcome.errorText.hasPrefix("mailcfg: "))
    #expect(outcome.errorText.filter(\.isNewline).count == 1, "\(outcome.errorText)")
    #expect(outcome.errorText.hasSuffix("\n"))
    #expect(try place.snapshot() == before)
  }

  /// What would be refused without its option is written with it, and the map is what newaliases makes of it.
  @Test(.needs(.sendmail, .dbDump)) func whatIsAllowedIsWritten() throws {
    let place = try Workplace("hosting")
    try place("alias", "set", "fax", "\"|/usr/bin/fax -q\"", "--allow-programs")
    try place("alias", "add", "sales", "/var/log/sales", "--allow-files")
    try place("alias", "set", "list", ":include:/etc/mail/list", "--allow-includes")
    let text = try place.text("aliases")
    #expect(text.contains("\nsales: anna,\n\tbernd,\n       carl@partner.example,\n"))
    #expect(text.contains("/var/log/sales\n"))
    #expect(text.hasSuffix("\nfax: \"|/usr/bin/fax -q\"\nlist: :include:/etc/mail/list\n"))
    try place.expectAliasMap()
  }
}
