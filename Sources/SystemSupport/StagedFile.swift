internal import CSystemSupport
internal import Glibc

/// A new file, made in a ``StagingDirectory`` and about to take the place of another, or of none.
///
/// Made by ``FileChange``; of use to others are ``path``, where it lies until it is published, and ``location``.
package final class StagedFile {
  /// What is expected to be in the place of the new file.
  package enum Expectation: Sendable {
    /// The very contents that were read; anything done to the file since then makes the change fail.
    case contents(FileStatus)
    /// Whatever is there, or nothing, when the change is staged. It may be rewritten in place meanwhile, as sendmail's own
    /// tools rewrite a map, but not be replaced or given another owner or mode.
    case anything
    /// Nothing.
    case nothing
  }

  /// Where the new file goes.
  package let location: FileLocation
  /// Where the new file lies now, by a path that is valid in this process only.
  package let path: String

  let stage: StagingDirectory
  let attributes: NewFileAttributes
  private(set) var expectation: Expectation
  /// The file to be replaced, open for reading, so that who has it open for writing is another; `nil` if there is none.
  let old: Descriptor?
  /// The file to be replaced as it was when its attributes were copied.
  private(set) var oldStatus: FileStatus?
  /// The new file, open, once it is made.
  private var new: Descriptor?
  private(set) var newStatus: FileStatus?
  /// Whether the new file is a text: who opens it for writing does not empty it by mistake.
  private(set) var isText = false
  /// What keeps others from beginning to write to the old file, and to the new one.
  private var leases: (old: WriterLease?, new: WriterLease?)

  /// Where the old file is while the new one is live: its name in the staging directory.
  private var displacedName: String
  private(set) var isLive = false
  /// The old file's time before it was moved on.
  private var timeBefore: FileTime?

  /// Opens the file to be replaced.
  ///
  /// - Throws: ``FileProblem/changed`` if it is not what was expected, ``FileProblem/notRegular(_:)``,
  ///   ``FileProblem/hardLinked(count:)``.
  init(
    _ location: FileLocation, in stage: StagingDirectory, _ expectation: Expectation, _ attributes: NewFileAttributes
  )
    throws(SystemError)
  {
    self.location = location
    self.stage = stage
    self.expectation = expectation
    self.attributes = attributes
    displacedName = location.stagedName
    path = try stage.path(of: location.stagedName)
    if let found = try location.status() {
      if found.kind != .regular { throw SystemError(.notRegular(found.kind), call: "open", path: location.path) }
      let file = try location.open()
      old = file
      oldStatus = try file.regularStatus()
    } else {
      old = nil
    }
    try checkOld()
  }

  // MARK: Making the new file

  /// Reads the new file back.
  package func contents() throws(SystemError) -> FileContents {
    try FileContents(FileLocation(location.stagedName, in: stage.directory))
  }

  /// Creates the new file and writes its contents.
  func write(_ bytes: borrowing Span<UInt8>) throws(SystemError) {
    isText = true
    try create().write(bytes)
  }

  /// Creates the new file and writes parts of a buffer to it, one behind the other.
  func write(
    _ runs: [Range<Int>], of buffer: [UInt8], _ key: FingerprintKey
  ) throws(SystemError) -> (Fingerprint, size: Int) {
    isText = true
    let file = try create()
    var stream = FingerprintStream(key: key)
    var size = 0
    for run in runs {
      var start = run.lowerBound
      while start < run.upperBound {
        // What has just been read for the fingerprint is still in the processor's cache when it is written.
        let piece = buffer.span.extracting(start..<min(run.upperBound, start + Descriptor.pieceSize))
        stream.append(piece)
        try file.write(piece)
        start += piece.count
        size += piece.count
        if size % (8 << 20) < piece.count { file.startWriting(max(0, size - (9 << 20))..<size) }
      }
    }
    return (stream.fingerprint, size)
  }

  /// Creates the new file.
  private func create() throws(SystemError) -> Descriptor {
    let file = try stage.directory.open(
      location.stagedName, O_RDWR | O_CREAT | O_EXCL, mode: old == nil ? attributes.mode : 0o600)
    new = file
    return file
  }

  /// Creates the new file, for somebody to copy the old one to; both are open.
  ///
  /// - Returns: `nil` where there is no old one.
  package func beginCopy() throws(SystemError) -> (old: Descriptor, new: Descriptor)? {
    guard let old else { return nil }
    return (old, try create())
  }

  /// Removes the new file, for another to be made in its place.
  package func discard() throws(SystemError) {
    new = nil
    try stage.directory.unlink(location.name)
  }

  /// Opens the new file, wherever it is put later, for reading.
  package func openForReading() throws(SystemError) -> Descriptor {
    try stage.directory.open(location.name, O_RDONLY)
  }

  /// Gives the new file its owner, group, mode and other attributes, and waits until it is on the disk.
  func seal() throws(SystemError) {
    if newStatus != nil { return }
    let file: Descriptor
    if let new {
      file = new
    } else {
      file = try stage.directory.open(location.stagedName, O_RDWR)
      new = file
    }
    let made = try file.regularStatus()
    if made.linkCount != 1 { throw SystemError(.hardLinked(count: made.linkCount), call: "fstat", path: file.path) }
    if let old {
      // From now on a change of owner or mode is noticed.
      let status = try old.status()
      oldStatus = status
      try checkOld()
      try file.dress(like: old, status)
      if let owner = attributes.owner, attributes.ownsOldToo, owner != status.owner {
        try file.dress(owner: owner, group: nil, mode: status.mode)
      }
    } else {
      try file.dress(owner: attributes.owner, group: attributes.group, mode: usualMode())
    }
    try file.sync()
    newStatus = try file.status()
    // Whoever could not read it goes on with what he has, and without a lease.
    new = (try? stage.directory.open(location.stagedName, O_RDONLY)) ?? file
  }

  /// Sets the time at which the sealed new file was last modified; whoever cannot goes on with the time that it has.
  ///
  /// Nobody waits for the disk: who has had a file open does not outlast a power cut.
  func setModified(_ time: FileTime) {
    try? new?.setModified(time)
    newStatus = (try? new?.status()) ?? newStatus
  }

  /// What open(2) would make of the mode that was asked for; only a new file tells, as the umask cannot be read.
  private func usualMode() throws(SystemError) -> UInt32 {
    let name = ".mode-" + String(attributes.mode, radix: 8)
    let probe = try stage.directory.open(name, O_RDONLY | O_CREAT, mode: attributes.mode)
    // What stays answers the next file as well, and goes with the staging directory.
    try? stage.directory.unlink(name)
    return try probe.status().mode
  }

  // MARK: Putting it into place

  /// Tries to take one of the locks of the file to be replaced.
  func tryRecordLock() throws(SystemError) -> Bool { try old?.tryRecordLock() ?? true }
  func tryFlock() throws(SystemError) -> Bool { try old?.tryFlock() ?? true }

  /// Gives both locks back.
  func unlock() { old?.unlock() }

  /// Keeps others from beginning to write to the old file.
  ///
  /// - Returns: Whether nobody has it open for writing, as far as that can be told.
  func holdOld() -> Bool {
    guard leases.old == nil, let oldStatus else { return true }
    switch WriterLease.take(on: location.name, in: location.directory, ifStill: oldStatus.identity) {
    case .given(let lease): leases.old = lease
    case .hasWriter: return false
    case .impossible: break
    }
    return true
  }

  /// Lets others write to the old file again.
  func releaseOld() { leases.old = nil }

  /// Whether somebody waits to write to the old file.
  var isOldAwaited: Bool { leases.old?.isAwaited ?? false }

  /// Whether somebody waits for the old file's lock.
  var isLockAwaited: Bool { oldStatus.map { LockHolder.all(of: $0.identity).contains(where: \.isWaiting) } ?? false }

  /// Whether somebody has locked the old file for writing.
  var isLockedByWriter: Bool {
    oldStatus.map { LockHolder.all(of: $0.identity).contains { !$0.isWaiting && $0.isExclusive } } ?? false
  }

  /// Keeps others from beginning to write to the new file, once it is in place, if it is a map.
  func holdNew() {
    guard leases.new == nil, !isText, let newStatus,
      case .given(let lease) = WriterLease.take(
        on: location.stagedName, in: stage.directory, ifStill: newStatus.identity)
    else { return }
    leases.new = lease
  }

  /// The new file if it is a map in the place of another one, and nobody can begin to write to it.
  var replacedMap: FileIdentity? { isText || old == nil || leases.new == nil ? nil : newStatus?.identity }

  /// Whether somebody waits to write to the new file.
  var isNewAwaited: Bool { leases.new?.isAwaited ?? false }

  /// Lets those open the new file who wait to write to it, and waits until they have seen that it has a second name.
  func refuseWriters(_ deadline: Deadline) {
    guard let newStatus else { return }
    var deadline = deadline
    try? location.directory.link(location.name, to: stage.directory, ".late-\(newStatus.identity.inode)")
    leases.new = nil
    repeat {
      switch WriterLease.take(on: location.name, in: location.directory, ifStill: newStatus.identity) {
      case .given(let lease): leases.new = lease
      case .hasWriter: continue
      case .impossible: break
      }
      return
    } while deadline.pause()
  }

  /// Lets others write to both files again.
  func release() { leases = (nil, nil) }

  /// Whether somebody has written to the new file since it was made.
  var isNewWrittenTo: Bool {
    guard let newStatus, let status = try? new?.status() else { return false }
    return status.size != newStatus.size || status.modified != newStatus.modified
  }

  /// The error that says who holds the lock.
  var locked: SystemError {
    let holder = oldStatus.flatMap { LockHolder.process(holding: $0.identity) }
    return SystemError(.locked(holder: holder), call: "flock", path: location.path)
  }

  /// Sees that what is to be replaced is still there, as expected.
  func checkOld() throws(SystemError) {
    let found = try location.status()
    let held = try old?.status()
    if found?.identity != held?.identity { throw changed }
    switch expectation {
    case .contents(let status): if held != status { throw changed }
    case .nothing: if held != nil { throw changed }
    case .anything: break
    }
    guard let held, let oldStatus else { return }
    if held.linkCount > 1 { throw SystemError(.hardLinked(count: held.linkCount), call: "fstat", path: location.path) }
    if (held.owner, held.group, held.mode) != (oldStatus.owner, oldStatus.group, oldStatus.mode) { throw changed }
  }

  private var changed: SystemError { SystemError(.changed, call: "fstat", path: location.path) }

  /// Makes the new file the live one and the old one the staged one, in one step.
  ///
  /// - Parameter canExchange: Whether to try `RENAME_EXCHANGE`. Without it the old file gets a second name in the staging
  ///   directory first, so that it can be put back; readers that compare link counts may be disturbed for that moment.
  /// - Throws: ``FileProblem/changed``, with the new file live and to be put back if ``isLive`` says so; or what the system
  ///   says.
  func exchange(canExchange: Bool = true) throws(SystemError) {
    do throws(SystemError) {
      if let oldStatus {
        try displace(oldStatus, canExchange)
      } else {
        try stage.directory.moveIfFree(location.stagedName, to: location.directory, location.name)
      }
    } catch {
      throw error.errno == ENOENT ? changed : error
    }
    isLive = true
    // What was displaced must be what was checked and locked; it is not if somebody was quicker than we.
    if let old, let oldStatus {
      let displaced = try stage.directory.status(of: displacedName)
      let held = try old.status()
      var isExpected = displaced?.identity == held.identity
      if case .contents = expectation {
        isExpected = isExpected && held.size == oldStatus.size && held.modified == oldStatus.modified
        // Who waits to write to it would write to a file without a name.
        isExpected = isExpected && !isOldAwaited
      }
      if !isExpected { throw changed }
    }
  }

  private func displace(_ old: FileStatus, _ canExchange: Bool) throws(SystemError) {
    displacedName = location.stagedName
    if canExchange {
      if try stage.directory.exchange(location.stagedName, location.directory, location.name) { return }
    }
    displacedName = Self.displacedName(old.identity.inode)
    try location.directory.link(location.name, to: stage.directory, displacedName)
    try stage.directory.move(location.stagedName, to: location.directory, location.name)
  }

  /// The old file's second name where files cannot be exchanged.
  static func displacedName(_ inode: UInt64) -> String { ".displaced-\(inode)" }

  /// Moves the old file's time on, for those who have it open.
  func moveOldOn() throws(SystemError) {
    guard let old else { return }
    timeBefore = try old.status().modified
    try old.moveModifiedOn()
  }

  /// Makes the old file the live one again.
  ///
  /// Whoever opened the new one meanwhile is told by its time.
  func putBack() throws(SystemError) {
    guard isLive else { return }
    // First the time: whoever has kept the old file open all the while has nothing to do.
    if let timeBefore { try? old?.setModified(timeBefore) }
    var deadline = Deadline(after: 0.1)
    var isLocked = false
    while let new {
      isLocked = (try? new.tryLock()) ?? false
      if isLocked || !deadline.pause() { break }
    }
    defer { if isLocked { new?.unlock() } }
    if old == nil {
      try location.directory.moveIfFree(location.name, to: stage.directory, location.stagedName)
    } else if displacedName != location.stagedName {
      try stage.directory.move(displacedName, to: location.directory, location.name)
    } else if try !stage.directory.exchange(location.stagedName, location.directory, location.name) {
      throw SystemError(call: "renameat2", path: location.path, errno: EINVAL)
    }
    isLive = false
    try? new?.moveModifiedOn()
    newStatus = (try? new?.status()) ?? newStatus
    // That it had another name for a moment is no change of it.
    if case .contents(let status) = expectation, let held = try? old?.status(), held.size == status.size,
      held.modified == status.modified
    {
      expectation = .contents(held)
    }
  }
}
