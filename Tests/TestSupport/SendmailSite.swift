internal import Glibc

/// A mail directory with a real sendmail of its own: on loopback only, asks no name server, delivers nothing.
///
/// The tables are in the mail directory, everything else that sendmail needs is in a directory beside, so that a test sees
/// what mailcfg leaves behind.
package final class SendmailSite {
  /// The names of the tables in the mail directory.
  package struct Names: Sendable {
    package var access = "access"
    package var virtualUsers = "virtusertable"
    package var aliases = "aliases"
    package var hostNames = "local-host-names"
    package var mailers = "mailertable"

    /// The names of a stock sendmail.
    package static let stock = Names()
    /// The names of the hosting world.
    package static let hosting = Names(virtualUsers: "virtmaps", hostNames: "sendmail.cw")
  }

  /// The directory with the tables.
  package let mailDirectory: String
  /// The path of `sendmail.cf`.
  package let configuration: String
  let state: TemporaryDirectory
  private let names: Names

  /// The lines of `/etc/hosts` as this sendmail sees it, more aside.
  package static let hosts = [
    "127.0.0.1 localhost", "127.0.0.1 mx.test.example mx", "::1 localhost6.test.example",
    "127.0.0.77 c77.relay.example", "127.0.0.78 c78.other.example",
  ]

  /// Writes a `sendmail.cf` for the tables of a directory, and the tables that sendmail cannot start without, when they are
  /// not there.
  ///
  /// It is written as `configuration`; nil is `sendmail.cf` in the mail directory. The `hosts` are more lines for `/etc/hosts`
  /// as this sendmail sees it: 127.0.0.77 is `c77.relay.example` there, 127.0.0.78 `c78.other.example`, and the other addresses
  /// of 127/8 have no name. Another `template` takes the place of the one that `scripts/oracle.mc` makes. The `accounts` are
  /// what stands in `/etc/passwd` there; nil is what this machine has.
  package init(
    mailDirectory: String, names: Names = .stock, configuration: String? = nil, hosts: [String] = [],
    template other: [UInt8]? = nil, accounts: String? = nil
  ) throws(TestSupportError) {
    self.mailDirectory = mailDirectory
    self.names = names
    self.configuration = configuration ?? mailDirectory + "/sendmail.cf"
    state = try TemporaryDirectory()
    try state.makeDirectory("mqueue", mode: 0o700)
    try state.write("service.switch", "hosts\tfiles\naliases\tfiles\npasswd\tfiles\n")
    try state.write(
      "nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\nprotocols: files\nservices: files\n")
    try state.write("hosts", (SendmailSite.hosts + hosts).map { $0 + "\n" }.joined())
    try state.write("helpfile", "")
    if let accounts { try state.write("passwd", accounts) }

    let paths = [
      "STATEDIR": state.path, "ACCESS": path(names.access), "VIRTUSERTABLE": path(names.virtualUsers),
      "ALIASES": path(names.aliases), "HOSTNAMES": path(names.hostNames), "MAILERTABLE": path(names.mailers),
    ]
    let template: [UInt8]
    do { template = try other ?? readFile(Tools.configurationTemplate) } catch {
      throw TestSupportError("\(error); run scripts/test-tools")
    }
    var text = ""
    for part in String(decoding: template, as: UTF8.self).split(separator: "@", omittingEmptySubsequences: false) {
      // An @ that belongs to no name of ours is an @ of the configuration.
      if let path = paths[String(part)], text.hasSuffix("@") {
        text.removeLast()
        text += path
      } else {
        text += part + "@"
      }
    }
    text.removeLast()
    if let user = Namespaces.trustedUser { text += "T\(user)\n" }
    try writeFile(self.configuration, Array(text.utf8))
    for name in [names.hostNames, names.aliases, names.access] where unsafe access(path(name), F_OK) != 0 {
      try writeFile(path(name), [])
    }
  }

  private func path(_ name: String) -> String { "\(mailDirectory)/\(name)" }

  /// Builds every map with the real makemap and newaliases.
  ///
  /// - Throws: ``TestSupportError`` with what a program said when it refused a line.
  package func buildMaps() throws(TestSupportError) {
    for name in [names.access, names.virtualUsers, names.mailers] where unsafe access(path(name), F_OK) == 0 {
      let outcome = try run(
        try Tools.makemap, ["-C", configuration, "hash", path(name)], input: try readFile(path(name)),
        environment: Tools.environment)
      guard outcome.status == 0 else { throw TestSupportError(outcome.errorText) }
    }
    let outcome = try sendmail(["-bi"])
    guard outcome.status == 0 else { throw TestSupportError(outcome.outputText + outcome.errorText) }
  }

  /// Runs this site's sendmail: `-bt`, `-bv ADDRESS`, `-bi` and so on.
  package func sendmail(_ arguments: [String], input: [UInt8] = []) throws(TestSupportError) -> Outcome {
    let command = Namespaces.command([try Tools.sendmail, "-C\(configuration)"] + arguments, state: state.path)
    return try run(command[0], Array(command[1...]), input: input, environment: Namespaces.environment)
  }

  /// What a map lookup of sendmail itself finds (`-bt`, `/map`), or nil; the keys all in one process.
  ///
  /// The `map` is a name of the configuration: `access`, `virtuser`, `mailertable`, `aliases`.
  package func lookUp(_ keys: [String], in map: String) throws(TestSupportError) -> [String?] {
    let input = keys.map { "/map \(map) \($0)\n" }.joined()
    let outcome = try sendmail(["-bt"], input: Array(input.utf8))
    var results: [String?] = []
    for line in outcome.outputText.split(separator: "\n") where line.contains("map_lookup: ") {
      if line.hasSuffix(" (75)") { throw TestSupportError("sendmail cannot read the map: \(line)") }
      guard line.hasSuffix(" (0)"), let found = line.firstRange(of: ") returns ") else {
        results.append(nil)
        continue
      }
      results.append(String(line[found.upperBound...].dropLast(4)))
    }
    guard results.count == keys.count else { throw TestSupportError("sendmail -bt said: \(outcome.outputText)") }
    return results
  }

  /// The final recipients of addresses (`-bv`), one line each as sendmail prints them, sorted.
  package func expand(_ addresses: [String]) throws(TestSupportError) -> [String] {
    let outcome = try sendmail(["-bv", "--"] + addresses)
    return (outcome.outputText + outcome.errorText).split(separator: "\n").map(String.init).sorted()
  }

  /// What `-bv` prints for each of some addresses, each asked for on its own; the lines sorted.
  package func expandEach(_ addresses: [String]) throws(TestSupportError) -> [[String]] {
    let script = """
      program=$1 configuration=$2
      shift 2
      for address; do "$program" "$configuration" -bv -- "$address" 2>&1; echo "end of address"; done
      """
    let command = Namespaces.command(
      ["/bin/sh", "-c", script, "sh", try Tools.sendmail, "-C\(configuration)"] + addresses, state: state.path)
    let outcome = try TestSupport.run(command[0], Array(command[1...]), environment: Namespaces.environment)
    var results: [[String]] = [[]]
    for line in outcome.outputText.split(separator: "\n").map(String.init) {
      if line == "end of address" { results.append([]) } else { results[results.count - 1].append(line) }
    }
    guard results.count == addresses.count + 1 else {
      throw TestSupportError("sendmail -bv said: \(outcome.errorText)")
    }
    return results.dropLast().map { $0.sorted() }
  }

  /// Runs a program where this site's sendmail runs: with its accounts and hosts.
  package func runBeside(
    _ program: String, _ arguments: [String], input: [UInt8] = []
  ) throws(TestSupportError) -> Outcome {
    let command = Namespaces.command(["/usr/bin/env", "-u", "LD_LIBRARY_PATH", program] + arguments, state: state.path)
    return try TestSupport.run(
      command[0], Array(command[1...]), input: input, environment: Namespaces.environment)
  }

  /// Starts this site's daemon.
  ///
  /// The `addresses` are on loopback besides 127/8 and ::1, such as `2001:db8::25`: sessions may come from them.
  package func start(addresses: [String] = []) throws(TestSupportError) -> LiveSendmail {
    try LiveSendmail(site: self, addresses: addresses)
  }
}
