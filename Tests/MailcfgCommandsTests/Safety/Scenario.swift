import TestSupport
import Testing

/// A change that is stopped, or made to fail, at each of its system calls.
struct Scenario: Sendable, CustomTestStringConvertible {
  /// What it is called in reports.
  let name: String
  /// The command line; `MAILCFG_MAIL_DIR` names the mail directory.
  let command: [String]
  /// The table that is its standard input.
  var input: String?
  /// Whether the directory is empty before; otherwise it has the tables of `Fixtures/hosting` and their maps.
  var beginsEmpty = false
  /// Commands that have been given before.
  var earlier: [[String]] = []
  /// Whether texts were edited by hand since their maps were built.
  var isEditedByHand = false
  /// Whether it is one of sendmail's own programs, which knows one map and no journal.
  var isProgram = false
  /// Whether every call is tried in each run of the tests, and not in a full one only.
  var isTriedWhole = false

  var testDescription: String { name }

  init(_ name: String, _ command: String...) {
    self.name = name
    self.command = command
  }

  /// The same, made different.
  func with(_ change: (inout Scenario) -> Void) -> Scenario {
    var scenario = self
    change(&scenario)
    return scenario
  }

  /// Every scenario: another one takes one line.
  static let all = [
    Scenario("relay add", "relay", "add", "192.0.2.7").with { $0.isTriedWhole = true },
    Scenario("alias set", "alias", "set", "sales", "dora", "emil"),
    Scenario("virtmap remove", "virtmap", "remove", "info@shop.example"),
    Scenario("host add", "host", "add", "a.example"),
    Scenario("four tables at once", "check", "--elsewhere", "--fix").with { $0.isTriedWhole = true },
    Scenario("relay add, one more", "relay", "add", "192.0.2.7").with {
      $0.earlier = [["-q", "alias", "add", "sales", "dora"]]
    },
    Scenario("undo", "undo", "1").with {
      $0.earlier = [["-q", "relay", "add", "192.0.2.7"], ["-q", "relay", "add", "192.0.2.8"]]
      $0.isTriedWhole = true
    },
    Scenario("build", "build").with { $0.isEditedByHand = true },
    Scenario("init", "init").with { $0.beginsEmpty = true },
    Scenario("makemap", "makemap", "-C", "/dev/null", "hash", "etc-mail/access").with {
      $0.input = "access"
      $0.isEditedByHand = true
      $0.isProgram = true
    },
    Scenario("newaliases", "newaliases", "-C", "newaliases.cf").with {
      $0.isEditedByHand = true
      $0.isProgram = true
    },
    Scenario("editmap", "editmap", "-C", "/dev/null", "-u", "hash", "etc-mail/access", "a.example", "REJECT").with {
      $0.isProgram = true
    },
  ]
}

/// A scenario made ready: what the directory holds before and after, and places that begin as the former.
struct Staging {
  let scenario: Scenario
  /// What is there before.
  let old: Holdings
  /// What is there when all went well.
  let new: Holdings
  private let files: [(name: String, bytes: [UInt8], mode: UInt32)]

  /// Makes the scenario once, undisturbed, and sees that what it makes is what sendmail's own programs make of the texts.
  init(_ scenario: Scenario) throws {
    self.scenario = scenario
    let place = try Workplace(scenario.beginsEmpty ? nil : "hosting")
    if !scenario.beginsEmpty { try place("build", "-q") }
    for command in scenario.earlier { try place.run(command) }
    if scenario.isEditedByHand {
      try place.replace("192.0.2.64", with: "192.0.2.65", in: "access")
      try place.replace("emil", with: "emilia", in: "virtmaps", all: true)
      try place.replace("Webmaster: bernd", with: "Webmaster: dora", in: "aliases")
    }
    files = try listDirectory(place.mail).map { ($0, try place.read($0), try place.mode($0)) }
    old = try Holdings(place)
    try Staging.prepare(place)
    let outcome = try Staging.run(scenario, place)
    try #require(outcome.status == 0, "\(outcome.errorText)")
    new = try Holdings(place)
    try #require(old != new)
    guard scenario.name != "editmap" else { return }
    for (text, map) in [("access", "access.db"), ("virtmaps", "virtmaps.db")] where new.maps[map] != old.maps[map] {
      try place.expectMap(map, of: text)
    }
    if new.maps["aliases.db"] != old.maps["aliases.db"] { try place.expectAliasMap() }
  }

