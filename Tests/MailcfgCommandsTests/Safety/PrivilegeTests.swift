import Glibc
import TestSupport
import Testing

/// What takes a right, what sendmail would call unsafe, and what is said about both.
@Suite struct PrivilegeTests {
  /// A mail directory whose sendmail.cf says how careful sendmail is.
  ///
  /// A checkout may lie in a directory that everybody can write to, such as /tmp; only a sticky one is let pass here.
  private func place(_ options: String = "") throws -> Workplace {
    let place = try Workplace("hosting")
    try place("build", "-q")
    place.write(
      "sendmail.cf",
      """
      V10/Berkeley
      O DontBlameSendmail=TrustStickyBit\(options.isEmpty ? "" : ",\(options)")
      Kaccess hash \(place.path("access"))
      Kvirtuser hash \(place.path("virtmaps"))
      O AliasFile=\(place.path("aliases"))
      Fw\(place.path("sendmail.cw"))

      """)
    return place
  }

  @Test(arguments: [(0o775, "g-w", "its group"), (0o777, "o-w", "everybody")])
  func aDirectoryThatOthersMayWriteTo(mode: Int, remedy: String, who: String) throws {
    let place = try place()
    try place("relay", "add", "192.0.2.7")
    #expect(unsafe chmod(place.mail, mode_t(mode)) == 0)
    for command in [
      ["relay", "add", "192.0.2.8"], ["virtmap", "remove", "info@shop.example"], ["alias", "add", "sales", "dora"],
      ["host", "add", "a.example"], ["build", "--force"],
    ] {
      let message = try place.refused(77, command)
      #expect(message.contains("\(who) may write to the directory \(place.mail)"), "\(message)")
      #expect(message.hasSuffix("; chmod \(remedy) \(place.mail)\n"), "\(message)")
    }
    #expect(try place.litter() == [])
    // What changes nothing, and what only reads, does as ever.
    try place("relay", "add", "192.0.2.7")
    try place("status")
    #expect(unsafe chmod(place.mail, 0o755) == 0)
    try place("relay", "add", "192.0.2.8")
  }

  /// What option DontBlameSendmail lets pass is let pass.
  @Test(arguments: [(0o775, "GroupWritableDirPathSafe"), (0o777, "MapInUnsafeDirPath"), (0o1777, "")])
  func whatIsNotBlamed(mode: Int, option: String) throws {
    let place = try place(option)
    #expect(unsafe chmod(place.mail, mode_t(mode)) == 0)
    try place("relay", "add", "192.0.2.8")
    try place("build", "--force", "-q")
  }

  @Test(arguments: [(0o664, "g-w"), (0o646, "o-w"), (0o755, "a-x")]) func anAliasesFile(mode: Int, remedy: String)
    throws
  {
    let place = try place()
    #expect(unsafe chmod(place.path("aliases"), mode_t(mode)) == 0)
    let message = try place.refused(77, "alias", "add", "sales", "dora")
    #expect(message.hasSuffix("; chmod \(remedy) \(place.path("aliases"))\n"), "\(message)")
    // The other tables have nothing to do with it.
    try place("relay", "add", "192.0.2.8")
  }

  @Test(.enabled(if: Tools.isCI || geteuid() == 0, "only root gives files away")) func aMapOfAnotherUser() throws {
    let place = try place()
    #expect(unsafe chown(place.path("access.db"), 1234, 0) == 0)
    let message = try place.refused(77, "relay", "add", "192.0.2.8")
    #expect(message.hasSuffix("; chown root \(place.path("access.db"))\n"), "\(message)")
    #expect(unsafe chmod(place.path("access.db"), 0o644) == 0)
    try place("relay", "add", "192.0.2.8")
    #expect(try place.status("access.db").st_uid == 1234)
  }

  /// Without a sendmail.cf nobody knows how careful sendmail is, and a copy is for trying things out.
  @Test func trialsAreNotHindered() throws {
    let place = try Workplace("hosting")
    #expect(unsafe chmod(place.mail, 0o777) == 0)
    try place("relay", "add", "192.0.2.8")
    place.write("sendmail.cf", "V10/Berkeley\nKaccess hash /etc/mail/access\nFw/etc/mail/sendmail.cw\n")
    try place("relay", "add", "192.0.2.9")
  }

