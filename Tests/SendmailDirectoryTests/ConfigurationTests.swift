import Glibc
import SendmailConfig
import SendmailDirectory
import TestSupport
import Testing

/// sendmail.cf decides where tables and maps are, and how they are written.
@Suite struct ConfigurationTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func paths(_ mail: MailDirectory) -> [String] { MailTable.allCases.map { mail.path(of: $0) } }

  private func isIn(_ place: String, _ names: [String]) -> [String] { names.map { "\(place)/\($0)" } }

  @Test func thePathsOfSendmailCf() throws {
    try directory.copyFixture("debian")
    let mail = try MailDirectory(directory.path)
    #expect(mail.configurationPath == directory.path("sendmail.cf"))
    #expect(paths(mail) == isIn(directory.path, ["access", "virtusertable", "aliases", "local-host-names"]))
    #expect(mail.mapPath(of: .virtmap) == directory.path("virtusertable.db"))
    #expect(mail.mapPath(of: .host) == "")
    #expect(try mail.tablesWithMaps == [.access, .virtmap, .alias])
    try mail.build()
    #expect(try mail.status().map(\.agrees) == [true, true, true, true])
    #expect(try mail.status().map(\.mapType) == ["hash", "hash", "hash", nil])
  }

  /// A copy of /etc/mail is a copy: what its sendmail.cf says of /etc/mail is meant of the copy.
  @Test func aCopyIsChangedAndNotTheOriginal() throws {
    try directory.copyAsItIs("debian")
    let mail = try MailDirectory(directory.path)
    #expect(paths(mail) == isIn(directory.path, ["access", "virtusertable", "aliases", "local-host-names"]))
    let change = try mail.change { tables throws(EditError) in
      try tables.access.allowRelay(from: "203.0.113.25")
      try tables.aliases.add("sales", to: ["emil"])
      _ = try tables.hosts.add("new.example")
    }
    #expect(change.texts.map(\.path) == isIn(directory.path, ["access", "aliases", "local-host-names"]))
    #expect(
      change.maps.filter(\.isRebuilt).map(\.path)
        == isIn(directory.path, ["access.db", "virtusertable.db", "aliases.db"]))
  }

  /// With names of its own: the directory in one place, the tables in another.
  @Test func aNamedConfigurationIsTakenAtItsWord() throws {
    let elsewhere = try TemporaryDirectory()
    try elsewhere.copyAsItIs("debian")
    try directory.copyAsItIs("hosting")
    let before = try directory.files()
    try directory.makeDirectory("cf")
    try directory.write(
      "cf/site.cf",
      "V10/Berkeley\nKaccess hash \(elsewhere.path)/access\nKvirtuser hash \(elsewhere.path)/virtusertable\n"
        + "O AliasFile=\(elsewhere.path)/aliases\nFw\(elsewhere.path)/local-host-names %[^\\#]\n"
        // The tests may run below /tmp.
        + "O DontBlameSendmail=TrustStickyBit\n")
    let mail = try MailDirectory(directory.path, configuration: directory.path("cf/site.cf"))
    #expect(paths(mail) == isIn(elsewhere.path, ["access", "virtusertable", "aliases", "local-host-names"]))
    try mail.change { tables throws(EditError) in try tables.access.allowRelay(from: "203.0.113.25") }
    #expect(try elsewhere.names().contains("access.db"))
    #expect(
      try directory.files().filter { !$0.hasPrefix("cf ") && !$0.hasPrefix(".mailcfg.") } == before)
  }

  /// Aliases lie in /etc on many systems: beside the mail directory.
  @Test func aliasesBesideTheMailDirectory() throws {
    try directory.makeDirectory("mail")
    let path = directory.path("mail")
    try writeFile(path + "/access", [])
    try directory.write("aliases", "root: anna\n")
    let plain = try MailDirectory(path)
    #expect(plain.path(of: .alias) == path + "/../aliases")
    try plain.change(to: [.alias]) { tables throws(EditError) in try tables.aliases.add("root", to: ["bernd"]) }
    #expect(try directory.readText("aliases") == "root: anna, bernd\n")
    #expect(try directory.names() == ["aliases", "aliases.db", "mail"])

    try writeFile(path + "/sendmail.cf", Array("Kaccess hash /etc/mail/access\nO AliasFile=/etc/aliases\n".utf8))
    #expect(try MailDirectory(path).path(of: .alias) == path + "/../aliases")
    // A copy of all in one directory has them inside.
    try writeFile(path + "/aliases", Array("root: anna\n".utf8))
    #expect(try MailDirectory(path).path(of: .alias) == path + "/aliases")
  }

  @Test func aPathThatIsNotInTheCopyIsRefused() throws {
    try directory.copyAsItIs("hosting")
    try directory.write(
      "sendmail.cf",
      "Kaccess hash /etc/mail/access\nKvirtuser hash /var/db/virtmaps\nO AliasFile=/home/anna/aliases\n"
        + "Fw/etc/mail/sendmail.cw\n")
    let mail = try MailDirectory(directory.path)
    let before = try directory.files()
    for table in [MailTable.virtmap, .alias] {
      let error = try failure { _ = try mail.read([table]) }
      #expect(error.code == .configuration)
      #expect(error.message.contains(table == .alias ? "/home/anna/aliases" : "/var/db/virtmaps"))
      #expect(error.message.contains("--cf"))
    }
    #expect(try mail.refusal(of: [.alias]) { (_) throws(EditError) in }.code == .configuration)
    #expect(try directory.files() == before)
    try mail.change(to: [.access]) { tables throws(EditError) in try tables.access.allowRelay(from: "203.0.113.25") }
  }

  @Test func relativePathsAreInTheMailDirectory() throws {
    try directory.copyAsItIs("hosting")
    try directory.write("sendmail.cf", "Kaccess hash access\nKvirtuser hash -o virtmaps.db\nFwsendmail.cw\n")
    let mail = try MailDirectory(directory.path)
    #expect(mail.path(of: .access) == directory.path("access"))
    // The name of a map may be written with its extension; the text has none.
    #expect(mail.path(of: .virtmap) == directory.path("virtmaps"))
    #expect(mail.mapPath(of: .virtmap) == directory.path("virtmaps.db"))
    #expect(mail.path(of: .host) == directory.path("sendmail.cw"))
  }

  @Test func withoutOneTheUsualNames() throws {
    for name in ["access", "virtusertable", "local-host-names", "aliases"] { try directory.write(name, "") }
    let stock = try MailDirectory(directory.path)
    #expect(stock.configurationPath == nil)
    #expect(paths(stock) == isIn(directory.path, ["access", "virtusertable", "aliases", "local-host-names"]))
    for name in ["virtmaps", "sendmail.cw"] { try directory.write(name, "") }
    let hosting = try MailDirectory(directory.path + "/")
    #expect(paths(hosting) == isIn(directory.path, ["access", "virtmaps", "aliases", "sendmail.cw"]))
  }

  @Test func theConfigurationIsMissingOrNone() throws {
    #expect(try failure { _ = try MailDirectory(directory.path("none")) }.code == .missing)
    let named = try failure { _ = try MailDirectory(directory.path, configuration: directory.path("none.cf")) }
    #expect(named.code == .missing)
    #expect(named.message.contains("none.cf"))
    // Whatever it holds, it is read without a fault.
    var generator = SplitMix64(seed: 78)
    try directory.write("access", "")
    for _ in 0..<20 {
      try directory.write("sendmail.cf", (0..<5000).map { _ in UInt8(truncatingIfNeeded: generator.next()) })
      let mail = try MailDirectory(directory.path)
      #expect(try failure { _ = try mail.read([.access]) }.code == .configuration)
    }
  }

  @Test(
    .needs(.makemap, .dbDump),
    arguments: [("hash", ""), ("btree", ""), ("hash", "-f "), ("hash", "-N "), ("btree", "-N -f ")])
  func typeAndFlagsOfTheMap(type: String, flags: String) throws {
    try directory.copyAsItIs("hosting")
    try directory.write(
      "sendmail.cf", "Kaccess \(type) \(flags)-T<TMPF> /etc/mail/access\nKvirtuser hash /etc/mail/virtmaps\n")
    let mail = try MailDirectory(directory.path)
    try mail.change(to: [.access]) { tables throws(EditError) in try tables.access.allowRelay(from: "203.0.113.25") }
    let options = flags.split(separator: " ").map(String.init)
    let answer = try Oracle.makemap(directory.read("access"), type: type, options: options)
    #expect(try directory.pairs("access.db") == answer.pairs)
    #expect(try DumpedMap(path: directory.path("access.db")).header["type"] == type)
    let key: ByteString = flags.contains("-f") ? "Connect:203.0.113.25" : "connect:203.0.113.25"
    #expect(try mail.lookup([key], in: .access) == ["RELAY"])
    #expect(try mail.status().filter { $0.table == .access }.map(\.agrees) == [true])
    #expect(try mail.differences(.access).isEmpty)
  }

  /// How sendmail writes an IPv6 address when it looks it up depends on an option.
  @Test(arguments: [true, false])
  func compressedIPv6Addresses(isCompressed: Bool) throws {
    try directory.copyAsItIs("hosting")
    try directory.write(
      "sendmail.cf",
      "Kaccess hash /etc/mail/access\nKvirtuser hash /etc/mail/virtmaps\n"
        + "O UseCompressedIPv6Addresses=\(isCompressed)\n")
    let mail = try MailDirectory(directory.path)
    try mail.change(to: [.access]) { tables throws(EditError) in
      try tables.access.allowRelay(from: "2001:DB8:0:0::25")
      try tables.access.allowRelay(from: "2001:db8:1:2:3:4:5:6")
    }
    let keys: [ByteString] = [
      "connect:ipv6:2001:db8::25", "connect:ipv6:2001:db8:0:0:0:0:0:25", "connect:ipv6:2001:db8:1:2:3:4:5:6",
    ]
    #expect(try mail.lookup(keys, in: .access) == (isCompressed ? ["RELAY", nil, "RELAY"] : [nil, "RELAY", "RELAY"]))
    // Either way the other form of the same address is the same client.
    let again = try mail.change(to: [.access]) { tables throws(EditError) in
      try tables.access.allowRelay(from: "2001:db8::25")
    }
    #expect(!again.isChange)
  }

  /// The format behind the path on the `F` line says what of a line is a name.
  @Test func theFormatOfTheClassFile() throws {
    try directory.write("access", "")
    try directory.write("names", "one.example two.example\n# comment\nthree.example # four.example\n")
    func members(_ format: String) throws -> [String] {
      try directory.write("sendmail.cf", "Kaccess hash /etc/mail/access\nFw/etc/mail/names\(format)\n")
      return try MailDirectory(directory.path).read([.host]).hosts.members.map(\.word.description)
    }
    #expect(try members("") == ["one.example", "three.example"])
    #expect(try members(" %[^\\#]") == ["one.example", "two.example", "three.example"])
    let mail = try MailDirectory(directory.path)
    let change = try mail.change(to: [.host]) { tables throws(EditError) in _ = try tables.hosts.remove("two.example") }
    #expect(change.diff.contains("-one.example two.example\n+one.example\n"))
  }
}
