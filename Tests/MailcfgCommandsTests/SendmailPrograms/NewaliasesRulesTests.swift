import MailcfgCommands
import TestSupport
import Testing

/// Which names are local by the rules of the site: ours and sendmail's, given the same sendmail.cf.
@Suite struct NewaliasesRulesTests {
  typealias Run = NewaliasesBatch.Run

  private static let names = [
    "root", "Postmaster", "info", "list-a", "LIST-b", "a.b", "Anna.Berg", "x+y", "list-a+x", "mailer-daemon", "local",
    "\"quoted word\"", "two words", "x@local.example", "info@local.example", "x@remote.example", "info@virtual.example",
    "@local.example", "a!b", "a%b", "<angle>", "(c) d", "|prog", "/file", ":include:/x", "\\root", "ä", "é.f", "x_y",
    "x=y", "192.0.2.1", "[192.0.2.1]", "smtp", "esmtp", "deep.er.er", "a-b-c", "*", "postmaster@localhost", "nobody@",
    "owner-list", "error", "123", "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z", "r+e+c", "x:y", "x;y", "x,y",
  ]

  private static let text = Array((names.map { "\($0): root\n" }.joined() + "INFO: a, \"x@y@z, list-b\n").utf8)

  /// Rules for `ParseLocal`, which the stock rules call early in rule set 0, and lines that stand in front of it.
  private static let variants: [(lines: [String], rules: [String])] = [
    // All mail goes to a hub, as with FEATURE(`nullclient').
    ([], ["R$*\t\t$#esmtp $@ hub.example $: $1"]),
    // Mailing lists have a mailer of their own, with flag A and without.
    (["Mlists, P=/bin/true, F=lsA, A=x $u"], ["Rlist-$+ <@$=w.>\t$#lists $@ x $: $1"]),
    (["Mlists, P=/bin/true, F=ls, A=x $u"], ["Rlist-$- <@$=w.>\t$#lists $@ x $: $1", "Rlist-$+\t$#lists $@ x $: $1"]),
    (["Mlists, P=/bin/true, F=lsAu, A=x $u"], ["Rlist-$+\t$#lists $@ x $: X-$1", "RAnna.$+\t$#lists $@ x $: Q.$1"]),
    // Names are changed on the way.
    ([], ["R$-.$-\t\t$#local $: $2", "Rinfo\t\t$#local $: office"]),
    (["CXanna x"], ["R$=X.$+\t\t$#local $: $1", "R$=X+$+\t\t$#local $: $2"]),
    (
      ["CXa.b x+y info@local.example"],
      ["R$=X\t\t$#error $@ nouser $: \"550 5.1.1 not $1\"", "R$+ $=X $*\t$#local $: $1"]
    ),
    (["D{Who}info"], ["R$&{Who}\t\t$#local $: who"]),
    (["O BlankSub=_"], ["Rtwo_words\t\t$#local $: three"]),
    (["Kd dequote"], ["R$-\t\t$#local $: $(d $1 $)"]),
    (["Kr regex -a.FOUND ^list-"], ["R$-\t\t$#local $: $(r $1 $)", "R$- + $*\t\t$#local $: $(r $1 $)"]),
    (["Kt text -z: -k0 -v1 %/names"], ["R$-\t\t$#local $: $(t $1 $: none $)"]),
    (["Kh hash %/virtual"], ["R$+\t\t$: $(h $1 $: $1 $)"]),
    (
      ["Kh hash -o %/virtual"],
      ["R$+ <@ $+ .>\t\t$: < $(h $1@$2 $: ! $) > $1 <@ $2 .>", "R<!> $*\t$: $1", "R<$+> $*\t$#local $: $1"]
    ),
    (["Kh hash %/nosuch"], ["R$-\t\t$#local $: $(h $1 $: $1 $)"]),
    (["Kh hash -t %/nosuch"], ["R$-\t\t$#local $: $(h $1 $: $1 $)"]),
    (["Kh hash -o %/nosuch"], ["R$-\t\t$#local $: $(h $1 $: $1 $)"]),
    (["Kh hash %/empty"], ["R$-\t\t$#local $: $(h $1 $: $1 $)"]),
    (["Kh btree %/folder"], ["R$-\t\t$#local $: $(h $1 $: $1 $)"]),
    // The name that asks it first is not local.
    (["Kh hash %/nosuch"], ["R$+ <@ remote.example $*>\t$: $1 <@ remote.example $(h $1 $: . $)>"]),
    // What cannot be followed.
    ([], ["R$+\t\t$>nosuch $1"]),
    ([], ["R$-\t\t$#nosuch $: $1"]),
    ([], ["R$-\t\t$#esmtp $: $1"]),
    ([], ["R$-\t\t$#local $@ x"]),
    ([], ["R$-\t\t$@"]),
    ([], ["R$- . $-\t\t$1 . $2"]),
    (["Sagain", "R$-\t\t$: $>again $1"], ["R$-\t\t$: $>again $1"]),
    ([], ["R$-\t\t$#local $: $( nosuch $1 $)"]),
    // Mail for a domain that the maps know.
    (
      ["C{Virtual}virtual.example"],
      ["R$+ <@ $={Virtual} >\t\t$#local $: $1", "R$+ <@ $={Virtual} . >\t\t$#local $: $1"]
    ),
  ]

