import Glibc
import SendmailMaps
import TestSupport
import Testing

/// A map is the old one or the new one, whatever happens, and nothing else is left in the directory.
@Suite struct ProgramReplacementTests {
  /// A directory with `mailcfg` under the names of the programs, and an empty sendmail.cf.
  final class Place {
    let directory: TemporaryDirectory

    init(inMemory: Bool = true) throws {
      directory = try TemporaryDirectory(inMemory: inMemory)
      try directory.makeDirectory("bin")
      for name in ["makemap", "editmap"] { try run("ln", ["-s", Tools.mailcfg, directory.path("bin/\(name)")]) }
      try directory.makeDirectory("work")
      try directory.write("work/empty.cf", "")
    }

    var work: String { directory.path("work") }

    @discardableResult
    func makemap(_ arguments: String..., input: String = "", status: Int32 = 0) throws -> Outcome {
      let outcome = try run(
        directory.path("bin/makemap"), ["-C", "empty.cf"] + arguments, input: Array(input.utf8), directory: work)
      #expect(outcome.status == status, "\(outcome.errorText)")
      return outcome
    }

    func dump() throws -> String { try makemap("-u", "hash", "x").outputText }
    func names() throws -> [String] { try listDirectory(work) }

    /// Runs lines of shell with the programs in the path.
    @discardableResult
    func shell(_ script: String) throws -> Outcome {
      try run("/bin/bash", ["-c", "PATH=\(directory.path("bin")):$PATH\n" + script], directory: work)
    }
  }

  static func bigTable(_ count: Int, value: String = "RELAY") -> String {
    (0..<count).map { "host\($0).example.com\t\(value)\n" }.joined()
  }

