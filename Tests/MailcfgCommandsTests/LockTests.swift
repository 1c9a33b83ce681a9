import Glibc
import TestSupport
import Testing

/// One writer at a time, and nobody is disturbed who reads.
@Suite struct LockTests {
  /// Another program that holds a lock until it is told to end.
  private func hold(_ path: String, _ place: Workplace, shared: Bool = false) throws -> ChildProcess {
    let sign = place.directory.path("locked")
    let holder = try ChildProcess(
      "flock", [shared ? "-s" : "-x", "-F", path, "sh", "-c", "echo >\"$1\"; exec sleep 60", "sh", sign],
      log: place.directory.path("log"))
    for _ in 0..<1000 where unsafe access(sign, F_OK) != 0 { usleep(5_000) }
    try #require(unsafe access(sign, F_OK) == 0)
    return holder
  }

  @Test func aHeldLockIsNamedAndNothingChanges() throws {
    let place = try Workplace("hosting")
    try place("build")
    let holder = try hold(place.path(".mailcfg.lock"), place)
    defer { holder.kill() }
    for command in [
      ["relay", "add", "192.0.2.7"], ["build"], ["alias", "remove", "root"], ["host", "add", "a.example"],
    ] {
      let message = try place.refused(75, command + ["--wait", "0"])
      #expect(message.contains("locked by process \(holder.pid)"), "\(message)")
      #expect(message.contains("--wait"))
    }
    // Reading and trying need no lock.
    try place("status")
    try place("relay", "list")
    try place("lookup", "alias", "abuse")
    #expect(try !place("--dry-run", "relay", "add", "192.0.2.7").output.isEmpty)
  }

  @Test func waitingEndsInTime() throws {
    let place = try Workplace("hosting")
    try place("build")
    let holder = try hold(place.path(".mailcfg.lock"), place)
    defer { holder.kill() }
    let start = ContinuousClock.now
    try place.refused(75, "relay", "add", "192.0.2.7", "--wait", "0.7")
    #expect(ContinuousClock.now - start >= .milliseconds(650))

    let waiting = try ChildProcess(
      Tools.mailcfg, ["--mail-dir", place.mail, "relay", "add", "192.0.2.7", "--wait", "60"],
      environment: ["MAILCFG_MAIL_DIR": ""])
    usleep(300_000)
    #expect(waiting.isRunning)
    holder.kill()
    #expect(try waiting.finish(timeout: 60).status == 0)
    try place("relay", "check", "192.0.2.7")
  }

  /// makemap holds an exclusive lock on the map while it writes it, sendmail a shared one while it looks up.
  @Test(arguments: [false, true])
  func sendmailsOwnLockOnTheMapIsHeeded(shared: Bool) throws {
    let place = try Workplace("hosting")
    try place("build")
    let holder = try hold(place.path("access.db"), place, shared: shared)
    defer { holder.kill() }
    let message = try place.refused(75, "relay", "add", "192.0.2.7", "--wait", "0.2")
    #expect(message.contains("access.db"))
    #expect(message.contains("locked by process \(holder.pid)"), "\(message)")

    // Who comes meanwhile is told of the one that waits.
    let waiting = try ChildProcess(
      Tools.mailcfg, ["--mail-dir", place.mail, "relay", "add", "192.0.2.7", "--wait", "60"],
      environment: ["MAILCFG_MAIL_DIR": ""])
    var second = ""
    for _ in 0..<100 {
      let outcome = try mailcfg(["--mail-dir", place.mail, "alias", "add", "new", "anna", "--wait", "0", "--dry-run"])
      #expect(outcome.status == 0)
      let tried = try mailcfg(["--mail-dir", place.mail, "host", "add", "localhost", "--wait", "0"])
      if tried.status == 75 {
        second = tried.errorText
        break
      }
      usleep(20_000)
    }
    #expect(second.contains("locked by process \(waiting.pid)"), "\(second)")
    holder.kill()
    #expect(try waiting.finish(timeout: 60).status == 0)
  }

  @Test(.needs(.makemap, .dbDump)) func manyAtOnceLoseNothing() throws {
    let place = try Workplace("hosting")
    let children = try (1...8).map { number in
      try ChildProcess(
        Tools.mailcfg, ["--mail-dir", place.mail, "relay", "add", "203.0.113.10\(number)", "--wait", "60"],
        environment: ["MAILCFG_MAIL_DIR": ""])
    }
    for child in children { #expect(try child.finish().status == 0) }
    for number in 1...8 { try place("relay", "check", "203.0.113.10\(number)") }
    try place.expectMap("access.db", of: "access")
    #expect(try place.names() == ["access", "access.db", "aliases", "sendmail.cw", "virtmaps"])
  }

  @Test func withoutTheMap() throws {
    let place = try Workplace("hosting")
    try place("build")
    let map = try place.status("access.db")
    let outcome = try place("--no-build", "relay", "add", "192.0.2.7")
    #expect(outcome.outputText == "etc-mail/access:13: added  Connect:192.0.2.7  RELAY\n")
    let later = try place.status("access.db")
    #expect(later.st_ino == map.st_ino && later.st_mtim.tv_nsec == map.st_mtim.tv_nsec)
    #expect(try place("status", status: 1).outputText.contains("etc-mail/access.db (hash): 1 entry differs"))
    #expect(
      try place("diff", status: 1).outputText == "+ etc-mail/access:13: connect:192.0.2.7  RELAY\n")
    // The text says so already; its map is brought up to date with it.
    let again = try place("relay", "add", "192.0.2.7")
    #expect(
      again.outputText
        == "etc-mail/access:13: 192.0.2.7 may relay already; nothing to do\netc-mail/access.db: rebuilt, 15 entries\n")
    try place("status")
  }
}