  private static let statuses = [
    "nouser", "nohost", "usage", "unavailable", "tempfail", "protocol", "config", "none", "NOUSER", "67", "75", "1",
    "0",
    "5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.5", "5.1.6", "5.1.7", "5.1.8", "5.2.1", "5.2.2", "5.2.3", "5.3.0",
    "5.3.5", "5.4.0", "5.4.1", "5.4.2", "5.4.3", "5.4.4", "5.4.5", "5.4.6", "5.5.0", "5.5.4", "5.6.0", "5.7.0", "5.7.1",
    "4.1.1", "4.7.0", "2.1.5", "3.1.1", "5.9.9", "5.1", "5.1.1.1", "5.a.1", "9.9.9",
  ]

  private static let preparation = """
    printf 'info: office\\nroot: list-x\\n' > names
    : > empty.db
    mkdir folder.db
    """

  private static func compare(_ cases: [(lines: [String], rules: [String])], _ text: [UInt8]) throws {
    try withRuns(of: cases, text) { runs in _ = try NewaliasesDifferentialTests.compare(runs) }
  }

  /// Makes the map `virtual` that the rules may ask, and a run for each case.
  private static func withRuns(
    of cases: [(lines: [String], rules: [String])], _ text: [UInt8], then more: String = "",
    _ body: ([Run]) throws -> Void
  ) throws {
    let shared = try TemporaryDirectory(inMemory: true)
    try shared.write("makemap.cf", "O DontBlameSendmail=TrustStickyBit\n")
    let made = try run(
      try Tools.makemap, ["-C", shared.path("makemap.cf"), "hash", shared.path("virtual")],
      input: Array("info@local.example chief\ninfo chief\ndeep.er.er\tx y\nroot root\n".utf8),
      environment: Tools.environment)
    try #require(made.status == 0, "\(made.errorText)")
    defer { withExtendedLifetime(shared) {} }
    let preparation = preparation + "\ncp \(shared.path("virtual.db")) .\n" + more
    try body(
      cases.enumerated().map { number, site in
        Run(
          text, number % 2 == 0 ? ["-OAliasFile=hash:%/aliases"] : ["-OAliasFile=%/aliases", "-OCheckAliases"],
          configuration: site.lines + ["SParseLocal"] + site.rules, preparation: preparation)
      })
  }

  @Test(.needs(.newaliases, .sendmail, .dbDump, .makemap)) func rulesOfSites() throws {
    // Each with and without CheckAliases.
    try Self.compare(Self.variants.flatMap { [$0, $0] }, Self.text)
  }

