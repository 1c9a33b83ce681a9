import Glibc
import SendmailConfig
import SendmailEvaluator
import TestSupport
import Testing

/// What becomes of mail that is really delivered where `check_compat` has something to say, beside what a session says.
@Suite(
  "check_compat, beside the delivery of sendmail", .needs(.sendmail, .m4, .makemap, .newaliases), .needsLiveSendmail)
struct CompatibilityTests {
  /// Rules of a site's own, in the place of those of FEATURE(`compat_check').
  private static let rules = """
    Kchecktable hash @ACCESS@
    Scheck_compat
    R<$*> $| $*\t$: $1 $| $2
    R$* $| <$*>\t$: $1 $| $2
    R$* $| u14 $*\t$#error $@ TEMPFAIL $: kept by word
    R$* $| joe $*\t$#error $@ 4.7.1 $: "450 kept by code"
    R$* $| u1 $*\t$#error $@ 5.7.1 $: "450 sent back, whatever the code"
    R$* $| u2 $*\t$#error $@ 4.7.1 $: "550 kept, whatever the code"
    R$* $| u3 $*\t$#error $: "450 sent back"
    R$* $| u4 $*\t$#error $: "550 5.7.3 sent back"
    R$* $| u5 $*\t$#error $: plain
    R$* $| u6 $*\t$#error $@ NOUSER $: nobody
    R$* $| u7 $*\t$#error $@ 2.1.1 $: "250 fine"
    R$* $| u8 $*\t$#error $@ nosuch $: "450 4.7.3 x"
    R$* $| u9 $*\t$#error $@ quarantine $: held
    R$* $| u10 $*\t$#discard $: thrown away
    R$* $| u11 $*\t$#local $: other
    R$* $| u12 $*\t$#error $@ tempfail $: "421 4.7.3 x"
    R$* $| u13 $*\t$#error $@ 4.7.1 $: 5.7.1 x
    R$* $| $*\t$: $(checktable Compat:$1<@>$2 $: $)
    RREJECT\t$#error $@ 5.7.1 $: "550 by table"

    """

  @Test("Rules of a site's own") func ownRules() throws {
    try compare(SiteVariant(name: "own rules", lines: Self.rules), seeds: 0..<UInt64(3 * Effort.factor))
  }

  @Test("FEATURE(compat_check)") func feature() throws {
    try compare(
      SiteVariant(name: "compat_check", features: ["FEATURE(`compat_check')dnl"]),
      seeds: 0..<UInt64(8 * Effort.factor))
  }

  private static let recipients =
    ["anna", "joe", "carl", "carl@local.example", "all", "All@Local.Example", "<carl@local.example>", "carl+x"]
    + DeliveringSite.users.suffix(14)
  private static let values = [
    "DISCARD", "DISCARD:really", "TEMP:later", "ERROR:go away", "REJECT", "OK", "ERROR:550 5.7.1 no", "whatever",
    "TEMP:4.2.1 in a while",
  ]

  private func compare(_ variant: SiteVariant, seeds: Range<UInt64>) throws {
    let site = try DeliveringSite(variant)
    for seed in seeds {
      var random = SplitMix64(seed: seed &* 31 &+ 7)
      let senders = ["anna@local.example", "<anna@local.example>", "anna"]
      let pairs = (0..<12).map { _ in
        (
          "Compat:\(random.pick(senders.filter { !$0.hasPrefix("<") }))<@>"
            + random.pick(Self.recipients.filter { !$0.hasPrefix("<") }).lowercased(),
          random.pick(Self.values)
        )
      }
      try site.take(pairs)
      for recipient in Self.recipients.shuffled(using: &random).prefix(10) {
        let sender = random.pick(senders)
        let ours = try site.predict(from: sender, to: recipient)
        // Once sendmail has sent one back it may do so with those that are to wait, too: Docs/differences.md.
        let isMixed =
          ours.contains { $0.hasSuffix("waits") } && ours.contains { $0.contains("is sent back") }
        if isMixed { continue }
        let theirs = try site.deliver(from: sender, to: recipient)
        #expect(ours == theirs, "\(variant.name), seed \(seed): \(sender) to \(recipient)\n\(pairs)")
      }
    }
  }
}

/// A site whose sendmail delivers, into files.
private final class DeliveringSite {
  private let directory: TemporaryDirectory
  private let site: SendmailSite
  private let configuration: Configuration
  private var lookups = Lookups()
  private let aliases: [ByteString: ByteString]
  static let users = ["anna", "joe", "carl"] + (1...14).map { "u\($0)" }

