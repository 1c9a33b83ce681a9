import TestSupport
import Testing

@testable import SendmailConfig

@Suite struct ConfigurationFileTests {
  private func configuration(_ text: String) -> ConfigurationFile {
    ConfigurationFile(Array(("V10/Berkeley\n" + text).utf8))
  }

  // MARK: Lines

  /// What a hostile file says of itself does nothing to the terminal on which its findings are shown.
  @Test func findingsHoldNoControlCharacters() {
    let lines = [
      "Ka\u{1B}b hash ${c\u{1}d}/x", "Kabc ha\u{1B}sh /x", "O Q\u{1B}=x", "O AliasFile=x\u{1B}y:z", "\u{1}x",
      "O AliasFile=" + String(repeating: "/a\u{1B},", count: 14),
    ]
    let file = ConfigurationFile(Array(lines.joined(separator: "\n").utf8))
    #expect(file.diagnostics.count >= 4)
    for finding in file.diagnostics {
      #expect((finding.message + finding.remedy).utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "\(finding.code)")
    }
  }

  @Test func logicalLines() {
    let file = configuration("# c\n  swallowed\nKa hash\t# x\r\n \t/a # y\n\nO X=a\\#b$#c#d\n\0K\nDa  \n")
    let lines = file.lines.dropFirst().map { "\($0.lines) \($0.kind) \(printable($0.body))" }
    #expect(
      lines == [
        "2..<4 35  c\\n  swallowed", "4..<6 75 a hash\\n \\t/a", "6..<7 0 ", "7..<8 79  X=a#b$#c", "8..<9 0 ",
        "9..<10 68 a",
      ])
  }

  @Test func aNumberSignIsTextBelowLevel3() {
    #expect(ConfigurationFile(Array("DaX # y\n".utf8)).macro(named: "a") == "X # y")
    #expect(ConfigurationFile(Array("V2\nDaX # y\n".utf8)).macro(named: "a") == "X # y")
    #expect(configuration("DaX # y\n").macro(named: "a") == "X")
  }

  @Test func roundTrip() {
    var random = SplitMix64(seed: 3)
    for _ in 0..<500 {
      let bytes = (0..<random.below(300)).map { _ in random.pick(Array("VKOFCDR#\\ \t\r\n\0{}$=-@:,\"aw/%[]".utf8)) }
      #expect(ConfigurationFile(bytes).text.bytes == bytes)
    }
  }

  // MARK: Maps

  @Test func mapDeclaration() throws {
    let file = configuration(
      "Dp/etc/mail\nKaccess hash -T<TMPF> $p/access\nKtext TEXT -o -k 1 -v2 -z: -a. /x rest\nKKeep btree -No -f /k\n")
    let access = try #require(file.map(named: "ACCESS"))
    #expect(access.file == "/etc/mail/access" && access.mapClass == "hash" && access.line == 3)
    #expect(access.flags.foldsCase && !access.flags.isOptional && access.flags.nulConvention == .either)
    #expect(access.flags.temporaryFailureSuffix == "<TMPF>")
    let text = try #require(file.map(named: "text"))
    #expect(text.mapClass == "text" && text.file == "/x" && text.flags.isOptional && text.flags.suffix == ".")
    #expect(text.flags.keyColumn == "1" && text.flags.valueColumn == "2" && text.flags.columnDelimiter == 0x3A)
    let keep = try #require(file.map(named: "keep"))
    #expect(keep.flags.includesNUL && keep.flags.nulConvention == .always)
    #expect(!keep.flags.isOptional && !keep.flags.foldsCase)
    #expect(file.map(named: "other") == nil)
  }

  @Test func anUnknownMacroIsNamed() throws {
    let file = configuration("Ka hash /etc/$w/a\nKhash\n")
    #expect(file.map(named: "a")?.unknownMacros == ["w"])
    #expect(file.diagnostics.map { "\($0.line) \($0.code.rawValue)" } == ["2 cf.unknown-macro", "3 cf.map"])
  }

  // MARK: Options

  @Test(arguments: [
    ("O TrustedUser=smmta", "smmta"), ("O trusteduser = smmta # x", "smmta"), ("O TrustedU=smmta", "smmta"),
    ("O TrustedUser=a\nO TrustedUser=b", "b"), ("O  TrustedUser=a", nil), ("O\tTrustedUser=a", nil),
    ("O TrustedUser", ""), ("#O TrustedUser=a", nil), ("O X=1\n  TrustedUser=a", nil),
  ])
  func trustedUser(_ text: String, _ user: String?) {
    #expect(configuration(text + "\n").trustedUser == user.map { ByteString($0) })
  }

  @Test(arguments: [
    ("O TrustedUser=smmta", "smmta"), ("O TrustedUser=smmta # x", "smmta # x"), ("O trusteduser =  smmta ", "smmta "),
    ("O TrustedU=smmta", nil), ("O TrustedUserX=smmta", nil), ("O TrustedUser=a\nO TrustedUser=b", "b"),
    ("O TrustedUser = \t5", "5"), ("O  TrustedUser=a", nil), ("  O TrustedUser=a", nil), ("O TrustedUser", nil),
    ("O TrustedUser-x=a", "a"), ("O TrustedUser=a\r", "a\r"), ("O TrustedUser=a\0b", "a"), ("O TrustedUser=", ""),
    ("o TrustedUser=a", nil), ("#\n O TrustedUser=a", nil),
  ])
  func trustedUserForMakemap(_ text: String, _ user: String?) {
    #expect(configuration(text + "\n").trustedUserForMakemap == user.map { ByteString($0) })
  }

  /// makemap names the users that it does not know, which are all of these.
  @Test(
    .needs(.makemap), .needsNamespaces,
    arguments: [
      "O TrustedUser=nouser", "O TrustedUser=nouser # x", "O trusteduser =  nouser ", "O TrustedU=nouser",
      "O TrustedUserX=nouser", "O TrustedUser=nouser\nO TrustedUser=nouser2", "O  TrustedUser=nouser",
      "  O TrustedUser=nouser", "O TrustedUser", "O TrustedUser-x=nouser", "O TrustedUser=nouser\r",
      "O TrustedUser=nouser\0b", "o TrustedUser=nouser", "O TrustedUser=\tnouser", "O TrustedUser X = nouser=b",
      "OTrustedUser=nouser", "O\tTrustedUser=nouser", "#O TrustedUser=nouser",
    ]) func trustedUserAsMakemapFindsIt(_ text: String) throws
  {
    let directory = try TemporaryDirectory()
    try directory.write("x.cf", text + "\n")
    let outcome = try run(
      try Tools.makemap, ["-C", directory.path("x.cf"), "hash", directory.path("x")], environment: Tools.environment)
    let head = Array("unknown user ".utf8)
    let found = outcome.errors.split(separator: 0x0A).first { $0.firstRange(of: head) != nil }
    let user = found.map { line in ByteString(line.firstRange(of: head).map { line[$0.upperBound...] } ?? []) }
    let last: ByteString? = text.contains("nouser2") ? "nouser2" : nil
    let named = configuration(text + "\n").trustedUserForMakemap
    #expect(named == last ?? user, "\(outcome.errorText)")
  }

  @Test func otherOptions() {
    let file = configuration("O UseCompressedIPv6Addresses\nO maxaliasrecursion=12x\nO Timeout.ident=0\nOL9\n")
    #expect(file.usesCompressedIPv6Addresses == true)
    #expect(file.maximumAliasRecursion == 12)
    #expect(file.option(named: "timeout.Ident")?.value == "0")
    #expect(file.option(named: "LogLevel")?.number == 9)
    #expect(configuration("O UseCompressedIPv6Addresses=False\n").usesCompressedIPv6Addresses == false)
    #expect(configuration("").usesCompressedIPv6Addresses == nil)
    #expect(configuration("").maximumAliasRecursion == 10)
  }

  @Test func aliasFiles() {
    func files(_ text: String) -> [String] {
      configuration(text).aliasFiles.map {
        "\($0.mapClass)\($0.includesNUL ? " NUL" : "")\($0.isOptional ? " -o" : "")\($0.appends ? " -A" : "") \($0.path)"
      }
    }
    #expect(files("O AliasFile=/p\n") == ["implicit NUL /p"])
    #expect(files("O AliasFile=hash:/p, btree:-o /q\n") == ["hash /p", "btree -o /q"])
    #expect(files("O AliasFile=-o /p\nOAhash:-N -A /q\n") == ["implicit NUL -o /p", "hash NUL -A /q"])
    #expect(files("O AliasFile=\n") == ["implicit NUL aliases"])
    #expect(files("O AliasFile=ldap:-k \"a,b\" x,/p\n").last == "implicit NUL /p")
    #expect(files("O AliasFile=implicit:/p\n") == ["implicit /p"])
    #expect(files("O AliasFile=\(repeatElement("/p", count: 14).joined(separator: ","))\n").count == 12)
  }

  // MARK: Classes

  @Test func classSources() {
    let file = configuration(
      "Fw/etc/mail/local-host-names\nF{VirtHost}-o /etc/v %[^\\#]\nFw -o \"/a b\" %s\nFw|/bin/x y\nFwk@hash:/m\nFw/t\t%s\nF\nFw\"x\nFw/x %[^#]\n"
    )
    let read = file.classSources.map {
      "\($0.className) \($0.kind) \($0.path.escaped) \($0.format) \($0.isOptional ? "-o" : "")"
    }
    #expect(
      read == [
        "w file /etc/mail/local-host-names %s ", "VirtHost file /etc/v %[^#] -o", "w file /a b %s -o",
        "w program |/bin/x %s ", "w map k@hash:/m %s ", "w file /t\\t%s %s ", "w file /x %[^ ",
      ])
    #expect(file.classSources(of: "VirtHost").count == 1)
    #expect(file.diagnostics.map(\.line) == [7, 8, 9, 10])
    #expect(Set(file.diagnostics.map(\.code)) == [.configurationClassSource])
  }

  @Test func classWords() {
    let file = configuration("Djmx.a\nCwa $j\n  b # c\nCw$=x $w d\nTroot $j\nC{Virt}v\n")
    let words = file.classWords(of: "w")
    #expect(words.words.map(\.word) == ["a", "mx.a", "b", "d"])
    #expect(words.words.map(\.line) == [3, 3, 3, 5])
    #expect(words.copiedClasses == ["x"])
    #expect(words.unknown == [ClassWords.Word(line: 5, word: "$w")])
    #expect(file.classWords(of: "t").words.map(\.word) == ["root", "$j"])
    #expect(file.classWords(of: "Virt").words.map(\.word) == ["v"])
    #expect(file.classWords(of: "virt") == ClassWords())
  }

  // MARK: Diagnostics

  @Test func diagnostics() {
    let file = configuration(
      "# c\n  Ka hash /a\n\n  Kb hash /b\nxyz\nO  A=b\nO Alias=x\nO TrustedUser=a # b\nO AliasFile=\"hash:/a\n# d\n  # e\n"
    )
    #expect(
      file.diagnostics.map { "\($0.line) \($0.code.rawValue)" } == [
        "3 cf.continued-comment", "4 cf.unknown-line", "6 cf.unknown-line", "7 cf.option", "8 cf.option",
        "9 cf.trusted-user", "10 cf.alias-file",
      ])
  }

  // MARK: Against sendmail

  /// What both sides say of a configuration, as lines of text.
  struct Account: Equatable {
    var maps: Set<String> = []
    var sources: [String] = []
    var words: [String] = []
    var options: [String] = []
    var aliases: [String] = []
  }

  /// sendmail's account: its debug lines, and which files it opens for the alias maps.
  private func real(_ sendmail: ReadingSendmail, _ text: [UInt8], wordsOf className: String) throws -> Account {
    var account = Account()
    let look = (0..<AliasFileSpecification.maximumCount).map { "/map Alias\($0) x\n" }.joined()
    let lines = try sendmail.read(text, debug: "37.8,38.2", input: look).map { String(decoding: $0, as: UTF8.self) }
    var maps: [String: String] = [:]
    var alias = ""
    let functions = ["impl": "implicit", "bt": "btree"]
    var isReading = true
    for (index, line) in lines.enumerated() {
      if line.hasPrefix("map "), isReading {
        let name = line.dropFirst(4).prefix { $0 != "," }
        let suffix = lines[index + 1].dropFirst().prefix { $0 != "," }
        // Other classes read their arguments in ways of their own.
        guard ["hash", "btree"].contains(where: { line.contains(", class \($0), ") }) else { continue }
        maps[name.lowercased()] = "\(name.lowercased())\(line.dropFirst(4 + name.count)) \(suffix)"
      } else if line.hasPrefix("fileclass("), !line.hasPrefix("fileclass(, ") {
        account.sources.append(line)
      } else if line.hasPrefix("setclass(\(className), ") {
        account.words.append(String(line.dropFirst("setclass(\(className), ".count).dropLast()))
      } else if line.hasPrefix("setoption "), isReading, let name = line.dropFirst(10).split(separator: " ").first {
        let value = line.drop { $0 != "=" }
        let suboption = line.prefix(line.count - value.count).drop { $0 != ")" }.dropFirst()
        account.options.append("\(name)\(suboption)\(value)")
      } else if line.hasPrefix("ADDRESS TEST MODE") {
        isReading = false
      } else if let open = line.firstRange(of: "_map_open(Alias"), !isReading {
        let arguments = line[open.upperBound...].split(separator: ",", maxSplits: 1)
        let number = String(arguments[0])
        guard number != alias else { continue }
        alias = number
        let opener = line[..<open.lowerBound].split(separator: " ").last.map(String.init) ?? ""
        let mapClass = functions[opener] ?? opener
        account.aliases.append("\(mapClass),\(arguments[1].dropLast(4))")
      } else if line.hasPrefix("Map named \"Alias"), line.hasSuffix("not open") {
        account.aliases[account.aliases.count - 1] += " -o"
      }
    }
    // Declared by sendmail itself.
    for own in ["host", "aliases.files", "aliases", "user", "users", "users.files"] { maps[own] = nil }
    account.maps = Set(maps.values)
    return account
  }

  private func ours(_ text: [UInt8], wordsOf className: ByteString) -> Account {
    let file = ConfigurationFile(Array(ReadingSendmail.frame.utf8) + text)
    var account = Account()
    for name in Set(file.mapDeclarations.map(\.name.folded)) {
      guard let map = file.map(named: name), ["hash", "btree"].contains(map.mapClass) else { continue }
      let flags = map.flags
      var bits = (map.file == nil ? 0 : 1) | (flags.includesNUL ? 2 : 0) | (flags.isOptional ? 4 : 0)
      bits |= (flags.foldsCase ? 0 : 8) | (flags.matchesOnly ? 0x10 : 0) | (flags.appends ? 0x8000 : 0)
      bits |= flags.keepsQuotes ? 0x10000 : 0
      switch flags.nulConvention {
      case .always: bits |= 0x200
      case .never: bits |= 0x100
      case .either: bits |= 0x300
      case .neither: break
      }
      account.maps.insert(
        "\(name), class \(map.mapClass), flags \(String(bits, radix: 16)), file \(map.file?.description ?? "(null)"), "
          + "app \(flags.suffix?.description ?? "(null)")")
    }
    account.sources = file.classSources.map { "fileclass(\($0.path), fmt=\($0.format))" }
    account.words = file.classWords(of: className).words.map(\.word.description)
    account.options = file.options.dropFirst(2).map { option in
      "\(option.name)\(option.suboption.map { ".\($0)" } ?? "")=\(option.value)"
    }
    account.aliases = file.aliasFiles.map {
      "\($0.mapClass), \($0.path)\($0.isOptional ? " -o" : "")"
    }
    return account
  }

  private func compare(_ sendmail: ReadingSendmail, _ text: [UInt8], wordsOf className: String) throws -> Account {
    let real = try real(sendmail, text, wordsOf: className)
    let ours = ours(text, wordsOf: ByteString(className))
    #expect(ours.maps.subtracting(real.maps) == [], "\(printable(text))")
    #expect(real.maps.subtracting(ours.maps) == [], "\(printable(text))")
    #expect(real.sources == ours.sources, "\(printable(text))")
    #expect(real.words == ours.words, "\(printable(text))")
    #expect(real.aliases == ours.aliases, "\(printable(text))")
    return real
  }

  private static let pieces: [String: [String]] = [
    "K": [
      "a", "B", "c.d", "e_1", " ", " ", " ", "  ", "\t", "hash", "btree", "HASH", " hash ", " hash ", " btree ", "-o ",
      "-f ", "-N ", "-O ", "-No ", "-m ", "-q ", "-A ", "-a. ", "-aX.Y ", "-T<TMPF> ", "-k 2 ", "-v3 ", "-z: ",
      "-z\\t ",
      "-S+ ", "/p/a", "/p/$j", "/q", "${m}", "\"x\"", " # c", "\\#", "$$", "\n ", "- ", "-",
    ],
    "F": [
      "/no/a", "/no/$$b", " ", " ", "%s", "%[^\\#]", "%[^#]", "-o ", "-ox ", "\"", "\"", "\\", "\\ ", "\t", "x",
      "k@hash:/m", "@", ":", " # c", "\\#", "|/bin/true", "\r",
    ],
    "C": ["a", "b.c", " ", " ", "\t", "$j", "${m}", "$$", "#", " # c", "\\#", "\n\t", "\n ", ",", "\r\n ", "\"", "\\"],
    "O": [
      " AliasFile", " AliasFile=", " AliasFile=", " aliasf =", " Alias=", "A", " HelpFile=", " UseC = ", " MaxAlias=",
      "H", " Timeout.misc=1", "  x=", "=", "=", " ", "/p/a", "/p/b", "q", "hash:", "btree:", "implicit:", "stab:",
      "-o ", "-f ", ",", ", ", "\"", ":", " # c", "\\#", ".",
    ],
    "#": ["x", " ", "\n ", "\n\tKz hash /z", "#"],
    "D": ["{m}", "m", "{n}", "v", "\"q\"", "\\x", " ", "$j", "#", "\\#"],
  ]

  @Test(.needsNamespaces) func sameAsSendmailOnGeneratedFiles() throws {
    let sendmail = try ReadingSendmail()
    var random = SplitMix64(seed: 1_000_003)
    var seen = Account()
    for _ in 0..<60 {
      var text = "D{m}val\n"
      for _ in 0..<60 {
        let kind = random.pick(["K", "K", "K", "F", "F", "C", "O", "O", "#", "D"])
        text +=
          kind == "F" ? "F{Other}" : kind == "C" ? "C{Probe}" : kind == "D" ? random.pick(["D{m}", "D{n}"]) : kind
        if kind == "K", random.below(4) > 0 { text += random.pick(["a", "b", "A", "c.d"]) + " hash " }
        if kind == "O", random.below(4) > 0 { text += " AliasFile=" }
        for _ in 0..<random.below(8) { text += random.pick(Self.pieces[kind] ?? [""]) }
        text += random.pick(["\n", "\n", "\n", "\r\n", " \n"])
      }
      let account = try compare(sendmail, Array(text.utf8), wordsOf: "Probe")
      // What it does not know may be known to another release, and is kept.
      let known = ["AliasFile", "HelpFile", "MaxAliasRecursion", "UseCompressedIPv6Addresses", "Timeout.misc"]
      func isKnown(_ option: String) -> Bool { known.contains { option.hasPrefix($0 + "=") } }
      let options = ours(Array(text.utf8), wordsOf: "Probe").options
      #expect(account.options.filter(isKnown) == options.filter(isKnown), "\(printable(text.utf8))")
      seen.maps.formUnion(account.maps)
      seen.sources += account.sources
      seen.words += account.words
      seen.aliases += account.aliases
    }
    #expect(seen.maps.count > 50 && seen.sources.count > 200 && seen.words.count > 200 && seen.aliases.count > 200)
  }

  @Test(.needsNamespaces) func sameAsSendmailOnDebiansFile() throws {
    let sendmail = try ReadingSendmail()
    let text = try sendmail.stockConfiguration()
    let file = ConfigurationFile(text)
    #expect(file.diagnostics == [])
    let account = try compare(sendmail, text, wordsOf: "O")
    #expect(account.maps.count == 3 && account.words == ["@", "%", "!"])
    #expect(file.map(named: "access")?.flags.temporaryFailureSuffix == "<TMPF>")
    #expect(file.classSources(of: "w").count == 1 && file.classSources(of: "R").map(\.isOptional) == [true])
    #expect(file.aliasFiles.count == 1)
  }

  /// Configurations that Debian and sendmail come with.
  ///
  /// Where they include files of an installed sendmail, m4 goes on
  /// without them.
  @Test(
    .needs(.m4), .needsNamespaces,
    arguments: [
      "debian/sendmail.mc", "debian/submit.mc", "cf/generic-linux.mc", "cf/knecht.mc", "cf/tcpproto.mc",
      "cf/cs-solaris2.mc", "cf/huginn.cs.mc", "cf/uucpproto.mc",
    ])
  func sameAsSendmailOnShippedFiles(_ name: String) throws {
    let made = try run(
      try Tools.m4, ["-I\(Tools.cfDirectory)", Tools.cfDirectory + "/m4/cf.m4", "\(Tools.cfDirectory)/\(name)"])
    try #require(made.output.count > 20_000)
    let file = ConfigurationFile(made.output)
    #expect(file.text.bytes == made.output)
    #expect(file.diagnostics == [])
    #expect(file.aliasFiles.isEmpty == (name == "debian/submit.mc"))
    #expect(file.level == 10)
    _ = try compare(try ReadingSendmail(), made.output, wordsOf: "O")
  }
}
