import TestSupport
import Testing

/// IPv4 clients of a daemon whose socket is one of IPv6, beside that daemon.
@Suite struct MappedClientTests {
  @Test(.needsLiveSendmail) func theRulesSeeTheSame() throws {
    let directory = try TemporaryDirectory()
    let site = try SendmailSite(mailDirectory: directory.path, hosts: ["::ffff:127.0.0.5 c5.relay.example"])
    for name in ["virtusertable", "mailertable"] { try directory.write(name, "") }
    try directory.write("access", "Connect:127.0.0.8 REJECT\nConnect:IPv6:0:0:0:0:0:ffff REJECT\nConnect:IPv6 REJECT\n")
    try site.buildMaps()
    var lines = try directory.readText("sendmail.cf").split(separator: "\n", omittingEmptySubsequences: false)
    let daemons = lines.indices.filter { lines[$0].hasPrefix("O DaemonPortOptions=") }
    // The one that is left takes clients of both families.
    lines[daemons[1]] = "O DaemonPortOptions=Name=MTA6, Family=inet6, Addr=::, Port=2525, Modifiers=O"
    lines[daemons[0]] = "O DaemonPortOptions=Name=MTA, Family=inet, Addr=127.0.0.1, Port=2526, Modifiers=E"
    let macros = [
      "client_addr", "client_name", "client_ptr", "client_resolve", "daemon_name", "daemon_family", "daemon_flags", "_",
    ]
    lines.append("SLocal_check_rcpt")
    // What relay check asks for: by this daemon everybody, by the other one nobody.
    lines += [
      "R$* relay @ $*\t$: DAEMON $&{daemon_name}", "RDAEMON MTA6\t$#OK", "RDAEMON $*\t$#error $@ 5.7.1 $: \"550 no\"",
    ]
    lines.append("R$*\t$#error $@ 5.7.1 $: \"550 \"" + macros.map { " $&{\($0)} \" \"" }.joined())
    try directory.write("sendmail.cf", lines.joined(separator: "\n") + "\n")

    let daemon = try site.start()
    // The line with 127.0.0.77 in hosts(5) is about IPv4.
    for (client, name) in [
      ("127.0.0.9", nil), ("127.0.0.77", nil), ("127.0.0.5", "c5.relay.example"), ("127.0.0.8", nil),
    ] as [(String, String?)] {
      let session = try daemon.connect(from: client)
      let theirs = [
        try session.command("MAIL FROM:<a@remote.example>"), try session.command("RCPT TO:<b@remote.example>"),
        try session.command("RCPT TO:<relay@host.invalid>"),
      ]
      for written in ["::ffff:\(client)", "IPv6:0:0:0:0:0:ffff:\(client)", "[::FFFF:\(client)]"] {
        let outcome = try site.runBeside(
          Tools.mailcfg,
          [
            "--mail-dir", directory.path, "-q", "explain", "--client", written, "--from", "a@remote.example", "--to",
            "b@remote.example",
          ] + (name.map { ["--name", $0] } ?? ["--no-ptr"]))
        let ours = outcome.outputText.split(separator: "\n")
        let relay = try site.runBeside(
          Tools.mailcfg,
          ["--mail-dir", directory.path, "-q", "relay", "check", written]
            + (name.map { ["--name", $0] } ?? ["--no-ptr"]))
        #expect(relay.status == (theirs[2].hasPrefix("250") ? 0 : 1), "\(written): \(theirs)")
        if theirs[0].hasPrefix("250") {
          #expect(ours.contains { $0 == "RCPT TO:<b@remote.example>: \(theirs[1])" }, "\(written): \(theirs) \(ours)")
        } else {
          #expect(ours.first.map(String.init) == "client \(client): \(theirs[0])", "\(written): \(ours)")
        }
      }
    }
  }
}
