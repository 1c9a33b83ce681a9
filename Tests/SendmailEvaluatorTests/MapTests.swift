import SendmailConfig
import TestSupport
import Testing

@testable import SendmailEvaluator

/// Maps of every class over real files, beside sendmail -bt.
@Suite("Map classes, beside sendmail -bt")
struct MapTests {
  private static let keys = [
    "joe", "JOE2", "joe2", "foo", "q", "\"q\"", "\"q x\"", "zed", "key", "root", "ROOT", "nobody", "a b", "jobe",
    "Jofe",
    "x", "k2", "lead", "a", "a:b:c:d", "one", "y", "%", "nosuchuser", "x.y@z", "[127.0.0.1]", "JO",
  ]

  private static let table = "joe one\nJOE2 %0 is %1 and %2%%\nfoo bar\n\"q\" x\n"
  private static let tree = "joe other\nfoo bar\nzed z\n"
  private static let columns =
    "# comment\njoe  one two three\nJOE2 Upper\na:b:c:d\n lead x\njoe second\nkey\nx\ty\tz\n\nx,  y , z\nk2    v2   \n:e\n"

  /// The maps; `@` stands for the directory.
  private static let maps = [
    "h hash @/h", "ha hash -a.S @/h", "hm hash -m -aX @/h", "ho hash -o @/none", "ht hash -T<TMPF> @/none",
    "htt hash -t @/none", "hn hash @/none", "hoo hash -O @/h", "hap hash -A @/h", "hq hash -q @/h", "hs hash -S+ @/h",
    "b btree @/b", "bo btree -o @/none", "im implicit @/h", "im3 implicit -o @/none", "sto stab -o @/none",
    "t0 text @/t", "t1 text -v1 -a.S @/t", "t2 text -k1 -v0 @/t", "t3 text -k0 -v2 -z: @/t",
    "t4 text -z, -k 0 -v 1 @/t",
    "t5 text -v2 @/t", "t6 text -f -a.x @/t", "t7 text -m @/t", "t8 text -o @/none", "t9 text -T<T> @/none",
    "tka text -k a @/t", "tk9 text -k9 @/t", "trel text t", "tz text -z: -k1 -v0 @/t", "tv text -v x @/t",
    "sq sequence h b", "sq2 sequence ho t1", "sq3 sequence hn b", "nu null", "sq5 sequence nu h",
    "sq6 sequence t9 t8 b",
    "sq7 sequence sq sq3", "re regex -s1,2 -d+ -a@M ^(j.)e(.)$", "re2 regex -aYES jo", "re3 regex -n -aNO jo",
    "re4 regex -m -s0 jo", "re5 regex -b -aB \\(jo\\)", "re6 regex -f -s1 (JO)", "re7 regex -s1 (x*)",
    "re8 regex -a@MATCH ^[0-9a-f:.]+$", "re9 regex -s2,0 (o)(e|b)+", "sw switch zoo", "sw.files text @/t",
    "sw.nis null", "sw.foo btree @/b", "zz switch zoo", "yy switch nosuch", "yy.files text @/t", "us user",
    "usu user -vuid", "usd user -vdir -a.S", "usg user -vgecos", "uss user -vshell", "usn user -vname", "use user -v3",
    "ar arith", "de dequote", "des dequote -s_", "dea dequote -a.S", "dnx dns -R NOSUCH", "dn0 dns",
  ]

  private static func configuration(in directory: TemporaryDirectory) -> [UInt8] {
    var text = RealTestMode.frame + "O ServiceSwitchFile=\(directory.path("services"))\n"
    for map in maps { text += "K\(map.replacing("@", with: directory.path))\n" }
    for map in maps {
      let name = map.prefix { $0 != " " }
      guard !name.contains(".") else { continue }
      text += "S\(name)_\nR$*\t$: $(\(name) $1 $@ a1 $@ a b $: DEF $)\n"
    }
    return Array(text.utf8)
  }

