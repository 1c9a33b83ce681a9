import SendmailConfig
import SendmailEvaluator
import Testing

/// What rules see of a client that has been authenticated.
@Suite struct AuthenticationTests {
  /// sendmail was asked for each byte, with AUTH PLAIN.
  @Test(
    "An identity as rules see it",
    arguments: [
      ("anna", "anna"), ("joe@other.example", "joe@other.example"), ("anna+x", "anna+2Bx"), ("a<b", "a+3Cb"),
      ("x=y", "x+3Dy"), ("\"a b\"", "+22a+20b+22"), ("a(b)\\>", "a+28b+29+5C+3E"), ("a\tb", "a+09b"), ("ü", "+C3+BC"),
      ("a!#$%&'*,-./:;?[]^_`{|}~", "a!#$%&'*,-./:;?[]^_`{|}~"),
    ]
  )
  func identity(_ identity: String, _ seen: String) {
    let text = """
      V10/Berkeley
      Djmx.test.example
      Mlocal, P=/bin/true, F=l, A=true
      Scheck_rcpt
      R$*\t$#error $@ 5.7.9 $: 550 &{auth_authen} by &{auth_type} with &{auth_ssf}
      S3
      S0
      R$*\t$#local $: $1
      """.replacing("&{", with: "$&{")
    let client = SessionClient(
      address: IPAddress("192.0.2.1")!, authentication: SessionClient.Authentication(identity: ByteString(identity)))
    let configuration = Configuration(Array(text.utf8), host: HostFacts(name: "mx.test.example", otherNames: ["mx"]))
    var session = MailSession(configuration, client: client, lookups: Lookups())
    _ = session.connect()
    _ = session.mail(from: "<>")
    let reply = session.recipient("<anna>").reply?.line.description
    #expect(reply == "550 5.7.9 <anna>... \(seen) by PLAIN with 0")
  }
}
