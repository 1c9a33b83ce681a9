import SendmailChecks
import SendmailConfig
import TestSupport
import Testing

/// The real programs do with the examples of the documentation what the findings say.
@Suite(.needs(.sendmail, .makemap, .newaliases, .m4, .dbDump)) struct ProofTests {
  /// What a program says of the example that is wrong, and of the one that is right.
  struct Proof: Sendable, CustomStringConvertible {
    var code: String
    var question: Question
    var wrong: String
    var right: String
    var description: String { code }

    init(_ code: String, _ question: Question, wrong: String, right: String) {
      self.code = code
      self.question = question
      self.wrong = wrong
      self.right = right
    }
  }

  private static let denied = "Relayingdenied"
  private static let refused = "#error"
  /// The mark of a sender of whom nothing is known.
  private static let accepted = "<@"

  static let tables = [
    Proof("table.line-too-long", .makemap("access"), wrong: "mallory.example -> RELAY", right: ""),
    Proof("table.nul", .makemap("access"), wrong: "line too long", right: "spam.example -> REJECT"),
    Proof("table.cut-at-nul", .makemap("access"), wrong: "from:spam.example -> ERROR:5.7.1:550", right: "550 no"),
    Proof("table.leading-blank", .makemap("access"), wrong: "leading space", right: "spam.example -> REJECT"),
    Proof("table.no-value", .makemap("access"), wrong: "no RHS for LHS", right: "spam.example -> REJECT"),
    Proof("table.duplicate-key", .makemap("access"), wrong: "duplicate key", right: "ham.example -> OK"),
    Proof("table.carriage-return", .makemap("access"), wrong: #"REJECT\r"#, right: "from:spam.example -> REJECT"),
    Proof("table.byte-order-mark", .makemap("access"), wrong: #"\xef\xbb\xbffrom:"#, right: "from:spam.example"),
  ]

  static let access = [
    Proof("access.cidr", .relay("198.51.100.7", name: nil), wrong: refused, right: "RELAY"),
    Proof("access.final-dot", .relay("192.168.5.7", name: nil), wrong: refused, right: "RELAY"),
    Proof("access.leading-dot", .sender("a@x.spam.example"), wrong: accepted, right: "Accessdenied"),
    Proof("access.wildcard", .sender("a@x.spam.example"), wrong: accepted, right: "Accessdenied"),
    Proof("access.brackets", .relay("192.0.2.7", name: nil), wrong: refused, right: "RELAY"),
    Proof("access.ipv6-form", .relay("IPv6:2001:db8:1:0:0:0:0:10", name: nil), wrong: refused, right: "RELAY"),
    Proof(
      "access.ipv6-without-prefix", .relay("IPv6:2001:db8:1:0:0:0:0:10", name: nil), wrong: refused, right: "RELAY"),
    Proof("access.ipv4-form", .relay("192.168.5.7", name: nil), wrong: refused, right: "RELAY"),
    Proof("access.network-address", .relay("192.168.5.7", name: nil), wrong: refused, right: "RELAY"),
    Proof("access.at-domain", .sender("a@spam.example"), wrong: accepted, right: "Accessdenied"),
    Proof("access.angle-brackets", .sender("offers@spam.example"), wrong: accepted, right: "Accessdenied"),
    Proof("access.quoted-key", .sender("\"offers\"@spam.example"), wrong: accepted, right: "Accessdenied"),
    Proof("access.non-ascii", .sender("a@xn--bcher-kva.example"), wrong: accepted, right: "Accessdenied"),
    Proof("access.empty-key", .sender("a@spam.example"), wrong: accepted, right: "Accessdenied"),
    Proof("access.bare-user", .sender("nobody@remote.test"), wrong: accepted, right: "Accessdenied"),
    Proof("access.unknown-tag", .sender("a@spam.example"), wrong: accepted, right: "Accessdenied"),
    Proof("access.error-text", .sender("a@friend.example"), wrong: "#error$:OK#acustomer", right: "OK"),
    Proof("access.skip", .sender("a@ham.example"), wrong: "#error$:SKIP", right: accepted),
    Proof("access.error-without-code", .sender("a@spam.example"), wrong: "$:Nomailfromyou", right: "$:550Nomail"),
    Proof("access.error-code-mismatch", .sender("a@spam.example"), wrong: "@5.7.1$:450", right: "@5.7.1$:550"),
    Proof("access.relay-from", .sender("a@office.example"), wrong: "RELAY", right: "OK"),
    Proof("access.relay-to-address", .recipient("anna@partner.example"), wrong: denied, right: "RELAY"),
    Proof("access.untagged-relay", .recipient("a@x.partner.example"), wrong: "RELAY", right: denied),
    Proof("access.relay-wide", .relay("192.0.2.7", name: "x.any.example"), wrong: "RELAY", right: denied),
    Proof("access.relay-and-reject", .relay("192.0.2.7", name: nil), wrong: "RELAY", right: "RELAY"),
    Proof("access.discard-recipient", .recipient("trap@example.org"), wrong: "discard", right: "Nosuchuser"),
    Proof("access.reject-own-domain", .recipient("anna@example.org"), wrong: "Mailboxdisabled", right: "RELAY"),
    Proof("access.to-without-blocklist", .recipient("closed@example.org"), wrong: "RELAY", right: "Mailboxdisabled"),
  ]

  static let virtualUsers = [
    Proof("virtmap.bare-domain", .route("x@example.org"), wrong: "user x", right: "user anna"),
    Proof("virtmap.wildcard", .route("x@example.org"), wrong: "user x", right: "user anna"),
    Proof("virtmap.quoted-key", .route("info@example.org"), wrong: "user info", right: "user anna"),
    Proof("virtmap.dot", .route("info@example.org"), wrong: "user info", right: "user anna"),
    Proof("virtmap.no-domain", .route("info@example.org"), wrong: "user info", right: "user anna"),
    Proof(
      "virtmap.error-without-text", .route("info@example.org"), wrong: "*error*, host nouser, user >info",
      right: "user 550 5.1.1 No such user"),
    Proof(
      "virtmap.error-without-code", .route("info@example.org"), wrong: "user No such user",
      right: "user 550 5.1.1 No such user"),
    Proof("virtmap.list", .route("info@example.org"), wrong: "Invalid route address", right: "user info"),
    Proof(
      "virtmap.comment-in-target", .route("info@example.org"), wrong: "partner.example.#.anna",
      right: "host partner.example., user"),
    Proof(
      "virtmap.blank-in-target", .route("info@example.org"), wrong: "user anna.bernd",
      right: "user anna@partner.example"),
    Proof("virtmap.program", .route("info@example.org"), wrong: "mailer *file*", right: "user info-file"),
    Proof("virtmap.not-special", .route("info@example.org"), wrong: "user discard", right: "user nobody"),
    Proof(
      "virtmap.incomplete-target", .delivery("info@example.org"), wrong: "User address required",
      right: "info@partner.example"),
    Proof(
      "virtmap.empty-parameter", .delivery("x@example.org"), wrong: "User address required", right: "x@partner.example"),
    Proof(
      "virtmap.foreign-domain", .delivery("info@example.net"), wrong: "host example.net", right: "host example.net"),
    Proof("virtmap.dangling", .delivery("info@example.org"), wrong: "User unknown", right: "anna@partner.example"),
    Proof(
      "virtmap.loop", .delivery("info@example.org"), wrong: "excessive recursion",
      right: "info@example.org... User unknown"),
  ]

  static let aliases = [
    Proof("alias.line-too-long", .newaliases, wrong: "alias line too long", right: "team"),
    Proof(
      "alias.leading-blank", .newaliases, wrong: "Non-continuation line starts with space",
      right: #"team\x00 -> root\x00"#),
    Proof("alias.no-value", .newaliases, wrong: "missing value for alias", right: #"team\x00 -> root\x00"#),
    Proof("alias.bad-name", .newaliases, wrong: "cannot alias non-local names", right: #"team\x00 -> root\x00"#),
    Proof("alias.odd-name", .newaliases, wrong: "Unbalanced '\"'", right: #"team\x00 -> root\x00"#),
    Proof("alias.duplicate-name", .newaliases, wrong: "duplicate alias name team", right: #"team\x00 -> root\x00"#),
    Proof("alias.swallowing-comment", .newaliases, wrong: "3 aliases", right: "4 aliases"),
    Proof("alias.byte-order-mark", .newaliases, wrong: #"\xef\xbb\xbfteam\x00"#, right: #"team\x00 -> root\x00"#),
    Proof("alias.carriage-return", .newaliases, wrong: #"root\r\x00"#, right: #"root\x00"#),
    Proof("alias.never-matches", .delivery("xany"), wrong: "User unknown", right: "User unknown"),
    Proof("alias.renamed", .newaliases, wrong: #"help.desk\x00 -> root\x00"#, right: #"help.desk\x00 -> root\x00"#),
    Proof("alias.colon-in-name", .newaliases, wrong: #"a:b\x00 -> b": root\x00"#, right: #"a-b\x00 -> root\x00"#),
    Proof("alias.non-ascii", .newaliases, wrong: #"\xdcbung\x00"#, right: #"uebung\x00"#),
    Proof("alias.missing-comma", .delivery("team"), wrong: "postmaster... User unknown", right: "anna@example.net"),
    Proof("alias.comment-in-value", .delivery("team"), wrong: "# since May", right: "anna@example.net"),
    Proof(
      "alias.not-a-separator", .delivery("team"), wrong: "root; postmaster... User unknown", right: "anna@example.net"),
    Proof("alias.unquoted-blank", .delivery("team"), wrong: "|/bin/cat.-v", right: "/bin/cat -v"),
    Proof("alias.not-special", .delivery("team"), wrong: ":blackhole:... User unknown", right: "/dev/null"),
    Proof("alias.bad-destination", .delivery("team"), wrong: "Unbalanced '('", right: "anna@example.net"),
    Proof("alias.include-relative", .delivery("team"), wrong: "Cannot open lists/team", right: "anna@example.net"),
    Proof("alias.include-missing", .delivery("team"), wrong: "No such file or directory", right: "anna@example.net"),
    Proof("alias.include-unsafe", .delivery("team"), wrong: "Group writable file", right: "anna@example.net"),
    Proof("alias.include-empty", .delivery("team"), wrong: "loop broken", right: "anna@example.net"),
    Proof("alias.include-comment", .delivery("team"), wrong: "Anna", right: "user anna@example.net"),
    Proof("alias.runs-program", .delivery("team"), wrong: "mailer prog, user |/bin/cat", right: "anna@example.net"),
    Proof("alias.loop", .delivery("team"), wrong: "loop broken", right: "anna@example.net"),
    Proof("alias.too-deep", .delivery("a1"), wrong: "11 aliases deep; 10 max", right: "root@example.net"),
    Proof("alias.dangling", .delivery("team"), wrong: "xanna... User unknown", right: "anna@example.net"),
    Proof("alias.missing-postmaster", .delivery("postmaster"), wrong: "User unknown", right: "anna@example.net"),
    Proof("alias.missing-mailer-daemon", .delivery("MAILER-DAEMON"), wrong: "User unknown", right: "anna@example.net"),
    Proof("alias.missing-root", .delivery("root"), wrong: "user root", right: "anna@example.net"),
  ]

  static let classes = [
    Proof("class.lost-words", .members("w"), wrong: " example.org ", right: " www.example.org "),
    Proof("class.indented-comment", .members("w"), wrong: " # ", right: " example.org "),
    Proof("class.number-sign", .members("w"), wrong: " example.org#old ", right: " example.org "),
    Proof("class.leading-dot", .members("w"), wrong: " .example.org ", right: " example.org "),
    Proof("class.trailing-dot", .members("w"), wrong: " example.org. ", right: " example.org "),
    Proof("class.wildcard", .members("w"), wrong: " *.example.org ", right: " www.example.org "),
    Proof("class.not-a-host", .members("w"), wrong: " 192.0.2.7 ", right: " [192.0.2.7] "),
    Proof("class.line-too-long", .members("w"), wrong: "xxxxxxxx", right: " localhost "),
    Proof("class.nul", .members("w"), wrong: " example.org ", right: " example.org "),
    Proof("mailertable.no-colon", .route("a@remote.example"), wrong: "host remote.example", right: "host [192.0.2.61]"),
    Proof(
      "mailertable.unknown-mailer", .route("a@remote.example"), wrong: "mailer *error*",
      right: "host relay.example"),
    Proof(
      "mailertable.error-form", .route("a@remote.example"), wrong: "nouser No such host", right: "550 No such host"),
    Proof(
      "mailertable.comment-in-value", .route("a@remote.example"), wrong: "host relay.example.#.till.may",
      right: "host relay.example,"),
    Proof(
      "genericstable.hidden-user", .outside("anna@example.org"), wrong: "addr = office@example.net",
      right: "addr = anna.b@example.net"),
    Proof(
      "genericstable.comment-in-value", .outside("anna@example.org"), wrong: ".#.since.May",
      right: "addr = anna.b@example.net"),
    Proof("cf.unknown-line", .start, wrong: "unknown configuration line", right: ""),
    Proof("cf.map", .start, wrong: "hasch", right: ""),
    Proof("cf.alias-file", .start, wrong: "unknown alias class nosuch", right: ""),
    Proof("cf.missing-file", .start, wrong: "fileclass", right: ""),
    Proof("cf.rule", .start, wrong: "replacement $2 out of bounds", right: ""),
    Proof("cf.rule-set", .start, wrong: "bad ruleset number 999", right: ""),
    Proof("cf.mailer", .start, wrong: "Mesmtp: A= argument required", right: ""),
    Proof("cf.header", .start, wrong: "header syntax error, line \"X-Site\"", right: ""),
    Proof("cf.equates", .start, wrong: "Xclam: empty or missing socket information", right: ""),
    Proof("cf.macro-name", .start, wrong: "Unbalanced { on site", right: ""),
    Proof("cf.level", .start, wrong: "invalid argument to V line", right: ""),
    Proof("cf.no-local-mailer", .start, wrong: "No local mailer defined", right: ""),
  ]

  @Test(arguments: tables + access + virtualUsers + aliases + classes) func itIsSo(proof: Proof) throws {
    let section = try #require(DocumentedCheck.all.first { $0.code == proof.code })
    let wrong = try RealSendmail(section.wrong).ask(proof.question)
    #expect(wrong.contains(proof.wrong), "\(proof.code), wrong: \(wrong)")
    let right = try RealSendmail(section.right).ask(proof.question)
    #expect(right.contains(proof.right), "\(proof.code), right: \(right)")
    // The answers differ in what counts, unless it is the same on purpose.
    if proof.wrong != proof.right, !proof.right.isEmpty {
      #expect(!right.contains(proof.wrong) || !wrong.contains(proof.right), "\(proof.code): \(wrong)\n\(right)")
    }
  }

  /// What has no proof here: what another suite proves, what is advice, and what the parsers' own tests prove.
  private static let elsewhere: Set<String> = [
    // SendmailConfig's tests compare these with the real sendmail.
    "class.byte-order-mark", "class.class-copy", "class.format", "cf.continued-comment", "cf.unknown-macro",
    "cf.option",
    // MachineNamesTests.
    "cf.unqualified-host",
    "cf.class-source", "cf.trusted-user", "relay.unreadable-note",
    // Modes and maps: ModeProofTests, and the tests of maps.
    "file.unsafe-directory", "file.unsafe-aliases", "file.unreadable", "file.writable", "file.linked-map",
    "file.unsafe-link",
    // Replies: ReplyProofTests.
    "access.text-loses-blanks", "access.quarantine-on-connect", "virtmap.error-code-mismatch",
    // Not about sendmail.
    "waiver.unused", "waiver.unknown-code", "alias.program-missing", "alias.writable-target",
    // An address with letters beyond ASCII is none that SMTP brings.
    "virtmap.non-ascii",
    // A rule that is not there cannot be asked.
    "access.unused-tag", "access.tag-value",
    // One label in relay-domains: proved for the access table, by the same rule.
    "class.relay-wide",
  ]

  @Test func everyCheckIsProvedOrSaysWhyNot() {
    let proved = Set((Self.tables + Self.access + Self.virtualUsers + Self.aliases + Self.classes).map(\.code))
    let missing = Check.all.filter { $0.page != .maps }.map(\.code.rawValue).filter {
      !proved.contains($0) && !Self.elsewhere.contains($0)
    }
    #expect(missing == [])
    #expect(proved.intersection(Self.elsewhere) == [])
  }
}
