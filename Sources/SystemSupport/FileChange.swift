internal import Glibc

/// A change to one file or several, all or nothing.
///
/// ```swift
/// let lock = try WriterLock(Directory("/etc/mail"), wait: 10)
/// let recovery = try lock.recover()                            // of a run that was killed; say so if not nil
/// let change = try FileChange(lock)
/// let table = try FileLocation("/etc/mail/access")
/// let text = try FileContents(table)                           // …edit text.bytes
/// try change.stage(edited, at: table, expecting: .contents(text.status))
/// let map = try change.reserve(FileLocation("/etc/mail/access.db"), attributes: NewFileAttributes(mode: 0o640))
/// …                                                            // libdb creates the map at map.path, closes it; read it back
/// try change.publish(wait: 10)                                 // or drop it: nothing has happened
/// ```
/// New files are made in a directory `.mailcfg-RANDOM` beside those that they replace, entered by nobody else, and
/// get what the old ones have: owner, group, mode, access list, security label and user attributes.
/// ``publish(wait:)`` puts all into place between two moments at which a reader finds all old or all new; up to the last
/// exchange every failure leaves everything as it was and nothing behind, and so does a signal such as Ctrl-C before the
/// first exchange; one that comes later ends the program when the change is done. If the program is killed, what it was
/// doing is in the journal, and ``WriterLock/recover()`` completes it or takes it back.
///
/// Two paths to one file are one file; staging it twice is an error (`EEXIST`).
package final class FileChange {
  /// The moments of a change, for tests to stop at.
  enum Step: Int, CaseIterable, Sendable {
    case begun, staged, written, sealed, synced, committed, locked, checked, exchanged, movedOn, unlocked, recorded,
      lasting, cleaned, done
  }

  /// Called when a step is done; an error it throws is as one of the next system call.
  var afterStep: ((Step) throws(SystemError) -> Void)?
  /// Whether to try `RENAME_EXCHANGE`, which a few file systems lack.
  var canExchange = true

  private let lock: WriterLock
  private var journal: JournalFile?
  private var stages: [StagingDirectory] = []
  private var files: [StagedFile] = []
  /// What was put into place.
  private var published: [StagedFile] = []
  private var keptTexts: [FileStatus] = []
  private var record: (file: RecordFile, position: Int, text: String)?
  private var isRecorded = false
  private var signals: SignalCleanup?

  /// Begins a change.
  ///
  /// Nothing is written yet.
  ///
  /// - Throws: ``FileProblem/unfinishedChange`` if ``WriterLock/recover()`` is needed first.
  package init(_ lock: WriterLock) throws(SystemError) {
    self.lock = lock
    if try lock.directory.status(of: JournalFile.fileName) != nil {
      throw SystemError(.unfinishedChange, call: "open", path: lock.directory.path)
    }
  }

  deinit { try? abandon() }

  /// Makes a new file of the given bytes.
  ///
  /// - Parameters:
  ///   - bytes: The whole contents.
  ///   - location: The file to be replaced, or made.
  ///   - expectation: What has to be there for the change to go ahead.
  ///   - attributes: For a file that is not there yet.
  /// - Returns: The new file.
  /// - Throws: ``FileProblem/changed``, ``FileProblem/hardLinked(count:)``, ``FileProblem/notRegular(_:)``,
  ///   ``FileProblem/cannotKeep(_:)``, or what the system says. The change is to be dropped then.
  @discardableResult
  package func stage(
    _ bytes: [UInt8], at location: FileLocation, expecting expectation: StagedFile.Expectation = .anything,
    attributes: NewFileAttributes = NewFileAttributes(mode: 0o644)
  ) throws(SystemError) -> StagedFile {
    let file = try reserve(location, expecting: expectation, attributes: attributes)
    try file.write(bytes.span)
    try reach(.written)
    try file.seal()
    return file
  }

  /// Makes a new file of parts of a buffer, one behind the other, and tells its fingerprint.
  ///
  /// - Throws: As ``stage(_:at:expecting:attributes:)``.
  package func stage(
    _ runs: [Range<Int>], of buffer: [UInt8], at location: FileLocation, expecting expectation: StagedFile.Expectation,
    key: FingerprintKey, attributes: NewFileAttributes = NewFileAttributes(mode: 0o644)
  ) throws(SystemError) -> (Fingerprint, size: Int) {
    let file = try reserve(location, expecting: expectation, attributes: attributes)
    let (fingerprint, size) = try file.write(runs, of: buffer, key)
    try reach(.written)
    try file.seal()
    return (fingerprint, size)
  }

  /// Reserves a path for a new file that somebody else makes, such as libdb, before ``publish(wait:)`` is called.
  ///
  /// - Parameters:
  ///   - location: The file to be replaced, or made.
  ///   - expectation: What has to be there for the change to go ahead.
  ///   - attributes: For a file that is not there yet; whatever mode its maker gives it does not count.
  /// - Returns: The file that is to be, to be made at ``StagedFile/path`` and closed. Nothing is there yet, and nobody else
  ///   can put anything there; further files beside it, such as libdb's `__db.` ones, are removed in the end.
  /// - Throws: As ``stage(_:at:expecting:attributes:)``.
  package func reserve(
    _ location: FileLocation, expecting expectation: StagedFile.Expectation = .anything, attributes: NewFileAttributes
  ) throws(SystemError) -> StagedFile {
    let stage = try stage(beside: location)
    if files.contains(where: { $0.stage === stage && $0.location.name == location.name }) {
      throw SystemError(call: "open", path: location.path, errno: EEXIST)
    }
    let file = try StagedFile(location, in: stage, expectation, attributes)
    files.append(file)
    return file
  }

  /// Says that a new map is that of a text that stays as it is.
  package func keep(text: FileStatus) { keptTexts.append(text) }

  /// Adds a record to a file of ours in the mail directory, if and only if the change takes effect.
  ///
  /// - Parameters:
  ///   - text: The record, of bytes that a journal can hold: line feeds, and what is printable in ASCII.
  ///   - file: The file, which has to be there already.
  ///   - position: The length of the file so far, in bytes; what stands behind is cut off.
  package func add(record text: String, to file: RecordFile, at position: Int) {
    record = (file, position, text)
  }

  /// Puts all staged files into place.
  ///
  /// The order is: new files and their directories on the disk; the journal on the disk (not for a single file without a record);
  /// the locks of sendmail's tools on all old files, with nobody about to write to one; every old file still what it was;
  /// exchange; the old files' times moved on, so that a running sendmail opens them anew; unlock; the record added, and on
  /// the disk; directories on the disk; old files removed; journal removed.
  ///
  /// - Parameter wait: For how many seconds to wait for others' locks; 0 tries once.
  /// - Returns: What could not be removed afterwards, which the next change will do; `nil` if nothing is left.
  /// - Throws: ``FileProblem/locked(holder:)``, ``FileProblem/changed`` and so on, or what the system says; everything is
  ///   as it was then.
  package func publish(wait: Double) throws(SystemError) -> SystemError? {
    do throws(SystemError) {
      for file in files { try file.seal() }
      moveNewBack()
      try reach(.sealed)
      try commit()
    } catch {
      try abandon(after: error)
    }
    let mask = try lockAndExchange(wait: wait)
    defer { withExtendedLifetime(mask) {} }
    do throws(SystemError) {
      try reach(.unlocked)
      if let record {
        isRecorded = true
        try record.file.put(record.text, at: record.position)
      }
      try reach(.recorded)
      // What the staging directory's own entry of the exchange says after a power cut does not matter: all that is in it is
      // removed, whether the old file or, once more, the new one, and after a check of the file system if it needs one.
      for stage in stages { try stage.parent.descriptor.sync() }
      try reach(.lasting)
    } catch {
      try abandon(after: error)
    }
    files.refuseWriters()
    files.refuseStartingMakemaps()
    published = files
    files = []
    defer { for file in published { file.release() } }
    do throws(SystemError) {
      try clean()
    } catch {
      leaveTheRest()
      return error
    }
    return nil
  }

  /// Whether somebody has written to a new file since it was put into place.
  package var isWrittenTo: Bool { published.contains(where: \.isNewWrittenTo) }

  /// Drops the change: removes what was staged.
  ///
  /// - Throws: What could not be removed; the journal is left for the next change then.
  package func abandon() throws(SystemError) {
    files = []
    try clean()
  }

  // MARK: Steps

  private func reach(_ step: Step) throws(SystemError) { try afterStep?(step) }

  /// The staging directory for a location, made when it is first needed, noted in the journal before.
  private func stage(beside location: FileLocation) throws(SystemError) -> StagingDirectory {
    let parent = try location.directory.descriptor.status().identity
    for stage in stages {
      if try stage.parent.descriptor.status().identity == parent { return stage }
    }
    let signals = self.signals ?? SignalCleanup()
    self.signals = signals
    // What is made is known to the handler before a signal can come.
    let mask = SignalMask()
    defer { withExtendedLifetime(mask) {} }
    let journal: JournalFile
    if let begun = self.journal {
      journal = begun
    } else {
      journal = try JournalFile(in: lock.directory)
      self.journal = journal
      signals.add(journalIn: lock.directory)
      try reach(.begun)
    }
    let name = StagingDirectory.newName()
    let isHome = try lock.directory.descriptor.status().identity == parent
    try journal.add(stage: isHome ? name : location.directory.path(of: name))
    let stage = try StagingDirectory(making: name, in: location.directory)
    stages.append(stage)
    signals.add(stage)
    try reach(.staged)
    return stage
  }

  /// Moves the times of new texts and maps back by a second, though not before those of texts that were there.
  ///
  /// sendmail compares whole seconds: a session that opens the new map would not see that makemap or newaliases writes to it in
  /// the second in which it was made, and would look for keys on pages where its own layout has them. A map that is older than
  /// its text make(1) would build again.
  private func moveNewBack() {
    let texts = files.filter(\.isText)
    if texts.count == files.count { return }
    let now = FileTime.now
    let earliest = (texts.compactMap(\.oldStatus) + keptTexts).map(\.modified.next).max() ?? now.secondBefore
    let time = min(now, max(now.secondBefore, earliest))
    for file in files { file.setModified(time) }
  }

  private func commit() throws(SystemError) {
    let isOne = files.count < 2 && record == nil
    if !isOne {
      let home = try lock.directory.descriptor.status().identity
      var isHomeSynced = false
      for stage in stages {
        try stage.directory.descriptor.sync()
        try stage.parent.descriptor.sync()
        // The journal was made before any stage: its name lasts too.
        if try stage.parent.descriptor.status().identity == home { isHomeSynced = true }
      }
      if !isHomeSynced { try lock.directory.descriptor.sync() }
    }
    try reach(.synced)
    let replacements = files.map { file in
      ChangeJournal.Replacement(
        new: file.newStatus?.identity.inode ?? 0, old: file.oldStatus?.identity.inode ?? 0,
        stage: stages.firstIndex { $0 === file.stage } ?? 0, name: file.location.name)
    }
    // One file needs no journal that outlasts a power cut: it is exchanged, or it is not.
    let append = record.map { ChangeJournal.Append(name: $0.file.name, position: $0.position, text: $0.text) }
    try journal?.commit(replacements, append, lasting: !isOne)
    try reach(.committed)
  }

  /// Puts all files into place, at a moment when nobody is about to write to an old one.
  ///
  /// - Returns: What keeps others from interrupting from now on.
  private func lockAndExchange(wait: Double) throws(SystemError) -> SignalMask {
    var tries = Deadline(after: wait)
    while true {
      do throws(SystemError) { try files.lock(wait: wait) } catch { try abandon(after: error) }
      let mask = SignalMask()
      do throws(SystemError) {
        try putIntoPlace()
        return mask
      } catch {
        defer { withExtendedLifetime(mask) {} }
        // Who has begun to open an old text between the lock and the exchange is let in first, as others are.
        guard error.isChanged, files.contains(where: \.isOldAwaited), tries.pause() else { try abandon(after: error) }
        for file in files { file.releaseOld() }
      }
    }
  }

  private func putIntoPlace() throws(SystemError) {
    defer { for file in files { file.unlock() } }
    try reach(.locked)
    do throws(SystemError) {
      for file in files { try file.checkOld() }
      try reach(.checked)
      for file in files {
        try file.exchange(canExchange: canExchange)
        try reach(.exchanged)
      }
      for file in files { try file.moveOldOn() }
      try reach(.movedOn)
    } catch {
      for file in files.reversed() { try? file.putBack() }
      throw error
    }
  }

  /// Puts everything back and removes what was staged, then throws `error`.
  ///
  /// If something cannot be put back, the journal is left as it is, so that the next change completes this one.
  private func abandon(after error: SystemError) throws(SystemError) -> Never {
    // Those who wait to write to a new file get on when it has no name any more.
    let dropped = files
    defer { withExtendedLifetime(dropped) {} }
    do throws(SystemError) {
      for file in files.reversed() { try file.putBack() }
      if isRecorded, let record { try record.file.cut(to: record.position) }
      try journal?.uncommit()
      files = []
      try clean()
    } catch {
      files = []
      leaveTheRest()
    }
    throw error
  }

  /// Leaves what cannot be removed, and the journal that names it, to the next change.
  private func leaveTheRest() {
    signals = nil
    stages = []
    journal = nil
  }

  /// Removes the staging directories with all that is in them, then the journal; tries once more what fails.
  private func clean() throws(SystemError) {
    if (try? removeAll()) == nil { try removeAll() }
  }

  private func removeAll() throws(SystemError) {
    if stages.isEmpty && journal == nil { return }
    let mask = SignalMask()
    defer { withExtendedLifetime(mask) {} }
    while let stage = stages.last {
      try stage.remove()
      stages.removeLast()
    }
    try reach(.cleaned)
    try journal?.remove()
    signals = nil
    journal = nil
    try reach(.done)
  }
}
