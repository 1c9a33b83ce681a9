import TestSupport

/// A question to the real sendmail, makemap or newaliases about an example of the documentation.
enum Question: Sendable {
  /// May this client relay to another host (check_rcpt)? The name is nil for an address without one.
  case relay(String, name: String?)
  /// What is said to this client (check_relay)?
  case client(String, name: String)
  /// What is said to a sender (check_mail)?
  case sender(String)
  /// What is said to a stranger who sends to this address (check_rcpt)?
  case recipient(String)
  /// A rule set with one argument, and macros.
  case ruleSet(String, String, [String])
  /// Where mail to this address goes (`-bv`).
  case delivery(String)
  /// How an address is resolved (`/parse`).
  case route(String)
  /// How the address of a sender is written outside (`/try`).
  case outside(String)
  /// What newaliases says, and the pairs it stores.
  case newaliases
  /// What makemap says of a table, and the pairs it stores.
  case makemap(String)
  /// The members of a class (`-bt`, `$=c`).
  case members(String)
  /// What sendmail says of its configuration when it starts in test mode.
  case start
}

/// The real programs on a copy of an example.
final class RealSendmail {
  private let directory: TemporaryDirectory
  private let site: SendmailSite
  private let example: DocumentedCheck.Example

  /// Writes the files of an example and builds their maps; what the programs refuse is left out.
  init(_ example: DocumentedCheck.Example) throws {
    self.example = example
    directory = try TemporaryDirectory()
    try directory.write("access", example["access"] ?? [])
    if let bytes = example["virtusertable"] { try directory.write("virtusertable", bytes) }
    for name in ["mailertable", "genericstable"] {
      if let bytes = example[name] { try directory.write(name, bytes) }
    }
    for (name, bytes) in example where name.hasPrefix("/list/") {
      let mode: UInt32 =
        (example["ls"].map { String(decoding: $0, as: UTF8.self).hasPrefix("-rw-rw-r--") } ?? false) ? 0o664 : 0o644
      try directory.write(String(name.dropFirst("/list/".count)), bytes, mode: mode)
    }
    let aliases = String(decoding: example["aliases"] ?? [], as: UTF8.self)
    // Bytes that are not UTF-8 have no path in them that is to be replaced.
    try directory.write(
      "aliases",
      aliases.contains("/list/")
        ? Array(
          aliases.split(separator: "/list/", omittingEmptySubsequences: false).joined(separator: directory.path + "/")
            .utf8)
        : example["aliases"] ?? [])
    try directory.write(
      "local-host-names", example["local-host-names"] ?? Array("example.org\nlocal.example\n".utf8))
    site = try SendmailSite(
      mailDirectory: directory.path,
      template: try Self.template(example["sendmail.mc"], generics: directory.path("genericstable")))
    if let configuration = example["sendmail.cf"] {
      let text = String(decoding: configuration, as: UTF8.self)
      try directory.write(
        "sendmail.cf",
        text.split(separator: "/etc/mail", omittingEmptySubsequences: false).joined(separator: directory.path))
    }
    for name in ["access", "virtusertable", "mailertable", "genericstable"]
    where name == "access" || example[name] != nil {
      _ = try run(
        try Tools.makemap, ["-C", directory.path("sendmail.cf"), "hash", directory.path(name)],
        input: try directory.read(name), environment: Tools.environment)
    }
  }

