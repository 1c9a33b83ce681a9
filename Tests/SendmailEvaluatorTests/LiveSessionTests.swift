import SendmailConfig
import SendmailEvaluator
import TestSupport
import Testing

/// What a running sendmail says to clients, beside what a session says.
@Suite("Sessions, beside a running sendmail", .needsLiveSendmail) struct LiveSessionTests {
  @Test(
    "The same replies to MAIL and RCPT", .needs(.sendmail, .m4, .makemap, .newaliases), arguments: SiteVariant.all)
  func variant(_ variant: SiteVariant) throws {
    let site = try LiveSite(variant)
    for seed in 0..<UInt64(20 * Effort.factor) {
      var tables = GeneratedTables(seed: variant.name.utf8.reduce(seed &* 7919 &+ 3) { $0 &* 31 &+ UInt64($1) })
      // Where the rules count a client's connections, each one comes once.
      let counts = variant.features.contains { $0.contains("ratecontrol") }
      if counts { tables.addLimits() }
      try site.take(tables)
      let fresh: [LiveSite.Client] = (0..<3).map { ("127.\($0 % 2 * 3).\(seed % 250).\($0 + 11)", nil, .failed) }
      for client in counts ? fresh : Array(LiveSite.clients.shuffled(using: &tables.random).prefix(3)) {
        try site.compare(client, tables.commands(), "\(variant.name), seed \(seed)", tables)
      }
    }
  }
}

/// Tables made at random for clients on loopback.
struct GeneratedTables: CustomStringConvertible {
  var random: SplitMix64
  var access: [(String, String)] = []
  var virtualUsers: [(String, String)] = []
  var mailers: [(String, String)] = []
  var aliases: [(String, String)] = []

  init(seed: UInt64) {
    random = SplitMix64(seed: seed)
    access = (0..<random.below(14)).map { _ in (accessKey(), random.pick(Self.values)) }
    virtualUsers = (0..<random.below(6)).map { _ in
      let user = random.pick(["joe", "info", "info+*", "", "anna", "list"])
      return ("\(user)@\(random.pick(["local.example", "virt.example"]))", random.pick(Self.virtualValues))
    }
    mailers = (0..<random.below(3)).map { _ in
      (
        random.pick(["remote.example", ".remote.example", "mail.example", ".example"]),
        random.pick(["smtp:[127.0.0.1]", "error:5.7.0:550 no way there", "error:450 later", "local:root", "nosuch:x"])
      )
    }
    aliases = [("postmaster", "root"), ("list", "root, anna"), ("loop", "loop2"), ("loop2", "loop")]
  }

  private static let values = [
    "OK", "RELAY", "RELAY", "RELAY", "REJECT", "REJECT", "DISCARD", "SKIP", "QUARANTINE:odd", "FRIEND", "HATER",
    "ERROR:5.7.1:\"550 go away, (please) <now>\"", "ERROR:4.2.2:452 full", "550 no", "ERROR:550 nope", "421 bye",
    "whatever", "ERROR:5.7.1:nope", "450 4.7.9 later", "ERROR:D.S.N:550 x", "550", "REJECT # note", "ERROR:550 5.7.1",
    "ERROR:5.1.1:250 fine", "551 5.7.1 elsewhere", "$x %1", "VERIFY", "5.7.1 550 x",
  ]
  private static let virtualValues = [
    "joe", "root", "root@remote.example", "%1@remote.example", "error:nouser gone", "error:5.1.1:550 moved away",
    "error:nouser 550 5.7.1 x", "loop", "list", "nobody@local.example", "error:450 4.2.1 later", "anna+%2",
  ]
  private static let users = ["joe", "info", "info+detail", "root", "Anna", "list", "nobody", "loop", "a.b", "\"q r\""]
  private static let domains = [
    "local.example", "virt.example", "mx.test.example", "remote.example", "sub.remote.example", "mail.example",
    "relay.example", "LOCAL.Example", "localhost", "[127.0.0.1]", "[192.0.2.1]", "foo",
  ]

  /// Adds entries that say how often a client may come.
  mutating func addLimits() {
    for _ in 0..<4 {
      let key = random.pick(["ClientRate:", "ClientConn:"]) + random.pick(["127", "127.0", "127.3", "127.0.1", ""])
      access.append((key, random.pick(["-1", "0", "1", "2", "x", "REJECT"])))
    }
  }

