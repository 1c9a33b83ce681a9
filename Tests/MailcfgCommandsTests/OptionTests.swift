import Glibc
import TestSupport
import Testing

/// Global options, help, and what is told about wrong usage.
@Suite struct OptionTests {
  static let groups = [["relay"], ["access"], ["virtmap"], ["alias"], ["host"]]
  static let leaves: [[String]] =
    ["add", "remove", "list", "check", "prune"].map { ["relay", $0] }
    + ["access", "virtmap"].flatMap { table in ["list", "get", "set", "remove"].map { [table, $0] } }
    + ["list", "get", "set", "add", "drop", "remove"].map { ["alias", $0] }
    + ["list", "add", "remove"].map { ["host", $0] }
    + [["build"], ["status"], ["lookup"], ["dump"], ["diff"], ["init"]]

  /// The names under `SUBCOMMANDS:` in a help text.
  private func subcommands(_ help: String) -> Set<String> {
    let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
    guard let head = lines.firstIndex(of: "SUBCOMMANDS:") else { return [] }
    let names = lines[(head + 1)...].prefix { !$0.isEmpty }.filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
    return Set(names.compactMap { $0.split(separator: " ").first.map(String.init) })
  }

  @Test func theHelpNamesEveryCommand() throws {
    let all = Self.groups + Self.leaves
    let help = try mailcfg(["--help"])
    #expect(help.status == 0)
    #expect(help.errors.isEmpty)
    let missing = Set(all.map { $0[0] }).subtracting(subcommands(help.outputText))
    #expect(missing == [])
    for group in Self.groups {
      let wanted = Set(Self.leaves.filter { $0[0] == group[0] }.map { $0[1] })
      let names = subcommands(try mailcfg(group + ["--help"]).outputText)
      #expect(wanted.subtracting(names) == [], "\(group)")
    }
  }

  @Test(arguments: [[]] + groups + leaves)
  func theHelpHasExamples(command: [String]) throws {
    let name = (["mailcfg"] + command).joined(separator: " ")
    for arguments in [command + ["--help"], ["help"] + command] {
      let help = try mailcfg(arguments)
      #expect(help.status == 0)
      #expect(help.errors.isEmpty)
      let parts = help.outputText.split(separator: "EXAMPLES\n", maxSplits: 1)
      #expect(parts.count == 2, "\(name) has no EXAMPLES")
      let examples = parts.count < 2 ? "" : parts[1].split(separator: "USAGE:", maxSplits: 1)[0]
      let isOwn = examples.split(separator: "\n").contains { line in
        line.contains("mailcfg ") && line.contains(" " + command.joined(separator: " "))
      }
      #expect(isOwn, "\(name) has no example of itself")
    }
  }

  @Test func theVersionIsOneLine() throws {
    let outcome = try mailcfg(["--version"])
    #expect(outcome.status == 0)
    #expect(outcome.errors.isEmpty)
    #expect(outcome.outputText.split(separator: ".").count == 3)
    #expect(outcome.outputText.filter { $0 == "\n" }.count == 1)
    #expect(try mailcfg(["relay", "--version"]).outputText == outcome.outputText)
  }

  @Test(arguments: [
    ["--no-such"], ["relay", "add", "--no-such", "192.0.2.1"], ["relay", "add"], ["relay", "check"], ["nonsense"],
    ["relay", "nonsense"], ["lookup", "nonsense", "key"], ["lookup", "access"], ["dump"], ["build", "nonsense"],
    ["lookup", "access", "-", "key"],
    ["--wait", "soon", "build"], ["--wait", "-1", "build"], ["--wait=-1", "build"], ["--color", "blue", "build"],
    ["--mail-dir", "", "build"], ["build", "host"], ["dump", "host"], ["diff", "host"], ["lookup", "host", "x"],
    ["access", "set", "From:a.example"], ["alias", "add", "sales"], ["host", "add"], ["init", "extra"],
  ])
  func wrongUsageIs64(arguments: [String]) throws {
    let place = try Workplace("hosting")
    #expect(try place.refused(64, arguments).isEmpty == false)
  }

  /// Help that is asked for by a wrong name is not that of something else.
  @Test(arguments: [["nonsense"], ["relay", "nonsense"], ["relay", "list", "extra"]])
  func helpOfNoCommandIs64(names: [String]) throws {
    for arguments in [
      ["help"], ["--mail-dir", "help", "help"], ["-q", "help"], ["help", "--wait", "1"], ["--cf=x", "help"],
    ] {
      let outcome = try mailcfg(arguments + names)
      #expect(outcome.status == 64, "\(arguments)")
      #expect(outcome.outputText == "")
      #expect(outcome.errorText.contains("no command \(names[names.count - 1]) to show the help of"))
    }
  }

  /// A word `help` that is the value of something asks for none.
  @Test func helpMayBeAName() throws {
    let place = try Workplace("hosting")
    try place("host", "add", "help")
    #expect(try place("host", "list").outputText.contains("help\n"))
    #expect(try mailcfg(["--mail-dir", place.path(""), "help", "relay", "add"]).status == 0)
  }

  /// A file that is no sendmail.cf is said to be none; a table that is there is not said to be missing.
  @Test func aConfigurationWithoutTables() throws {
    let place = try Workplace("hosting")
    place.write("odd.cf", "hello\n")
    for command in ["status", "build"] {
      let message = try place.refused(78, "--cf", "etc-mail/odd.cf", command)
      #expect(message.contains("etc-mail/odd.cf: none of sendmail's tables is named in it"))
    }
  }

