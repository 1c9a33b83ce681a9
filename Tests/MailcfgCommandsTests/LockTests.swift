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

  /// Waits until a file, such as strace's record, has a text in it.
  private func wait(for text: String, in file: String) throws {
    var found = ""
    for _ in 0..<1000 where !found.contains(text) {
      found = (try? readFile(file)).map { String(decoding: $0, as: UTF8.self) } ?? ""
      usleep(5_000)
    }
    try #require(found.contains(text))
  }

  /// Waits until a file is another.
  private func wait(forAnother name: String, than old: ino_t, _ place: Workplace) {
    for _ in 0..<100_000 {
      if let status = try? place.status(name), status.st_ino != old { return }
      usleep(100)
    }
  }

  /// mailcfg adding a relay, with calls that take their time.
  private func addRelaySlowly(_ place: Workplace, _ injection: String) throws -> ChildProcess {
    let call = injection.prefix { $0 != ":" }
    return try ChildProcess(
      "strace",
      [
        "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e", "inject=\(injection)", Tools.mailcfg, "--mail-dir",
        place.mail, "relay", "add", "192.0.2.7",
      ], environment: ["MAILCFG_MAIL_DIR": ""])
  }

  /// sendmail's makemap opens a map, waits for its lock, and empties what has its name then: that stays the same file.
  @Test(.needsStrace, .needs(.makemap)) func aMakemapOnItsWayIsLetIn() throws {
    let place = try Workplace("hosting")
    try place("build")
    let log = place.directory.path("calls")
    let makemap = try ChildProcess(
      "strace",
      [
        "-qq", "-o", log, "-e", "trace=openat,flock", "-e", "inject=flock:delay_enter=700000:when=1",
        try Tools.makemap, "-C", "/dev/null", "hash", place.path("access"),
      ], environment: Tools.environment)
    try wait(for: "access.db\", O_RDWR", in: log)
    let change = try ChildProcess(
      Tools.mailcfg, ["--mail-dir", place.mail, "relay", "add", "192.0.2.7"], environment: ["MAILCFG_MAIL_DIR": ""])
    let built = try makemap.finish(input: try place.read("access"))
    #expect(built.status == 0, "\(built.errorText)")
    let changed = try change.finish()
    #expect(changed.status == 0, "\(changed.errorText)")
    try place("status")
    #expect(try place("lookup", "access", "connect:192.0.2.7").outputText == "RELAY\n")
  }

  /// One that has looked at the old map, and opens the new one, would empty that before it sees that it is another: it ends before,
  /// and is waited for where it is slower than the change.
  @Test(.needsStrace, .needs(.makemap), arguments: [false, true])
  func aMakemapThatLookedBeforeTheExchangeEmptiesNothing(isSlower: Bool) throws {
    let place = try Workplace("hosting")
    try place("build")
    let words = ["-C", "/dev/null", "hash", place.path("access")]
    let log = place.directory.path("calls")
    func trace(_ more: [String]) throws -> ChildProcess {
      try ChildProcess(
        "strace", ["-qq", "-o", log, "-e", "trace=newfstatat"] + more + [try Tools.makemap] + words,
        environment: Tools.environment)
    }
    #expect(try trace([]).finish(input: try place.read("access")).status == 0)
    let calls = String(decoding: try readFile(log), as: UTF8.self).split(separator: "\n")
    let look = try #require(calls.firstIndex { $0.contains("access.db") }) + 1
    #expect(unsafe unlink(log) == 0)
    let old = try place.status("access.db").st_ino
    let makemap = try trace(["-e", "inject=newfstatat:signal=STOP:when=\(look)"])
    try wait(for: "access.db", in: log)
    let change = try addRelaySlowly(place, isSlower ? "fsync:delay_exit=1" : "fsync:delay_exit=200000")
    wait(forAnother: "access.db", than: old, place)
    if isSlower { usleep(100_000) }
    #expect(change.isRunning)
    let children = String(decoding: try readFile("/proc/\(makemap.pid)/task/\(makemap.pid)/children"), as: UTF8.self)
    for child in children.split(separator: " ").compactMap({ Int32($0) }) { #expect(kill(child, SIGCONT) == 0) }
    let built = try makemap.finish(input: try place.read("access"))
    #expect(built.errorText.contains("changed after open"))
    #expect(built.status != 0)
    let changed = try change.finish()
    #expect(changed.status == 0, "\(changed.errorText)")
    #expect(changed.errorText == "")
    try place("status")
    #expect(try place("lookup", "access", "connect:192.0.2.7").outputText == "RELAY\n")
  }

  /// What none of that keeps from emptying the map, such as a program that empties it without looking, is made good.
  @Test(.needsStrace) func aMapThatIsEmptiedIsBuiltAgain() throws {
    let place = try Workplace("hosting")
    try place("build")
    let old = try place.status("access.db").st_ino
    // Writing down what the maps hold is the last that is done.
    let change = try addRelaySlowly(place, "ftruncate:delay_exit=300000")
    wait(forAnother: "access.db", than: old, place)
    while change.isRunning, try place.names().contains(".mailcfg.journal") { usleep(100) }
    #expect(unsafe truncate(place.path("access.db"), 0) == 0)
    let changed = try change.finish()
    #expect(changed.status == 0)
    #expect(changed.errorText.contains("access.db: another program has emptied it meanwhile; it was built again"))
    try place("status")
    #expect(try place("lookup", "access", "connect:192.0.2.7").outputText == "RELAY\n")
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
