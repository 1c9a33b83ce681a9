import Glibc
import TestSupport
import Testing

/// A sendmail.cf that another user owns, or can put another in the place of: it leads root only to files of that user.
@Suite(.enabled(if: Tools.isCI || geteuid() == 0, "another user is only to be had as root"))
struct ForeignConfigurationTests {
  private static let user: UInt32 = 65534
  /// `etc-mail` is the other user's; beside it `live` is root's, with a file that only root may read.
  private let place: Workplace
  private var live: String { place.directory.path("live") }

  init() throws {
    place = try Workplace()
    for (name, text) in [("access", "192.0.2.1 RELAY\n"), ("aliases", "a: b\n"), ("sendmail.cw", "a.example\n")] {
      place.write(name, text)
    }
    try place.directory.makeDirectory("live")
    try place.directory.write("live/secret", "secretword:x:1\n", mode: 0o600)
    try place.directory.write("live/aliases", "root: admin\n")
  }

  /// Writes a sendmail.cf that takes the access table from the mail directory, with these lines behind.
  private func configure(_ lines: String..., owner: UInt32 = user) throws {
    let lines = ["V10/Berkeley", "O DontBlameSendmail=TrustStickyBit", "Kaccess hash \(place.path("access"))"] + lines
    place.write("sendmail.cf", lines.joined(separator: "\n") + "\n")
    try run("chown", ["-R", "\(Self.user)", place.mail])
    #expect(unsafe chown(place.path("sendmail.cf"), owner, 0) == 0)
  }

  private func liveFiles() throws -> [String] {
    try listDirectory(live).map { name in
      var info = stat()
      _ = unsafe lstat("\(live)/\(name)", &info)
      return "\(name) \(info.st_ino) \(info.st_mtim.tv_sec).\(info.st_mtim.tv_nsec) \(try readFile("\(live)/\(name)"))"
    }
  }

  @Test(arguments: [
    "Fw$/secret", "Kvirtuser hash $/secret", "O AliasFile=$/aliases", "O AliasFile=hash:$/none",
    "FR-o $/secret %[^\\#]", "Kmailertable text -k0 -v1 $/secret", "Fw../live/secret",
    "Kvirtuser btree ../live/secret",
  ])
  func isNotFollowedToFilesOfRoot(line: String) throws {
    let line = line.split(separator: "$", omittingEmptySubsequences: false).joined(separator: live)
    try configure(line)
    let before = try liveFiles()
    for command in [
      ["host", "add", "evil.example"], ["alias", "add", "evil", "x"], ["relay", "add", "192.0.2.8"], ["build"],
      ["status"], ["check"], ["access", "list"], ["lookup", "access", "192.0.2.1"], ["history"],
      ["explain", "--client", "192.0.2.1", "--to", "a@a.example"],
    ] {
      let message = try place.refused(77, command)
      #expect(!message.contains("secretword"), "\(message)")
      #expect(message.contains("/live/") && message.contains("user \(Self.user)"), "\(message)")
      #expect(message.contains("chown root etc-mail/sendmail.cf \(place.mail), or give --cf"), "\(message)")
    }
    #expect(try liveFiles() == before)
  }

  /// A copy's `../aliases` is not his either, nor what another name there leads to.
  @Test func aCopyIsNoWayOut() throws {
    try place.directory.write("secret", "secretword: x\n", mode: 0o600)
    place.write("sendmail.cf", "Kaccess hash /none/mail/access\nO AliasFile=/none/secret\n")
    try run("chown", ["-R", "\(Self.user)", place.mail])
    #expect(try place.refused(77, "alias", "list").contains("etc-mail/../secret"))
    place.write("sendmail.cf", "Kaccess hash /none/mail/access\nO AliasFile=/none/aliases\n")
    try place("alias", "add", "sales", "x")
  }

  @Test func whatIsHisIsHis() throws {
    try place.directory.makeDirectory("his")
    try place.directory.write("his/names", "a.example\n")
    try run("chown", ["-R", "\(Self.user)", place.directory.path("his")])
    try configure(
      "Fw\(place.directory.path("his/names"))", "O AliasFile=aliases", "Kmailertable hash /none/mailertable")
    try place("host", "add", "one.example")
    try place("alias", "add", "sales", "x")
    try place("build")
    try place("status")
    #expect(try place.directory.readText("his/names") == "a.example\none.example\n")
  }

  /// The word of root, and of whom root trusts, is taken.
  @Test func rootsOwn() throws {
    let aliases = "O AliasFile=\(live)/aliases"
    try configure(aliases, owner: 0)
    #expect(try place.refused(77, "alias", "add", "sales", "x").contains("chown root \(place.mail), or"))
    try configure(aliases, "O TrustedUser=\(Self.user)", owner: 0)
    try place("alias", "add", "sales", "x")
    // Whoever may put a file there would name himself.
    try configure(aliases, "O TrustedUser=\(Self.user)")
    try place.refused(77, "alias", "add", "sales", "y")

    try configure(aliases)
    // It was made for the TrustedUser.
    #expect(unsafe chown("\(live)/aliases.db", 0, 0) == 0)
    let ours = place.directory.path("ours.cf")
    try run("cp", ["--no-preserve=all", place.path("sendmail.cf"), ours])
    try place("--cf", ours, "alias", "add", "more", "x")
    #expect(unsafe chown(place.path("sendmail.cf"), 0, 0) == 0 && chown(place.mail, 0, 0) == 0)
    try place("alias", "add", "another", "x")
    #expect(try place.directory.readText("live/aliases").contains("another: x"))
  }

  /// He has no more rights than his own, so nothing is to be kept from him.
  @Test func anOrdinaryUserGoesAnywhere() throws {
    try configure("O AliasFile=\(live)/aliases")
    let outcome = try run(
      "setpriv",
      ["--reuid=\(Self.user)", "--regid=\(Self.user)", "--clear-groups", Proof.mailcfg, "--mail-dir", place.mail]
        + ["alias", "list"], environment: ["MAILCFG_MAIL_DIR": ""], directory: "/")
    #expect(outcome.status == 0, "\(outcome.errorText)")
  }
}
