import Glibc
import TestSupport
import Testing

/// What this machine is called: class w and the macros that sendmail sets when it starts, by generated hosts(5) files.
@Suite struct MachineNamesTests {
  private struct Case {
    var node: String
    var hosts: String
    var hostConfiguration: String
    /// The value of option DontProbeInterfaces.
    var probe: String
  }

  /// What nobody writes is left out, since they come to odd things by it: a blank before an address makes it a name to sendmail,
  /// and the C library garbles the last line where it has no end and `multi` is on.
  private static func makeCase(_ random: inout SplitMix64) -> Case {
    func pick(_ choices: [String]) -> String { choices.randomElement(using: &random) ?? "" }
    let names = [
      "mx", "mx.a.example", "MX.a.example", "mx.b.example", "www", "www.a.example", "localhost", "six.a.example",
    ]
    let addresses = [
      "127.0.0.1", "127.0.1.1", "192.0.2.5", "192.0.2.6", "10.1.2.3", "::1", "2001:db8::5", "::ffff:192.0.2.5",
    ]
    var hosts = ""
    for _ in 0..<Int.random(in: 0...5, using: &random) {
      switch Int.random(in: 0..<12, using: &random) {
      case 0:
        hosts += pick(["", "# 192.0.2.5 mx.a.example", "192.0.2.5", "no.address mx", "192.0.2.300 mx", "01.2.3.4 mx"])
      default:
        let count = Int.random(in: 1...4, using: &random)
        hosts += pick(addresses)
        for _ in 0..<count { hosts += pick([" ", "\t", "  "]) + pick(names) }
        hosts += pick(["", "", " ", " # mx www", "#mx", "\r"])
      }
      hosts += "\n"
    }
    return Case(
      node: pick(["mx", "mx.a.example", "MX.a.example", "www"]), hosts: hosts,
      hostConfiguration: pick([
        "multi on\n", "multi on\n", "", "# multi on\n", "order hosts\nmulti  on # x\n", "multi off\n",
      ]),
      probe: pick(["False", "False", "True", "loopback", "LoopBack"]))
  }

  /// Both are asked in one machine of their own, which has two addresses on loopback.
  private static let script = """
    cd "$1"; program=$2 mailcfg=$3
    ip=$(PATH=$PATH:/usr/sbin:/sbin command -v ip)
    "$ip" address add 192.0.2.6/24 dev lo
    "$ip" address add 10.1.2.3/24 dev lo
    touch hosts host.conf
    mount --bind hosts /etc/hosts
    [ -e /etc/host.conf ] || touch /etc/host.conf
    mount --bind host.conf /etc/host.conf
    for place in [0-9]*; do
      hostname "$(cat "$place/node")"
      cat "$place/hosts" >hosts
      cat "$place/host.conf" >host.conf
      for one in theirs ours; do
        if [ $one = theirs ]; then
          LD_LIBRARY_PATH=$TEST_LIBRARIES timeout 10 "$program" -C"$place/sendmail.cf" -bt <questions
        else
          "$mailcfg" --mail-dir "$place" bt <questions
        fi >"$place/$one" 2>"$place/$one.errors"
        # Of those that sendmail knows the domain of, some are enough.
        if [ $one = ours ]; then
          : >"$place/checked"
          if [ ! -s "$place/theirs" ] || [ $((place % 4)) = 0 ]; then
            "$mailcfg" --mail-dir "$place" --cf "$place/sendmail.cf" check >"$place/checked" 2>&1
          fi
        fi
        # The names of aliases are local ones: who builds them has to know them, too.
        cp names "$place/aliases"
        if [ $one = theirs ]; then
          LD_LIBRARY_PATH=$TEST_LIBRARIES timeout 10 "$program" -C"$place/sendmail.cf" -bi
        else
          "$mailcfg" --mail-dir "$place" --cf "$place/sendmail.cf" build alias
        fi >"$place/$one.built" 2>&1
        mv "$place/aliases.db" "$place/$one.db"
      done
    done
    """

  /// The answers behind the prompts, those for a class sorted: sendmail has its own order.
  private func answers(_ text: String) -> [String] {
    var groups: [[String]] = []
    for line in text.lowercased().split(separator: "\n") {
      if line.hasPrefix("> ") { groups.append([]) }
      if !groups.isEmpty { groups[groups.count - 1].append(String(line.drop { $0 == ">" || $0 == " " })) }
    }
    return groups.flatMap { $0.sorted() }
  }

  @Test(
    .needsLiveSendmail, .enabled(if: geteuid() == 0, "only root may give a machine another name"),
    arguments: [20_261_127, 7] as [UInt64])
  func asSendmailFindsThem(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let directory = try TemporaryDirectory()
    let cases = (0..<40).map { _ in Self.makeCase(&random) }
    try directory.write("questions", "$j\n$w\n$k\n$m\n$=m\n$=w\n")
    let hosts = [
      "mx", "mx.a.example", "mx.b.example", "www", "[www]", "localhost", "[mx.b.example]", "[127.0.0.1]", "[192.0.2.6]",
      "[192.0.2.5]", "[IPv6:0:0:0:0:0:0:0:1]", "mail.c.example", "mx.d.example", "a.example",
    ]
    try directory.write("names", hosts.enumerated().map { "r\($0)@\($1): x\n" }.joined())
    let site = try SendmailSite(mailDirectory: directory.path)
    let lines = try directory.read("sendmail.cf").split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
    let text = lines.filter { !$0.hasPrefix("Dj") && !$0.hasPrefix("Fw") && !$0.contains("DontProbeInterfaces") }
    for (number, one) in cases.enumerated() {
      try directory.makeDirectory("\(number)", mode: 0o755)
      let own =
        text.filter { !$0.hasPrefix("O AliasFile") }
        + [["Djmail.c.example"], ["Dj$w.d.example"], ["Dmd.example"], []][number % 4]
        + ["O DontProbeInterfaces=\(one.probe)", "O AliasFile=\(directory.path("\(number)/aliases"))"]
      try directory.write("\(number)/sendmail.cf", own.map { $0 + "\n" }.joined())
      try directory.write("\(number)/node", one.node)
      try directory.write("\(number)/hosts", one.hosts)
      try directory.write("\(number)/host.conf", one.hostConfiguration)
    }
    let outcome = try site.runBeside(
      "/bin/sh", ["-c", Self.script, "sh", directory.path, try Tools.sendmail, Tools.mailcfg])
    #expect(outcome.status == 0, "\(outcome.errorText)")
    var classes: Set<[String]> = []
    var unanswered = 0
    for (number, one) in cases.enumerated() {
      let theirs = answers(String(decoding: try directory.read("\(number)/theirs"), as: UTF8.self))
      let ours = answers(String(decoding: try directory.read("\(number)/ours"), as: UTF8.self))
      // It waits for a minute where it does not find out its domain, and check says so.
      let checked = String(decoding: try directory.read("\(number)/checked"), as: UTF8.self)
      #expect(checked.contains("[cf.unqualified-host]") == theirs.isEmpty, "\(one): \(checked)")
      if theirs.isEmpty {
        #expect(ours[3] == "undefined", "\(one)")
        unanswered += 1
        continue
      }
      #expect(ours == theirs, "\(one)")
      let maps = try ["theirs", "ours"].map { try DumpedMap(path: directory.path("\(number)/\($0).db")).sortedPairs }
      #expect(maps[1] == maps[0], "\(one)")
      classes.insert(theirs)
    }
    #expect(unanswered < 5)
    // Of many kinds, else this would prove little.
    #expect(classes.count > 25)
  }
}
