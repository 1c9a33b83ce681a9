import Dispatch
import Glibc
import Synchronization
import TestSupport
import Testing

/// Many writers, sendmail's own programs beside them, and a running sendmail that is asked all the while.
@Suite(.needsLiveSendmail, .serialized) struct RaceTests {
  private static let writers = 8
  private static let changes = Proof.isFull ? 500 : 3
  private static let readers = 4
  /// The share of opens that may fail: the figure of the measurements that the exchange was chosen by, for a machine that does
  /// nothing else; beside other tests, which hold readers up between two calls, less than with any other way of replacing.
  private static let failing = Proof.isFull ? 0.0037 : 0.015

  let directory: TemporaryDirectory
  let site: SendmailSite

  init() throws {
    directory = try TemporaryDirectory()
    try directory.write("access", "# clients\nConnect:127.0.0.80\tRELAY\nspam.example\tREJECT\n")
    try directory.write("virtusertable", "info@local.example\troot\n")
    try directory.write("aliases", "postmaster: root\nstaff: root\n")
    try directory.write("local-host-names", "local.example\n")
    // Where a map may be missing, sendmail takes one that it could not open for an empty one, and answers wrongly.
    let template = String(decoding: try readFile(Tools.configurationTemplate), as: UTF8.self)
    let parts = template.split(separator: "hash -o @VIRTUSERTABLE@", omittingEmptySubsequences: false)
    try #require(parts.count == 2)
    site = try SendmailSite(
      mailDirectory: directory.path, template: Array(parts.joined(separator: "hash @VIRTUSERTABLE@").utf8))
    try site.buildMaps()
  }

