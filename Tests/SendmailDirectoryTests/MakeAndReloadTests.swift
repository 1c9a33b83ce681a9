import Glibc
import SendmailConfig
import SendmailDirectory
import TestSupport
import Testing

/// New mail directories, and telling a running sendmail.
@Suite struct MakeAndReloadTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test func aNewMailDirectory() throws {
    let path = directory.path("mail")
    let dry = try MailDirectory.make(at: path, options: MailDirectory.Options(isDryRun: true))
    #expect(!dry.notices.isEmpty)
    #expect(try directory.names() == [])
    let change = try MailDirectory.make(at: path)
    #expect(change.isChange)
    #expect(change.texts.map(\.isNew) == [true, true, true, true])
    #expect(change.texts.map(\.table) == MailTable.allCases)
    let mail = try MailDirectory(path)
    #expect(try mail.status().map(\.agrees) == [true, true, true, true])
    #expect(try mail.status().map(\.entries) == [0, 0, 0, 0])
    #expect(try !MailDirectory.make(at: path).isChange)
    try mail.change { tables in
      try tables.access.allowRelay(from: "203.0.113.25", note: "ACME Exchange")
      try tables.aliases.add("sales", to: ["anna", "bernd"])
    }
    #expect(try mail.lookup(["sales", "SALES", "none"], in: .alias) == ["anna, bernd", "anna, bernd", nil])
  }

  @Test func whatIsThereStays() throws {
    try directory.write("access", "Connect:192.0.2.1 RELAY\n")
    try directory.write("virtusertable", "@a.example anna\n")
    #expect(try MailDirectory.make(at: directory.path).isChange)
    #expect(try directory.readText("access") == "Connect:192.0.2.1 RELAY\n")
    #expect(try directory.readText("virtusertable") == "@a.example anna\n")
    #expect(!(try directory.names().contains("virtmaps")))
    #expect(try directory.names().contains("aliases"))
  }

  /// A table that cannot be looked at is not left out in silence.
  @Test(arguments: ["access", "virtmaps", "virtusertable", "aliases", "sendmail.cw", "access.db"])
  func whatCannotBeLookedAt(name: String) throws {
    // A link to itself leads nowhere for root, too.
    try #require(unsafe symlink(name, directory.path(name)) == 0)
    if name.hasSuffix(".db") { try directory.write("access", "") }
    let names = try directory.names()
    let error = try failure { _ = try MailDirectory.make(at: directory.path) }
    #expect(error.code == .inputOutput, "\(error)")
    #expect(error.message.contains(directory.path(name)), "\(error)")
    #expect(try directory.names() == names)
  }

  @Test func itCannotBeMade() throws {
    #expect(try failure { _ = try MailDirectory.make(at: directory.path("none/mail")) }.code == .cannotCreate)
    try directory.write("file", "")
    let error = try failure { _ = try MailDirectory.make(at: directory.path("file")) }
    #expect([.cannotCreate, .missing].contains(error.code), "\(error)")
  }

  private func mail(pidFile: String) throws -> MailDirectory {
    try directory.write("access", "")
    try directory.write("sendmail.cf", "Kaccess hash \(directory.path("access"))\nO PidFile=\(pidFile)\n")
    return try MailDirectory(directory.path)
  }

  /// A program of this name that runs until it is told; then it writes to the file `sign` and ends with 3.
  private func daemon(_ name: String) throws -> ChildProcess {
    let sign = directory.path("sign")
    let daemon = try ChildProcess(
      directory.copyShell(as: name),
      ["-c", "trap 'echo got >\"$1\"; exit 3' HUP; echo >\"$1.ready\"; while :; do sleep 0.05; done", "sh", sign],
      log: directory.path("log"))
    for _ in 0..<1000 where unsafe access(sign + ".ready", F_OK) != 0 { usleep(5_000) }
    return daemon
  }

  @Test func theDaemonIsTold() throws {
    let mail = try mail(pidFile: directory.path("pid"))
    #expect(try failure { _ = try mail.reload() }.code == .missing)
    let daemon = try daemon("sendmail")
    defer { daemon.kill() }
    try directory.write("pid", "\(daemon.pid)\nsendmail -bd\n")
    #expect(try mail.reload() == daemon.pid)
    #expect(try daemon.wait(timeout: 20) == 3)
    #expect(try directory.readText("sign") == "got\n")
    // It has ended since.
    let gone = try failure { _ = try mail.reload() }
    #expect(gone.message.contains("\(daemon.pid)"))
  }

  /// The sendmail.cf of a copy names the pid file of the live daemon, which reads nothing of the copy.
  @Test func inACopyNobodyIsTold() throws {
    let daemon = try daemon("sendmail")
    defer { daemon.kill() }
    try directory.write("pid", "\(daemon.pid)\nsendmail -bd\n")
    try directory.write("access", "")
    try directory.write("sendmail.cf", "Kaccess hash /etc/mail/access\nO PidFile=\(directory.path("pid"))\n")
    let error = try failure { _ = try MailDirectory(directory.path).reload() }
    #expect(error.code == .configuration)
    #expect(error.message.contains("is a copy of /etc/mail"), "\(error)")
    #expect(unsafe access(directory.path("sign"), F_OK) != 0)
  }

  /// The pid file may be left of a daemon that has ended, and the number be another's now.
  @Test func noOtherProcessIsTold() throws {
    let mail = try mail(pidFile: directory.path("pid"))
    let process = try daemon("editor-sendmail")
    defer { process.kill() }
    try directory.write("pid", "\(process.pid)\nsendmail -bd\n")
    let error = try failure { _ = try mail.reload() }
    #expect(error.code == .badData)
    #expect(error.message.contains("process \(process.pid) is editor-sendmail, not sendmail"), "\(error)")
  }

  /// After an upgrade the daemon runs a program that is no longer there.
  @Test func aDaemonWhoseProgramWasReplacedIsTold() throws {
    let mail = try mail(pidFile: directory.path("pid"))
    let daemon = try daemon("sendmail-mta")
    defer { daemon.kill() }
    #expect(unsafe unlink(directory.path("sendmail-mta")) == 0)
    try directory.write("pid", "\(daemon.pid)\n")
    #expect(try mail.reload() == daemon.pid)
    #expect(try daemon.wait(timeout: 20) == 3)
  }

  @Test(.enabled(if: CurrentUser.isRoot, "only root gives files away")) func aPidFileOfAnotherUserIsRefused() throws {
    let mail = try mail(pidFile: directory.path("pid"))
    let daemon = try daemon("sendmail")
    defer { daemon.kill() }
    try directory.write("pid", "\(daemon.pid)\n")
    #expect(unsafe chown(directory.path("pid"), 65534, 0) == 0)
    let error = try failure { _ = try mail.reload() }
    #expect(error.code == .permission)
    #expect(error.message.contains("belongs to user 65534, but process \(daemon.pid) to user 0"), "\(error)")
    // The TrustedUser's is sendmail's own.
    try directory.write("sendmail.cf", "Kaccess hash access\nO PidFile=\(directory.path("pid"))\nO TrustedUser=65534\n")
    #expect(try MailDirectory(directory.path).reload() == daemon.pid)
    #expect(try daemon.wait(timeout: 20) == 3)
  }

  @Test(arguments: ["", "0\n", "1\n", "-1\n", "-2\n", "sendmail\n", "99999999999\n"])
  func aPidFileWithoutAProcessIsRefused(content: String) throws {
    let mail = try mail(pidFile: directory.path("pid"))
    try directory.write("pid", content)
    #expect(try failure { _ = try mail.reload() }.code == .badData)
  }
}
