import SendmailConfig
import TestSupport
import Testing

@testable import SendmailEvaluator

/// Tables as sendmail's databases answer: keys in lower case, the first of a key.
struct SiteTables: Sendable {
  private var values: [ByteString: [ByteString: (ByteString, Int)]] = [:]

  mutating func add(_ entries: [(String, String)], to map: ByteString) {
    for (index, entry) in entries.enumerated() {
      let key = ByteString(entry.0).folded
      if values[map, default: [:]][key] == nil { values[map, default: [:]][key] = (ByteString(entry.1), index + 1) }
    }
  }

  func answer(_ map: ByteString, _ key: ByteString) -> MapAnswer {
    values[map]?[key].map { .found($0.0, line: $0.1) } ?? .notFound
  }

  var lookups: Lookups {
    Lookups(
      table: { map, key in values[map.name.folded]?[key].map { .found($0.0, line: $0.1) } ?? .notFound },
      host: { name in
        // Addresses are in /etc/hosts, names in a file that is not there.
        switch name {
        case "[127.0.0.1]": .found("localhost", line: nil)
        default: .notFound
        }
      },
      account: { $0 == "root" ? .found($0, line: nil) : .notFound })
  }
}

@Suite("Whole configurations, beside sendmail -bt")
struct SiteTests {
  @Test(
    "Same rule sets, same results, same questions to maps", .needs(.sendmail, .m4, .makemap), arguments: SiteVariant.all
  )
  func variant(_ variant: SiteVariant) throws {
    for round in 0..<Effort.factor { try Self.compare(variant, seed: UInt64(round)) }
  }

  static func compare(_ variant: SiteVariant, seed: UInt64) throws {
    let real = try RealTestMode()
    let directory = real.directory
    var site = GeneratedSite(seed: variant.name.utf8.reduce(seed &* 7919 &+ 1) { $0 &* 31 &+ UInt64($1) })
    var tables = SiteTables()
    var paths = ["ALIASES": directory.path("aliases"), "STATEDIR": directory.path("state")]
    try directory.makeDirectory("state", mode: 0o755)
    try directory.write("state/service.switch", "hosts\tfiles\naliases\tfiles\npasswd\tfiles\n")
    try directory.write("state/relay-domains", "relay.example\n10.1\nIPv6:2001:db8:1\n")
    for (map, word, entries) in [
      ("access", "ACCESS", site.access()), ("virtuser", "VIRTUSERTABLE", site.virtualUsers()),
      ("mailertable", "MAILERTABLE", site.mailers()), ("generics", "GENERICSTABLE", site.generics()),
      ("domaintable", "DOMAINTABLE", site.domains()),
    ] {
      tables.add(entries, to: ByteString(map))
      if map == "generics" { tables.add(entries, to: "authinfo") }
      paths[word] = directory.path(map)
      if variant.lacksAccess, map == "access" { continue }
      let text = entries.map { "\($0.0)\t\($0.1)\n" }.joined()
      // Of a key that comes twice the first counts, and makemap says so.
      _ = try run(
        try Tools.makemap,
        ["-C", Tools.configurationTemplate.replacing("oracle.cf", with: "empty.cf"), "hash", directory.path(map)],
        input: Array(text.utf8), environment: Tools.environment)
    }
    try directory.write("hostnames", GeneratedSite.hostNames)
    paths["HOSTNAMES"] = directory.path("hostnames")
    let text = try variant.configuration(paths: paths)
    let configuration = Configuration(text, host: RealTestMode.host) { source in
      guard let bytes = try? readFile(source.path.description) else {
        return .missing(reason: "No such file or directory")
      }
      return .text(bytes)
    }
    #expect(configuration.diagnostics.isEmpty)
    var commands = (GeneratedSite.seldom + site.commands(400)).map { Array($0.utf8) }
    // Whether sendmail asks for a queue group depends on what was reported earlier in its session.
    if !variant.features.contains(where: { $0.contains("queuegroup") }) {
      commands += (0..<60).map { _ in Array(site.parsing().utf8) }
    }
    commands += (0..<200).map { _ in Array(site.direct().utf8) }
    commands += (0..<300).compactMap { _ in site.probe(configuration).map { Array($0.utf8) } }
    var context = EvaluationContext()
    context.lookups = tables.lookups
    if variant.lacksAccess {
      let found = context.lookups.table
      context.lookups.table = { $0.name == "access" ? .temporaryFailure : found($0, $1) }
    }
    var mode = TestMode(configuration, context, rules: 0, maps: 5)
    let theirs = try real.run(commands, configuration: text, debug: "60.5")
    Difference.report(commands, theirs: Array(theirs.dropFirst())) { mode.run(ByteString($0))?.bytes ?? [] }
  }

