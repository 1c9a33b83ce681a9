import MailcfgCommands
import SendmailConfig
import SendmailDirectory
import SystemSupport
import TestSupport
import Testing

/// Our newaliases and sendmail's, given the same.
@Suite struct NewaliasesDifferentialTests {
  typealias Run = NewaliasesBatch.Run

  /// Runs ours within the test.
  static func ours(_ program: SendmailProgram, _ batch: NewaliasesBatch) throws -> [NewaliasesBatch.Answer] {
    try batch.ours { (arguments: [String]) in
      var call = ProgramCall([Array(program.rawValue.utf8)] + arguments.map { Array($0.utf8) }, input: [])
      call.machine = MachineNames(
        node: "mx.test.example", hosts: Array(SendmailSite.hosts.joined(separator: "\n").utf8), mergesLines: true,
        interfaces: [NetworkInterface(address: [127, 0, 0, 1], isLoopback: true)], probe: .addressesAndNames)
      let status = program.run(call)
      return (status, call.output.bytes, call.errors.bytes)
    }
  }

  /// What differs, or nil.
  static func difference(_ theirs: NewaliasesBatch.Answer, _ ours: NewaliasesBatch.Answer) -> String? {
    // Here the real one hangs.
    if theirs.status == 124 { return ours.status == 70 ? nil : "status \(ours.status) where sendmail's hangs" }
    if theirs.output != ours.output {
      let (left, right) = (theirs.output.split(separator: 0x0A), ours.output.split(separator: 0x0A))
      let pair = zip(left + [[]], right + [[]]).first { $0 != $1 }
      return "says \(printable((pair?.0 ?? []).suffix(400)))\n  ours \(printable((pair?.1 ?? []).suffix(400)))"
    }
    if theirs.status != ours.status { return "status \(theirs.status), ours \(ours.status)" }
    // Remarks of ours, which -v asks for.
    let errors = ours.errors.split(separator: 0x0A).filter {
      !String(decoding: $0, as: UTF8.self).contains(": warning: ")
    }
    if theirs.errors.split(separator: 0x0A) != errors {
      return "standard error \(printable(theirs.errors)), ours \(printable(ours.errors))"
    }
    guard theirs.maps != ours.maps else { return nil }
    let lost = Set(theirs.maps).subtracting(ours.maps).sorted()
    let added = Set(ours.maps).subtracting(theirs.maps).sorted()
    return "stores \(lost.prefix(3)), ours \(added.prefix(3))"
  }

  static func difference(_ run: Run, text: [UInt8], inMemory: Bool = true) -> String? {
    var run = run
    run.text = text
    guard let batch = try? NewaliasesBatch([run], inMemory: inMemory), let theirs = try? batch.theirs().first,
      let ours = try? ours(.newaliases, batch).first
    else { return nil }
    return difference(theirs, ours)
  }

  /// Compares all runs; the first that differs is shrunk.
  static func compare(_ runs: [Run], inMemory: Bool = true) throws -> [NewaliasesBatch.Answer] {
    let batch = try NewaliasesBatch(runs, inMemory: inMemory)
    let theirs = try batch.theirs()
    let ours = try ours(.newaliases, batch)
    var isFirst = true
    for (number, run) in runs.enumerated() {
      guard let what = difference(theirs[number], ours[number]) else { continue }
      var shown = "run \(number): \(run.arguments) \(run.configuration) \(run.leniency) \(run.preparation)\n  \(what)"
      if isFirst, !run.text.isEmpty {
        isFirst = false
        let small = shrunk(run.text, attempts: 60) { difference(run, text: $0, inMemory: inMemory) != nil }
        shown += "\n  shrunk: \(printable(small))\n  \(difference(run, text: small, inMemory: inMemory) ?? "")"
      }
      Issue.record("\(shown)")
    }
    return theirs
  }

  // MARK: Texts

