import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// What `--built` makes of maps in every state, beside the real sendmail with the same maps.
@Suite("--built, beside sendmail")
struct BuiltMapTests {
  let directory: TemporaryDirectory
  let site: SendmailSite

  init() throws {
    directory = try TemporaryDirectory()
    unsafe chmod(directory.path, 0o755)
    site = try SendmailSite(mailDirectory: directory.path)
  }

  @Test("Maps without a text, that are not as they should be, or that may not be read", .needs(.sendmail, .makemap))
  func states() throws {
    var declarations = ""
    var commands: [String] = []
    var number = 0
    for (name, state) in Self.states {
      try directory.makeDirectory(name, mode: 0o755)
      unsafe chmod(directory.path(name), 0o755)
      try state(directory.path(name), site.configuration)
      for flags in ["", "-o ", "-N ", "-o -O ", "-N -O ", "-f ", "-o -T<TMPF> "] {
        number += 1
        declarations += "Km\(number) hash \(flags)\(directory.path(name))/map\n"
        commands += ["key", "Upper", "none"].map { "/map m\(number) \($0)" }
        // sendmail has room for a hundred rule sets.
        guard flags.isEmpty || flags.hasPrefix("-o") else { continue }
        declarations += "St\(number)\nR$*\t$: $(m\(number) $1 $: none $)\n"
        commands.append("t\(number) key")
      }
    }
    try writeFile(site.configuration, try readFile(site.configuration) + Array(declarations.utf8))
    let input = Array(commands.joined(separator: "\n").utf8) + [0x0A]
    let said = try site.sendmail(["-bt"], input: input)
    let theirs = Self.answers(said)
    let ours = Self.answers(try mailcfg(["--mail-dir", directory.path, "bt", "--built"], input: input))
    try #require(theirs.count == commands.count, "\(said.outputText)")
    for (command, (ours, theirs)) in zip(commands, zip(ours, theirs)) where ours != theirs {
      Issue.record("\(command): \(ours), sendmail: \(theirs)\n\(declarations)")
    }
  }

