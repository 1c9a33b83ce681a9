import Glibc
import TestSupport
import Testing

/// mailcfg killed before each system call that changes the disk, in turn, and at any moment: what is left is whole, and the
/// next command puts it in order.
@Suite(.needsStrace, .needs(.makemap, .sendmail, .dbDump, .dbVerify)) struct KillTests {
  @Test(arguments: Scenario.all) func beforeEachCall(scenario: Scenario) throws {
    let staging = try Staging(scenario)
    let moments = try SystemCalls.moments(of: staging, SystemCalls.changing, onlyChanging: true)
    #expect(moments.count > 10)
    var counts = (killed: 0, old: 0, new: 0)
    for withThreads in [false, true] {
      let step = withThreads ? Proof.step(scenario.isTriedWhole ? 8 : 16) : Proof.step(scenario.isTriedWhole ? 1 : 9)
      for (index, moment) in moments.enumerated() where index % step == step / 2 {
        let place = try staging.place()
        let words = SystemCalls.killing(at: moment, withThreads: withThreads)
        let outcome = try staging.run(place, behind: words)
        // With threads, none of them may get so far.
        guard outcome.status != 0 || !withThreads else { continue }
        #expect(outcome.status == 128 + SIGKILL, "\(moment): \(outcome.errorText)")
        counts.killed += 1
        if try examine(place, staging, "\(moment)\(withThreads ? " with threads" : "")") {
          counts.new += 1
        } else {
          counts.old += 1
        }
      }
    }
    // Once it takes effect it stays so, and both happen.
    #expect(counts.old > 0)
    if scenario.isTriedWhole { #expect(counts.new > 0) }
    Proof.report(
      "kill, \(scenario.name): \(moments.count) calls, \(counts.killed) times killed; \(counts.old) times all old, "
        + "\(counts.new) times all new")
  }

  @Test(arguments: Scenario.all) func atAnyMoment(scenario: Scenario) throws {
    let staging = try Staging(scenario)
    var random = SplitMix64(seed: 5)
    let runs = Proof.isFull ? 100 : 3
    let begin = ContinuousClock.now
    try staging.run(try staging.place())
    let length = UInt64((ContinuousClock.now - begin) / .microseconds(1))
    var counts = (killed: 0, new: 0)
    for _ in 0..<runs {
      let place = try staging.place()
      let pause = random.next() % length
      let outcome = try staging.run(
        place, behind: ["timeout", "--signal=KILL", "0.\(String(1_000_000 + pause).dropFirst())"])
      if outcome.status != 0 { counts.killed += 1 }
      if try examine(place, staging, "after \(pause) µs") { counts.new += 1 }
    }
    Proof.report(
      "kill, \(scenario.name): \(runs) times at any moment, \(counts.killed) before its end; \(counts.new) times all new"
    )
  }

  /// Sees that what was left is whole, that the next command completes it or takes it back, and that the change can be made
  /// then.
  ///
  /// - Returns: Whether it was made, or completed.
  private func examine(_ place: Workplace, _ staging: Staging, _ moment: String) throws -> Bool {
    // Whoever reads now finds old and new, but each whole.
    #expect(try Holdings(place).strangers(staging.old, staging.new) == [], "\(moment)")
    var isNew = false
    if staging.scenario.isProgram {
      isNew = try Holdings(place) == staging.new
    } else if !staging.scenario.beginsEmpty {
      let next = try mailcfg(["--mail-dir", place.mail, "status"])
      #expect(next.status <= 1, "\(moment): \(next.errorText)")
      let now = try Holdings(place)
      isNew = now == staging.new
      #expect(isNew || now == staging.old, "\(moment): neither the old state nor the new: \(next.errorText)")
      #expect(try place.litter() == [], "\(moment)")
    }
    let again = try staging.run(place, wait: "0")
    #expect(again.status == 0, "\(moment): \(again.errorText)")
    #expect(try Holdings(place) == staging.new, "\(moment): \(again.errorText)")
    #expect(try place.litter() == [], "\(moment)")
    return isNew
  }
}