  private mutating func accessKey() -> String {
    let tag = random.pick(["", "", "Connect:", "From:", "To:", "Spam:", "TLS_Clt:"])
    switch random.below(6) {
    case 0, 1:
      return tag
        + random.pick([
          "127.0.0.9", "127.0.0", "127.0", "127", "127.0.0.77", "127.0.0.80", "127.3.2", "IPv6:2001:db8", "IPv6",
          "IPv6:2001:db8:1:0:0:0:0:25", "[127.0.0.9]",
        ])
    case 2: return tag + random.pick(["relay.example", "c77.relay.example", "other.example", "six.example", "example"])
    case 3: return tag + random.pick(Self.domains).lowercased()
    case 4: return tag + random.pick(["joe", "info", "anna", "root", "info+*"]) + "@"
    default: return tag + random.pick(["joe", "info", "root", "list"]) + "@" + random.pick(Self.domains).lowercased()
    }
  }

  private mutating func address() -> String {
    let (user, domain) = (random.pick(Self.users), random.pick(Self.domains))
    switch random.below(16) {
    case 0: return random.pick(["<>", "<joe>", "<root>", "<nobody>", "<\"\">", "<@>", "<a b>"])
    case 1: return "<\(user)%\(domain)@\(random.pick(Self.domains))>"
    case 2: return "<@\(random.pick(Self.domains)):\(user)@\(domain)>"
    case 3:
      return random.pick([
        "<a@>", "<@b>", "<a@b..c>", "<a@b@c>", "<a,b@c.test>", "<list:;>", "<a(@b.test>", "<\"a@b.test>", "<a@b.test>>",
        "<|prog>", "</tmp/x>", "<:include:/x>", "<\\root>", "<a!b>", "<<a@b.test>>", "<(c)>", "<a(c)@b.test>",
        "<a;b@c.test>", "<a\u{01}b@local.example>", "<\"a\u{1B}b\"@virt.example>", "<a\u{7F}b@b.test>",
        "<j\u{FC}rgen@local.example>", "<stra\u{DF}e@virt.example>", "<a@b\u{E9}.test>", "<a\tb@local.example>",
        "<\(String(repeating: "x", count: 260))@b.test>", "<\(String(repeating: "y", count: 190))@remote.example>",
      ])
    case 4: return "<\(domain)!\(user)>"
    case 5: return "<\(user)@\(domain).>"
    default: return "<\(user)@\(domain)>"
    }
  }

  /// Senders, each with its recipients.
  mutating func commands() -> [(sender: String, recipients: [String])] {
    (0..<2).map { _ in
      let sender = random.below(3) == 0 ? address() : "<\(random.pick(Self.users))@\(random.pick(Self.domains))>"
      return (sender, (0..<(2 + random.below(5))).map { _ in address() })
    }
  }

  var description: String {
    [("access", access), ("virtual users", virtualUsers), ("mailers", mailers)].map { name, entries in
      "\(name): " + entries.map { "\($0.0) \($0.1)" }.joined(separator: " | ")
    }.joined(separator: "\n")
  }
}

/// A site of a variant with its daemon.
final class LiveSite {
  /// A client's address, its name, and what comes of looking for it.
  typealias Client = (address: String, name: String?, resolution: SessionClient.Resolution)

  static let clients: [Client] = [
    ("127.0.0.9", nil, .failed), ("127.3.2.1", nil, .failed), ("127.0.0.77", "c77.relay.example", .found),
    ("127.0.0.80", "other.example", .found), ("127.0.0.1", "localhost", .found),
    ("2001:db8:1::25", "six.example", .found), ("2001:db8:2::25", nil, .failed),
  ]

  private let directory: TemporaryDirectory
  private let site: SendmailSite
  private let daemon: LiveSendmail
  private let configuration: Configuration
  private let lacksAccess: Bool
  private var lookups = Lookups()

  init(_ variant: SiteVariant) throws {
    lacksAccess = variant.lacksAccess
    directory = try TemporaryDirectory(inMemory: true)
    for name in ["access", "virtusertable", "mailertable", "generics", "domaintable"] { try directory.write(name, "") }
    try directory.write("aliases", "postmaster: root\nlist: root, anna\nloop: loop2\nloop2: loop\n")
    try directory.write("local-host-names", "local.example\nvirt.example\n")
    // Words of the template stay for the site to replace; the two tables that it has no words for are here.
    let template = try variant.configuration(paths: [
      "GENERICSTABLE": directory.path("generics"), "DOMAINTABLE": directory.path("domaintable"),
    ])
    site = try SendmailSite(
      mailDirectory: directory.path,
      hosts: ["127.0.0.80 other.example", "2001:db8:1::25 six.example"],
      template: template,
      accounts: "root:x:0:0::/root:/bin/sh\nmail:x:8:8::/var/mail:/bin/sh\nanna:x:1000:8::/:/bin/sh\n")
    for name in ["generics", "domaintable"] {
      _ = try run(
        try Tools.makemap, ["-C", site.configuration, "hash", directory.path(name)], environment: Tools.environment)
    }
    try site.buildMaps()
    if lacksAccess { _ = try run("rm", [directory.path("access.db")]) }
    let text = try readFile(site.configuration)
    configuration = Configuration(
      text, host: HostFacts(name: "mx.test.example", otherNames: ["mx", "[127.0.0.1]"])
    ) { source in
      guard let bytes = try? readFile(source.path.description) else { return .missing(reason: "No such file") }
      return .text(bytes)
    }
    daemon = try site.start(addresses: ["2001:db8:1::25", "2001:db8:2::25"])
  }

