internal import Glibc

/// The right to change the files of one mail directory, held by one program at a time.
///
/// A file of our own, `.mailcfg.lock`, is locked with flock(2), so that the lock goes when its holder dies, however it
/// dies. The file itself stays; while the lock is held it tells the holder's process id and when it began.
package final class WriterLock {
  /// The name of the lock file.
  static let fileName = ".mailcfg.lock"

  /// The directory that is locked.
  package let directory: Directory
  private let file: Descriptor

  /// Takes the lock of a directory.
  ///
  /// - Parameters:
  ///   - directory: The mail directory.
  ///   - wait: For how many seconds to wait for another holder; 0 tries once.
  /// - Throws: ``FileProblem/locked(holder:)`` with the holder's process id; `EACCES`, `EROFS` or `EPERM` if the lock file
  ///   cannot be made; `ELOOP` or ``FileProblem/notRegular(_:)`` if something else lies in its place.
  package init(_ directory: Directory, wait: Double) throws(SystemError) {
    self.directory = directory
    var deadline = Deadline(after: wait)
    while true {
      let file = try Self.open(directory)
      if try file.tryFlock() {
        // Somebody may have removed the file between our opening and locking it; then the lock is nobody's.
        if try directory.status(of: Self.fileName)?.identity == file.status().identity {
          self.file = file
          break
        }
      } else if !deadline.pause() {
        throw SystemError(.locked(holder: Self.holder(file)), call: "flock", path: directory.path)
      }
    }
    note("\(getpid()) \(FileTime.now.seconds)\n")
  }

  deinit {
    note("")
    file.unlock()
  }

  /// A note for people and for messages; without the right to write it, the lock is as good.
  private func note(_ text: String) {
    if ftruncate(file.number, 0) == 0 { _ = try? file.write(Array(text.utf8).span) }
  }

  /// Opens the lock file, and makes it if need be.
  private static func open(_ directory: Directory) throws(SystemError) -> Descriptor {
    if let file = try make(in: directory) { return file }
    let file: Descriptor
    do {
      file = try directory.open(fileName, O_RDWR | O_CREAT, mode: 0o600)
    } catch {
      // Another user's lock file can be locked without the right to write to it.
      if !error.isPermission { throw error }
      do {
        file = try directory.open(fileName, O_RDONLY)
      } catch let second {
        throw second.isMissing ? error : second
      }
    }
    let status = try file.regularStatus()
    // Somebody else's file under this name is not to be written to.
    if status.linkCount > 1 { throw SystemError(.hardLinked(count: status.linkCount), call: "open", path: file.path) }
    return file
  }

  /// Makes the lock file; nil where there is one, or none can be made.
  ///
  /// Made by root, it is given to the directory's owner, who may need it next; another file of root's that somebody has given this
  /// name is not.
  private static func make(in directory: Directory) throws(SystemError) -> Descriptor? {
    guard let file = try? directory.open(fileName, O_RDWR | O_CREAT | O_EXCL, mode: 0o600) else { return nil }
    // A umask that takes the owner's rights away would keep him out of every later change.
    _ = fchmod(file.number, 0o600)
    let parent = try directory.descriptor.status()
    if geteuid() == 0 && parent.owner != 0 { _ = fchown(file.number, parent.owner, parent.group) }
    return file
  }

  private static func holder(_ file: Descriptor) -> Int32? {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = unsafe pread(file.number, &bytes, bytes.count, 0)
    let digits = bytes.prefix(max(count, 0)).prefix { $0 != UInt8(ascii: " ") }
    if let holder = Int32(String(decoding: digits, as: UTF8.self)), holder > 0 {
      if kill(holder, 0) == 0 || errno == EPERM { return holder }
    }
    return (try? file.status()).flatMap { LockHolder.process(holding: $0.identity) }
  }
}
