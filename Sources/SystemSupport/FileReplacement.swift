internal import CSystemSupport
internal import Glibc

/// One file made beside another and put in its place, anywhere: in a directory that is no mail directory too.
///
/// For a change of several files, and for texts, there is ``FileChange``; this is for what sendmail's own programs do to one
/// map. No journal is kept, since one file is exchanged or it is not, and nothing is left in the directory: where a signal
/// ends the program, what was staged is removed; what a program that was killed has left is removed by the next.
package final class FileReplacement {
  /// How the new file comes into place.
  package enum Way: Sendable {
    /// Made beside the old one and exchanged with it in one step.
    case exchange
    /// Made elsewhere and copied into the old one while that is locked: where the old one has other names too, or is not
    /// ours to replace, only to write.
    case rewriting
  }

  /// Where the new file goes.
  package let location: FileLocation
  /// How the new file is going to come into place.
  package private(set) var way = Way.exchange
  private let attributes: NewFileAttributes
  private let stage: StagingDirectory
  private var staged: StagedFile?
  private var signals: SignalCleanup?
  private var rights: WriterLock?

  /// The name of a staging directory begins so.
  private static let prefix = ".makemap-"

  /// Makes the place where the new file is to be made.
  ///
  /// In a directory that mailcfg has changed before, no other change of mailcfg is under way meanwhile.
  ///
  /// - Parameters:
  ///   - location: The file to be replaced, or made.
  ///   - attributes: For a file that is not there yet; an `owner` is given to one that is there, too.
  ///   - wait: For how many seconds to wait for others' locks.
  /// - Throws: What the system says.
  package init(_ location: FileLocation, attributes: NewFileAttributes, wait: Double = .infinity) throws(SystemError) {
    self.location = location
    self.attributes = attributes
    if try Self.hasLock(location.directory) {
      do throws(SystemError) {
        let lock = try WriterLock(location.directory, wait: wait)
        _ = try lock.recover(wait: wait)
        rights = lock
      } catch {
        // Who may not take part in the locking may still have the right to write the map.
        guard error.isPermission else { throw error }
      }
    }
    let found = try location.status()
    do throws(SystemError) {
      if let found, found.linkCount > 1 {
        throw SystemError(.hardLinked(count: found.linkCount), call: "open", path: "")
      }
      stage = try Self.makeStage(in: location.directory)
    } catch {
      guard found != nil, error.isPermission || error.errno == EMLINK else { throw error }
      way = .rewriting
      stage = try Self.makeTemporaryStage()
    }
    signals = SignalCleanup()
    signals?.add(stage)
  }

  deinit {
    staged = nil
    try? stage.remove()
    signals = nil
  }

  /// The path at which the new file is to be made, valid in this process only; nothing is there.
  package func path() throws(SystemError) -> String { try stage.path(of: stagedName) }

  private var stagedName: String { location.stagedName }

  /// Copies the file that is to be replaced to ``path()``, while no program of sendmail changes it.
  ///
  /// - Returns: What it was; the new file takes its place only if it still is that.
  package func copyOld(wait: Double = .infinity) throws(SystemError) -> FileStatus {
    let old = try location.directory.open(location.name, O_RDONLY)
    try old.waitForFlock(shared: true, wait: wait)
    defer { old.unlock() }
    let status = try old.regularStatus()
    if try stage.directory.status(of: stagedName) != nil { try stage.directory.unlink(stagedName) }
    let copy = try stage.directory.open(stagedName, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
    try copy.copyContents(of: old, count: status.size)
    return status
  }

  /// Removes what lies at ``path()``.
  package func removeCopy() throws(SystemError) { try stage.directory.unlink(stagedName) }

  /// Puts the new file into place.
  ///
  /// - Parameters:
  ///   - expected: What has to be there.
  ///   - wait: For how many seconds to wait for the locks of sendmail's programs.
  /// - Throws: ``FileProblem/changed`` if that is not there, or what the system says. Nothing has
  ///   changed then.
  package func publish(
    expecting expected: StagedFile.Expectation = .anything, wait: Double = .infinity
  ) throws(SystemError) {
    if way == .rewriting { return try rewrite(expecting: expected, wait: wait) }
    while true {
      do throws(SystemError) {
        try exchange(expecting: expected, wait: wait)
        break
      } catch {
        // Into a container, a file may be mounted by itself.
        if case .cannotKeep = error.problem { return try rewrite(expecting: expected, wait: wait) }
        if case .mountPoint = error.problem { return try rewrite(expecting: expected, wait: wait) }
        // Somebody else has put a new file there: ours comes later, and counts.
        guard error.isChanged, case .anything = expected else { throw error }
      }
    }
    do throws(SystemError) {
      try location.directory.descriptor.sync()
    } catch {
      // What may be gone after a power cut is not done.
      let mask = SignalMask()
      defer { withExtendedLifetime(mask) {} }
      try? staged?.putBack()
      throw error
    }
    // The old file loses its name before those get on who wait to write to it.
    let published = staged
    defer { withExtendedLifetime(published) {} }
    if let published { [published].refuseWriters() }
    staged = nil
    // What cannot be removed now is removed by the next.
    try? stage.remove()
    signals = nil
  }

  private func exchange(expecting expected: StagedFile.Expectation, wait: Double) throws(SystemError) {
    let file = try StagedFile(location, in: stage, expected, attributes)
    staged = file
    try file.seal()
    try [file].lock(wait: wait)
    defer { file.unlock() }
    // Between the exchange and the old file's new time nobody interrupts.
    let mask = SignalMask()
    defer { withExtendedLifetime(mask) {} }
    do throws(SystemError) {
      try file.checkOld()
      try file.exchange()
      try file.moveOldOn()
    } catch {
      try? file.putBack()
      throw error
    }
  }

  /// Copies the new file's contents into the old one.
  private func rewrite(expecting expected: StagedFile.Expectation, wait: Double) throws(SystemError) {
    let new = try stage.directory.open(stagedName, O_RDONLY)
    let old = try openForWriting(wait: wait)
    let status = try old.regularStatus()
    try old.waitForFlock(shared: false, wait: wait)
    defer { old.unlock() }
    if case .contents(let expected) = expected, try old.status() != expected {
      throw SystemError(.changed, call: "fstat", path: location.path)
    }
    let mask = SignalMask()
    defer { withExtendedLifetime(mask) {} }
    let size = try new.status().size
    try old.reserve(size)
    try old.copyContents(of: new, count: size)
    if uninterrupted({ ftruncate(old.number, size) }) != 0 { throw .last("ftruncate", location.path) }
    if let owner = attributes.owner, owner != status.owner { _ = fchown(old.number, owner, .max) }
    // Whoever has it open sees by whole seconds that it was changed; only the owner can help that on.
    if status.modified.seconds >= FileTime.now.seconds { try? old.moveModifiedOn() }
    try old.sync()
  }

  /// Opens the old file; one that another mailcfg is about to replace is waited for.
  private func openForWriting(wait: Double) throws(SystemError) -> Descriptor {
    var deadline = Deadline(after: wait)
    while true {
      do {
        return try location.directory.open(location.name, O_RDWR)
      } catch {
        guard error.errno == EWOULDBLOCK, deadline.pause() else { throw error }
      }
    }
  }

  // MARK: Places

  /// Whether mailcfg has changed the directory before; a lock file of somebody else's, who could keep us waiting, says nothing.
  private static func hasLock(_ directory: Directory) throws(SystemError) -> Bool {
    guard let lock = try directory.status(of: WriterLock.fileName), lock.kind == .regular else { return false }
    return try [0, geteuid(), directory.descriptor.status().owner].contains(lock.owner)
  }

  /// A place for files that cannot be made beside the one to be replaced.
  private static func makeTemporaryStage() throws(SystemError) -> StagingDirectory {
    let places = [CurrentProcess.environment("TMPDIR") ?? "/tmp", "/tmp", "/var/tmp", "/dev/shm"]
    for place in places.dropLast() {
      if let directory = try? Directory(place), let stage = try? makeStage(in: directory) { return stage }
    }
    return try makeStage(in: Directory(places[places.count - 1]))
  }

  /// Makes a staging directory and locks it, so that it can be told from what a program that was killed has left.
  private static func makeStage(in directory: Directory) throws(SystemError) -> StagingDirectory {
    removeLeftovers(in: directory)
    var triesLeft = 100
    while true {
      triesLeft -= 1
      var made: StagingDirectory?
      do throws(SystemError) {
        let stage = try StagingDirectory(making: StagingDirectory.newName(prefix), in: directory)
        made = stage
        // Another program may take it for such a leftover as long as it is not locked; then it is made again.
        let isOurs = (try? stage.directory.descriptor.tryFlock()) ?? true
        let found = try directory.status(of: stage.name)
        if isOurs, try found?.identity == stage.directory.descriptor.status().identity { return stage }
      } catch {
        guard error.isMissing, triesLeft > 0 else {
          try? made?.remove()
          throw error
        }
      }
      if triesLeft == 0 { throw SystemError(.changed, call: "mkdir", path: directory.path) }
    }
  }

  /// Removes the staging directories that programs of this user have left when they were killed.
  package static func removeLeftovers(in directory: Directory) {
    guard let names = try? directory.names() else { return }
    for name in names where name.hasPrefix(prefix) {
      guard let left = (try? StagingDirectory(left: name, in: directory, owner: geteuid())) ?? nil,
        (try? left.directory.descriptor.tryFlock()) == true
      else { continue }
      try? left.remove()
    }
  }
}

extension FileLocation {
  /// Opens the file for reading.
  package func opened() throws(SystemError) -> Descriptor { try directory.open(name, O_RDONLY) }
}

extension Descriptor {
  /// A path for those who can only open by path: to this very file where there is a /proc.
  package var pathForLibraries: String {
    let short = "/proc/self/fd/\(number)"
    return FileStatus(following: short) == nil ? path : short
  }

  /// Waits for a flock(2), as sendmail's programs take it.
  package func waitForFlock(shared: Bool, wait: Double = .infinity) throws(SystemError) {
    if wait == .infinity {
      if uninterrupted({ flock(number, shared ? LOCK_SH : LOCK_EX) }) != 0 { throw .last("flock", path) }
      return
    }
    var deadline = Deadline(after: wait)
    while flock(number, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 {
      if errno != EWOULDBLOCK && errno != EINTR { throw .last("flock", path) }
      if !deadline.pause() { throw SystemError(.locked(holder: nil), call: "flock", path: path) }
    }
  }

  /// Sees that the disk has room for so many bytes in all, before anything is written over, where the file system can tell.
  func reserve(_ size: Int) throws(SystemError) {
    if size > 0, uninterrupted({ system_reserve(number, Int64(size)) }) != 0, [ENOSPC, EDQUOT, EFBIG].contains(errno) {
      throw .last("fallocate", path)
    }
  }

  /// Writes the first bytes of another file over this one's.
  func copyContents(of other: Descriptor, count: Int) throws(SystemError) {
    var buffer = [UInt8](repeating: 0, count: min(max(count, 1), 1 << 20))
    var done = 0
    while done < count {
      let got = unsafe pread(other.number, &buffer, min(buffer.count, count - done), done)
      if got < 0 && errno == EINTR { continue }
      if got < 0 { throw .last("read", other.path) }
      if got == 0 { throw SystemError(.changed, call: "read", path: other.path) }
      var written = 0
      while written < got {
        let more = unsafe buffer[written..<got].withUnsafeBytes { bytes in
          unsafe pwrite(number, bytes.baseAddress, bytes.count, done + written)
        }
        if more < 0 && errno != EINTR { throw .last("write", path) }
        written += max(more, 0)
      }
      done += got
    }
  }
}