  /// Makes the files, and look-ups in them.
  private static func lookups(in directory: TemporaryDirectory) throws -> Lookups {
    try directory.write("t", columns)
    try directory.write("services", "hosts\tfiles\n# x\nzoo\tfiles nis foo\naliases files\npasswd files\n")
    var tables = SiteTables()
    for (name, text, type) in [("h", table, "hash"), ("b", tree, "btree")] {
      _ = try run(
        try Tools.makemap,
        ["-C", Tools.configurationTemplate.replacing("oracle.cf", with: "empty.cf"), type, directory.path(name)],
        input: Array(text.utf8), environment: Tools.environment)
      let entries = text.split(separator: "\n").map { line -> (String, String) in
        let words = line.split(separator: " ", maxSplits: 1)
        return (String(words[0]), String(words[1]))
      }
      tables.add(entries, to: ByteString(name))
    }
    let accounts = String(decoding: try readFile("/etc/passwd"), as: UTF8.self).split(separator: "\n")
    let values = tables
    let bytes = Array(columns.utf8)
    var lookups = Lookups(
      table: { map, key in
        guard let file = map.declaration.file?.description, !file.hasSuffix("/none") else {
          return map.declaration.flags.isOptional ? .notFound : .temporaryFailure
        }
        if map.declaration.mapClass == "text" { return TextMapFile(bytes, map.declaration.flags)[key] }
        return values.answer(ByteString(file.suffix(1).description), key)
      },
      account: { name in
        let line = accounts.first { $0.hasPrefix("\(name):") }
        return line.map { .found(ByteString(String($0)), line: nil) } ?? .notFound
      })
    lookups.isOpen = {
      !($0.declaration.flags.isOptional && $0.declaration.file?.description.hasSuffix("/none") ?? false)
    }
    lookups.service = { $0 == "zoo" ? ["files", "nis", "foo"] : [] }
    return lookups
  }

  @Test("Every class, every flag", .needs(.sendmail, .makemap))
  func classes() throws {
    let real = try RealTestMode()
    let text = Self.configuration(in: real.directory)
    var context = EvaluationContext()
    context.lookups = try Self.lookups(in: real.directory)
    var commands: [[UInt8]] = []
    for map in Self.maps {
      let name = map.prefix { $0 != " " }
      // sendmail dies of a number modulo none.
      for key in Self.keys where name != "ar" || key != "%" {
        if !name.contains(".") { commands.append(Array("\(name)_ \(key)".utf8)) }
        commands.append(Array("/map \(name) \(key)".utf8))
      }
    }
    let configuration = Configuration(text, host: RealTestMode.host)
    var mode = TestMode(configuration, context, rules: 4, maps: 5)
    let theirs = try real.run(commands, configuration: text, debug: "60.5,21.4")
    Difference.report(commands, theirs: theirs.dropFirst().map(Self.withoutWarnings)) {
      mode.run(ByteString($0))?.bytes ?? []
    }
    // What sendmail says when it opens such a map is said of its line here.
    let said = configuration.diagnostics.map(\.message).joined(separator: "\n")
    for message in [
      "-k should specify a number, not a", "must be fully qualified", "unknown column name 3", "wrong type",
    ] {
      #expect(said.contains(message), "\(said)")
      #expect(theirs.contains { ByteString($0).description.contains(message) }, "\(message)")
    }
  }

  /// The output without what is said when a map is opened.
  private static func withoutWarnings(_ output: [UInt8]) -> [UInt8] {
    let lines = ByteString(output).description.split(separator: "\n", omittingEmptySubsequences: false)
    let words = [
      "missing map file", "unsafe map file", "should specify a number", "fully qualified", "unknown column",
      "unknown member",
    ]
    return Array(lines.filter { line in !words.contains { line.contains($0) } }.joined(separator: "\n").utf8)
  }

