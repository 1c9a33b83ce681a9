import TestSupport
import Testing

/// `mailcfg explain`, and `relay check` where there is a sendmail.cf.
@Suite struct ExplainCommandTests {
  let place: Workplace

  /// A site with Debian's own configuration.
  init() throws { place = try Workplace("debian") }

  private func explain(_ arguments: String..., status: Int32) throws -> [Substring] {
    try place.run(["explain"] + arguments, status: status).outputText.split(separator: "\n")
  }

  @Test func aSenderIsRefusedByTheAccessTable() throws {
    let lines = try explain(
      "--client", "203.0.113.9", "--no-ptr", "--from", "anna@spammer.example", "--to", "sales@example.org", status: 1)
    #expect(
      lines == [
        "client 203.0.113.9: accepted",
        "MAIL FROM:<anna@spammer.example>: 250 2.1.0 <anna@spammer.example>... Sender ok",
        "RCPT TO:<sales@example.org>: 550 5.7.1 <sales@example.org>... Access denied",
        "  etc-mail/access:28: From:spammer.example  REJECT",
      ])
  }

  @Test func aVirtualUserIsRefusedByItsTable() throws {
    let lines = try explain("--client", "192.0.2.7", "--no-ptr", "--to", "jobs@example.org", status: 1)
    #expect(
      lines.suffix(2) == [
        "RCPT TO:<jobs@example.org>: 550 5.1.1 <jobs@example.org>... We have no jobs",
        "  etc-mail/virtusertable:9: jobs@example.org  error:5.1.1:550 We have no jobs",
      ])
  }

  @Test func aStrangerLearnsWhichKeysWouldLetItRelay() throws {
    let lines = try explain("--client", "5.6.7.8", "--no-ptr", "--to", "a@example.com", status: 1)
    #expect(lines[2].hasSuffix("550 5.7.1 <a@example.com>... Relaying denied. IP name lookup failed [5.6.7.8]"))
    #expect(lines[3].hasPrefix("  etc-mail/sendmail.cf:"))
    #expect(lines[4].hasPrefix("  asked for: ") && lines[4].contains(" Connect:5.6.7 "))
  }

  @Test func aNameThatIsForgedDoesNotLetRelay() throws {
    let name = ["--client", "5.6.7.8", "--name", "mx.partner.example.net", "--to", "a@example.com"]
    #expect(
      try place.run(["explain"] + name).outputText.contains("  etc-mail/relay-domains:2: partner.example.net (class R)")
    )
    let forged = try place.run(["explain"] + name + ["--resolve", "forged"], status: 1)
    #expect(
      forged.outputText.contains("550 5.7.1 <a@example.com>... Relaying denied. IP name possibly forged [5.6.7.8]"))
    let down = try place.run(["explain"] + name + ["--resolve", "temp"], status: 1)
    #expect(
      down.outputText.contains(
        "450 4.4.0 <a@example.com>... Relaying temporarily denied. Cannot resolve PTR record for 5.6.7.8"))
  }

  @Test func whatIsNotKnownIsTold() throws {
    let outcome = try place(
      "explain", "--client", "192.0.2.7", "--no-ptr", "--from", "a@x.example", "--to", "b@y.example")
    #expect(outcome.errorText.contains("mailcfg: not known, taken to be there: hosts x.example, y.example\n"))
    #expect(
      try place("explain", "--client", "192.0.2.7", "--to", "b@y.example").errorText.contains("taken to have no name"))
  }

  @Test func aMailThatIsKeptOrThrownAwayIsNoYes() throws {
    let kept = try explain(
      "--client", "192.0.2.7", "--no-ptr", "--from", "a@quarantine.example", "--to", "b@example.com", status: 1)
    #expect(kept.contains("  kept in the queue until it is released: looked odd"))
    let gone = try explain(
      "--client", "192.0.2.7", "--no-ptr", "--from", "worm@x.example", "--to", "b@example.com", status: 1)
    #expect(gone.contains { $0.hasSuffix("Recipient ok; thrown away, for every recipient") })
    #expect(gone.contains("  etc-mail/access:30: From:worm@  DISCARD"))
    #expect(!gone.contains { $0.hasPrefix("delivery") })
  }

  @Test func jsonHasTheStepsAndTheDeliveries() throws {
    let text = try place(
      "explain", "--json", "--client", "192.0.2.7", "--no-ptr", "--from", "<>", "--to", "a@example.com"
    ).outputText
    for part in [
      "\"accepted\" : true", "\"stage\" : \"connect\"", "\"stage\" : \"mail\"", "\"stage\" : \"rcpt\"",
      "\"stage\" : \"delivery\"",
      "\"key\" : \"Connect:192.0.2\",\n        \"line\" : 17,\n        \"value\" : \"RELAY\"",
      "\"code\" : 250,\n        \"enhancedCode\" : \"2.1.5\",\n        \"text\" : \"<a@example.com>... Recipient ok\"",
      "\"mailer\" : \"esmtp\",\n      \"recipient\" : \"<a@example.com>\",\n      \"user\" : \"a@example.com\"",
    ] {
      #expect(text.contains(part), "\(part)\n\(text)")
    }
  }

  @Test func theBuiltMapsAreAskedOnRequest() throws {
    let arguments = ["explain", "--client", "5.6.7.8", "--no-ptr", "--to", "a@example.com"]
    try place.run(["-q", "build"])
    let made = try mailcfg(
      ["makemap", "-C", "/dev/null", "hash", place.path("mailertable")], input: try readFile(place.path("mailertable")))
    #expect(made.status == 0, "\(made.errorText)")
    try place.run(["-q", "--no-build", "relay", "add", "5.6.7.8"])
    try place.run(arguments)
    try place.run(arguments + ["--built"], status: 1)
    try place.run(["-q", "build", "access"], status: 0)
    let outcome = try place.run(arguments + ["--built"])
    #expect(outcome.outputText.contains("Connect:5.6.7.8  RELAY"))
  }

  @Test func wrongCallsAreRefused() throws {
    for arguments in [
      ["--client", "5.6.7.8"], ["--client", "5.6.7.8", "--to", ""], ["--to", "a@b.example"],
      ["--client", "5.6.7.8", "--to", "a", "--name", "x", "--no-ptr"],
      ["--client", "5.6.7.8", "--to", "a", "--resolve", "forged"],
      ["--client", "5.6.7.8", "--to", "a", "--resolve", "maybe"],
    ] {
      try place.refused(64, ["explain"] + arguments)
    }
    try place.refused(65, "explain", "--client", "mx.example.org", "--to", "a")
    try place.refused(65, "explain", "--client", "5.6.7.8", "--name", "a b", "--to", "a")
    // No line of SMTP holds what would end it.
    try place.refused(65, "explain", "--client", "5.6.7.8", "--to", "a", "--to", "b\nc@example.org")
    try place.refused(65, "explain", "--client", "5.6.7.8", "--from", "b\rc@example.org", "--to", "a")
    let bare = try Workplace("hosting")
    #expect(try bare.refused(78, "explain", "--client", "5.6.7.8", "--to", "a").contains("there is no sendmail.cf"))
  }

  @Test func relayCheckAsksTheRules() throws {
    for (client, line, status) in [
      ("192.0.2.7", "etc-mail/access:17: 192.0.2.7 may relay: Connect:192.0.2  RELAY", Int32(0)),
      ("203.0.113.9", "etc-mail/relay-domains:5: 203.0.113.9 may relay: 203.0.113 (class R)", 0),
      (
        "mx.partner.example.net",
        "etc-mail/relay-domains:2: mx.partner.example.net may relay: partner.example.net (class R)", 0
      ),
      ("5.6.7.8", "etc-mail/access: 5.6.7.8 may not relay: no entry for it", 1),
      ("127.0.0.1", "127.0.0.1 may relay: sendmail always lets the host itself", 0),
      ("192.0.2.0/24", "etc-mail/access:17: 192.0.2.0/24 may relay: Connect:192.0.2  RELAY", 0),
    ] {
      #expect(try place.run(["relay", "check", client], status: status).outputText == line + "\n")
    }
    let named = try place("relay", "check", "5.6.7.8", "--name", "mx.partner.example.net")
    #expect(named.outputText == "etc-mail/relay-domains:2: 5.6.7.8 may relay: partner.example.net (class R)\n")
  }

  /// What is told of a client counts, or is refused: an answer without it would pass for one with it.
  @Test func relayCheckRefusesWhatItCannotHeed() throws {
    let bare = try Workplace()
    bare.write("access", "Connect:partner.example RELAY\n")
    for options in [["--name", "mx.partner.example"], ["--auth", "anna"], ["--no-ptr"], ["--resolve", "temp"]] {
      let message = try bare.refused(64, ["relay", "check", "192.0.2.1"] + options)
      #expect(
        message.hasPrefix(
          "mailcfg: etc-mail: there is no sendmail.cf, which says what \(options[0]) counts for; name one"))
    }
    for client in ["192.0.2.0/24", "mx.partner.example"] {
      let message = try place.refused(64, "relay", "check", client, "--auth", "anna")
      #expect(message == "mailcfg: --auth tells more of one address, and \(client) is none; leave it out\n")
    }
    try bare("relay", "check", "mx.partner.example")
  }
}
