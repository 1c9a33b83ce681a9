import Testing

@testable import SendmailConfig

/// What is shown in the place of passwords, however they are written.
@Suite struct SecretTests {
  @Test(arguments: [
    ("AuthInfo:mx.example \"U:a\" \"P:secret\"", "AuthInfo:mx.example\t***"),
    ("authINFO:mx.example\t\"P=c2VjcmV0\"\r", "authINFO:mx.example\t***"),
    ("AuthInfo:mx.example", "AuthInfo:mx.example"), ("AuthInfo:", "AuthInfo:"), ("AuthInfo: secret", "AuthInfo:\t***"),
    ("#AuthInfo:mx.example \"P:secret\"", "#AuthInfo:mx.example\t***"),
    ("# was: AuthInfo:mx.example secret", "# was: AuthInfo:mx.example\t***"),
    (" AuthInfo:mx.example \"P:secret\"", " AuthInfo:mx.example\t***"),
    ("AuthInfo:mx.example\"P:secret\"", "AuthInfo:mx.example\t***"),
    ("\"AuthInfo:mx.example\" secret", "\"AuthInfo:mx.example\t***"),
    ("AuthInfo mx.example \"P:secret\"", "AuthInfo\t***"), ("\t\"U:a\" \"P:secret\"", "\t\"U:a\" \"P:***"),
    ("# note \"P:secret\" AuthInfo:x secret", "# note \"P:***"), ("# note P:secret AuthInfo:x", "# note P:***"),
    ("# U:anna P:secret", "# U:anna P:***"), ("#P=c2VjcmV0", "#P=***"), ("\tU:anna P:secret", "\tU:anna P:***"),
    ("# mailcfg: relay 192.0.2.1 note=P:secret", "# mailcfg: relay 192.0.2.1 note=P:***"),
    ("U:anna p:secret", "U:anna p:***"),
    ("p:anna", "p:anna"), ("# P: anna", "# P: anna"), ("a::p:b OK", "a::p:b OK"),
    ("Connect:192.0.2.1 RELAY", "Connect:192.0.2.1 RELAY"), ("To:p:x OK", "To:p:x OK"),
    ("IPv6:2001:db8 REJECT # P:", "IPv6:2001:db8 REJECT # P:"), ("", ""),
  ])
  func lines(written: String, shown: String) {
    #expect(Secrets.masked(line: ByteString(written)).description == shown)
  }

  @Test(arguments: [
    ("value \"\"U:a\" \"P:secret\"\": a line break", "value \"\"U:a\" \"P:***\"\": a line break"),
    ("\"P=c2VjcmV0\" and \"p:other one\"", "\"P=***\" and \"p:***\""), ("\"P:open", "\"P:***"),
    ("AuthInfo:x P:secret has", "AuthInfo:x P:*** has"), ("P:secret is no word", "P:*** is no word"),
    ("note P:secret", "note P:***"), ("smtp:p:x", "smtp:p:x"), ("AuthInfo:x P=c2VjcmV0", "AuthInfo:x P=***"),
    ("mailer P=[IPC] here", "mailer P=[IPC] here"),
    ("AuthInfo:mx.example stands in line 3 too", "AuthInfo:mx.example stands in line 3 too"), ("\"P:\"", "\"P:\""),
  ])
  func messages(written: String, shown: String) { #expect(Secrets.masked(message: written) == shown) }

  @Test func valuesOfKeys() {
    let value: ByteString = "\"U:a\" secret"
    #expect(value.shown(of: "AUTHINFO:x") == "***")
    #expect(value.shown(of: "AUTHINFO:x", showingSecrets: true) == value)
    #expect(value.shown(of: "access:x") == value)
    // Rules go by what they find, and this names the mailer p.
    #expect(ByteString("p:mx.example").shown(of: "example.org") == "p:mx.example")
  }
}
