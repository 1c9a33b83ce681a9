import TestSupport
import Testing

@Suite("mailcfg bt, beside sendmail -bt")
struct TestModeTests {
  private static let commands = """
    3,0 joe@local.example
    3,0 info@local.example
    # a comment

    .D{client_addr}192.168.5.7
    .D{client_name}c.client.example
    .D{client_resolve}OK
    check_rcpt joe@remote.example
    Start,check_relay spam.example $| 10.0.0.1
    check_mail <bad@spam.example>
    .Cwnew.example
    3,0 joe@new.example
    -d60.1
    check_rcpt joe@remote.example
    /parse joe@m.example
    /tryflags hs
    /try esmtp joe@local.example
    /map access spam.example
    /map virtuser info@local.example
    /map nosuch x
    $j
    $m
    ${client_addr}
    ${nothing}
    =SParseLocal
    =Sfinal
    =Snosuch
    nosuch x
    3
    /nosuch
    -d21.12
    3 a@b
    /quit
    3 not.reached
    """

  @Test("The same output", .needs(.sendmail, .makemap))
  func output() throws {
    let directory = try TemporaryDirectory()
    try directory.write("access", "Connect:192.168.5\tRELAY\nspam.example\tREJECT\nFrom:bad@\tERROR:5.7.1:\"550 no\"\n")
    try directory.write("virtusertable", "info@local.example\tjoe\n@local.example\t%1@other.example\n")
    try directory.write("mailertable", "m.example\tsmtp:relay.example\n")
    try directory.write("local-host-names", "local.example\n")
    let site = try SendmailSite(mailDirectory: directory.path)
    try site.buildMaps()
    for name in ["access.db", "virtusertable.db"] { #expect(try !readFile(directory.path(name)).isEmpty) }
    let input = Array((Self.commands + "\n").utf8)
    for debug in [[], ["-d21.12"], ["-d60.5"]] {
      let theirs = try site.sendmail(["-bt"] + debug, input: input)
      let ours = try site.runBeside(Tools.mailcfg, ["--mail-dir", directory.path, "bt"] + debug, input: input)
      #expect(ours.status == 0)
      #expect(Self.lines(ours.outputText) == Self.lines(theirs.outputText))
    }
  }

  /// The frame of an address in a header is not compared, nor quotes in rules: sendmail takes them off at a call.
  private static func lines(_ text: String) -> [String] {
    text.split(separator: "\n").map(String.init).filter { !$0.contains("Cracked address") && !$0.hasPrefix("Rcode") }
      .map { $0.hasPrefix("-----rule matches") ? $0.replacing("\"", with: "") : $0 }
  }

  @Test("Without a sendmail.cf there is nothing to test")
  func noConfiguration() throws {
    let directory = try TemporaryDirectory()
    let outcome = try mailcfg(["--mail-dir", directory.path, "bt"], input: Array("3 a\n".utf8))
    #expect(outcome.status == 78)
    #expect(outcome.errorText.contains("there is no sendmail.cf"))
  }
}
