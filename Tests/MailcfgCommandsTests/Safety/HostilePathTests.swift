import Glibc
import TestSupport
import Testing

/// Another user who keeps swapping files, links and directories in or around a mail directory while root changes it: he never
/// gets root to write to what he may not write to himself.
@Suite(.enabled(if: Tools.isCI || geteuid() == 0, "another user is only to be had as root"))
struct HostilePathTests {
  /// What the other user does over and over, in the directory `play`.
  struct Attack: Sendable, CustomTestStringConvertible {
    let name: String
    /// Who owns `play/etc-mail` and its files.
    var ownsMail = false
    /// The mode of `play`, which is root's.
    var mode: UInt32 = 0o777
    let script: String
    var testDescription: String { name }

    /// Other names that lead to root's own files, under each name that mailcfg reads or writes.
    private static func links(_ names: [String]) -> String {
      names.map { name in
        "ln -sfn \"$victim/access\" l && mv -fT l etc-mail/\(name); cp good f && mv -fT f etc-mail/\(name); "
          + "ln -f \"$victim/access\" etc-mail/\(name) 2>/dev/null && rm -f etc-mail/\(name); "
          + "mkdir d 2>/dev/null; mv -T etc-mail/\(name) g 2>/dev/null; mv -T g etc-mail/\(name);"
      }.joined(separator: "\n")
    }

    static let all = [
      Attack(
        name: "the directory becomes a link",
        script: "ln -sfn \"$victim\" l; mv -T etc-mail m; mv -fT l etc-mail; rm -f etc-mail; mv -T m etc-mail"),
      Attack(
        name: "the directory becomes another one",
        script:
          "mkdir -p own; cp good own/access; mv -T etc-mail m; mv -T own etc-mail; mv -T etc-mail own; mv -T m etc-mail"
      ),
      Attack(
        name: "a link in a sticky directory", mode: 0o1777,
        script: "ln -sfn \"$victim\" link; rm -f link; ln -sfn etc-mail link"),
      Attack(
        name: "his own directory, the tables swapped", ownsMail: true,
        script: links(["access", "access.db", "aliases"])),
      Attack(
        name: "his own directory, our files swapped", ownsMail: true,
        script: links([".mailcfg.lock", ".mailcfg.state", ".mailcfg.journal"])),
      Attack(
        name: "his own directory, what is staged swapped", ownsMail: true,
        script:
          "for s in etc-mail/.mailcfg-*; do mv -T \"$s\" s 2>/dev/null && ln -sfn \"$victim\" \"$s\" && rm -f \"$s\"; "
          + "mv -T s \"$s\" 2>/dev/null; done"),
    ]
  }

  @Test(arguments: Attack.all) func isNotLedAstray(attack: Attack) throws {
    let place = try TemporaryDirectory(inMemory: true)
    for name in ["victim", "play", "play/etc-mail", "play/etc-mail/x"] { try place.makeDirectory(name) }
    for file in try listDirectory(Fixtures.path("hosting")) {
      try place.write("victim/\(file)", try Fixtures.bytes("hosting/\(file)"), mode: 0o644)
      try place.write("play/etc-mail/\(file)", try Fixtures.bytes("hosting/\(file)"), mode: 0o644)
    }
    try place.write("play/good", try Fixtures.bytes("hosting/access"))
    try place.write("play/hook", "")
    #expect(try mailcfg(["--mail-dir", place.path("victim"), "build", "-q"]).status == 0)
    if attack.ownsMail { try run("chown", ["-R", "nobody", place.path("play/etc-mail")]) }
    #expect(unsafe chmod(place.path("play"), attack.mode) == 0)
    let before = try state(of: place.path("victim"))

    let attacker = try ChildProcess(
      "setpriv",
      [
        "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", "/bin/bash", "-c",
        "victim=\(place.path("victim")); while :; do\n\(attack.script)\ndone",
      ], directory: place.path("play"), log: "/dev/null")
    var counts: [Int32: Int] = [:]
    let end = ContinuousClock.now + .seconds(Proof.isFull ? 30 : 2)
    var number = 0
    while ContinuousClock.now < end {
      number += 1
      let name = attack.mode == 0o1777 && number % 2 == 0 ? "link" : "etc-mail"
      let outcome = try run(
        Proof.mailcfg,
        ["--mail-dir", place.path("play/\(name)"), "--wait", "0", "relay", "add", "192.0.2.\(number % 250)"],
        environment: ["MAILCFG_MAIL_DIR": ""])
      counts[outcome.status, default: 0] += 1
      #expect([0, 65, 66, 73, 74, 75, 77].contains(outcome.status), "\(outcome.status) \(outcome.errorText)")
    }
    attacker.kill()
    #expect(attacker.isRunning == false)
    #expect(try state(of: place.path("victim")) == before)
    #expect(number > 0)
    Proof.report("hostile paths, \(attack.name): \(number) changes, by exit code \(counts.sorted { $0.key < $1.key })")
  }