  static func text(_ random: inout SplitMix64, pieces count: Int) -> [UInt8] {
    let pieces = [
      "\n", "\n", "\n", "\r\n", "\n\n", "\n ", "\n\t", "\\\n", "\\", "\\\\\n", " ", "\t", "#", "\n# note", ":", ": ",
      ",", ", ", "a", "foo", "FOO", "bar: root\n", "list: a, b,\n\tc\n", "\"", "\"", "(", ")", "<", ">", "@",
      "@local.example", "root", "ä", "É", "\u{B}", "|/bin/x", "/tmp/x", ":include:/x", ";", "+d", ".", "\nx: y",
      "\nzz: root", "\n  stray", "a b", "\nX: z", "\na: ", "\u{1}", "\u{7F}", "\n: root", "\nempty:\n", "\n\"\": x",
      "\n@: x", "b@remote.org", "\nGroup: x;", "<@a,@b:c@d.e>", "\n\"c d\": e", "\n<foo>: x", "\n(c) foo: y",
    ]
    var text: [UInt8] = []
    for _ in 0..<count {
      text += Array(random.pick(pieces).utf8)
      if random.oneIn(150) { text.append(0) }
      if random.oneIn(80) { text.append(UInt8(0x80 + random.below(0x80))) }
    }
    return text
  }

  /// A logical line around the length of sendmail's buffer, over one physical line or several.
  static func longText(_ random: inout SplitMix64) -> [UInt8] {
    var text = Array("first: root\nlong: ".utf8)
    let ends = ["\n", "\n more,\n", "\\\nback\n", "\r\n", "", "\n\n", "\n\tx", "\n# c\n"]
    let wanted = random.oneIn(4) ? 12000 : 8182 + random.below(12)
    while text.count < wanted + 12 {
      let room = wanted + 12 - text.count
      text += [UInt8](repeating: 0x78, count: min(room, random.oneIn(3) ? 9000 : 1 + random.below(3000)))
      if text.count < wanted + 8, random.oneIn(2) { text += Array(random.pick(["\n ", "\\\n", "\n\t", ","]).utf8) }
    }
    return text + Array(random.pick(ends).utf8) + Array("next: x\n".utf8)
  }

  @Test(.needs(.newaliases, .sendmail, .dbDump), arguments: [1, 2])
  func filesOfFewLines(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let forms = [
      "", "", "", "hash:", "btree:", "implicit:", "hash:-N ", "btree:-A ", "-A ", "hash:-A -N ", "-o ", "hash:-f ",
    ]
    var runs: [Run] = []
    for _ in 0..<130 {
      var arguments = ["-OAliasFile=\(random.pick(forms))%/aliases"]
      if random.oneIn(3) { arguments.append(random.pick(["-on", "-OCheckAliases=true", "-OCheckAliases", "-onTrue"])) }
      if random.oneIn(8) { arguments.append("-v") }
      let text = random.oneIn(16) ? Self.longText(&random) : Self.text(&random, pieces: random.below(60))
      runs.append(Run(text, arguments))
    }
    let theirs = try Self.compare(runs)
    let said = String(decoding: theirs.flatMap(\.output), as: UTF8.self)
    for words in [
      "alias line too long", "Non-continuation line starts with space", "missing colon", "illegal alias name",
      "missing value for alias", "cannot alias non-local names", "Warning: duplicate alias name", "Unbalanced '\"'",
      "Unbalanced '('", "Unbalanced ')'", "Unbalanced '<'", "Unbalanced '>'", "User address required",
      "8-bit character in mailbox address", "(non-printable character)", "bad address",
    ] {
      #expect(said.contains(words), "no file reached: \(words)")
    }
    #expect(Set(theirs.map(\.status)).isSuperset(of: [0, 64, 70]))
  }