  /// Takes other tables; the daemon's next session sees them.
  func take(_ tables: GeneratedTables) throws {
    var all = SiteTables()
    for (file, map, entries) in [
      ("access", "access", tables.access), ("virtusertable", "virtuser", tables.virtualUsers),
      ("mailertable", "mailertable", tables.mailers),
    ] {
      all.add(entries, to: ByteString(map))
      if lacksAccess, map == "access" { continue }
      // Of a key that comes twice the first counts, and makemap says so.
      _ = try run(
        try Tools.makemap, ["-C", site.configuration, "hash", directory.path("new")],
        input: Array(entries.map { "\($0.0)\t\($0.1)\n" }.joined().utf8), environment: Tools.environment)
      try rename(directory.path("new.db"), directory.path(file + ".db"))
    }
    lookups = all.lookups
    if lacksAccess {
      let found = lookups.table
      lookups.table = { $0.name == "access" ? .temporaryFailure : found($0, $1) }
      let file = directory.path("access.db")
      lookups.complaint = { map in
        map.name == "access"
          ? ByteString("hash map \"access\": missing map file \(file): No such file or directory") : nil
      }
    }
    let hosts: [ByteString: ByteString] = [
      "[127.0.0.1]": "localhost", "localhost": "localhost", "mx": "mx.test.example",
    ]
    lookups.host = { hosts[$0.folded].map { .found($0, line: nil) } ?? .notFound }
    lookups.account = { ["root", "mail", "anna"].contains($0) ? .found($0, line: nil) : .notFound }
    let aliases = Dictionary(uniqueKeysWithValues: tables.aliases.map { (ByteString($0.0), ByteString($0.1)) })
    lookups.alias = { aliases[$0.folded].map { .found($0, nil) } ?? .notFound }
  }

  private func rename(_ old: String, _ new: String) throws { _ = try run("mv", [old, new]) }

  /// Compares each reply.
  func compare(
    _ client: Client, _ commands: [(sender: String, recipients: [String])], _ what: String, _ tables: GeneratedTables
  ) throws {
    let address = try #require(IPAddress(client.address))
    var session = MailSession(
      configuration,
      client: SessionClient(
        address: address, name: client.name.map { ByteString($0) }, resolution: client.resolution,
        greeting: "client.test.example"),
      lookups: lookups)
    let real = try daemon.open(from: client.address)
    var log: [String] = []
    func expect(_ line: String, _ step: SessionStep) -> Bool {
      // sendmail adds what went wrong last to a message about its configuration, such as that a key was not found.
      let said = line.hasSuffix("Unknown error -30988") ? String(line.dropLast(": Unknown error -30988".count)) : line
      let ours = step.reply?.line.description ?? ""
      log.append("\(step.stage) \(step.address): \(said)")
      #expect(
        ours == said, "\(what), client \(client.address)\n\(tables)\n\(log.joined(separator: "\n"))\nours: \(ours)")
      return ours == said
    }
    let connection = session.connect()
    if connection.reply?.code == 421 {
      _ = expect(real.greeting, connection)
      return
    }
    if real.greeting.hasPrefix("451 ") {
      guard expect(real.greeting, connection) else { return }
      // What sendmail says first is none: the greeting follows.
      try real.reply()
    } else {
      #expect(connection.reply?.text.description.contains(" map file ") != true, "\(what): \(client.address)")
      #expect(real.greeting.hasPrefix("220 "), "\(what): \(client.address): \(real.greeting)\n\(tables)")
    }
    try real.command("EHLO client.test.example")
    for (sender, recipients) in commands {
      try real.command("RSET")
      session.reset()
      let said = try real.command("MAIL FROM:\(sender)")
      let step = session.mail(from: ByteString(sender))
      guard expect(said, step), !said.hasPrefix("421") else { return }
      guard !step.isRefused else { continue }
      var isWanted = false
      for recipient in recipients {
        let said = try real.command("RCPT TO:\(recipient)")
        let step = session.recipient(ByteString(recipient))
        guard expect(said, step), !said.hasPrefix("421") else { return }
        if !step.isRefused { isWanted = true }
      }
      if isWanted, let step = session.data() {
        let said = try real.command("DATA")
        guard expect(said, step) else { return }
        if said.hasPrefix("354") { try real.command("Subject: a mail\r\n\r\nThe mail.\r\n.") }
      }
    }
  }
}
