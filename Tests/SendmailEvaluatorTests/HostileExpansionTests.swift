import SendmailConfig
import SendmailEvaluator
import TestSupport
import Testing

@Suite("Aliases and lists that would keep an expansion busy, or break it", .timeLimit(.minutes(2)))
struct HostileExpansionTests {
  private static let configuration = Configuration(
    StandardConfiguration.text(fullName: "mx.test.example", names: ["local.example"], virtualUsers: nil),
    host: HostFacts(name: "mx.test.example"))

  /// Expands an address where aliases and lists are as given; every account is there.
  private static func expand(
    _ address: ByteString, limit: Int = 1_000_000, list: @escaping @Sendable (ByteString) -> [UInt8]? = { _ in nil },
    alias: @escaping @Sendable (ByteString) -> ByteString?
  ) -> Expansion {
    var lookups = Lookups()
    lookups.alias = { name in alias(name.folded).map { .found($0, nil) } ?? .notFound }
    lookups.account = { .found($0, line: nil) }
    lookups.list = { path, _ in
      list(path).map { .text($0, owner: nil, isUnsafe: false) } ?? .refused(reason: "No such file or directory")
    }
    var evaluation = Evaluation(configuration, EvaluationContext(lookups: lookups))
    return evaluation.expand(address, limit: limit)
  }

  /// Each recipient has what it comes from before it, and an end.
  private static func expectSound(_ expansion: Expansion, _ what: String) {
    for (number, recipient) in expansion.recipients.enumerated() {
      #expect(recipient.parent.map { $0 < number } ?? true, "\(what)")
      #expect(expansion.way(to: number).first == 0 || recipient.parent == nil, "\(what)")
    }
    #expect(Set(expansion.order) == Set(expansion.recipients.indices), "\(what)")
    _ = (expansion.loops, expansion.deliveries, expansion.failures)
  }

  @Test("A chain of a hundred thousand aliases ends where sendmail's does")
  func chain() throws {
    let expansion = Self.expand("a0") { name in
      Int(name.description.dropFirst()).map { $0 < 100_000 ? ByteString("a\($0 + 1)") : "root" }
    }
    #expect(expansion.failures.count == 1)
    #expect(expansion.failures.first?.failure.reason == .loop)
    #expect(expansion.recipients.count < 20)
  }

  @Test("Eight levels that each name eight others come to an end at the limit")
  func fanOut() {
    // Without the same name twice: 8 to the 8th power of recipients.
    let expansion = Self.expand("x", limit: 10_000) { name in
      name.bytes.count > 8 ? nil : ByteString((0..<8).map { "\(name)\($0)" }.joined(separator: ", "))
    }
    #expect(expansion.isTruncated)
    #expect(expansion.recipients.count <= 10_008)
    Self.expectSound(expansion, "fan-out")
  }

  @Test("A list of twenty thousand members, each of them twice")
  func longList() {
    let lines = Array(
      (0..<20_000).map { "user\($0)@h\($0 % 99).example\nUSER\($0)@H\($0 % 99).example\n" }.joined().utf8)
    let expansion = Self.expand("list", list: { _ in lines }) { $0 == "list" ? ":include:/list" : nil }
    #expect(expansion.deliveries.count >= 20_000)
    Self.expectSound(expansion, "long list")
  }

  @Test("Lists that include each other and themselves")
  func lists() {
    let expansion = Self.expand(
      "list",
      list: { path in
        Array(path == "/a" ? ":include:/b, :include:/a, anna\n".utf8 : ":include:/a, list, bernd\n".utf8)
      }
    ) { $0 == "list" ? ":include:/a" : nil }
    #expect(expansion.deliveries.count >= 2)
    Self.expectSound(expansion, "lists")
  }

  @Test("Bytes of every kind in values, lists and addresses", arguments: 0..<(8 * Effort.factor))
  func bytes(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed) &* 7717 &+ 5)
    let pieces: [[UInt8]] =
      [
        ",", ", ", "\"", "\\", "(", ")", "<", ">", "@", "|", "/", ":include:", ":include:/l", "a", "b", "list",
        "list+x",
        "+", "%", "!", "::", ";", "@a:b@c", "\\list", "|\"/bin/cat x\"", "/dev/null", "error:550 x", "$u", "$", "\t",
        "  ",
        "#", "root@mx.test.example", "x@remote.example", "\"a b\"@c.example",
      ].map { Array($0.utf8) } + [[0x80], [0x9F], [0xC3, 0xBC], [0xFF], [0x00], [0x0D], [0x0A], [0x01], [0x7F]]
    func text(_ count: Int) -> [UInt8] { (0..<random.below(count)).flatMap { _ in random.pick(pieces) } }
    for _ in 0..<40 {
      let values = (0..<4).map { _ in ByteString(text(12)) }
      let lines = text(40)
      let expansion = Self.expand(
        ByteString(random.below(2) == 0 ? Array("list".utf8) : text(5)), limit: 2_000, list: { _ in lines }
      ) { name in
        ["list": values[0], "a": values[1], "b": values[2], "list+*": values[3]][name]
      }
      Self.expectSound(expansion, "seed \(seed): \(values) \(ByteString(lines))")
    }
  }
}