  /// Thousands of entries in a few files.
  @Test(.needs(.newaliases, .sendmail, .dbDump), arguments: [3, 4])
  func filesOfManyEntries(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let names = [
      "a", "B", "foo", "Foo", "foo bar", "\"foo bar\"", "x@local.example", "x@localhost", "x@w", "y@remote.org",
      "<z>", "Full Name <full>", "(c) n", "n (c)", "\"q\"", "\"a:b\"", "a.b", "u+d", "u+*", "|x", "/x", "@", "\"\"",
      "p@", "x, y", "#no", ":include:/x", "\\root", "foo\\", "*", ".foo", "foo.", "-f", "[x]", "a!b", "a%b", "ü", "Ä",
      "c\u{1}d", "\"", "(", ")", "<", ">", "@local.example", "x\ty", "postMaster", "owner-x", "",
    ]
    let values = [
      "root", "a, b", "a,\n\tb,\n\tc", "\"|/bin/x -v\"", "|/bin/x -v", "/dev/null", ":include:/p", "\\root", "c@d.e",
      "<a@b>", "Name <a@b>", "a@b (c, d)", "<@a,@b:c@d.e>", "Group: a, b;", "Group:;", "(c)", "((", "<x", "\"x", "x)",
      "x>", "a@b@c", "c@", "@x", "\"\"", "a b", "\u{1}x", "\u{1}, y", "ok, \u{85}x", "Ä, b", ", ,", "a,,b", "a,",
      "x\u{7F}, (\u{2})y", "\"\u{1}\"", "x\\", "x\\\u{3}", "y@[1.2.3.4", "user%h@local.example", "error:no x", "a;b",
      "", " ", "a # b",
    ]
    var runs: [Run] = []
    for number in 0..<8 {
      var text: [UInt8] = []
      for _ in 0..<700 {
        let name = random.pick(names) + (random.oneIn(2) ? "\(random.below(300))" : "")
        var value = random.pick(values)
        if random.oneIn(4) { value += ", " + random.pick(values) }
        if random.oneIn(60) { value += String(repeating: random.pick(["x", "y.", "<", "a, "]), count: 130) }
        text += Array("\(name)\(random.pick([":", ": ", " : ", ":\t"]))\(value)\(random.oneIn(20) ? "\r" : "")\n".utf8)
      }
      let form = ["", "hash:", "-A ", "btree:-N "][number % 4]
      runs.append(Run(text, ["-OAliasFile=\(form)%/aliases", "-OCheckAliases=\(number < 4 ? "true" : "false")"]))
    }
    _ = try Self.compare(runs)
  }

  // MARK: Command line and sendmail.cf

  @Test(.needs(.newaliases, .sendmail, .dbDump)) func commandLine() throws {
    let text = Array("foo: root\nbar: a,\n\tb\nFoo: x\nbad\n".utf8)
    let lines = [
      "-v", "-Z", "foo bar", "-O", "-OFoo=bar", "-oA%/aliases", "-oA", "-on -OCheckAliases=f", "--", "--help", "-q",
      "-qf", "-Qx", "-Ac", "-Am", "-B 7BIT", "-Bfoo", "-bi", "-bx", "-bii", "-em", "-f foo", "-F name", "-h 5",
      "-hx", "-h99", "-L tag", "-M x", "-Nnever", "-Nfailure,delay", "-Nxx", "-p smtp", "-r x", "-R hdrs", "-R xx",
      "-V id", "-x", "-onx", "-oZ", "-o0", "-OTimeout", "-OAlias=x", "-OAliasF=%/aliases", "-OCheckAliases=maybe",
      "-O =x", "-OLogLevel=99", "-OTrustedUser=nosuchuser", "-ODontBlameSendmail=foo", "-OSuperSafe=x", "foo -Z", "-I",
      "-U", "-T1h", "-T", "-vZ", "-v- foo", "-", "- -Z", "-v --foo -Z", "-i5", "-hx -Z", "-f a -f b",
      "-ra -f b -Z", "-f a -r b -hx", "-OFoo=x -Z",
      "-OFoo=x -hy", "-Nxx -OFoo=1", "-Rxx -OFoo=x", "-Bfoo -OFoo=x", "-p", "-bx -Z", "-I -Z", "-OAliasWait", "-OA=x",
      "-imnstGcv", "-C", "-C -v", "-Cnosuch.cf", "-C %/nosuch.cf", "-C %", "-C /dev/null",
    ]
    var runs = lines.map { Run(text, $0.split(separator: " ").map(String.init) + ["-OAliasFile=%/aliases"]) }
    for (number, line) in lines.enumerated() where line.contains("%/aliases") || line == "-oA" {
      runs[number].arguments.removeLast()
    }
    // An option without its argument is one at the end.
    for line in ["-O", "-X", "-p", "-C"] { runs.append(Run(text, ["-OAliasFile=%/aliases", line])) }
    let theirs = try Self.compare(runs)
    #expect(Set(theirs.map(\.status)) == [0, 64, 70, 72])
  }