  @Test("A check of two texts, and of one with a comment", .needs(.sendmail, .m4))
  func checks() throws {
    let text = try SiteVariant.stock.configuration(paths: [:])
    var tables = SiteTables()
    tables.add([("spam.example", "REJECT"), ("Connect:192.0.2", "RELAY")], to: "access")
    var context = EvaluationContext()
    context.lookups = tables.lookups
    var evaluation = Evaluation(Configuration(text, host: RealTestMode.host), context)
    let relay = evaluation.check("host.spam.example", "192.0.2.1", by: "check_relay")
    #expect(relay?.triple?.mailer == "error")
    #expect(relay?.triple?.host?.map(\.description) == ["5", ".", "7", ".", "1"])
    #expect(relay?.triple?.user == ["\"550 Access denied\""])
    let mail = evaluation.check("joe@spam.example (or so)", by: "check_mail")
    #expect(mail?.triple?.mailer == "error")
    // A client cannot put a "$|" of its own between two texts.
    let forged = evaluation.check("joe@other.example$|x@spam.example", by: "check_mail")
    #expect(forged?.tokens.contains { $0.bytes == [Meta.otherwise] } == false)
    #expect(evaluation.check(ByteString([0x61, 0x9B, 0x62]), by: "check_mail")?.status == 65)
    #expect(evaluation.check("x", by: "check_nothing") == nil)
  }

  @Test("Rules of the stock configuration that are reached", .needs(.sendmail, .m4))
  func coverage() throws {
    let text = try SiteVariant.filled.configuration(paths: ["STATEDIR": "/nowhere", "HOSTNAMES": "/nowhere/names"])
    let stockLines = (text.dropLast(SiteVariant.filled.lines.utf8.count)).count { $0 == ASCII.lineFeed }
    let configuration = Configuration(text, host: RealTestMode.host) { source in
      switch source.path {
      case "/nowhere/names": .text(Array(GeneratedSite.hostNames.utf8))
      case "/nowhere/relay-domains": .text(Array("relay.example\n10.1\nIPv6:2001:db8:1\n".utf8))
      default: .unknown
      }
    }
    var reached: Set<Int> = []
    for seed in 0..<6 {
      var site = GeneratedSite(seed: UInt64(1000 + seed))
      var tables = SiteTables()
      tables.add(seed % 2 == 0 ? site.access() : GeneratedSite.tagged, to: "access")
      tables.add(site.virtualUsers(), to: "virtuser")
      tables.add(site.mailers(), to: "mailertable")
      var context = EvaluationContext()
      context.lookups = tables.lookups
      if seed % 6 == 5 { context.lookups.table = { _, _ in .temporaryFailure } }
      var mode = TestMode(configuration, context)
      mode.recordsCoverage = true
      for command in site.commands(300) { _ = mode.run(ByteString(command)) }
      for command in GeneratedSite.seldom { _ = mode.run(ByteString(command)) }
      for _ in 0..<60 {
        for command in site.commands(30) + (0..<60).map({ _ in site.direct() }) { _ = mode.run(ByteString(command)) }
      }
      for _ in 0..<3000 { _ = site.probe(configuration).flatMap { mode.run(ByteString($0)) } }
      reached.formUnion(mode.matchedLines)
    }
    let rules = configuration.ruleSetNames.flatMap { name in
      configuration.ruleLines(of: name).enumerated().map { (place: "`\(name)` \($0.offset + 1)", line: $0.element) }
    }.filter { $0.line <= stockLines }
    let missed = rules.filter { !reached.contains($0.line) }
    // The page has each of them with its reason, and none that is reached.
    let page = String(decoding: try readFile(Tools.checkout + "/Docs/rule-coverage.md"), as: UTF8.self)
    let listed = page.split(separator: "\n").filter { $0.hasPrefix("| `") }.map {
      $0.dropFirst(2).prefix { $0 != "|" }.dropLast()
    }
    #expect(missed.map(\.place) == listed.map(String.init))
    #expect(page.contains("\(rules.count - missed.count) of \(rules.count) rules"))
  }
}