  init(_ variant: SiteVariant) throws {
    directory = try TemporaryDirectory(inMemory: true)
    try directory.makeDirectory("queue", mode: 0o700)
    try directory.makeDirectory("mail", mode: 0o777)
    // The mailer is run as the user, whatever the umask here.
    for (path, mode) in [(directory.path, mode_t(0o755)), (directory.path("mail"), 0o777)]
    where unsafe chmod(path, mode) != 0 { throw TestSupportError("chmod", errno: errno) }
    try directory.write("access", "")
    let lines = [("all", "carl, u1, u4, u10"), ("postmaster", "root")]
    aliases = Dictionary(uniqueKeysWithValues: lines.map { (ByteString($0.0), ByteString($0.1)) })
    try directory.write("aliases", lines.map { "\($0.0): \($0.1)\n" }.joined())
    try directory.write("local-host-names", "local.example\n")
    var variant = variant
    // The mailer puts what it gets into a file of the user's name.
    variant.features += [
      "define(`LOCAL_MAILER_PATH', `/bin/dd')dnl", "define(`LOCAL_MAILER_FLAGS', `Pn9')dnl",
      "define(`LOCAL_MAILER_ARGS', `dd status=none oflag=append conv=notrunc of=\(directory.path("mail"))/$u')dnl",
    ]
    variant.lines = variant.lines.replacing("@ACCESS@", with: directory.path("access"))
    let queue = "O QueueDirectory=\(directory.path("queue"))\n"
    site = try SendmailSite(
      mailDirectory: directory.path, template: try variant.configuration(paths: [:]) + Array(queue.utf8),
      accounts: "root:x:0:0::/root:/bin/sh\nmail:x:8:8::/var/mail:/bin/sh\n"
        + Self.users.map { "\($0):x:1000:8::/:/bin/sh\n" }.joined())
    try site.buildMaps()
    configuration = Configuration(
      try readFile(site.configuration), host: HostFacts(name: "mx.test.example", otherNames: ["mx"])
    ) { source in
      (try? readFile(source.path.description)).map { .text($0) } ?? .missing(reason: "No such file")
    }
  }

  func take(_ pairs: [(String, String)]) throws {
    try directory.write("access", pairs.map { "\($0.0)\t\($0.1)\n" }.joined())
    // Of a key that comes twice the first counts, and makemap says so.
    _ = try run(
      try Tools.makemap, ["-C", site.configuration, "hash", directory.path("access")],
      input: try readFile(directory.path("access")), environment: Tools.environment)
    var tables = SiteTables()
    tables.add(pairs, to: "access")
    tables.add(pairs, to: "checktable")
    lookups = tables.lookups
    lookups.host = { _ in .notFound }
    lookups.account = { (Self.users + ["root", "mail"]).contains($0.description) ? .found($0, line: nil) : .notFound }
    lookups.alias = { [aliases] in aliases[$0.folded].map { .found($0, nil) } ?? .notFound }
  }

  /// Lets sendmail deliver a mail, and tells what became of it: whom it reached, who waits, and what is sent back.
  func deliver(from sender: String, to recipient: String) throws -> [String] {
    _ = try run("find", [directory.path("queue"), directory.path("mail"), "-type", "f", "-delete"])
    _ = try site.sendmail(["-odi", "-oem", "-f", sender, recipient], input: Array("Subject: a mail\n\nText.\n".utf8))
    var waiting: [String] = []
    for name in try list("queue") where name.hasPrefix("qf") {
      for line in try directory.readText("queue/\(name)").split(separator: "\n") where line.hasPrefix("R") {
        waiting.append(line.firstRange(of: ":").map { String(line[$0.upperBound...]) } ?? String(line))
      }
    }
    var fates = waiting.map { "\($0) waits" }
    for name in try list("mail") {
      let text = try directory.readText("mail/\(name)").replacing("\r\n", with: "\n")
      guard let start = text.firstRange(of: "Transcript of session follows -----\n") else {
        fates.append("reaches \(name)")
        continue
      }
      // In the notice stands, too, what is said of those that wait.
      for line in text[start.upperBound...].prefix(while: { $0 != "-" }).split(separator: "\n") {
        guard let end = line.firstRange(of: "... "), !line.contains("User unknown") else { continue }
        let address = line[..<end.lowerBound].split(separator: " ").last.map(String.init) ?? ""
        if !waiting.contains(address) { fates.append("\(address) is sent back: \(line[end.upperBound...])") }
      }
    }
    return fates.sorted()
  }

  private func list(_ name: String) throws -> [String] {
    try run("ls", [directory.path(name)]).outputText.split(separator: "\n").map(String.init)
  }

  func predict(from sender: String, to recipient: String) throws -> [String] {
    let client = SessionClient(address: try #require(IPAddress("127.0.0.1")))
    var session = MailSession(configuration, client: client, lookups: lookups)
    _ = session.connect()
    _ = session.mail(from: ByteString(sender))
    guard let expansion = session.delivery(to: ByteString(recipient)).expansion else { return [] }
    return expansion.recipients.compactMap { recipient -> String? in
      switch recipient.outcome {
      case .delivered: "reaches \(recipient.destination.user)"
      case .failed(let failure):
        "\(recipient.address) " + (failure.isTemporary ? "waits" : "is sent back: \(failure.text)")
      case .discarded, .replaced, .duplicate, .reference: nil
      }
    }.sorted()
  }
}