  @Test(
    "What stands between the atoms of a key: the option in the end, or as it is where the map is declared",
    .needs(.sendmail))
  func blanks() throws {
    let classes = ["host -a.", "bestmx", "user", "dequote", "arith", "macro", "dns -R MX"]
    var text = RealTestMode.frame
    for (place, option) in ["", "O BlankSub=_\n"].enumerated() {
      text += option
      for (number, words) in classes.enumerated() { text += "Kk\(place)\(number) \(words)\n" }
      text += "Ko\(place) host -S! -a.\n"
    }
    text += "O BlankSub=+\n"
    let names = (0..<2).flatMap { place in classes.indices.map { "k\(place)\($0)" } + ["o\(place)"] }
    for name in names { text += "St\(name)\nR$*\t$: $(\(name) $1 $)\n" }
    let commands = names.map { Array("t\($0) a b c".utf8) }
    // Who answers here and there is not the same; what is asked is.
    func keys(_ output: [UInt8]) -> [Substring] {
      ByteString(output).description.matches(of: #/map_lookup\([^,]*, [^,]*, /#).map(\.output)
    }
    let theirs = try RealTestMode().run(commands, configuration: Array(text.utf8), debug: "60.5")
    var mode = TestMode(Configuration(Array(text.utf8), host: RealTestMode.host), rules: 0, maps: 5)
    for (command, output) in zip(commands, theirs.dropFirst()) {
      let said = ByteString(output).description
      #expect(keys(output).count == 1, "\(said)")
      #expect(keys(output) == keys(mode.run(ByteString(command))?.bytes ?? []), "\(said)")
    }
  }

  @Test("Parts of expressions that rules ask for", .needs(.sendmail))
  func parts() throws {
    var text = RealTestMode.frame
    var commands: [[UInt8]] = []
    let arguments = [
      "", "$@ 2", "$@ 1,2", "$@ 2,1,0", "$@ 9", "$@ 4", "$@ -1", "$@ a", "$@ 2 $@ 1", "$@", "$@ 2x", "$@ 1, 2",
      "$@ 1 2", "$@ ,1",
      "$@ 2,", "$@ 0",
    ]
    for flags in [
      "-s1", "-s1,2 -d+ -aM", "-s -d:", "-s,2", "-aM -d+", "-m -s2", "-n -s1 -aN", "-s2,1", "-b -s0", "-s9", "-s-1",
    ] {
      let map = "m\(commands.count)"
      text += "K\(map) regex \(flags) ^(j.)e(.)(.)$\n"
      for argument in arguments where commands.count < 100 {
        text += "Ss\(commands.count)\nR$*\t$: $(\(map) $1 \(argument) $)\n"
        commands.append(Array("s\(commands.count) joexy".utf8))
      }
    }
    let theirs = try RealTestMode().run(commands, configuration: Array(text.utf8), debug: "60.5")
    var mode = TestMode(Configuration(Array(text.utf8), host: RealTestMode.host), rules: 0, maps: 5)
    Difference.report(commands, theirs: Array(theirs.dropFirst())) { mode.run(ByteString($0))?.bytes ?? [] }
  }

  @Test("Sums", .needs(.sendmail))
  func sums() throws {
    let text = Array((RealTestMode.frame + "Kar arith\nSa\nR$- $- $-\t$: $(ar $1 $@ $2 $@ $3 $: DEF $)\n").utf8)
    let numbers = ["0", "7", "3", "007", "0x1F", "9223372036854775807", "99999999999999999999", "x", "2x", "-5"]
    var commands: [[UInt8]] = []
    for sign in ["+", "-", "*", "/", "l", "=", "|", "&", "%", "x", "plus"] {
      for left in numbers {
        for right in numbers where sign != "%" || Int(right, radix: 10) ?? 1 != 0 {
          if sign == "%", right == "x" { continue }
          commands.append(Array("a \(sign) \(left) \(right)".utf8))
        }
      }
    }
    let theirs = try RealTestMode().run(commands, configuration: text, debug: "60.5")
    var mode = TestMode(Configuration(text, host: RealTestMode.host), rules: 0, maps: 5)
    Difference.report(commands, theirs: Array(theirs.dropFirst())) { mode.run(ByteString($0))?.bytes ?? [] }
  }

  @Test("Columns of text maps, at random", .needs(.sendmail), arguments: 1...(2 * Effort.factor))
  func columns(seed: Int) throws {
    let real = try RealTestMode()
    var random = SplitMix64(seed: UInt64(seed))
    let pieces = [
      "joe", "a", "B", "b", "joe", "joe:", "a ", ":", " ", " ", "\t", ",", "#", "\n", "\n", "\n", "\"", "\\", "\r\n",
      "\u{0B}", "ü", "%0", "x.y",
      String(repeating: "z", count: 700),
    ]
    let maps = (0..<24).map { _ in
      let bytes = random.text(of: pieces, count: 60)
      let flags = random.pick(["", "-z: ", "-z, ", "-z\\t ", "-z= "]) + "-k \(random.below(3)) -v\(random.below(4))"
      return (flags, bytes)
    }
    let keys = ["joe", "a", "b", ":", "x.y", "#", "joea", "ab", ",", "\"", "ü", "%0", "a:b", "%"]
    try compareColumns(real, maps, keys: keys)
  }

  @Test("Where sendmail cuts the lines of text maps, their columns and keys", .needs(.sendmail))
  func edgesOfColumns() throws {
    func filler(_ count: Int) -> String { String(repeating: "f", count: count) }
    var maps: [(String, [UInt8])] = []
    for length in Array(2040...2052) + Array(4090...4098) {
      // A value that ends there, a key that begins or ends there, and a first column that is empty there.
      maps.append(("-z: -v2", Array("joe:\(filler(length - 13)):12345678\nanna:x:y\n".utf8)))
      maps.append(("-z:", Array("\(filler(length))joe:value\n".utf8)))
      maps.append(("-z: -k1 -v0", Array("\(filler(length)):joe:a\n".utf8)))
      maps.append(("-k1 -v0", Array("\(filler(length))  joe a".utf8)))
    }
    for line in [":joe:a", "::joe", "joe", "", " :joe", "#:joe", "a:joe"] {
      for flags in ["-z: -k1 -v0", "-z: -k0 -v1", "-z: -k0 -v0", "-z: -k1 -v2"] {
        maps.append((flags, Array("\(line)\njoe:found:joe\n".utf8)))
      }
    }
    let keys = ["joe", "anna", "e", "oe", "fjoe", "ffjoe", "12345678", "8"]
    let long = [255, 256, 257, 300].map(filler)
    maps += long.map { ("-z:", Array("\($0):\($0)x\n".utf8)) }
    try compareColumns(RealTestMode(), maps, keys: keys + long)
  }

  /// Looks keys up in text maps, given by their flags and files, here and with sendmail.
  private func compareColumns(_ real: RealTestMode, _ maps: [(flags: String, bytes: [UInt8])], keys: [String]) throws {
    var text = RealTestMode.frame
    var files: [ByteString: [UInt8]] = [:]
    for (number, map) in maps.enumerated() {
      let name = "t\(number)"
      files[ByteString(name)] = map.bytes
      try real.directory.write(name, map.bytes)
      text += "K\(name) text \(map.flags) \(real.directory.path(name))\n"
    }
    let commands = maps.indices.flatMap { map in keys.map { Array("/map t\(map) \($0)".utf8) } }
    let known = files
    let lookups = Lookups(table: { map, key in TextMapFile(known[map.name] ?? [], map.declaration.flags)[key] })
    var mode = TestMode(
      Configuration(Array(text.utf8), host: RealTestMode.host), EvaluationContext(lookups: lookups), rules: 0, maps: 0)
    let theirs = try real.run(commands, configuration: Array(text.utf8), debug: "")
    Difference.report(commands, theirs: Array(theirs.dropFirst())) { mode.run(ByteString($0))?.bytes ?? [] }
  }
}
