import SendmailConfig
import TestSupport
import Testing

@Suite("Destinations in aliases(5)")
struct AliasDestinationTests {
  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private static func site(_ aliases: [UInt8], hosts: String = "") throws -> (TemporaryDirectory, SendmailSite) {
    let directory = try TemporaryDirectory(inMemory: true)
    try directory.write("aliases", aliases)
    try directory.write("local-host-names", "local.example\nw\n" + hosts)
    for map in ["access", "virtusertable", "mailertable"] { try directory.write(map, "") }
    let site = try SendmailSite(mailDirectory: directory.path)
    try directory.write("sendmail.cf", AliasNameTests.withoutFeatures(try directory.read("sendmail.cf")))
    return (directory, site)
  }

  static let pieces = [
    "a", "b", "foo", "Bar", "local.example", "mx", "w", "localhost", "remote.org", "UUCP", ":include:/nosuch/",
    ":INCLUDE: ",
    "/nosuch/x", "|/bin/cat ", "|", "Group: ", ";", "@local.example", "@localhost", "@[127.0.0.1]", "@[1.2.3.4]",
    "@remote.org", "@a.b.c", "%localhost", "%w", "@w", "w!", " ", "\t", ".", ":", "%", "@", "@", "!", "^", "/", "[",
    "]",
    "+", "<", ">", "(", ")", "\"", "\"", "\\", "*", "=", "-", "\u{1}", "ü", "\u{7F}",
  ]

  static func item(_ random: inout SplitMix64) -> [UInt8] {
    var item: [UInt8] = []
    for _ in 0..<1 + random.below(6) {
      let inner = random.text(of: pieces, count: 1)
      switch random.below(12) {
      case 0: item += [0x22] + inner + random.text(of: pieces, count: 1) + [0x22]
      case 1: item += [0x3C] + inner + random.text(of: pieces, count: 2) + [0x3E]
      case 2: item += [0x28] + inner + [0x29]
      default: item += inner
      }
    }
    return item
  }

  /// sendmail's own account of an address: the mailer, and the user part as the mailer gets it.
  private static func real(_ addresses: [[UInt8]], hosts: String = "") throws -> [(mailer: String, user: [UInt8])] {
    let (directory, site) = try site([], hosts: hosts)
    defer { withExtendedLifetime(directory) {} }
    var input: [UInt8] = []
    for address in addresses { input += Array("/parse ".utf8) + address + [0x0A] }
    let output = try site.sendmail(["-bt"], input: input).output
    var results: [(mailer: String, user: [UInt8])] = []
    for line in output.split(separator: 0x0A) {
      let line = Array(line)
      if line.firstRange(of: Array("Cracked address = ".utf8)) != nil { results.append(("none", [])) }
      if results.isEmpty || !line.starts(with: "mailer ".utf8) { continue }
      let name = line.dropFirst(7).prefix { $0 != 0x2C && $0 != 0x20 }
      let user = line.firstRange(of: Array(", user ".utf8)).map { line[$0.upperBound...] } ?? []
      results[results.count - 1] = (text(Array(name)), Array(user))
    }
    return results
  }

  private static func quotesGone(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var place = 0
    while place < bytes.count {
      if bytes[place] == 0x5C && place + 1 < bytes.count {
        place += 1
      } else if bytes[place] == 0x22 {
        place += 1
        continue
      }
      result.append(bytes[place])
      place += 1
    }
    return result
  }