  /// The tests' configuration with other features in the place of its own.
  private static func template(_ lines: [UInt8]?, generics: String) throws -> [UInt8]? {
    guard let lines else { return nil }
    let text = String(decoding: try readFile(Tools.checkout + "/scripts/oracle.mc"), as: UTF8.self)
    let added = String(decoding: lines, as: UTF8.self)
      .replacing("FEATURE(`genericstable'", with: "FEATURE(`genericstable', `hash \(generics)'")
      .split(separator: "FEATURE(`access_db'", omittingEmptySubsequences: false)
      .joined(separator: "FEATURE(`access_db', `hash -T<TMPF> @ACCESS@'")
      .split(separator: "`hash -T<TMPF> @ACCESS@', ,", omittingEmptySubsequences: false)
      .joined(separator: "`hash -T<TMPF> @ACCESS@',")
    let kept = text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line -> [String] in
      if line.hasPrefix("FEATURE(`access_db'") { return [added] }
      return line.hasPrefix("FEATURE(`blocklist_recipients')") ? [] : [String(line)]
    }
    let directory = try TemporaryDirectory(inMemory: true)
    try directory.write("oracle.mc", kept.joined(separator: "\n"))
    let outcome = try run(
      try Tools.m4, ["-D_CF_DIR_=\(Tools.cfDirectory)/", "\(Tools.cfDirectory)/m4/cf.m4", directory.path("oracle.mc")],
      environment: Tools.environment)
    return outcome.output
  }

  /// The answer, blanks left out where it is made of tokens.
  func ask(_ question: Question) throws -> String {
    switch question {
    case .relay(let address, let name):
      return try ruleSet(
        "check_rcpt", "<user@remote.test>",
        [
          "{client_addr}\(address)", "{client_name}\(name ?? "[\(address)]")",
          "{client_resolve}\(name == nil ? "FAIL" : "OK")",
        ])
    case .client(let address, let name):
      return try ruleSet("Start,check_relay", "\(name) $| \(address)", ["{client_addr}\(address)"])
    case .sender(let address): return try ruleSet("check_mail", "<\(address)>", ["{client_addr}203.0.113.9"])
    case .recipient(let address):
      return try ruleSet(
        "check_rcpt", "<\(address)>",
        ["{client_addr}203.0.113.9", "{client_name}[203.0.113.9]", "{client_resolve}FAIL"])
    case .ruleSet(let name, let argument, let macros): return try ruleSet(name, argument, macros)
    case .delivery(let address):
      _ = try site.sendmail(["-bi"])
      let outcome = try site.sendmail(["-bv", "--", address])
      return outcome.outputText + outcome.errorText
    case .route(let address):
      let outcome = try site.sendmail(["-bt"], input: Array("/parse \(address)\n".utf8))
      let lines = outcome.outputText.split(separator: "\n").drop { !$0.hasPrefix("mailer ") && !$0.contains("... ") }
      return lines.joined(separator: "\n")
    case .outside(let address):
      let outcome = try site.sendmail(["-bt"], input: Array("/tryflags HS\n/try esmtp \(address)\n".utf8))
      return outcome.outputText.split(separator: "\n").filter { $0.contains("addr = ") }.joined(separator: "\n")
    case .newaliases:
      let outcome = try site.sendmail(["-bi"])
      let pairs = try? DumpedMap(path: directory.path("aliases.db"))
      return outcome.outputText + "\n" + (pairs?.sortedPairs.map(\.description).joined(separator: "\n") ?? "no map")
    case .makemap(let name):
      let answer = try Oracle.makemap(example[name] ?? [])
      return answer.messages.joined(separator: "\n") + "\n" + answer.pairs.map(\.description).joined(separator: "\n")
    case .members(let name):
      let outcome = try site.sendmail(["-bt"], input: Array("$=\(name)\n".utf8))
      let members = outcome.outputText.split(separator: "\n").map {
        " \($0.trimmingPrefix { $0 == ">" || $0 == " " }) "
      }
      return members.joined(separator: "\n") + outcome.errorText
    case .start:
      let outcome = try site.sendmail(["-bt"], input: [])
      return outcome.outputText + outcome.errorText
    }
  }

  private func ruleSet(_ name: String, _ argument: String, _ macros: [String]) throws -> String {
    let input = macros.map { ".D\($0)\n" }.joined() + "\(name) \(argument)\n"
    let outcome = try site.sendmail(["-bt"], input: Array(input.utf8))
    let returns = outcome.outputText.split(separator: "\n").last { $0.contains("returns:") }
    guard let returns, let start = returns.firstRange(of: "returns:") else {
      throw TestSupportError("sendmail -bt said: \(outcome.outputText)\(outcome.errorText)")
    }
    return returns[start.upperBound...].filter { $0 != " " }
  }
}