  @Test("What a client hears of them before the greeting", .needsLiveSendmail)
  func greetings() throws {
    for name in ["virtusertable", "mailertable", "access"] { try directory.write(name, "") }
    try site.buildMaps()
    // Each client has a map of its own asked.
    var (declarations, rules) = ("", "Ssrv_features\n")
    var clients: [(address: String, state: String)] = [("127.0.2.1", "")]
    for (name, state) in Self.states {
      try directory.makeDirectory(name, mode: 0o755)
      unsafe chmod(directory.path(name), 0o755)
      try state(directory.path(name), site.configuration)
      for declaration in ["hash ", "hash -o ", "btree ", "implicit "] {
        let number = clients.count
        declarations += "Km\(number) \(declaration)\(directory.path(name))/map\n"
        rules += "R[127.0.1.\(number)] $|\t$: $(m\(number) key $: none $)\n"
        clients.append(("127.0.1.\(number)", name))
      }
    }
    let text = String(decoding: try readFile(site.configuration), as: UTF8.self)
    try writeFile(
      site.configuration,
      Array((text.replacing("Ssrv_features\n", with: rules) + declarations).utf8))
    let daemon = try site.start()
    var complaints = 0
    for (client, state) in clients {
      let greeting = try daemon.open(from: client).greeting
      let isGreeted = greeting.hasPrefix("220 ")
      if !isGreeted { complaints += 1 }
      // Where there is neither map nor text, they are in the same state.
      for options in state == "missing" ? [["--built"], []] : [["--built"]] {
        let outcome = try site.runBeside(
          Tools.mailcfg,
          ["--mail-dir", directory.path, "-q", "explain", "--client", client, "--no-ptr", "--to", "root"] + options)
        #expect(
          outcome.outputText.split(separator: "\n").first ?? ""
            == "client \(client): \(isGreeted ? "accepted" : greeting)", "\(outcome.errorText)\(declarations)")
      }
    }
    #expect(complaints > 9)
  }

  private static let states: [(String, @Sendable (_ directory: String, _ configuration: String) throws -> Void)] = [
    ("plain", { try make($0, $1) }), ("nul", { try make($0, $1, "-N") }), ("cased", { try make($0, $1, "-f") }),
    ("missing", { _, _ in }), ("empty", { directory, _ in try writeFile(directory + "/map.db", []) }),
    ("btree", { try make($0, $1, type: "btree") }),
    ("text", { directory, _ in try writeFile(directory + "/map", Array("key\ttext\n".utf8)) }),
    (
      "stale",
      {
        try make($0, $1)
        try writeFile($0 + "/map", Array("key\ttext\n".utf8))
      }
    ),
    (
      "unreadable",
      {
        try make($0, $1)
        unsafe chmod($0 + "/map.db", 0)
      }
    ),
    (
      "open",
      {
        try make($0, $1)
        unsafe chmod($0, 0o777)
      }
    ),
    (
      "closed",
      {
        try make($0, $1)
        // Nobody may enter it; root does.
        if geteuid() == 0 { unsafe chmod($0, 0) }
      }
    ),
  ]

  private static func make(_ directory: String, _ configuration: String, _ options: String..., type: String = "hash")
    throws
  {
    _ = try run(
      try Tools.makemap, ["-C", configuration] + options + [type, directory + "/map"],
      input: Array("key\tvalue\nUpper\tcased\n".utf8), environment: Tools.environment)
  }

  private static func answers(_ outcome: Outcome) -> [String] {
    outcome.outputText.split(separator: "\n").compactMap { line in
      for mark in ["map_lookup: ", "Map named", "returns: "] {
        if let place = line.firstRange(of: mark) { return String(line[place.lowerBound...]) }
      }
      return nil
    }
  }

  @Test("Aliases whose map cannot be opened", .needsLiveSendmail, arguments: ["", "-o ", "implicit:", "hash:-o "])
  func aliases(_ specification: String) throws {
    let path = directory.path("aliases")
    for name in ["virtusertable", "mailertable"] { try directory.write(name, "") }
    try site.buildMaps()
    _ = unsafe unlink("\(path).db")
    try directory.write("aliases", "list: root, user@remote.example\n")
    let text = String(decoding: try readFile(site.configuration), as: UTF8.self)
    try writeFile(
      site.configuration, Array(text.replacing("O AliasFile=\(path)", with: "O AliasFile=\(specification)\(path)").utf8)
    )
    let outcome = try site.runBeside(
      Tools.mailcfg,
      ["--mail-dir", directory.path, "-q", "--json", "explain", "--client", "127.0.0.1", "--to", "list", "--built"])
    for user in ["root", "user@remote.example"] {
      let isReached = try site.expand(["list"]).contains { $0.hasSuffix(", user \(user)") }
      #expect(outcome.outputText.contains("\"user\" : \"\(user)\"") == isReached, "\(outcome.outputText)")
      #expect(isReached == !specification.hasPrefix("hash"))
    }
  }

  /// Classes and flags of alias files; % is the directory.
  private static let aliasFiles = [
    "%/aliases", "-a.x %/aliases", "-m %/aliases", "-m -a@remote.example %/aliases", "implicit:-a.x %/aliases",
    "hash:-a.x %/aliases", "hash:-N -a.x %/aliases", "hash:-m %/aliases", "hash:-m -N -a.x %/aliases",
    "btree:-a@remote.example %/aliases", "hash:-f -m %/aliases", "stab:-a.x %/aliases", "stab:-m %/aliases",
    "hash:-O -a.x %/aliases, text:-k0 -v1 -z: %/columns", "text:%/columns", "text:-z: %/columns",
    "text:-a.x -v1 -z: %/columns", "text:-m -v1 -z: %/columns", "text:-m -a@remote.example -v1 -z: %/columns",
    "text:-f -v1 -z: %/columns", "text:-k1 -v0 -z: %/columns", "text:-v1 %/words", "text:-o %/none, %/aliases",
  ]

  @Test("Classes and flags of alias files", .needsLiveSendmail, arguments: aliasFiles)
  func specifications(_ specification: String) throws {
    for name in ["virtusertable", "mailertable"] { try directory.write(name, "") }
    try directory.write(
      "aliases", "list: root, user@remote.example\none: root\nUpper: ROOT\nother: one\npostmaster: root\n")
    try directory.write("columns", "list:root,user@remote.example\none:root:two\nUpper:ROOT\n#mark:root\nroot:last\n")
    try directory.write("words", "list root\n one root\nUpper\troot more\nother\n")
    try site.buildMaps()
    let text = String(decoding: try readFile(site.configuration), as: UTF8.self)
    let path = directory.path("aliases")
    func take(_ specification: String) throws {
      try writeFile(
        site.configuration, Array(text.replacing("O AliasFile=\(path)", with: "O AliasFile=\(specification)").utf8))
    }
    let names = ["list", "one", "upper", "Upper", "other", "mark", "last", "nosuch", "Postmaster", "two"]
    let own = specification.replacing("%", with: directory.path)
    // Keys and values of the second have a NUL, those of the third none. For a map of the form that it looks for sendmail waits.
    let mayDiffer = !["btree", "-N", "-O"].contains { own.contains($0) }
    for builder in mayDiffer ? [own, path, "hash:\(path)"] : [own] {
      _ = unsafe unlink("\(path).db")
      try take(builder)
      _ = try site.sendmail(["-bi"])
      try take(own)
      let theirs = try site.expandEach(names).map { lines in
        lines.filter { $0.contains("... deliverable: ") }.compactMap {
          $0.split(separator: ", user ").last.map(String.init)
        }
      }
      for options in builder == own ? [["--built"], []] : [["--built"]] {
        let ours = try Self.users(of: names, site, options)
        for (name, users) in zip(names, theirs) {
          #expect(
            ours[name, default: []].sorted() == users.sorted(),
            "\(specification), built as \(builder): \(name) \(options)")
        }
      }
    }
  }

  /// The users that mail for names is delivered to.
  private static func users(of names: [String], _ site: SendmailSite, _ options: [String]) throws -> [String: [String]]
  {
    struct Report: Decodable {
      struct Delivery: Decodable { var recipient, user: String }
      var deliveries: [Delivery]
    }
    let outcome = try site.runBeside(
      Tools.mailcfg,
      ["--mail-dir", site.mailDirectory, "-q", "--json", "explain", "--client", "127.0.0.1"] + options
        + names.flatMap { ["--to", $0] })
    try #require(outcome.status < 2, "\(outcome.errorText)")
    let deliveries = try JSONDecoder().decode(Report.self, from: Data(outcome.output)).deliveries
    return Dictionary(grouping: deliveries) { String($0.recipient.dropFirst().dropLast()) }.mapValues { $0.map(\.user) }
  }

  @Test(
    "What check says of an alias map that cannot be opened", .needsLiveSendmail, arguments: ["", "implicit:", "hash:"])
  func unopened(_ mapClass: String) throws {
    let path = directory.path("aliases")
    for name in ["virtusertable", "mailertable"] { try directory.write(name, "") }
    try site.buildMaps()
    try directory.write("aliases", "list: root\npostmaster: root\n")
    let text = String(decoding: try readFile(site.configuration), as: UTF8.self)
    for flags in ["", "-o "] {
      try writeFile(
        site.configuration,
        Array(text.replacing("O AliasFile=\(path)", with: "O AliasFile=\(mapClass)\(flags)\(path)").utf8))
      for contents in [nil, "", String(repeating: "no database\n", count: 99)] {
        _ = unsafe unlink("\(path).db")
        if let contents { try directory.write("aliases.db", contents) }
        let readsText = try site.expand(["list"]).contains { $0.hasSuffix(", user root") }
        let said = try site.runBeside(Tools.mailcfg, ["--mail-dir", directory.path, "check"]).outputText
        let findings = said.split(separator: "\n").filter { $0.hasPrefix("\(path).db:") }
        #expect(findings.count == 1, "\(said)")
        #expect(findings.allSatisfy { $0.contains("sendmail reads the text") } == readsText, "\(said)")
        #expect(readsText == (mapClass != "hash:"))
      }
    }
  }
}
