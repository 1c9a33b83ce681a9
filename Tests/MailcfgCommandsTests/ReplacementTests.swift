import Glibc
import TestSupport
import Testing

/// How files are replaced: what they have stays, links are followed, readers notice, and nothing is left beside.
@Suite struct ReplacementTests {
  @Test func modeAndOwnerStay() throws {
    let place = try Workplace("hosting")
    let mask = umask(0)
    _ = umask(mask)
    try place("build")
    #expect(try place.mode("access.db") == 0o640 & ~mask)
    for (file, mode) in [("access", 0o600), ("access.db", 0o600), ("aliases", 0o664), ("aliases.db", 0o644)]
      as [(String, mode_t)]
    {
      #expect(unsafe chmod(place.path(file), mode) == 0)
    }
    if geteuid() == 0 {
      #expect(unsafe chown(place.path("access"), 1234, 4321) == 0)
      #expect(unsafe chown(place.path("access.db"), 1234, 4321) == 0)
    }
    let (text, map) = (try place.status("access"), try place.status("access.db"))
    try place("relay", "add", "192.0.2.7")
    try place("alias", "add", "sales", "dora")
    let (newText, newMap) = (try place.status("access"), try place.status("access.db"))
    #expect(newText.st_ino != text.st_ino && newMap.st_ino != map.st_ino)
    #expect((newText.st_mode, newText.st_uid, newText.st_gid) == (text.st_mode, text.st_uid, text.st_gid))
    #expect((newMap.st_mode, newMap.st_uid, newMap.st_gid) == (map.st_mode, map.st_uid, map.st_gid))
    #expect(try place.mode("access.db") == 0o600)
    #expect(try place.mode("aliases") == 0o664)
    #expect(try place.mode("aliases.db") == 0o644)
    #expect(
      try listDirectory(place.mail) == [
        ".mailcfg.history", ".mailcfg.lock", ".mailcfg.state", "access", "access.db", "aliases", "aliases.db",
        "sendmail.cw", "virtmaps", "virtmaps.db",
      ])
  }

  @Test func linksAreFollowedAndStay() throws {
    let place = try Workplace("hosting")
    try place.directory.makeDirectory("elsewhere")
    let text = try place.read("access")
    try place.directory.write("elsewhere/table", text)
    #expect(unsafe unlink(place.path("access")) == 0)
    #expect(unsafe symlink("../elsewhere/table", place.path("access")) == 0)
    let added = try place("relay", "add", "192.0.2.7").outputText
    #expect(
      added == "etc-mail/access:13: added  Connect:192.0.2.7  RELAY\netc-mail/access.db: rebuilt, 15 entries\n")
    #expect(try place.status("access").st_mode & S_IFMT == S_IFLNK)
    #expect(try place.read("access").count > text.count)
    #expect(try place.directory.read("elsewhere/table") == place.read("access"))
    #expect(try listDirectory(place.directory.path("elsewhere")) == ["table"])
    #expect(try place.names() == ["access", "access.db", "aliases", "sendmail.cw", "virtmaps"])
    // The map too may be a link; sendmail's tools name it by the text's path.
    #expect(unsafe rename(place.path("access.db"), place.directory.path("elsewhere/table.db")) == 0)
    #expect(unsafe symlink("../elsewhere/table.db", place.path("access.db")) == 0)
    try place("relay", "remove", "192.0.2.7")
    #expect(try place.status("access.db").st_mode & S_IFMT == S_IFLNK)
    #expect(try place.directory.read("elsewhere/table") == text)
    #expect(try listDirectory(place.directory.path("elsewhere")) == ["table", "table.db"])
    try place("status", status: 1)
    #expect(try place("lookup", "access", "connect:192.0.2.7", status: 1).outputText == "")
  }

  /// Replacing one name would leave the old contents under the other.
  @Test(arguments: ["access", "access.db"])
  func hardLinksAreRefused(name: String) throws {
    let place = try Workplace("hosting")
    try place("build")
    #expect(unsafe link(place.path(name), place.path("second")) == 0)
    let message = try place.refused(74, "relay", "add", "192.0.2.7")
    #expect(message.contains("/etc-mail/\(name): has 2 names (hard links)"), "\(message)")
    #expect(unsafe unlink(place.path("second")) == 0)
    try place("relay", "add", "192.0.2.7")
  }

  /// A process of sendmail keeps the old file open, and sees by its time stamp that there is another.
  @Test func whoHasTheOldMapOpenNotices() throws {
    let place = try Workplace("hosting")
    try place("build")
    for round in 0..<3 {
      let reader = unsafe open(place.path("access.db"), O_RDONLY | O_CLOEXEC)
      defer { close(reader) }
      var opened = stat()
      #expect(unsafe fstat(reader, &opened) == 0)
      try place("relay", round == 1 ? "remove" : "add", "192.0.2.7")
      var now = stat()
      #expect(unsafe fstat(reader, &now) == 0)
      // sendmail compares whole seconds, and takes only what is later.
      #expect(now.st_mtim.tv_sec > opened.st_mtim.tv_sec)
      #expect(now.st_nlink == 0)
      #expect(now.st_size == opened.st_size)
      #expect(try place.status("access.db").st_ino != opened.st_ino)
    }
  }

  /// The lines of other entries stay as they are, whatever bytes they have.
  @Test func otherLinesStay() throws {
    let place = try Workplace("hosting")
    let hostile: [UInt8] = [0xFF, 0x00, 0x0D, 0x80, 0x20, 0x09]
    let text =
      Array("# Büro\r\nConnect:192.0.2.10 RELAY\r\nb OK\r\nc OK\r\n\u{0} x\n bad line\n".utf8) + hostile + [0x0A]
      + hostile
    place.write("access", text)
    let outcome = try place("relay", "add", "192.0.2.7")
    #expect(outcome.errorText.contains("error: "))
    let lines = try place.read("access").split(separator: 0x0A, omittingEmptySubsequences: false)
    let old = text.split(separator: 0x0A, omittingEmptySubsequences: false)
    #expect(lines.count == old.count + 1)
    #expect(lines.filter { !old.contains($0) }.map { printable($0) } == ["Connect:192.0.2.7 RELAY\\r"])
    try place("relay", "remove", "192.0.2.7")
    #expect(try place.read("access") == text)
  }

  /// Root gives a new map to TrustedUser, whom sendmail trusts as the owner of maps.
  @Test(.enabled(if: geteuid() == 0, "only root gives files away"))
  func aNewMapBelongsToTheTrustedUser() throws {
    let place = try Workplace("hosting")
    place.write(
      "sendmail.cf",
      "V10/Berkeley\nKaccess hash /etc/mail/access\nKvirtuser hash /etc/mail/virtmaps\n"
        + "O AliasFile=/etc/mail/aliases\nFw/etc/mail/sendmail.cw\nO TrustedUser=mail\n")
    try place("build")
    let user = try #require(unsafe getpwnam("mail")?.pointee.pw_uid)
    #expect(try place.status("access.db").st_uid == user)
    // One that is there keeps its owner.
    #expect(unsafe chown(place.path("access.db"), 0, 0) == 0)
    try place("relay", "add", "192.0.2.7")
    #expect(try place.status("access.db").st_uid == 0)
  }
}