  /// Only mailcfg changes: what was changed is so at the next question, in sessions that were open before too, and readers
  /// wait for an exchange at most.
  @Test func whatIsChangedIsSeenAtOnce() throws {
    let live = try site.start()
    let tally = Tally()
    let stop = Stop()
    let group = DispatchGroup()
    ask(live, tally, stop, group)
    let waits = measureLock(stop, group)
    let opens = openWithEditmap(stop, group)
    let writers = try startWriters()

    // One more writer, who asks whether what he did is so.
    let client = try live.connect(from: "127.0.0.77")
    var changes = 0
    while writers.contains(where: \.isRunning) || changes < 4 {
      for (word, code) in [("add", "250"), ("remove", "550")] {
        try change(["relay", word, "127.0.0.77"])
        changes += 1
        for session in [client, try live.connect(from: "127.0.0.77")] {
          let answer = try session.recipient("user@remote.example")
          if answer.hasPrefix("4") { tally.fail(answer) } else { #expect(answer.hasPrefix(code), "\(answer)") }
        }
      }
    }
    for writer in writers { #expect(try writer.wait(timeout: 3600) == 0) }
    stop.set()
    group.wait()
    #expect(tally.wrong == [])
    try examine(tally, expecting: 0)
    let (count, failed) = opens()
    let sorted = waits().sorted()
    try #require(sorted.count > 10)
    #expect(sorted[sorted.count / 2] < 1_000)
    #expect(sorted[sorted.count - 1] < 1_000_000)
    #expect(failed < count)
    // A few opens prove nothing.
    if count > 2_000 { #expect(Double(failed) / Double(count) < Self.failing) }
    Proof.report(
      "races, mailcfg alone: \(Self.writers * Self.changes + changes) changes, \(tally.summary); \(failed) of \(count) opens by "
        + "editmap failed; \(sorted.count) waits for the lock, in µs: half below \(sorted[sorted.count / 2]), 99.9 % below "
        + "\(sorted[sorted.count * 999 / 1000]), longest \(sorted[sorted.count - 1])")
  }

  /// A session that opened the map of a change sees that makemap writes to it within the same second, though sendmail compares
  /// seconds: it would look for keys on pages where they were before.
  @Test(arguments: [["relay", "add"], ["build", "--force"]])
  func aMapThatIsRebuiltInTheSecondOfTheChangeIsOpenedAnew(command: [String]) throws {
    let domains = (0..<3000).map { "domain\($0).example" }
    try directory.write(
      "access", "Connect:127.0.0.80\tRELAY\n" + domains.map { "From:\($0)\tREJECT\n" }.joined())
    try change(["build"])
    let live = try site.start()
    for attempt in 1...30 {
      // As much of a second is left as can be; time(2) is a little behind.
      var now = timespec()
      unsafe clock_gettime(CLOCK_REALTIME, &now)
      usleep(UInt32(1_020_000 - now.tv_nsec / 1000))
      let second = time(nil)
      try change(command + (command[0] == "relay" ? ["192.0.2.\(attempt)"] : []))
      let session = try live.connect(from: "127.0.0.80")
      #expect(try session.recipient("user@remote.example").hasPrefix("250 "))
      let path = directory.path("access")
      let built = try run(
        try Tools.makemap, ["-C", site.configuration, "hash", path], input: try readFile(path),
        environment: Tools.environment)
      #expect(built.status == 0, "\(built.errorText)")
      var status = stat()
      unsafe stat(path + ".db", &status)
      if status.st_mtim.tv_sec != second { continue }
      for domain in stride(from: 0, to: domains.count, by: 97).map({ domains[$0] }) {
        let answer = try session.recipient("user@remote.example", from: "someone@\(domain)")
        #expect(answer.hasPrefix("550 "), "\(domain): \(answer)")
      }
      return
    }
    Issue.record("no change, session and makemap in one second")
  }

  /// A session finds every key where makemap writes to the map between the moment at which sendmail has read the first page, and
  /// let go of the lock, and the one at which it notes the map's time: then it never sees that there is another map.
  @Test(.needsStrace, .needs(.makemap)) func aMapThatIsRebuiltWhileASessionOpensItHasItsKeysWhereTheyWere() throws {
    let domains = (0..<1500).map { "domain\($0).example" }
    try directory.write("access", domains.map { "From:\($0)\tREJECT\n" }.joined())
    let questions = stride(from: 0, to: domains.count, by: 31).map { "/map access from:\(domains[$0])\n" }
    try directory.write("first", questions[0])
    try directory.write("all", questions.joined())
    let script = """
      cd "$1" && sendmail=$2 makemap=$3 configuration=$4
      export LD_LIBRARY_PATH=$TEST_LIBRARIES
      strace -f -o calls -e trace=openat,close "$sendmail" -C "$configuration" -bt <first >/dev/null
      close=$(awk '/access.db", O_RDONLY/ { opens++ } /close\\(/ { n++; if (opens == 3) { print n; exit } }' calls)
      strace -f -o /dev/null -e trace=close -e inject=close:delay_exit=4000000:when="$close" \
        "$sendmail" -C "$configuration" -bt <all &
      sleep 2
      "$makemap" -C "$configuration" hash access <access
      wait
      """
    func missing() throws -> Int {
      let outcome = try site.runBeside(
        "/bin/bash",
        ["-c", script, "bash", directory.path, try Tools.sendmail, try Tools.makemap, site.configuration])
      let found = outcome.outputText.split(separator: "\n").filter { $0.hasSuffix("returns REJECT (0)") }
      return questions.count - found.count
    }
    try change(["build", "--force"])
    #expect(try missing() == 0)
    // A map in another order shows that the moment was met.
    let isMet = try (0..<3).contains { _ in
      let built = try run(
        Proof.mailcfg, ["makemap", "-C", "/dev/null", "hash", directory.path("access")],
        input: try directory.read("access"))
      #expect(built.status == 0, "\(built.errorText)")
      return try missing() > 0
    }
    #expect(isMet)
  }

  /// makemap and newaliases rebuild the same maps, from texts that may be older than the map that they write over: in the end
  /// nothing is lost, and meanwhile no answer is wrong.
  @Test func sendmailsOwnProgramsBeside() throws {
    let live = try site.start()
    let tally = Tally()
    let stop = Stop()
    let group = DispatchGroup()
    ask(live, tally, stop, group)
    let writers = try startWriters()
    let rebuilds = rebuild(stop, group)
    for writer in writers { #expect(try writer.wait(timeout: 3600) == 0) }
    stop.set()
    group.wait()
    #expect(tally.wrong == [])
    let isStale = try mailcfg(["--mail-dir", directory.path, "status"]).status == 1
    try change(["build"])
    try examine(tally, expecting: 1)
    Proof.report(
      "races, with makemap and newaliases: \(Self.writers * Self.changes) changes, \(rebuilds().count) times "
        + "rebuilt, \(rebuilds().failed) times with an error of theirs, \(tally.summary); in the end a map was \(isStale ? "" : "not ")older than its text, as makemap had read it"
    )
  }

  /// The same without mailcfg, to be compared with: lines are added to the texts as a shell's `>>` does it.
  @Test(.enabled(if: Proof.isFull, "a measurement, not a promise: MAILCFG_PROOF=full")) func sendmailsOwnProgramsAlone()
    throws
  {
    let live = try site.start()
    let tally = Tally()
    let stop = Stop()
    let group = DispatchGroup()
    ask(live, tally, stop, group)
    let rebuilds = rebuild(stop, group)
    let lines = [
      ("access", "Connect:10.0.%\tRELAY\n"), ("virtusertable", "w%@local.example\troot\n"), ("aliases", "w%: root\n"),
    ]
    var added = 0
    let end = ContinuousClock.now + .seconds(300)
    while ContinuousClock.now < end {
      let (name, line) = lines[added % 3]
      added += 1
      let file = unsafe open(directory.path(name), O_WRONLY | O_APPEND)
      let bytes = Array(line.replacing("%", with: "\(added / 250).\(added % 250)").utf8)
      #expect(unsafe write(file, bytes, bytes.count) == bytes.count)
      close(file)
      usleep(75_000)
    }
    stop.set()
    group.wait()
    Proof.report(
      "races, makemap and newaliases without mailcfg: \(added) lines added, \(rebuilds().count) times rebuilt, "
        + "\(rebuilds().failed) times with an error, \(tally.summary): \(Set(tally.wrong))")
  }

  // MARK: Writers

  // Each of what follows has a queue, and so a thread, of its own.

  /// Keeps rebuilding all maps with sendmail's own programs; tells how often, and how often one of them ended with an error.
  private func rebuild(_ stop: Stop, _ group: DispatchGroup) -> @Sendable () -> (count: Int, failed: Int) {
    final class Counts: Sendable { let pair = Mutex((count: 0, failed: 0)) }
    let counts = Counts()
    nonisolated(unsafe) let site = site
    DispatchQueue(label: "race").async(group: group) {
      while !stop.isSet {
        // A map that was exchanged under their hands is an error to them; their next run makes it good.
        let isDone = (try? unsafe site.buildMaps()) != nil
        counts.pair.withLock { $0 = ($0.count + 1, $0.failed + (isDone ? 0 : 1)) }
      }
    }
    return { counts.pair.withLock { $0 } }
  }

  /// Starts the writers, each of which changes three tables in turn.
  private func startWriters() throws -> [ChildProcess] {
    let script = """
      for i in $(seq \(Self.changes)); do
        case $((i % 3)) in
        0) set -- relay add "10.$0.$((i / 250)).$((i % 250))" ;;
        1) set -- virtmap set "w$0-$i@local.example" root ;;
        2) set -- alias add "w$0-$i" root ;;
        esac
        "$MAILCFG" --wait 3000 -q "$@" || exit
      done
      """
    return try (1...Self.writers).map { number in
      try ChildProcess(
        "/bin/bash", ["-c", script, "\(number)"],
        environment: ["MAILCFG": Proof.mailcfg, "MAILCFG_MAIL_DIR": directory.path],
        log: directory.path + ".log")
    }
  }

  private func change(_ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let outcome = try run(
      Proof.mailcfg, ["--mail-dir", directory.path, "--wait", "3000", "-q"] + arguments,
      environment: ["MAILCFG_MAIL_DIR": ""])
    #expect(outcome.status == 0, "\(arguments): \(outcome.errorText)", sourceLocation: sourceLocation)
  }

  /// Sees that every change is in text and map, and that both are what sendmail's own programs make of the text.
  private func examine(_ tally: Tally, expecting limit: Double) throws {
    let log = directory.path + ".log"
    let said = (try? readFile(log)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    #expect(said == "")
    _ = unsafe unlink(log)
    #expect(try mailcfg(["--mail-dir", directory.path, "status"]).status == 0)
    let maps = try ["access.db", "virtusertable.db", "aliases.db"].map { try DumpedMap(path: directory.path($0)) }
    let keys = maps.map { Set($0.pairs.map { String(decoding: $0.key.prefix { $0 != 0 }, as: UTF8.self) }) }
    var missing: [String] = []
    for writer in 1...Self.writers {
      for number in 1...Self.changes {
        let (map, key) =
          switch number % 3 {
          case 0: (0, "connect:10.\(writer).\(number / 250).\(number % 250)")
          case 1: (1, "w\(writer)-\(number)@local.example")
          default: (2, "w\(writer)-\(number)")
          }
        if !keys[map].contains(key) { missing.append(key) }
      }
    }
    #expect(missing == [])
    expectSame(maps[0].sortedPairs, try Oracle.makemap(try directory.read("access")).pairs)
    expectSame(maps[1].sortedPairs, try Oracle.makemap(try directory.read("virtusertable")).pairs)
    #expect(
      try listDirectory(directory.path).filter { $0.hasPrefix(".") }
        == [".mailcfg.history", ".mailcfg.lock", ".mailcfg.state"])
    #expect(tally.asked > 20)
    // A mandatory map that cannot be opened puts mail off, and never answers wrongly.
    if tally.asked > 2_000 { #expect(Double(tally.failed) / Double(tally.asked) < max(Self.failing, limit)) }
  }

  // MARK: Readers

  /// What readers were told.
  private final class Tally: Sendable {
    private struct Counts {
      var asked = 0
      var failed = 0
      /// Those that failed as a map was exchanged between two calls of its reader, and were told so with a code for good.
      var refused = 0
      var wrong: [String] = []
      var longest = Duration.zero
    }
    private let counts = Mutex(Counts())

    func note(_ question: Question, _ answer: String, _ time: Duration) {
      counts.withLock { counts in
        counts.asked += 1
        counts.longest = max(counts.longest, time)
        if answer.hasPrefix("4") || question.isPutOff(answer) {
          counts.failed += 1
        } else if answer.hasPrefix("5"), answer.contains("file changed after") {
          counts.failed += 1
          counts.refused += 1
        } else if !answer.hasPrefix(question.codes) {
          counts.wrong.append("\(question.client) \(question.recipient): \(answer)")
        }
      }
    }
    func fail(_ answer: String) { counts.withLock { $0.failed += 1 } }

    var asked: Int { counts.withLock { $0.asked } }
    var failed: Int { counts.withLock { $0.failed } }
    var wrong: [String] { counts.withLock { $0.wrong } }
    var summary: String {
      counts.withLock {
        "\($0.asked) questions, \($0.wrong.count) wrong answers, \($0.failed) put off or failed, \($0.refused) of them with 554, longest \($0.longest)"
      }
    }
  }

  /// A question whose answer never changes.
  private struct Question: Sendable {
    var client: String
    var recipient: String
    /// What the right answer begins with.
    var codes: String

    /// Whether an answer says that the aliases could not be looked at: sendmail then takes the mail, and decides when it goes
    /// through the queue.
    func isPutOff(_ answer: String) -> Bool { codes == "550 5.1.1 " && answer.contains("Recipient ok (will queue)") }

    static let all = [
      Question(client: "127.0.0.80", recipient: "user@remote.example", codes: "250 2.1.5 "),
      Question(client: "127.0.0.78", recipient: "user@remote.example", codes: "550 5.7.1 "),
      Question(client: "127.0.0.78", recipient: "info@local.example", codes: "250 2.1.5 "),
      Question(client: "127.0.0.78", recipient: "staff@local.example", codes: "250 2.1.5 "),
      Question(client: "127.0.0.78", recipient: "unknown@local.example", codes: "550 5.1.1 "),
    ]
  }

  /// When to end.
  private final class Stop: Sendable {
    private let flag = Atomic(false)
    var isSet: Bool { flag.load(ordering: .relaxed) }
    func set() { flag.store(true, ordering: .relaxed) }
  }

  /// Keeps asking what nobody changes: over sessions that live for a while, so that maps are opened and opened anew.
  private func ask(_ live: LiveSendmail, _ tally: Tally, _ stop: Stop, _ group: DispatchGroup) {
    nonisolated(unsafe) let live = live
    for _ in 0..<Self.readers {
      DispatchQueue(label: "race").async(group: group) {
        while !stop.isSet {
          for client in ["127.0.0.80", "127.0.0.78"] {
            guard let session = try? unsafe live.connect(from: client) else { continue }
            for _ in 0..<3 {
              for question in Question.all where question.client == client {
                let begin = ContinuousClock.now
                guard let answer = try? session.recipient(question.recipient) else { continue }
                tally.note(question, answer, ContinuousClock.now - begin)
              }
            }
          }
        }
      }
    }
  }

  /// Keeps taking the lock that a look-up takes, and tells how long each took, in microseconds.
  private func measureLock(_ stop: Stop, _ group: DispatchGroup) -> @Sendable () -> [Int] {
    final class Waits: Sendable { let list = Mutex<[Int]>([]) }
    let waits = Waits()
    let path = directory.path("access.db")
    DispatchQueue(label: "race").async(group: group) {
      while !stop.isSet {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { continue }
        let begin = ContinuousClock.now
        flock(file, LOCK_SH)
        let time = ContinuousClock.now - begin
        close(file)
        waits.list.withLock { $0.append(Int(time / .microseconds(1))) }
        usleep(200)
      }
    }
    return { waits.list.withLock { $0 } }
  }

  /// Keeps opening a map anew with sendmail's own editmap; gives how often, and how often that failed.
  ///
  /// By a relative path, as `OpenTests` says.
  private func openWithEditmap(_ stop: Stop, _ group: DispatchGroup) -> @Sendable () -> (count: Int, failed: Int) {
    final class Counts: Sendable { let pair = Mutex((count: 0, failed: 0)) }
    let counts = Counts()
    let (configuration, path) = (site.configuration, directory.path)
    DispatchQueue(label: "race").async(group: group) {
      while !stop.isSet {
        guard
          let outcome = try? run(
            Tools.editmap, ["-C", configuration, "-q", "hash", "access", "connect:127.0.0.80"],
            environment: Tools.environment, directory: path)
        else { continue }
        let isRight = outcome.outputText == "RELAY\n"
        // An answer is right, or there is none.
        if !isRight && outcome.outputText != "" { Issue.record("editmap: \(outcome.outputText)") }
        counts.pair.withLock { $0 = ($0.count + 1, $0.failed + (isRight ? 0 : 1)) }
      }
    }
    return { counts.pair.withLock { $0 } }
  }
}