  /// A place as it was before.
  func place() throws -> Workplace {
    let place = try Workplace()
    for (name, bytes, mode) in files { place.write(name, bytes, mode: mode) }
    try Staging.prepare(place)
    return place
  }

  /// Runs the command of the scenario behind the words of another program, such as strace(1).
  @discardableResult
  func run(_ place: Workplace, behind words: [String] = [], wait: String? = nil) throws -> Outcome {
    try Staging.run(scenario, place, behind: words, wait: wait)
  }

  private static func prepare(_ place: Workplace) throws {
    try place.directory.write(
      "newaliases.cf",
      """
      V10/Berkeley
      O DontBlameSendmail=TrustStickyBit
      O QueueDirectory=/var/spool/mqueue
      O AliasFile=\(place.path("aliases"))
      Mlocal, P=/bin/true, F=A, A=true
      S0
      R$*\t$#local $: $1

      """)
  }

  private static func run(
    _ scenario: Scenario, _ place: Workplace, behind words: [String] = [], wait: String? = nil
  ) throws -> Outcome {
    let options = scenario.isProgram ? [] : wait.map { ["--wait", $0] } ?? []
    let command = words + [Proof.mailcfg] + options + scenario.command
    return try TestSupport.run(
      command[0], Array(command[1...]), input: scenario.input.map { try place.read($0) } ?? [],
      environment: ["MAILCFG_MAIL_DIR": "etc-mail", "NO_COLOR": "1", "LC_ALL": "C", "TMPDIR": place.directory.path],
      directory: place.directory.path)
  }
}

/// What the files of a mail directory hold: texts byte for byte, maps as `db5.3_dump` tells it, changes by their number.
struct Holdings: Equatable {
  /// How many whole records the history has.
  var records = 0
  var texts: [String: [UInt8]] = [:]
  var maps: [String: [DumpedMap.Pair]] = [:]

  /// Reads a mail directory.
  ///
  /// - Throws: Where `db5.3_verify` finds fault with a map.
  init(_ place: Workplace) throws {
    if try listDirectory(place.mail).contains(".mailcfg.history") {
      let lines = try place.text(".mailcfg.history").split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      records = lines.count { $0.hasPrefix("end ") }
    }
    for name in try listDirectory(place.mail) where !name.hasPrefix(".") {
      guard name.hasSuffix(".db") else {
        texts[name] = try place.read(name)
        continue
      }
      let outcome = try run(try Tools.dbVerify, [place.path(name)], environment: Tools.environment)
      guard outcome.status == 0 else { throw TestSupportError("\(name): \(outcome.errorText)") }
      maps[name] = try place.pairs(name)
    }
  }

  /// What is neither as in the one nor as in the other.
  func strangers(_ old: Holdings, _ new: Holdings) -> [String] {
    let names = Set(texts.keys).union(old.texts.keys).union(new.texts.keys)
    let mapNames = Set(maps.keys).union(old.maps.keys).union(new.maps.keys)
    return names.filter { texts[$0] != old.texts[$0] && texts[$0] != new.texts[$0] }.sorted()
      + mapNames.filter { maps[$0] != old.maps[$0] && maps[$0] != new.maps[$0] }.sorted()
  }
}

extension Workplace {
  /// What a change that was stopped has left: journal, staging directories, files of libdb.
  func litter() throws -> [String] {
    try listDirectory(mail).filter { name in
      name.hasPrefix(".mailcfg-") || name.hasPrefix(".makemap-") || name == ".mailcfg.journal" || name.hasPrefix("__db")
    } + listDirectory(directory.path).filter { $0.hasPrefix(".makemap-") }
  }
}