  /// What a message quotes of an argument moves no cursor.
  @Test func controlCharactersAreEscaped() throws {
    let place = try Workplace("hosting")
    let odd = "a\u{1B}[31m\u{9B}"
    for (arguments, status): ([String], Int32) in [
      (["access", "get", odd], 1), (["access", "remove", odd], 0),
      (["relay", "add", "192.0.2.1", "--expires", odd], 65), (["--mail-dir", odd, "status"], 66),
      (["--\(odd)"], 64), (["history", odd], 64),
    ] {
      let outcome = try place.run(arguments, status: status)
      let said = outcome.outputText + outcome.errorText
      #expect(said.contains("a\\x1b[31m\\xc2\\x9b"), "\(arguments)")
      #expect(!said.contains("\u{1B}") && !said.contains("\u{9B}"), "\(arguments)")
    }
  }

  @Test func globalOptionsStandBeforeOrBehindTheCommand() throws {
    let place = try Workplace("hosting")
    let whole = try place("--dry-run", "relay", "add", "192.0.2.7").output
    for arguments in [
      ["--mail-dir", "etc-mail", "relay", "-n", "add", "192.0.2.7"],
      ["relay", "--mail-dir", "etc-mail", "add", "192.0.2.7", "--dry-run"],
      ["relay", "add", "192.0.2.7", "-n", "--mail-dir", "etc-mail"],
      ["relay", "add", "--mail-dir=etc-mail", "--dry-run", "192.0.2.7"],
    ] {
      let outcome = try mailcfg(arguments, directory: place.directory.path)
      #expect(outcome.status == 0, "\(arguments): \(outcome.errorText)")
      #expect(outcome.output == whole, "\(arguments)")
    }
    #expect(!whole.isEmpty)
    #expect(try place.names() == ["access", "aliases", "sendmail.cw", "virtmaps"])
  }

  @Test func theEnvironmentNamesTheMailDirectory() throws {
    let place = try Workplace("hosting")
    let named = try mailcfg(
      ["relay", "list"], directory: place.directory.path, environment: ["MAILCFG_MAIL_DIR": "etc-mail"])
    #expect(named.status == 0)
    #expect(named.outputText.hasPrefix("etc-mail/access:6: 192.0.2.10\n"))
    // The option counts more.
    let outcome = try place.run(["relay", "list"], environment: ["MAILCFG_MAIL_DIR": "/nonexistent"])
    #expect(outcome.output == named.output)
    let missing = try mailcfg(["relay", "list"], environment: ["MAILCFG_MAIL_DIR": "/nonexistent"])
    #expect(missing.status == 66)
    #expect(missing.errorText.contains("/nonexistent"))
  }

  @Test(.enabled(if: unsafe access("/etc/mail", F_OK) != 0, "this machine has an /etc/mail of its own"))
  func theDefaultIsEtcMail() throws {
    let outcome = try mailcfg(["status"])
    #expect(outcome.status == 66)
    #expect(outcome.errorText.contains("/etc/mail"))
    #expect(outcome.output.isEmpty)
  }

  @Test func colorIsForMessagesOnly() throws {
    let place = try Workplace("hosting")
    let escape: UInt8 = 0x1B
    let plain = try place("--color", "never", "build")
    #expect(plain.errorText.contains(": warning: "))
    #expect(!plain.errors.contains(escape))
    #expect(!(try place("build").errors.contains(escape)))
    let colored = try place.run(["--color", "always", "build"], environment: ["NO_COLOR": ""])
    #expect(colored.errors.contains(escape))
    #expect(!colored.output.contains(escape))
    let auto = try place.run(["--color=auto", "build"], environment: ["NO_COLOR": ""])
    #expect(auto.errors == plain.errors, "standard error is no terminal here")
  }

  @Test func quietMeansNothingButErrors() throws {
    let place = try Workplace("hosting")
    for arguments in [
      ["--quiet", "build"], ["-q", "relay", "add", "192.0.2.7"], ["-q", "relay", "add", "192.0.2.7"],
      ["-q", "relay", "remove", "192.0.2.7"], ["-q", "alias", "add", "sales", "dora"],
      ["-q", "host", "add", "a.example"],
      ["-q", "virtmap", "set", "a@shop.example", "anna"], ["-q", "status"], ["-q", "diff"], ["-q", "init"],
      ["-q", "relay", "check", "192.0.2.10"], ["-q", "relay", "prune"],
    ] {
      let outcome = try place.run(arguments)
      #expect(outcome.outputText == "", "\(arguments)")
      #expect(outcome.errorText == "", "\(arguments)")
    }
    #expect(try place.run(["-q", "relay", "check", "192.0.2.99"], status: 1).errorText == "")
    #expect(try place.refused(65, "-q", "relay", "add", "192.0.2.300").isEmpty == false)
    // What was asked for is printed.
    #expect(try place("-q", "access", "get", "connect:192.0.2.10").outputText == "RELAY\n")
    #expect(try place("-q", "alias", "get", "abuse").outputText == "postmaster\n")
    #expect(try place("-q", "lookup", "alias", "abuse").outputText == "postmaster\n")
    // A line that is left out of the map is an error.
    place.write("access", Array("good.example OK\n bad.example OK\n".utf8))
    #expect(try place("-q", "build", "access", status: 65).errorText.contains("etc-mail/access:2:1: error: "))
  }

  @Test func verboseTellsComments() throws {
    let place = try Workplace("hosting")
    let outcome = try place("-v", "relay", "add", "192.0.2.7", "--comment", "the old printer")
    #expect(
      outcome.outputText.contains("etc-mail/access:13: added  # mailcfg: relay 192.0.2.7 note=the old printer\n"))
    #expect(outcome.outputText.contains("etc-mail/access:14: added  Connect:192.0.2.7  RELAY\n"))
  }
}
