import Glibc
import TestSupport
import Testing

/// Disks that are full, read-only or go away, and limits: a clear error, everything as it was, nothing left, and the same
/// command works when there is room again.
@Suite(.needs(.makemap, .sendmail, .dbDump, .dbVerify)) struct FullDiskTests {
  private static let scenarios = Scenario.all.filter { !$0.beginsEmpty }

  /// Writes beyond a limit fail in the middle: some bytes are written, then none.
  @Test(arguments: scenarios) func fileSizeLimits(scenario: Scenario) throws {
    let staging = try Staging(scenario)
    var counts = (failed: 0, done: 0)
    for limit in stride(from: 0, through: 20, by: Proof.isFull ? 1 : 5) {
      let place = try staging.place()
      // In blocks of 1024 bytes.
      let outcome = try staging.run(place, behind: ["/bin/bash", "-c", "ulimit -f \(limit); exec \"$@\"", "bash"])
      if try examine(place, staging, outcome, "ulimit -f \(limit)") { counts.failed += 1 } else { counts.done += 1 }
    }
    #expect(counts.failed > 0 && counts.done > 0)
    Proof.report(
      "file size limits, \(scenario.name): \(counts.failed) errors with the old state, \(counts.done) times done")
  }

  /// The mail directory is on a file system of its own, with room for so many pages more.
  @Test(.enabled(if: Tools.isCI || geteuid() == 0, "mounting takes root"), arguments: scenarios)
  func fullDisks(scenario: Scenario) throws {
    let staging = try Staging(scenario)
    var counts = (failed: 0, done: 0)
    for pages in stride(from: 0, through: 24, by: Proof.isFull ? 1 : 6) {
      let place = try staging.place()
      let script = """
        set -e
        mount --make-rprivate /
        mkdir disk; mount -t tmpfs -o mode=0755,size=4M none disk
        cp -a etc-mail/. disk/
        keep=$((\(pages) * 4))
        free=$(stat -f -c %a disk)
        [ $((free - \(pages))) -le 0 ] || head -c $(((free - \(pages)) * 4096)) /dev/zero > disk/.filler
        mount --move disk etc-mail
        status=0; "$@" || status=$?
        rm -f etc-mail/.filler
        mkdir result; cp -a etc-mail/. result/
        umount etc-mail
        rm -r etc-mail; mv result etc-mail
        exit $status
        """
      let outcome = try staging.run(place, behind: ["unshare", "-m", "/bin/bash", "-c", script, "bash"])
      if try examine(place, staging, outcome, "\(pages) pages") { counts.failed += 1 } else { counts.done += 1 }
    }
    #expect(counts.failed > 0 && counts.done > 0)
    Proof.report("full disks, \(scenario.name): \(counts.failed) errors with the old state, \(counts.done) times done")
  }

  /// Sees that a change that failed is none.
  ///
  /// - Returns: Whether it failed.
  private func examine(_ place: Workplace, _ staging: Staging, _ outcome: Outcome, _ how: String) throws -> Bool {
    let what: Comment = "\(how): \(outcome.status) \(outcome.outputText)\(outcome.errorText)"
    let now = try Holdings(place)
    let hasFailed = outcome.status != 0 || (staging.scenario.isProgram && now == staging.old)
    #expect((now == (hasFailed ? staging.old : staging.new)) as Bool, what)
    if hasFailed {
      let said = outcome.errorText + outcome.outputText
      #expect(said.contains("No space left on device") || said.contains("File too large"), what)
      if !staging.scenario.isProgram { #expect(outcome.status == 74, what) }
    }
    #expect(try place.litter() == [], what)
    let again = try staging.run(place, wait: "0")
    #expect(again.status == 0, "\(how): \(again.errorText)")
    #expect((try Holdings(place) == staging.new) as Bool, what)
    return hasFailed
  }

  @Test(.enabled(if: Tools.isCI || geteuid() == 0, "mounting takes root"), arguments: scenarios)
  func aReadOnlyDisk(scenario: Scenario) throws {
    let staging = try Staging(scenario)
    let place = try staging.place()
    let before = try place.everything()
    let script =
      "mount --make-rprivate / && mount --bind etc-mail etc-mail && mount -o remount,ro,bind etc-mail && exec \"$@\""
    let outcome = try staging.run(place, behind: ["unshare", "-m", "/bin/sh", "-c", script, "sh"])
    #expect(try place.everything() == before)
    // newaliases says it as sendmail's does: it cannot lock the text, and then gives no reason.
    let reason = scenario.name == "newaliases" ? "cannot open alias database" : "Read-only file system"
    #expect((outcome.errorText + outcome.outputText).contains(reason), "\(outcome.errorText)")
    if !scenario.isProgram { #expect(outcome.status == 77, "\(outcome.errorText)") }
  }

  /// The whole directory goes while it is worked on: nothing is made anew in its place, no lock keeps the next one out.
  @Test(.needsStrace, arguments: ["mkdirat", "fsync", "renameat2"]) func theDirectoryGoes(call: String) throws {
    let staging = try Staging(Scenario.all[0])
    let place = try staging.place()
    // The process waits before the call, and finds the directory moved away and removed.
    let child = try ChildProcess(
      "strace",
      ["-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e", "inject=\(call):delay_enter=1000000:when=1"]
        + [Proof.mailcfg, "--mail-dir", "etc-mail"] + staging.scenario.command,
      environment: ["MAILCFG_MAIL_DIR": ""], directory: place.directory.path)
    for _ in 0..<400 where try !place.litter().contains(".mailcfg.journal") { usleep(5_000) }
    usleep(200_000)
    #expect(try run("rm", ["-rf", "etc-mail"], directory: place.directory.path).status == 0)
    let outcome = try child.finish()
    #expect([66, 74, 75].contains(outcome.status), "\(outcome.status) \(outcome.errorText)")
    #expect(outcome.errorText.hasPrefix("mailcfg: "), "\(outcome.errorText)")
    #expect(unsafe access(place.mail, F_OK) != 0)
  }

  /// Where even removing fails, what is left is told, and gone after the next command; the change counts.
  @Test(.needsStrace) func whatCannotBeRemovedIsRemovedByTheNext() throws {
    for scenario in Scenario.all where !scenario.beginsEmpty && !scenario.isProgram {
      let staging = try Staging(scenario)
      let place = try staging.place()
      let moment = SystemCalls.Moment(name: "unlinkat", number: 1)
      let outcome = try staging.run(place, behind: SystemCalls.failing(at: moment, "EIO", onwards: true))
      #expect(outcome.status == 0)
      #expect(outcome.errorText.contains("the next change removes it"), "\(outcome.errorText)")
      #expect(try Holdings(place) == staging.new)
      #expect(try !place.litter().isEmpty)
      let next = try place("status")
      #expect(next.errorText.contains("was completed"), "\(next.errorText)")
      #expect(try place.litter() == [])
      #expect(try Holdings(place) == staging.new)
    }
  }
}