  @Test("The real sendmail sends each to the same mailer and user", .needs(.sendmail), arguments: 1...6)
  func kinds(seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed))
    var parsed: [AliasDestination] = []
    while parsed.count < 500 {
      let value = Self.item(&random)
      let found = AliasDestination.parse(value.span, hosts: AliasNameTests.hosts)
      for one in found { #expect(Array(value[one.range]) == one.text) }
      // -bt drops blanks at the end of its line, which an unbalanced quote would keep.
      guard found.count == 1, let only = found.first, ![0x20, 0x09].contains(only.text.last) else { continue }
      parsed.append(only)
    }
    let real = try Self.real(parsed.map(\.text))
    try #require(real.count == parsed.count)
    for (real, ours) in zip(real, parsed) {
      let expected: (mailer: String, user: [UInt8])
      switch ours.kind {
      case .user(let name): expected = ("local", name)
      case .address(let mailbox): expected = ("esmtp", mailbox)
      case .program(let command): expected = ("prog", [0x7C] + command)
      case .file(let path): expected = ("*file*", path)
      case .include(let path): expected = ("*include*", path)
      case .invalid:
        #expect(["none", "*error*"].contains(real.mailer), "\(printable(ours.text)): \(real.mailer)")
        continue
      }
      #expect(real.mailer == expected.mailer, "\(printable(ours.text))")
      // sendmail drops quotes and backslashes of some later than it tells here.
      let user =
        switch ours.kind {
        case .program, .file: Self.quotesGone(real.user)
        case .user where ours.bypassesAliases: Self.quotesGone(real.user)
        default: real.user
        }
      #expect(printable(user) == printable(expected.user), "\(printable(ours.text))")
    }
  }

  @Test("What the real sendmail takes for a program, a file or a list wants to be allowed", .needs(.sendmail))
  func paths() throws {
    var random = SplitMix64(seed: 77)
    // Of mx only hosts(5) says that it is this host, and sendmail's rules ask for it.
    let heads = ["", "", "mx!", "MX!", "mx.uucp!", "w!", "a!", "localhost!", "mx!mx!", "<", "\\", "@mx:", "<@mx,@w:"]
    let tails = [
      "", "", "@mx", "@mx.UUCP", "@mx.uucp.", "@w", "%mx", "%mx@w", "@[127.0.0.1]", ">", "@mx>", "@remote.org",
    ]
    let targets = [
      "|/bin/cat x", "/nosuch/x", ":include:/nosuch/x", ":INCLUDE:/x", "a", "mx!/x", "mx!\"|y\"", "mx!(c)\"|y\"",
    ]
    let values = (0..<2000).map { _ in
      let quote = random.pick(["", "\"", "\""])
      return Array((random.pick(heads) + quote + random.pick(targets) + quote + random.pick(tails)).utf8)
    }
    let real = try Self.real(values)
    try #require(real.count == values.count)
    var count = 0
    for (value, real) in zip(values, real) where ["prog", "*file*", "*include*"].contains(real.mailer) {
      count += 1
      for one in AliasDestination.parse(value.span, hosts: AliasNameTests.hosts) {
        if case .invalid = one.kind { continue }
        #expect(!one.permissions.isEmpty, "\(printable(value)): \(real.mailer)")
      }
    }
    #expect(count > 300)
    // The rules of this site look no host up; Debian's do, and took each of the first five for a program or a file.
    for value in ["mx1!\"|x\"", "mx1!/x", "mx1!/x@mx1", "/x@mx1.UUCP", "\"/x\"@mx1.uucp", "mx1!(c)\"|x\""] {
      let found = AliasDestination.parse(Array(value.utf8).span, hosts: AliasNameTests.hosts)
      #expect(found.count == 1 && !found[0].permissions.isEmpty, "\(value)")
    }
  }

  @Test("The real sendmail finds the same destinations in a list", .needs(.sendmail), arguments: 1...4)
  func lists(seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed) &+ 1000)
    var number = 0
    func name() -> String {
      number += 1
      return "nosuch\(number)"
    }
    var aliases: [UInt8] = []
    var names: [String] = []
    var expected: [String] = []
    for place in 0..<150 {
      var value = ""
      for _ in 0..<1 + random.below(5) {
        let item =
          switch random.below(18) {
          case 0: "\(name())@remote.example"
          case 1: "\(name()), Name <\(name())@remote.example>"
          case 2: "Full Name <\(name())@remote.example>"
          case 3: "\"Last, First\" <\(name())@remote.example>"
          case 4: "\(name())@remote.example (a, b (c, d), e)"
          case 5: "\"a, \(name())\"@remote.example"
          case 6: "<@a.example,@b.example:\(name())@remote.example>"
          case 7: "|/bin/cat.\(name())"
          case 8: "\"|/bin/cat -v \(name()), x\""
          case 9: "|\"/bin/cat -v \(name()), x\""
          case 10: "/nosuch/\(name())"
          case 11: "\"/nosuch/\(name()), x\""
          case 12: ":include:/nosuch/\(name())"
          case 13: "\":include:/nosuch/\(name())\""
          case 14: "Group: \(name())@remote.example, \(name());"
          case 15: "\\\(name())"
          case 16: "\(name())\\,\(name())"
          default: name()
          }
        value += item + random.pick([",", ", ", " ,", ",,", " , ,\t", ",\r"])
      }
      names.append("x\(place)")
      aliases += Array("x\(place): \(value)\n".utf8)
      for one in AliasDestination.parse(Array(value.utf8).span, hosts: AliasNameTests.hosts) {
        var kind = ""
        switch one.kind {
        case .user: kind = "User unknown"
        case .address(let mailbox): kind = "deliverable: mailer esmtp, \(Self.text(mailbox))"
        case .program: kind = "deliverable: mailer prog"
        case .file: kind = "file"
        case .include(let path): kind = "Cannot open \(Self.text(path))"
        case .invalid: kind = "invalid"
        }
        for message in one.messages where one.kind != .invalid { expected.append("! " + Self.text(message.text)) }
        expected.append("\(Self.text(one.text)) -> \(kind)")
      }
    }
    let (directory, site) = try Self.site(aliases)
    defer { withExtendedLifetime(directory) {} }
    #expect(try site.sendmail(["-bi"]).status == 0)
    let outcome = try site.sendmail(["-bv", "--"] + names)
    var real: [String] = []
    for line in (outcome.outputText + outcome.errorText).split(separator: "\n") {
      guard let dots = line.ranges(of: "... ").last else { continue }
      var address = String(line[..<dots.lowerBound])
      while let last = address.unicodeScalars.last, last == " " || last == "\t" || last == "\r" {
        address.unicodeScalars.removeLast()
      }
      var rest = String(line[dots.upperBound...])
      if rest.hasPrefix("deliverable: mailer esmtp"), let user = rest.firstRange(of: ", user ") {
        rest = "deliverable: mailer esmtp, " + rest[user.upperBound...]
      } else if rest.hasPrefix("deliverable: mailer prog") {
        rest = "deliverable: mailer prog"
      } else if rest.hasPrefix("deliverable: mailer *file*") || rest.hasPrefix("Cannot create") {
        rest = "file"
      } else if rest.hasPrefix("Cannot open /"), let colon = rest.lastIndex(of: ":") {
        rest = String(rest[..<colon])
      }
      real.append("\(address) -> \(rest)")
    }
    #expect(real.sorted() == expected.sorted())
    for (real, ours) in zip(real.sorted(), expected.sorted()) where real != ours {
      Issue.record("real \(real)\nours \(ours)")
      break
    }
  }

  @Test("What the description of the format tells")
  func table() {
    func kinds(_ value: String) -> [AliasDestination.Kind] {
      AliasDestination.parse(Array(value.utf8).span, hosts: AliasNameTests.hosts).map(\.kind)
    }
    func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    #expect(kinds("root, ROOT") == [.user(bytes("root")), .user(bytes("root"))])
    #expect(kinds("a@local.example") == [.user(bytes("a"))])
    #expect(
      kinds("a@b.example, <a@b>, Name <a@b>, a@b (c, d), \"q r\"@b")
        == [.address(bytes("a@b.example"))] + [.address(bytes("a@b")), .address(bytes("a@b")), .address(bytes("a@b"))]
        + [.address(bytes("\"q r\"@b"))])
    #expect(kinds("<@a,@b:c@d.example>") == [.address(bytes("c@d.example"))])
    #expect(kinds("|/bin/cat -v x") == [.program(bytes("/bin/cat.-v.x"))])
    #expect(kinds("\"|/bin/cat -v x\"") == [.program(bytes("/bin/cat -v x"))])
    #expect(kinds("|\"/bin/cat -v\"") == [.program(bytes("/bin/cat -v"))])
    #expect(kinds("/tmp/x, \"/tmp/x y\", \"/tmp/a,b\"") == ["/tmp/x", "/tmp/x y", "/tmp/a,b"].map { .file(bytes($0)) })
    #expect(
      kinds(":include:/p, \":include:/p\", :include: /p, :INCLUDE:/p")
        == [AliasDestination.Kind](repeating: .include(bytes("/p")), count: 4))
    #expect(kinds("Group: root, mail;") == [.user(bytes("root")), .user(bytes("mail"))])
    #expect(kinds("user%h@local.example") == [.address(bytes("user@h"))])
    #expect(kinds(", ,,") == [])
    #expect(kinds("(root)") == [])
    let escaped = AliasDestination.parse(Array(" \\root ,".utf8).span)
    #expect(escaped.map(\.kind) == [.user(bytes("root"))])
    #expect(escaped.map(\.bypassesAliases) == [true])
    #expect(escaped.map(\.range) == [1..<6])
  }

  @Test("Values longer than sendmail takes")
  func long() {
    let value = Array(repeating: Array("a b (x), <c@d.e>, \"q,\", ".utf8), count: 1000).flatMap { $0 }
    #expect(AliasDestination.parse(value.span).count == 3000)
    let unbalanced = Array(repeating: Array("<a, ".utf8), count: 1500).flatMap { $0 }
    #expect(AliasDestination.parse(unbalanced.span).count == 1500)
  }

  /// What needs a permission is what sendmail makes of it, as it stands or once its host is a name of this one.
  @Test(.needsNamespaces) func whatAHostThatBecomesLocalWouldRunNeedsAPermission() throws {
    let names = [
      "|/bin/cat", "\"|/bin/cat -u\"", "/tmp/file", "\"/tmp/a b\"", ":include:/tmp/list", "\":include:/tmp/list\"",
      ":INCLUDE:/tmp/list", "anna", "a|b", "./file", "\"anna|x\"", "\\|/bin/cat", "\\/tmp/file", "\"\\|/bin/cat\"",
      "\"\"|/bin/cat", "\\:include:/x", ":\"include\":/x", "|\"/bin/cat x\"", "include",
      "(c)|/bin/cat",
    ]
    let written = names.flatMap { name in
      [
        "\(name)@other.example", "<\(name)@other.example>", "\(name)@OTHER.example.", "other.example!\(name)",
        "@other.example:\(name)", "\(name)", "Joe <\(name)@other.example>",
      ]
    }
    let mailers = try Self.real(written.map { Array($0.utf8) }, hosts: "other.example\n").map(\.mailer)
    try #require(mailers.count == written.count)
    let hosts = LocalHosts(names: ["local.example", "w"].map { Array($0.utf8) })
    // Spellings of which some are harmless to these rules, and refused all the same.
    let harmless = ["\"\"|", "!:include:", "!:INCLUDE:", "\\:include:", "\"include\""]
    var kept = 0
    for (text, mailer) in zip(written, mailers) {
      let destinations = AliasDestination.parse(ByteString(text).bytes.span, hosts: hosts)
      let wanted: AliasPermissions =
        switch mailer {
        case "prog": .programs
        case "*file*": .files
        case "*include*": .includes
        default: []
        }
      let found = destinations.reduce(into: AliasPermissions()) { $0.formUnion($1.permissions) }
      if wanted.isEmpty, harmless.contains(where: text.contains) {
        kept += 1
        continue
      }
      // The path of a list might be that of a file to other rules.
      #expect(found.isSuperset(of: wanted) && wanted.isEmpty == found.isEmpty, "\(text): \(mailer)")
    }
    #expect(kept < 30)
    #expect(Set(mailers).isSuperset(of: ["prog", "*file*", "*include*", "local"]))
  }
}
