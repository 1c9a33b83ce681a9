import SendmailConfig
import SendmailDirectory
import SendmailEvaluator
import SendmailMaps
import TestSupport
import Testing

/// The library from many tasks at once.
///
/// That nothing is lost these tests say themselves; that nothing is shared that should not be, Thread Sanitizer does
/// (`scripts/prove-threads`).
@Suite struct ConcurrencyTests {
  static let tasks = 8
  let directory: TemporaryDirectory
  let mail: MailDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try directory.copyAsItIs("debian")
    mail = try MailDirectory(directory.path)
    try mail.build()
  }

  /// Does something in eight tasks, and throws what one of them throws.
  private func inTasks(_ body: @escaping @Sendable (_ task: Int) throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<Self.tasks { group.addTask { try body(task) } }
      try await group.waitForAll()
    }
  }

  @Test(.timeLimit(.minutes(10))) func allWriteAndRead() async throws {
    let rounds = 6
    let options = MailDirectory.Options(wait: 300)
    try await inTasks { [mail] task in
      for round in 0..<rounds {
        let client = "198.51.100.\(task * 10 + round)"
        let user = "user\(task)of\(round)"
        try mail.change(reason: user, options: options) { tables in
          try tables.access.allowRelay(from: client, note: user)
          try tables.aliases.add(ByteString(user), to: ["dora"])
          _ = try tables.hosts.add(ByteString("\(user).example"))
        }
        #expect(try mail.lookup([ByteString("connect:\(client)")], in: .access) == ["RELAY"])
        let tables = try mail.read([.access, .alias, .host])
        #expect(try tables.access.relayDecision(for: RelayClient(client)).mayRelay)
        #expect(tables.aliases.alias(named: ByteString(user))?.destinations.count == 1)
        #expect(tables.diagnostics(.access).isEmpty)
        switch round % 4 {
        case 0: _ = try mail.status()
        case 1: #expect(try mail.dump(.access).contains { $0.key == ByteString("connect:\(client)") })
        case 2: #expect(try mail.history().contains { $0.reason == user })
        default: _ = try mail.check()
        }
      }
    }
    let tables = try mail.read([.access, .alias, .host])
    for task in 0..<Self.tasks {
      for round in 0..<rounds {
        #expect(try tables.access.relayDecision(for: RelayClient("198.51.100.\(task * 10 + round)")).mayRelay)
        #expect(tables.aliases.alias(named: ByteString("user\(task)of\(round)")) != nil)
      }
    }
    #expect(try mail.status().allSatisfy { $0.agrees != false })
  }

  /// One compiled sendmail.cf and what answers its questions, from the texts or from the maps, serve all tasks.
  @Test(.timeLimit(.minutes(10)), arguments: [false, true]) func allEvaluate(isBuilt: Bool) async throws {
    try directory.write("aliases", Array("postmaster: root\nsales: anna, :include:\(directory.path)/list\n".utf8))
    try directory.write("list", Array("bernd\nroot\n".utf8))
    try mail.build(force: true)
    let evaluated = try mail.evaluated(isBuilt: isBuilt)
    let client = SessionClient(address: try #require(IPAddress("192.0.2.10")), name: "mail.example.org")
    @Sendable func steps() -> [String] {
      var session = MailSession(evaluated.configuration, client: client, lookups: evaluated.lookups)
      return session.steps(from: "<root@mail.example.org>", to: ["<sales>", "<daemon>", "<nobody@example.net>"]).map {
        "\($0.verdict) \($0.reply.map { "\($0)" } ?? "")"
      }
    }
    let expected = steps()
    #expect(expected.count > 2)
    try await inTasks { _ in
      for _ in 0..<10 { #expect(steps() == expected) }
    }
  }

  /// Maps of as many pairs as are sorted by two threads, built and read side by side.
  @Test(.timeLimit(.minutes(10))) func allBuildLargeMaps() async throws {
    var pairs = MapPairs()
    for number in 0..<30_000 {
      pairs.append(key: Array("key\(number)".utf8), value: Array("value\(number)".utf8), line: number + 1)
    }
    try await inTasks { [pairs, directory] task in
      let path = directory.path("large\(task).db")
      let contents = MapContents(pairs)
      try MapBuilder(waitsForDisk: task % 2 == 0).build(contents, at: path)
      #expect(try MapComparison(contents, with: MapReader(path: path)).agrees)
      var lookup = try SendmailMaps.MapLookup(path: path)
      #expect(try lookup.value(forKey: Array("key29999".utf8)) == Array("value29999".utf8))
    }
  }
}
