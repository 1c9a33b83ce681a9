import CSystemSupport
import Glibc
import Testing

@testable import SystemSupport

/// Owner, mode and the rest stay what they were.
@Suite struct FileAttributesTests {
  let scratch: Scratch
  let sample: SampleChange

  init() throws {
    scratch = try Scratch()
    SampleChange.prepare(scratch)
    sample = SampleChange(path: scratch.path)
  }

  /// An access list: user 12345 may read and write, the mask lets only reading through, others nothing.
  static let list: [UInt8] =
    [2, 0, 0, 0] + [0x01, 0, 6, 0, 255, 255, 255, 255] + [0x02, 0, 6, 0, 0x39, 0x30, 0, 0]
    + [0x04, 0, 0, 0, 255, 255, 255, 255] + [0x10, 0, 4, 0, 255, 255, 255, 255] + [0x20, 0, 0, 0, 255, 255, 255, 255]

  private func attribute(_ name: String, of file: String) -> [UInt8]? {
    var value = [UInt8](repeating: 0, count: 1000)
    let count = unsafe getxattr(scratch(file), name, &value, value.count)
    return count < 0 ? nil : Array(value[..<count])
  }

  private func setAttribute(_ name: String, of file: String, _ value: [UInt8]) -> Bool {
    unsafe setxattr(scratch(file), name, value, value.count, 0) == 0
  }

  @Test(arguments: [0o400, 0o600, 0o640, 0o664, 0o666, 0o755, 0o2640, 0o4755, 0o040], [0o000, 0o022, 0o077])
  func theModeStaysWhateverTheUmask(mode: Int, mask: Int) async throws {
    struct Case: Codable {
      var change: SampleChange
      var mask: Int
    }
    // Who may not read a file cannot change it, unless he is root.
    if !isRoot && mode & 0o400 == 0 { return }
    for name in SampleChange.before.keys { scratch.setMode(name, mode_t(mode)) }
    await #expect(processExitsWith: .success) { [this = Case(change: sample, mask: mask) as Case] in
      umask(mode_t(this.mask))
      let path = this.change.path
      let result = try this.change.make { step throws(SystemError) in
        // Until it is live, nobody else gets at the new file, whatever its mode.
        for name in try Directory("\(path)/etc/mail").names() where name.hasPrefix(".mailcfg-") {
          if FileStatus(following: "\(path)/etc/mail/\(name)")?.mode != 0o1700 { exit(2) }
        }
        for name in [".mailcfg.journal", ".mailcfg.lock"] {
          if let status = FileStatus(following: "\(path)/etc/mail/\(name)"), status.mode & 0o022 != 0 { exit(3) }
        }
      }
      exit(result == nil ? 0 : 1)
    }
    #expect(try sample.state() == sample.whole)
    for name in SampleChange.before.keys { #expect(try scratch.status(name).mode == UInt32(mode), "\(name)") }
    #expect(try scratch.status("etc/mail/cw").mode == UInt32(0o644 & ~mask))
  }

  @Test(.enabled(if: isRoot)) func ownerAndGroupStay() throws {
    scratch.setOwner("etc/mail/access", 12345, 23456)
    scratch.setMode("etc/mail/access", 0o4640)
    scratch.setOwner("etc/aliases", 0, 23456)
    #expect(try sample.make() == nil)
    let status = try scratch.status("etc/mail/access")
    #expect((status.owner, status.group, status.mode) == (12345, 23456, 0o4640))
    #expect(try scratch.status("etc/aliases").group == 23456)
    #expect(try scratch.status("etc/mail/access.db").owner == 0)
  }

  @Test func accessListAndUserAttributesStay() throws {
    let value: [UInt8] = [0, 1, 2, 255]
    // Not every file system has them.
    guard setAttribute("user.note", of: "etc/mail/access", value) else { return }
    guard setAttribute("system.posix_acl_access", of: "etc/mail/access.db", Self.list) else { return }
    #expect(try sample.make() == nil)
    #expect(try sample.state() == sample.whole)
    #expect(attribute("user.note", of: "etc/mail/access") == value)
    #expect(attribute("system.posix_acl_access", of: "etc/mail/access.db") == Self.list)
    #expect(try scratch.status("etc/mail/access.db").mode == 0o640)
    #expect(attribute("system.posix_acl_access", of: "etc/mail/access") == nil)
  }