  /// Everything of a directory: names, modes, owners, inodes, times, contents.
  private func state(of path: String) throws -> [String] {
    try listDirectory(path).filter { $0 != ".mailcfg.lock" }.map { name in
      var info = stat()
      _ = unsafe lstat("\(path)/\(name)", &info)
      return "\(name) \(info.st_mode) \(info.st_uid) \(info.st_ino) \(info.st_mtim.tv_sec).\(info.st_mtim.tv_nsec) "
        + "\(try readFile("\(path)/\(name)"))"
    }
  }

  /// New files, and the directory that `init` makes, are never looser than the umask says, and never looser than is usual.
  @Test(arguments: [0o000, 0o022, 0o077, 0o777]) func newFilesAndTheUmask(mask: Int) throws {
    let place = try TemporaryDirectory()
    let octal = String(mask, radix: 8)
    let outcome = try run(
      "/bin/sh", ["-c", "umask \(octal); exec \"$@\"", "sh", Proof.mailcfg, "--mail-dir", "new", "init"],
      environment: ["MAILCFG_MAIL_DIR": ""], directory: place.path)
    #expect(outcome.status == 0, "\(outcome.errorText)")
    func mode(_ name: String) -> UInt32 {
      var info = stat()
      _ = unsafe lstat(place.path(name), &info)
      return info.st_mode & 0o7777
    }
    #expect(mode("new") == UInt32(0o755 & ~mask))
    for name in try listDirectory(place.path("new")) {
      let usual = name.hasPrefix(".mailcfg") ? 0o600 : name.hasSuffix(".db") ? 0o640 : 0o644
      // The lock holds nothing, and keeps its owner out of no later change.
      #expect(mode("new/\(name)") == UInt32(name == ".mailcfg.lock" ? 0o600 : usual & ~mask), "\(name)")
    }
  }

  /// A program that runs with another user's rights takes no directory from the environment of its caller.
  @Test func aSetUserIDProgramAndItsEnvironment() throws {
    // Not in memory, where set-user-ID may be ignored.
    let place = try TemporaryDirectory()
    try place.makeDirectory("theirs")
    try place.write("theirs/access", "a.example REJECT\n")
    try run("cp", [Tools.mailcfg, place.path("mailcfg")])
    #expect(unsafe chmod(place.path("mailcfg"), 0o4755) == 0)
    for (variable, expected) in [("MAILCFG_MAIL_DIR", "/etc/mail"), ("TMPDIR", "/etc/mail")] {
      var environment = ["MAILCFG_MAIL_DIR": ""]
      environment[variable] = place.path("theirs")
      let outcome = try run(
        "setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", place.path("mailcfg"), "access", "list"],
        environment: environment, directory: place.path)
      #expect(!outcome.outputText.contains("a.example"), "\(outcome.outputText)")
      #expect(outcome.errorText.contains(expected) || outcome.status == 0, "\(outcome.errorText)")
    }
  }
}