  @Test(.needs(.newaliases, .sendmail, .dbDump)) func aliasFileForms() throws {
    let text = Array("x: one\nX: two\ny: three\n".utf8)
    let classes = [
      "arith", "bestmx", "bogus", "btree", "cdb", "dbm", "dequote", "dns", "hash", "hesiod", "host", "implicit",
      "macro",
      "netinfo", "nis", "nisplus", "nsd", "null", "ph", "program", "regex", "socket", "stab", "switch", "syslog",
      "text",
      "user", "userdb", "HASH", "Implicit", "UserDB",
    ]
    var forms = classes.map { "\($0):-o %/aliases" }
    forms += [
      "%/aliases", "hash:%/aliases", "btree:%/aliases", "hash:-o", "hash:-k", "hash:-Nfoo", "implicit:", ": %/aliases",
      ":%/aliases", "hash :%/aliases", "hash,%/aliases", ",,%/aliases", "hash:-N -A %/aliases", "hash:-No %/aliases",
      "hash:- %/aliases", "hash:-A-N %/aliases", "hash:-k1 %/aliases", "hash:-z: %/aliases", "text:-z: %/nosuch",
      "stab:%/nosuch", "hash: -o /nosuch", "hash:/nosuch", "-o /nosuch", "/nosuch", "%", "%/", "/dev/null",
      "/nosuch/dir/x", "%/aliases/x", "hash:-S %/aliases", "hash:-T %/aliases", "hash:-a %/aliases",
      "hash:-l %/aliases",
      "hash:-D -L %/aliases", "\"%/aliases\"", "%/aliases extra", "%/two,%/aliases", "%/aliases,hash:%/two",
      " %/aliases",
      "%/aliases, btree:-o %/two , text:%/aliases, /nosuch, -o /nosuch2,hash:%/nosuch3,hash:-o %/n4,hash:-A %/three",
      "\"%/a,b\"", "%/a\\,b", "", " ",
      (0..<16).map { "%/f\($0)" }.joined(separator: ","), (0..<30).map { "hash:%/f\($0)" }.joined(separator: " , "),
    ]
    forms += Self.otherForms
    let preparation = """
      printf 'x: z\\nbad\\n@local.example: x\\n' > two; cp aliases three
      for number in $(seq 0 30); do echo "x$number: y" > f$number; done
      """
    var runs: [Run] = []
    for form in forms {
      runs.append(Run(text, ["-OAliasFile=\(form)"], preparation: preparation))
      runs.append(Run(text, [], configuration: ["O AliasFile=\(form)"], preparation: preparation))
    }
    runs.append(Run(text, ["-OAliasFile=%/aliases", "-OAliasFile=%/two", "-oAhash:%/three"], preparation: preparation))
    runs.append(Run(text, [], configuration: ["O AliasFile=%/aliases", "OA%/two"], preparation: preparation))
    _ = try Self.compare(runs)
  }

  /// Sequences and maps of a directory, from which nothing is built; what is wrong with their arguments is said.
  private static let otherForms: [String] =
    [
      "a b", "access", "", "/", "/x/aliases", "a,%/aliases", "a,sequence:b Alias0,ldap:c", "Alias0 Alias1", "-t x",
      "ALIAS0 host Host user dequote", "a-b_c.d", "a/b\\c!d@e#f$g", "\u{e9} \"a b\"",
      "a,%/aliases,sequence:Alias0 Alias1 Alias2",
    ].map { "sequence:" + $0 }
    + [
      "", "x", "-k (uid=%0) -v mail", "/nosuch", "-Z", "-k", "-k \"\"", "-k \"a b", "-k (a) -Z 5", "-v mail", "-o",
      "-k x -s bad -v mail", "-k x -s", "-k x -s bad -r bad", "-s \"base\"-k x", "-kx -sone -rnever", "-s bad",
      "-k x -s \"base\"", "-k x -s LDAP_SCOPE_X",
      "-k x -s ldap_scope_y",
      "-k x -M LDAP_AUTH_SIMPLE -s LDAP_SCOPE_BASE",
      "-k x -r bad", "-k x -r Always", "-k x -M bad", "-k x -M NONE", "-k x -w 9", "-k x -w bad", "-k x -w",
      "-k x -w 3x",
      "-k x -w +2", "-k x -w -3", "-k x -h y -H ldap://x", "-k x -H ldap://x -h \"\"", "-k x -v a:DN|b", "-v a:BAD",
      "-k x -v a:NORMAL -v b:URL", "-k x -v a:normal", "-k x -v a::", "-k x -v \"a:DN:x|y\"", "-k x -v \"a\":BAD",
      "-k x -v \"a,b:DN\"", "-k x -v ,,:", "x,ldap:-k x -s y", "-kx foo -s bad", "- k x", "-k x -b -s bad", "-k -s bad",
    ].map { "ldap:" + $0 }
    // Not those with a meaning before: a comma, a comment, a macro, the test's own mark. -P reads a file.
    + "!\"&'()*+-./0123456789:;<=>?@ABCDEFGHIJKLMNOQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~"
    .map { "ldap:-k x -\($0) -s bad" }