  @Test(.enabled(if: isRoot)) func theSecurityLabelStays() throws {
    let label = Array("system_u:object_r:etc_mail_t:s0\0".utf8)
    guard setAttribute("security.selinux", of: "etc/mail/access", label) else { return }
    #expect(try sample.make() == nil)
    #expect(attribute("security.selinux", of: "etc/mail/access") == label)
  }

  /// The directory's default list goes to every new file; the old file did not have it, so the new one must not either.
  @Test func theDefaultListOfTheDirectoryOpensNothing() throws {
    var inherited = Self.list
    inherited[4 + 8 + 2] = 6
    inherited[4 + 24 + 2] = 7
    for name in ["etc", "etc/mail"] {
      guard setAttribute("system.posix_acl_default", of: name, inherited) else { return }
    }
    scratch.setMode("etc/mail/access", 0o660)
    #expect(try sample.make() == nil)
    #expect(attribute("system.posix_acl_access", of: "etc/mail/access") == nil)
    #expect(try scratch.status("etc/mail/access").mode == 0o660)
    // A file that was not there gets what any new file gets there: here, reading for the group class, not more.
    #expect(attribute("system.posix_acl_access", of: "etc/mail/cw") != nil)
    #expect(try scratch.status("etc/mail/cw").mode == 0o640)
    #expect(try sample.state() == sample.whole)
  }

  @Test(.enabled(if: isRoot)) func aNewFileGetsWhatIsAskedForOrTheDirectorysGroup() throws {
    scratch.setOwner("etc/mail", 0, 23456)
    scratch.setMode("etc/mail", 0o2755)
    #expect(try sample.make() == nil)
    #expect(try scratch.status("etc/mail/cw").group == 23456)
    let change = try FileChange(WriterLock(Directory(scratch("etc/mail")), wait: 0))
    try change.stage(
      [], at: FileLocation(scratch("etc/mail/more")),
      attributes: NewFileAttributes(mode: 0o600, owner: 12345, group: 34567))
    #expect(try change.publish(wait: 0) == nil)
    let status = try scratch.status("etc/mail/more")
    #expect((status.owner, status.group, status.mode) == (12345, 34567, 0o600))
  }

  // MARK: As an ordinary user

  @Test(.enabled(if: isRoot)) func withoutTheRightToKeepTheOwnerNothingIsChanged() async throws {
    for name in ["etc", "etc/mail"] { scratch.setOwner(name, 65534, 65534) }
    for name in SampleChange.before.keys { scratch.setOwner(name, 65534, 65534) }
    scratch.setOwner("etc/mail/access", 0, 65534)
    await #expect(processExitsWith: .exitCode(77)) { [sample = sample as SampleChange] in
      setgid(65534)
      setuid(65534)
      let error = failure { () throws(SystemError) in _ = try sample.make() }
      exit("\(error as SystemError?)".contains("user 0; that takes root (CAP_CHOWN)") ? error?.exitCode ?? 0 : 1)
    }
    #expect(try sample.state() == [])
    scratch.setOwner("etc/mail/access", 65534, 23456)
    await #expect(processExitsWith: .exitCode(77)) { [sample = sample as SampleChange] in
      setgid(65534)
      setuid(65534)
      let error = failure { () throws(SystemError) in _ = try sample.make() }
      exit("\(error as SystemError?)".contains("its group, 23456; that takes membership") ? error?.exitCode ?? 0 : 1)
    }
    #expect(try sample.state() == [])
  }

  @Test(.enabled(if: isRoot)) func anOwnerWorksWithoutRoot() async throws {
    for name in ["etc", "etc/mail"] { scratch.setOwner(name, 65534, 65534) }
    for name in SampleChange.before.keys { scratch.setOwner(name, 65534, 65534) }
    scratch.setMode("etc/mail/access", 0o440)
    await #expect(processExitsWith: .success) { [sample = sample as SampleChange] in
      setgid(65534)
      setuid(65534)
      if try sample.make() != nil { exit(1) }
    }
    #expect(try sample.state() == sample.whole)
    #expect(try scratch.status("etc/mail/access").mode == 0o440)
  }
}
