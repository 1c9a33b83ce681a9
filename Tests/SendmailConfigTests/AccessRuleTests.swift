import SendmailConfig
import Testing

@Suite struct AccessRuleTests {
  @Test func keys() throws {
    let address = try #require(IPAddress("192.0.2.1"))
    let network = try #require(IPAddress("192.0.2.0").flatMap { IPNetwork($0, prefixLength: 24) })
    let ipv6 = try #require(IPAddress("2001:db8::").flatMap { IPNetwork($0, prefixLength: 32) })
    let cases: [(String, AccessTag?, AccessPattern)] = [
      ("Connect:192.0.2.1", .connect, .address(address)), ("192.0.2", nil, .network(network)),
      ("connect:IPv6:2001:db8", .connect, .network(ipv6)), ("IPv6:2001:DB8", nil, .network(ipv6)),
      ("From:spam.example", .from, .host("spam.example")), ("to:user@", .to, .user("user")),
      ("user@host.example", nil, .mailbox(user: "user", domain: "host.example")),
      ("ClientRate:", AccessTag("clientrate"), .anything), ("Nonsense:x", nil, .other("Nonsense:x")),
      ("@host.example", nil, .other("@host.example")), ("192.0.2.", nil, .host("192.0.2.")),
    ]
    for (text, tag, pattern) in cases {
      let key = AccessKey(ByteString(text))
      #expect(key.tag == tag, "\(text)")
      #expect(key.pattern == pattern, "\(text)")
      #expect("\(key)" == text)
    }
  }

  @Test func actions() {
    let cases: [(String, String, AccessAction)] = [
      ("", " relay\r", .relay), ("", "RELAY (office)", .relay), ("", "(c)RELAY", .relay), ("", "RELAY%1", .relay),
      ("", "50%", .other("50%")), ("", "OK", .ok), ("", "Reject", .reject), ("", "DISCARD", .discard),
      ("", "skip", .skip),
      ("", "QUARANTINE:why not", .quarantine(reason: "why not")),
      ("", "ERROR:5.7.1:550 no", .error(enhancedCode: "5.7.1", text: "550 no")),
      ("", "ERROR: 5.7.1:550 no", .error(enhancedCode: "5.7.1", text: "550 no")),
      ("", "error:no", .error(enhancedCode: nil, text: "no")),
      ("", "550 no", .error(enhancedCode: nil, text: "550 no")),
      ("", "REJECT # c", .other("REJECT # c")), ("", "FRIEND", .other("FRIEND")), ("Spam", "FRIEND", .friend),
      ("Spam", "hater", .hater), ("GreetPause", "5000", .pause(milliseconds: 5000)), ("ClientRate", "0", .limit(0)),
      ("ClientConn", "x", .other("x")), ("Srv_Features", "V  L", .features(["V", "L"])), ("Try_TLS", "NO", .noTLS),
      ("TLS_Srv", "PERM+VERIFY:112", .tlsRequirement("PERM+VERIFY:112")), ("CERTISSUER", "SUBJECT", .subject),
      ("CERTISSUER", "RELAY", .relay), ("AuthInfo", "\"U:u\" \"P:p\"", .authInfo("\"U:u\" \"P:p\"")),
      ("qgrp", "slow", .queueGroup("slow")),
    ]
    for (tag, value, action) in cases {
      #expect(AccessAction(ByteString(value), tag: AccessTag(tag)) == action, "\(value)")
    }
  }

  @Test func virtualUserTargets() {
    let cases: [(String, VirtualUserTarget)] = [
      ("anna", .local("anna")), ("anna@example.org", .address("anna@example.org")),
      ("%1%3@example.org", .address("%1%3@example.org")),
      ("error:nouser 550 5.1.1 No such user", .error(kind: "nouser", text: "550 5.1.1 No such user")),
      ("ERROR:5.7.0:550 no", .error(kind: "5.7.0", text: "550 no")), ("error:nouser", .error(kind: "nouser", text: "")),
    ]
    for (value, target) in cases { #expect(VirtualUserTarget(ByteString(value)) == target, "\(value)") }
    #expect(VirtualUserTarget("%1@example.org").usesParts)
    #expect(!VirtualUserTarget("50%x@example.org").usesParts)
  }

  @Test func virtualUserRefusals() throws {
    let text = Array("info@example.org\tanna\n".utf8)
    for (key, target) in [
      ("example.org", "anna"), ("info@", "anna"), ("*@example.org", "anna"), ("info@example.org.", "anna"),
      ("info@example.org", "a,b"), ("info@example.org", "|x"), ("info@example.org", "/x"),
      ("info@example.org", ":include:/x"), ("info@example.org", "error:nouser"), ("info@example.org", "anna # c"),
      ("info@example.org", "a b"), ("a\\b@example.org", "anna"), ("\"a\"@example.org", "anna"),
    ] {
      var table = VirtualUserTable(text)
      #expect(throws: EditError.self, "\(key) \(target)") { try table.set(ByteString(target), for: ByteString(key)) }
      #expect(table.table.text.bytes == text)
    }
  }

  @Test func bareDomains() {
    var table = VirtualUserTable(Array("info@a.example\tx\na.example\ty\nb.example z\n@b.example w\n".utf8))
    #expect(table.diagnostics.map(\.line) == [2, 3])
    #expect(table.convertBareDomains() == [2])
    #expect(table.table.text.bytes == Array("info@a.example\tx\n@a.example\ty\nb.example z\n@b.example w\n".utf8))
  }
}