  /// Words of option DontBlameSendmail that sendmail knows.
  private static let notBlamed = """
    truststickybit groupwritabledirpathsafe groupwritablealiasfile worldwritablealiasfile \
    linkedaliasfileinwritabledir mapinunsafedirpath writemaptosymlink writemaptohardlink \
    classfileinunsafedirpath linkedclassfileinwritabledir linkedmapinwritabledir assumesafechown \
    dontwarnforwardfileinunsafedirpath errorheaderinunsafedirpath filedeliverytohardlink filedeliverytosymlink \
    forwardfileingroupwritabledirpath forwardfileinunsafedirpath forwardfileinunsafedirpathsafe \
    groupreadabledefaultauthinfofile groupreadablekeyfile groupreadablesasldbfile groupwritableforwardfile \
    groupwritableforwardfilesafe groupwritableincludefile groupwritableincludefilesafe groupwritablesasldbfile \
    helpfileinunsafedirpath includefileingroupwritabledirpath includefileinunsafedirpath \
    includefileinunsafedirpathsafe insufficiententropy linkedforwardfileinwritabledir \
    linkedincludefileinwritabledir linkedserviceswitchfileinwritabledir nonrootsafeaddr \
    runprograminunsafedirpath runwritableprogram worldwritableforwardfile worldwritableincludefile \
    writestatstohardlink writestatstosymlink
    """

  @Test(.needs(.newaliases, .sendmail, .dbDump)) func configurations() throws {
    let lines =
      [
        "Fw/nosuch", "Fw-o /nosuch", "F{x}/nosuch/y %[^#]", "F{y}%", "Fw relfile", "Fw", "Fw\"foo", "O BadOption=x",
        "O",
        "O Alias=y", "O AliasF=%/aliases", "O CheckAliases=true", "O TrustedUser=nosuchuser", "O DontBlameSendmail=foo",
        "O DontBlameSendmail=;trust-sticky, safe;foo_bar/b4z,TrustStickyBit",
        "O DontBlameSendmail=safe;TrustStickyBit\u{e4}certowner", "O DontBlameSendmail=TrustStickyBit\u{1}CertOwner",
        "O =x", "O0x", "Fw%/names", "Fw%/names %[^#]", "Fw-o %/names", "Cwmore.example", "Cw$m", "FW%/names",
        "Ct nobody",
        "O BlankSub=.", "O AliasFile=nosuch:/x", "O AliasFile=hash:%/aliases, userdb:x",
      ] + ["TrustStickyBit", "CertOwner"].map { "O DontBlameSendmail=\(Self.notBlamed), \($0)" }
    let text = Array("foo: root\nx@more.example: a\ny@names.example: (b\nz@test.example: c\n".utf8)
    var runs: [Run] = []
    for line in lines {
      for preparation in [
        "echo names.example > names", "echo names.example > real; ln -s real names",
        "echo names.example > names; chmod 0 names", "mkdir names", "mkfifo names",
        "echo names.example > names; chmod 666 names",
      ] {
        guard line.contains("names") || preparation == "mkdir names" else { continue }
        runs.append(Run(text, configuration: [line], preparation: preparation))
      }
    }
    for mode in ["664", "646", "600"] {
      runs.append(Run(text, configuration: ["#"], preparation: "chmod \(mode) sendmail.cf"))
    }
    let theirs = try Self.compare(runs)
    #expect(Set(theirs.map(\.status)).isSuperset(of: [70, 71]))
  }
}
