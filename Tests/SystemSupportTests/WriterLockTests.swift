import Glibc
import Testing

@testable import SystemSupport

@Suite struct WriterLockTests {
  let scratch: Scratch
  let directory: Directory

  init() throws {
    scratch = try Scratch()
    directory = try Directory(scratch.path)
  }

  @Test func oneHolderAtATimeAndItIsNamed() throws {
    let lock = try WriterLock(directory, wait: 0)
    let error = failure { () throws(SystemError) in _ = try WriterLock(directory, wait: 0) }
    #expect(error?.problem == .locked(holder: getpid()))
    #expect(error?.exitCode == 75)
    #expect(error?.description == "\(scratch.path): is locked by process \(getpid())")
    _ = consume lock
    _ = try WriterLock(directory, wait: 0)
    #expect(scratch.read(".mailcfg.lock") == "")
  }

  @Test func waitsAsLongAsItMay() throws {
    let lock = try WriterLock(directory, wait: 0)
    let began = FileTime.now
    #expect(failure { () throws(SystemError) in _ = try WriterLock(directory, wait: 0.3) }?.isLocked == true)
    let took = Double(FileTime.now.seconds - began.seconds) + Double(FileTime.now.nanoseconds - began.nanoseconds) / 1e9
    #expect(took > 0.29 && took < 2)
    withExtendedLifetime(lock) {}
  }

  /// Whoever made the lock file with an odd umask, and is not root, could not open it any more.
  @Test func anyUmaskLeavesItsOwnerTheLockFile() async throws {
    await #expect(processExitsWith: .success) { [path = scratch.path as String] in
      umask(0o777)
      _ = try WriterLock(Directory(path), wait: 0)
    }
    #expect(try scratch.status(".mailcfg.lock").mode == 0o600)
  }

  @Test func aDeadHolderDoesNotBlock() async throws {
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = scratch.path as String] in
      let lock = try WriterLock(Directory(path), wait: 0)
      kill(getpid(), SIGKILL)
      withExtendedLifetime(lock) {}
    }
    #expect(scratch.read(".mailcfg.lock") != "")
    _ = try WriterLock(directory, wait: 0)
  }

  @Test func anotherProcessIsNamed() async throws {
    let lock = try WriterLock(directory, wait: 0)
    await #expect(processExitsWith: .exitCode(75)) { [path = scratch.path as String, parent = getpid() as Int32] in
      do throws(SystemError) {
        _ = try WriterLock(Directory(path), wait: 0)
      } catch {
        exit(error.problem == .locked(holder: parent) ? error.exitCode : 1)
      }
    }
    withExtendedLifetime(lock) {}
  }

  /// Who removes the lock file must not let two in.
  @Test func aRemovedLockFileIsMadeAnew() throws {
    let lock = try WriterLock(directory, wait: 0)
    scratch.remove(".mailcfg.lock")
    let second = try WriterLock(directory, wait: 0)
    #expect(failure { () throws(SystemError) in _ = try WriterLock(directory, wait: 0) }?.isLocked == true)
    withExtendedLifetime((lock, second)) {}
  }

  @Test func somethingElseInItsPlaceIsRefused() throws {
    scratch.write("victim", "precious")
    scratch.link("victim", ".mailcfg.lock")
    let link = failure { () throws(SystemError) in _ = try WriterLock(directory, wait: 0) }
    #expect(link?.problem == .link)
    scratch.remove(".mailcfg.lock")
    scratch.makePipe(".mailcfg.lock")
    #expect(failure { () throws(SystemError) in _ = try WriterLock(directory, wait: 0) }?.problem == .notRegular(.pipe))
    #expect(scratch.read("victim") == "precious")
  }

  @Test(.enabled(if: isRoot)) func theDirectoryOwnerCanUseRootsLockFile() async throws {
    scratch.setOwner("", 65534, 65534)
    _ = try WriterLock(directory, wait: 0)
    await #expect(processExitsWith: .success) { [path = scratch.path as String] in
      setgid(65534)
      setuid(65534)
      _ = try WriterLock(Directory(path), wait: 0)
    }
  }

  /// A file of root's that somebody has given the name of the lock file is not given to him.
  @Test(.enabled(if: isRoot)) func anotherFileOfRootsStaysRoots() throws {
    scratch.makeDirectory("his")
    scratch.write("his/.mailcfg.lock", "")
    scratch.setOwner("his", 12345, 12345)
    _ = try WriterLock(try Directory(scratch("his")), wait: 0)
    #expect(try scratch.status("his/.mailcfg.lock").owner == 0)
  }

  @Test(.enabled(if: isRoot)) func withoutTheRightItSaysSo() async throws {
    scratch.setMode("", 0o755)
    await #expect(processExitsWith: .exitCode(77)) { [path = scratch.path as String] in
      setuid(65534)
      do throws(SystemError) {
        _ = try WriterLock(Directory(path), wait: 0)
      } catch {
        exit(error.exitCode)
      }
    }
  }
}