  /// While standard input is awaited, the old map answers and nobody is kept waiting.
  @Test func theOldMapAnswersWhileInputIsAwaited() throws {
    let place = try Place()
    try place.makemap("hash", "x", input: "a old\n")
    let before = try place.directory.snapshot()
    let child = try ChildProcess(
      "/bin/bash", ["-c", "(sleep 0.5; echo a new) | '\(place.directory.path("bin/makemap"))' -C empty.cf hash x"],
      directory: place.work)
    usleep(150_000)
    #expect(try place.shell("flock -n -s x.db true").status == 0)
    #expect(try place.dump() == "a\told\n")
    #expect(try place.directory.snapshot() == before)
    #expect(try child.wait() == 0)
    #expect(try place.dump() == "a\tnew\n")
    #expect(try place.names() == ["empty.cf", "x.db"])
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGKILL]) func whatInterruptsLeavesTheOldMap(signal: Int32) throws {
    let place = try Place(inMemory: false)
    try place.makemap("hash", "x", input: "a old\n")
    try place.directory.write("big", Self.bigTable(400_000))
    for pause in [30_000, 150_000, 350_000] as [UInt32] {
      let child = try ChildProcess(
        "/bin/bash", ["-c", "exec '\(place.directory.path("bin/makemap"))' -C empty.cf hash x < ../big"],
        directory: place.work)
      usleep(pause)
      child.send(signal: signal)
      let status = try child.wait()
      guard status != 0 else { continue }
      #expect(status == 128 + signal)
      #expect(try place.dump() == "a\told\n")
      let left = try place.names().filter { $0.hasPrefix(".makemap-") }
      if signal != SIGKILL { #expect(left.isEmpty) }
      // What a program that was killed has left, the next removes once it is certain that nobody works there.
      for name in left { try place.shell("touch -d '2 minutes ago' \(name)") }
    }
    try place.makemap("hash", "x", input: "a new\n")
    #expect(try place.names() == ["empty.cf", "x.db"])
  }

  /// The other commands that build, too: the map stays, or is the new one whole, and nothing lies about.
  @Test(arguments: [SIGINT, SIGTERM]) func whatInterruptsTheOthersLeavesTheOldMap(signal: Int32) throws {
    let place = try Place(inMemory: false)
    let rules = "S0\nR$*\t$#local $: $1\n"
    let options = "O AliasFile=\(place.work)/aliases\nO QueueDirectory=/\nO DontBlameSendmail=TrustStickyBit\n"
    try place.directory.write("aliases.cf", "V10/Berkeley\n\(options)Mlocal, P=/bin/true, F=A, A=x\n\(rules)")
    try place.directory.write("big", Self.bigTable(400_000))
    try place.shell("sed 's/\t/: /' ../big > aliases; makemap -C empty.cf hash x < ../big; mv x.db ../old.db")
    try place.shell("cp ../big access")
    let bin = place.directory.path("bin")
    var interrupted = 0
    for (command, map) in [
      ("exec -a newaliases '\(bin)/makemap' -C ../aliases.cf", "aliases.db"),
      ("exec -a editmap '\(bin)/makemap' -C empty.cf -u hash x k v", "x.db"),
      ("exec -a mailcfg '\(bin)/makemap' --mail-dir . build access", "access.db"),
    ] {
      try place.shell("cp ../old.db \(map); \(command)")
      let new = try place.shell("makemap -C empty.cf -u hash \(map) | sort").output
      for pause in [20_000, 60_000, 200_000, 600_000] as [UInt32] {
        try place.shell("rm -f .mailcfg.*; cp ../old.db \(map)")
        let names = try place.names()
        let child = try ChildProcess("/bin/bash", ["-c", command], directory: place.work)
        usleep(pause)
        child.send(signal: signal)
        guard try child.wait() == 128 + signal else { continue }
        let left = Set(try place.names()).subtracting(names)
        if try place.directory.read("work/\(map)") == place.directory.read("old.db") {
          interrupted += 1
          #expect(left.isSubset(of: [".mailcfg.lock"]), "\(command) \(left)")
        } else {
          // It was being put into place when the signal came.
          #expect(try place.shell("makemap -C empty.cf -u hash \(map) | sort").output == new, "\(command)")
          #expect(left.isSubset(of: [".mailcfg.lock", ".mailcfg.state"]), "\(command) \(left)")
        }
      }
    }
    #expect(interrupted > 3)
  }

  /// Many at once on one map: all that was added is there.
  @Test func changesAtTheSameTimeAreNotLost() throws {
    let place = try Place()
    try place.makemap("hash", "x", input: "a 1\n")
    try place.shell(
      """
      for ((i = 0; i < 24; i++)); do
        (if ((i % 2)); then echo "k$i v" | makemap -C empty.cf -o hash x; else editmap -C empty.cf -u hash x k$i v; fi) &
      done
      wait
      """)
    let lines = try place.dump().split(separator: "\n")
    #expect(lines.count == 25, "\(lines)")
    #expect(try place.names() == ["empty.cf", "x.db"])
  }

  @Test func firstBuildsAtTheSameTime() throws {
    let place = try Place()
    try place.shell("for i in 1 2 3 4 5 6; do echo \"k v$i\" | makemap -C empty.cf hash x & done; wait")
    #expect(try place.dump().hasPrefix("k\tv"))
    #expect(try place.names() == ["empty.cf", "x.db"])
  }

  @Test func firstChangesAtTheSameTime() throws {
    let place = try Place()
    try place.shell("for i in 1 2 3 4 5 6 7 8; do editmap -C empty.cf -u hash x k$i v & done; wait")
    #expect(try place.dump().split(separator: "\n").count == 8)
  }

  /// sendmail's own program at work on the map is waited for.
  @Test(.needs(.makemap)) func sendmailsProgramIsWaitedFor() throws {
    let place = try Place()
    try place.makemap("hash", "x", input: "a 1\n")
    let library = Tools.environment.map { "\($0.key)='\($0.value)' " }.joined()
    let outcome = try place.shell(
      """
      (sleep 0.4; echo b 2) | \(library)'\(try Tools.makemap)' -C empty.cf -o hash x &
      sleep 0.1
      echo c 3 | makemap -C empty.cf -o hash x
      wait
      """)
    #expect(outcome.status == 0, "\(outcome.errorText)")
    #expect(try place.dump().split(separator: "\n").sorted() == ["a\t1", "b\t2", "c\t3"])
  }

  /// A process that has the old file open sees by its time that there is another.
  @Test func theOldFilesTimeIsMovedOn() throws {
    let place = try Place()
    try place.makemap("hash", "x", input: "a 1\n")
    let outcome = try place.shell(
      """
      exec 5< x.db; before=$(stat -L -c %Y /dev/fd/5)
      echo b 2 | makemap -C empty.cf hash x
      after=$(stat -L -c %Y /dev/fd/5); [ $after -gt $before ] && echo moved
      [ $(stat -L -c %i /dev/fd/5) != $(stat -c %i x.db) ] && echo another
      """)
    #expect(outcome.outputText == "moved\nanother\n")
  }

  /// With standard input closed there is nothing to read, and not the map itself.
  @Test func standardInputMayBeClosed() throws {
    let place = try Place()
    try place.makemap("hash", "x", input: "a 1\n")
    let outcome = try place.shell("makemap -C empty.cf hash x <&-; echo $?; makemap -C empty.cf -l <&- >&-; echo $?")
    #expect(outcome.outputText == "0\n0\n", "\(outcome.errorText)")
    #expect(outcome.errors.isEmpty)
    #expect(try place.dump() == "")
  }

  /// In a directory that mailcfg has changed before, its changes and those of the programs do not meet.
  @Test func theLockOfAMailDirectoryIsRespected() throws {
    let place = try Place()
    try place.directory.write("work/.mailcfg.lock", "")
    let outcome = try place.shell(
      """
      exec 9<> .mailcfg.lock; flock 9
      (echo a 1 | makemap -C empty.cf hash x 9>&-; echo done) &
      sleep 0.3; [ -e x.db ] && echo early
      flock -u 9; wait
      """)
    #expect(outcome.outputText == "done\n")
    #expect(try place.names() == [".mailcfg.lock", "empty.cf", "x.db"])
  }

  /// A lock file that another user has put there says nothing, and keeps nobody waiting.
  @Test(.enabled(if: getuid() == 0)) func anotherUsersLockFileIsNone() throws {
    let place = try Place()
    let outcome = try place.shell(
      """
      : > .mailcfg.lock; chown 1000 .mailcfg.lock
      exec 9<> .mailcfg.lock; flock 9
      echo a 1 | timeout 20 makemap -C empty.cf hash x 9>&-
      """)
    #expect(outcome.status == 0, "\(outcome.errorText)")
  }

  /// A directory whose name looks like that of a leftover is none: whoever may rename things here could have root empty his own.
  @Test func whatIsNoLeftoverStays() throws {
    let place = try Place()
    try place.shell("mkdir -m 700 .makemap-aaaaaaaaaaaa; echo secret > .makemap-aaaaaaaaaaaa/keys")
    try place.makemap("hash", "x", input: "a 1\n")
    #expect(try place.shell("cat .makemap-aaaaaaaaaaaa/keys").outputText == "secret\n")
  }

  /// A map that is mounted by itself, as into a container, is written in place.
  @Test(.needsNamespaces) func aMountedMapIsWrittenInPlace() throws {
    let place = try Place(inMemory: false)
    try place.makemap("hash", "x", input: "a 1\n")
    let outcome = try place.shell(
      """
      cp x.db ../x.db
      unshare -m sh -c 'mount --bind ../x.db x.db && printf "b 2\n" | makemap -C empty.cf hash x && makemap -C empty.cf -u hash x'
      """)
    #expect(outcome.outputText == "b\t2\n", "\(outcome.errorText)")
  }

  /// What has to be written in place, since the map has another name too, is not begun where the disk has no room for it.
  @Test(.needsNamespaces) func aFullDiskLeavesTheMapThatWouldBeWrittenInPlace() throws {
    let place = try Place(inMemory: false)
    try place.directory.write("big", Self.bigTable(8000))
    let outcome = try place.shell(
      """
      mkdir disk
      unshare -m sh -c 'mount -t tmpfs -o mode=755,size=200k none disk; cp empty.cf disk; cd disk
        printf "a 1\n" | makemap -C empty.cf hash x; ln x.db other.db; cp x.db /tmp/before.$$
        makemap -C empty.cf -s hash x < ../../big; echo $?
        cmp x.db /tmp/before.$$ && echo same; rm /tmp/before.$$'
      """)
    #expect(outcome.outputText == "74\nsame\n" || outcome.outputText == "73\nsame\n", "\(outcome.errorText)")
  }

  @Test func aDumpThatCannotBeWrittenIsAFailure() throws {
    let place = try Place()
    try place.makemap("hash", "x", input: "a 1\n")
    for (output, reason) in [("> /dev/full", "No space left"), (">&-", "Bad file descriptor")] {
      let outcome = try place.shell("makemap -C empty.cf -u hash x \(output)")
      #expect(outcome.status == 74)
      #expect(outcome.errorText.contains(reason), "\(outcome.errorText)")
    }
  }

  @Test func whatMayBeMeantOtherwiseIsSaidWithV() throws {
    let place = try Place()
    let text = "\u{FEFF}a b\r\n" + String(repeating: "x", count: 1100) + " tail\n"
    #expect(try !place.makemap("hash", "x", input: text, status: 65).errorText.contains("note"))
    let outcome = try place.makemap("-v", "--sendmail-exact", "hash", "x", input: text, status: 65)
    #expect(outcome.errorText.contains("x: line 1: note: a byte-order mark"))
    #expect(outcome.errorText.contains("x: line 1: note: the line ends in CR LF"))
    #expect(outcome.errorText.contains("x: line 2: note: what is behind the first 1023 bytes"))
    let ours = try place.makemap("-v", "hash", "x", input: text + " bad\n", status: 65)
    #expect(ours.errorText.contains("makemap: x: line 2: line too long (1024 bytes max)\n"))
    #expect(ours.errorText.contains("makemap: x: line 3: syntax error (leading space)\n"))
  }

  /// The long-option of ours that sendmail's program does not know is in the help, and help is no change of its options.
  @Test func helpHasExamples() throws {
    for (name, word) in [
      ("makemap", "--sendmail-exact"), ("editmap", "-q"), ("newaliases", "EXAMPLES"), ("praliases", "EXAMPLES"),
    ] {
      let outcome = try mailcfg(["help", name])
      #expect(outcome.status == 0)
      #expect(outcome.outputText.contains(word), "\(outcome.outputText)")
    }
    #expect(try mailcfg(["makemap", "--help"]).status == 64)
    #expect(try mailcfg(["-q", "makemap", "hash", "x"]).status == 64)
    let help = try mailcfg(["--help"]).outputText
    for name in ["makemap", "editmap", "newaliases", "praliases"] { #expect(help.contains("  \(name) ")) }
  }

  @Test(.needs(.postmap, .makemap)) func postfixReadsTheMap() throws {
    let place = try Place()
    for options in [[], ["-N"]] {
      _ = try run(
        place.directory.path("bin/makemap"), ["-C", "empty.cf"] + options + ["hash", "x"],
        input: Array(Self.bigTable(3000).utf8), directory: place.work)
      try place.directory.write("main.cf", "compatibility_level = 3.6\nmail_owner = mail\nsetgid_group = daemon\n")
      let keys = (0..<3000).map { "host\($0).example.com\n" }.joined()
      let outcome = try run(
        try Tools.postmap, ["-c", place.directory.path, "-q", "-", "hash:\(place.work)/x"], input: Array(keys.utf8),
        environment: Tools.environment)
      #expect(outcome.outputText == Self.bigTable(3000), "\(outcome.errorText)")
    }
  }
}