  /// sendmail says the same of each look-up that fails, but for the reason, and goes on.
  @Test(.needs(.newaliases, .sendmail, .dbDump, .makemap), arguments: ["", "-o ", "-t "])
  func aDamagedMap(flags: String) throws {
    // Every page but the first is none.
    let damage = """
      for page in $(seq 1 $(($(stat -c %s virtual.db) / 4096 - 1))); do
        printf '\\377\\377\\377\\377\\000\\143' | dd of=virtual.db bs=1 seek=$((page * 4096 + 20)) conv=notrunc 2>&-
      done
      """
    let site = (lines: ["Kh hash \(flags)%/virtual"], rules: ["R$- . $+\t\t$#local $: $(h $1.$2 $: none $)"])
    func said(_ answer: NewaliasesBatch.Answer) -> [String] {
      String(decoding: answer.output, as: UTF8.self).split(separator: "\n").compactMap { line in
        if line.contains("db_map_close") { return nil }
        return line.firstRange(of: "): ").map { String(line[..<$0.lowerBound]) } ?? String(line)
      }
    }
    try Self.withRuns(of: [site], Self.text, then: damage) { runs in
      let batch = try NewaliasesBatch(runs)
      let theirs = try #require(try batch.theirs().first)
      let ours = try #require(try NewaliasesDifferentialTests.ours(.newaliases, batch).first)
      #expect(said(ours) == said(theirs))
      #expect(said(theirs).contains { $0.hasSuffix("db_map_lookup: get (a.b") })
      #expect(ours.status == theirs.status && theirs.status == 71)
      #expect(ours.maps == theirs.maps)
    }
  }

  /// What a rule refuses decides the exit status.
  @Test(.needs(.newaliases, .sendmail, .dbDump, .makemap)) func statusesOfRefusals() throws {
    let cases = Self.statuses.map { (lines: [String](), rules: ["Rno\t\t$#error $@ \($0) $: 550 5.7.1 not \($0)"]) }
    try Self.compare(
      cases + [([], ["Rno\t\t$#error $: \"no reason\""]), ([], ["Rno\t\t$#error $@ 5.1.1"])],
      Array("yes: root\nno: root\nxyz: (, \"a\n".utf8))
  }

  /// An address that begins with the digits of a reply code.
  @Test(.needs(.newaliases, .sendmail, .dbDump, .makemap)) func addressesLikeReplyCodes() throws {
    let names = ["123", "1234", "550", "123.5", "\"123 4\"", "550 5.1.1", "451 4.7.1 x", "a123"]
    let texts = [
      "no $1", "4.1.1 no $1", "123 no", "250 2.1.1 no", "354 no", "421 no", "451 4.1.1 no", "550 5.1.1", "550",
      "600 no",
      "000 no", "5501 no", "550-no", "550 4.1.1 no", "550 2.1.1 no", "550 5.1.1.1 no", "\"550 5.1.1 no\"",
      "550 a.b.c no",
      "450 5.1.1 no", "551 no", "251 no", "552 no", "250 no",
    ]
    try Self.compare(
      texts.map { (lines: [String](), rules: ["R$*\t\t$#error $@ nouser $: \($0)"]) },
      Array(names.map { "\($0): root\n" }.joined().utf8))
  }

  /// Rules made of parts by chance.
  @Test(.needs(.newaliases, .sendmail, .dbDump, .makemap), arguments: [1, 2]) func generatedRules(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let left = ["$*", "$+", "$-", "$=w", "$=X", "$~X", "root", "info", "list", ".", "+", "<@$=w.>", "@", "a"]
    let right = ["$1", "$2", "x", ".", "+", "$(r $1 $)", "$(h $1 $: $1 $)", "$m"]
    var cases: [(lines: [String], rules: [String])] = []
    for _ in 0..<24 {
      var rules: [String] = []
      for _ in 0...random.below(3) {
        let pattern = (0...random.below(3)).map { _ in random.pick(left) }
        let wildcards = pattern.filter { $0.contains("$") }.count
        var result: [String] = []
        for _ in 0...random.below(2) {
          let piece = random.pick(right)
          if piece.contains("$2"), wildcards < 2 { continue }
          if piece.contains("$1"), wildcards < 1 { continue }
          result.append(piece)
        }
        let prefix = random.pick([
          "$:", "$:", "$@", "$#local $:", "$#local $:", "$#error $@ nouser $:", "$#esmtp $@ h $:",
        ])
        rules.append("R\(pattern.joined(separator: " "))\t\t\(prefix) \(result.joined(separator: " "))")
      }
      cases.append((["CXinfo a.b list-a", "Kr regex -a.FOUND ^list", "Kh hash %/virtual"], rules))
    }
    try Self.compare(cases, Self.text)
  }
}