  /// The refusal is what sendmail does: with the mode that was refused it cannot look anything up.
  @Test(.needs(.sendmail, .makemap), arguments: [0o755, 0o775, 0o777]) func sendmailRefusesIt(mode: Int) throws {
    let place = try Workplace("hosting")
    try place("build", "-q")
    let site = try SendmailSite(
      mailDirectory: place.mail, names: .hosting,
      template: Array(
        String(decoding: try readFile(Tools.configurationTemplate), as: UTF8.self)
          .split(separator: ",GroupWritableDirPathSafe", omittingEmptySubsequences: false).joined().utf8))
    try site.buildMaps()
    #expect(unsafe chmod(place.mail, mode_t(mode)) == 0)
    let looked = try site.sendmail(["-bt"], input: Array("/map access spam.example\n".utf8))
    let isSafe = looked.outputText.contains("returns REJECT")
    let outcome = try mailcfg(["--mail-dir", place.mail, "relay", "add", "192.0.2.8"])
    #expect(isSafe == (mode == 0o755))
    #expect(outcome.status == (isSafe ? 0 : 77), "\(looked.outputText)\(looked.errorText)\(outcome.errorText)")
  }

  /// An ordinary user may read and change what his own rights let him; the rest names the file and the right.
  @Test(.enabled(if: Tools.isCI || geteuid() == 0, "another user is only to be had as root")) func anOrdinaryUser()
    throws
  {
    let place = try Workplace("hosting")
    try place("build", "-q")
    func asNobody(_ arguments: String...) throws -> Outcome { try self.asNobody(place, arguments) }
    #expect(try asNobody("relay", "list").status == 0)
    #expect(try asNobody("--no-build", "-n", "relay", "add", "192.0.2.8").status == 0)
    let before = try place.everything()
    let refused = try asNobody("relay", "add", "192.0.2.8")
    #expect(refused.status == 77)
    #expect(refused.errorText.contains("\(place.mail)"), "\(refused.errorText)")
    #expect(refused.errorText.contains("Permission denied"), "\(refused.errorText)")
    #expect(refused.errorText.contains("takes the right to make files in the directory"), "\(refused.errorText)")
    let unreadable = try asNobody("status")
    let said = unreadable.outputText + unreadable.errorText
    #expect(said.contains("\(place.mail)/access.db") && said.contains("Permission denied"), "\(said)")
    #expect(try place.everything() == before)
    // His own directory is his.
    try run("chown", ["-R", "65534:65534", place.mail])
    #expect(try asNobody("relay", "add", "192.0.2.8").status == 0)
    #expect(try place.status("access.db").st_uid == 65534)
    // What root changes there stays his, and he can go on.
    try place("relay", "add", "192.0.2.9")
    #expect(try place.status("access.db").st_uid == 65534)
    #expect(try place.status("access").st_uid == 65534)
    #expect(try asNobody("relay", "add", "192.0.2.10").status == 0)
  }

  /// He can make files in his directory, but none of root's.
  @Test(.enabled(if: Tools.isCI || geteuid() == 0, "another user is only to be had as root"))
  func filesOfRootInHisDirectory() throws {
    let place = try Workplace("hosting")
    try place("build", "-q")
    #expect(unsafe chown(place.mail, 65534, 65534) == 0 && unlink(place.path(".mailcfg.lock")) == 0)
    let before = try place.read("access")
    let refused = try asNobody(place, ["--no-build", "relay", "add", "192.0.2.8"])
    #expect(refused.status == 77)
    #expect(refused.errorText.hasSuffix("; that takes root (CAP_CHOWN)\n"), "\(refused.errorText)")
    #expect(try place.read("access") == before)
  }

  private func asNobody(_ place: Workplace, _ arguments: [String]) throws -> Outcome {
    try run(
      "setpriv",
      ["--reuid=65534", "--regid=65534", "--clear-groups", Proof.mailcfg, "--mail-dir", place.mail] + arguments,
      environment: ["MAILCFG_MAIL_DIR": "", "NO_COLOR": "1"], directory: "/")
  }
}
