internal import Glibc

/// What was done about a change that an earlier run had not finished.
package struct Recovery: Sendable, Equatable {
  /// Whether the change was completed; otherwise it had not begun to take effect and was taken back.
  package var isCompleted = false
  /// The files that are new now, by their real paths; those of before, and those put into place just now.
  package var completed: [String] = []
  /// The files of the change that somebody else has replaced since; they were left as they are.
  package var superseded: [String] = []
  /// The files of the change in other directories, where the journal is one of another mail directory, of which this is a copy;
  /// they were left as they are.
  package var elsewhere: [String] = []
  /// The file of ours whose record of the change could not be added, as it is not there any more, or not to be trusted.
  package var unrecorded: String?
}

extension WriterLock {
  /// Whether a change is unfinished, or under way, in a directory.
  package static func needsRecovery(_ directory: Directory) throws(SystemError) -> Bool {
    try directory.status(of: JournalFile.fileName) != nil
  }

  /// Completes, or takes back, what an earlier run left unfinished when it was killed.
  ///
  /// If everything had been ready, the rest is put into place; if not, what had been staged is removed. A file that somebody
  /// has replaced by another since then is left alone.
  ///
  /// - Parameter wait: For how many seconds to wait for the locks of sendmail's tools.
  /// - Returns: What was done; `nil` if there was nothing to do.
  /// - Throws: ``FileProblem/foreignJournal(owner:)`` if the journal is not to be trusted, `EACCES` if it is another user's,
  ///   ``FileProblem/locked(holder:)``, or what the system says. Calling again goes on.
  package func recover(wait: Double = 10) throws(SystemError) -> Recovery? {
    guard try directory.status(of: JournalFile.fileName) != nil else { return nil }
    let file = try directory.open(JournalFile.fileName, O_RDONLY)
    let owner = try file.regularStatus().owner
    let journal = ChangeJournal(parsing: try FileContents(file).bytes)
    try checkTrust(file, journal)

    let stages = try openStages(journal, owner: owner)
    var recovery = Recovery(isCompleted: journal.isCommitted)
    if journal.isCommitted {
      for one in journal.replacements {
        guard let (parent, stage) = stages[one.stage] else {
          if let place = journal.foreignDirectory(of: one, at: directory.path) {
            recovery.elsewhere.append("\(place)/\(one.name)")
          }
          continue
        }
        if try complete(one, parent, stage, wait) {
          recovery.completed.append(parent.path(of: one.name))
        } else {
          recovery.superseded.append(parent.path(of: one.name))
        }
      }
      if let append = journal.append, !recovery.completed.isEmpty, try !add(append) {
        recovery.unrecorded = directory.path(of: append.name)
      }
      for (parent, _) in stages.compactMap({ $0 }) { try parent.descriptor.sync() }
    }
    for (_, stage) in stages.compactMap({ $0 }) { try clean(stage, owner) }
    try directory.unlink(JournalFile.fileName)
    return recovery
  }

  /// Trusts a journal of our own.
  ///
  /// One of the directory's owner, who could do the same himself, may say what is to be done in the directory itself,
  /// but nowhere else.
  private func checkTrust(_ file: Descriptor, _ journal: ChangeJournal) throws(SystemError) {
    let status = try file.status()
    let isOurs = status.owner == geteuid()
    let isAtHome =
      try status.owner == directory.descriptor.status().owner
      && journal.stages.allSatisfy { !$0.hasPrefix("/") }
    if status.linkCount != 1 || status.mode & 0o022 != 0 || !(isOurs || isAtHome) {
      throw SystemError(.foreignJournal(owner: status.owner), call: "open", path: file.path)
    }
  }

  /// For each stage line its directory and, if it is still there, the staging directory; `nil` if even the former is gone.
  private func openStages(_ journal: ChangeJournal, owner: UInt32) throws(SystemError)
    -> [(parent: Directory, stage: StagingDirectory?)?]
  {
    var stages: [(parent: Directory, stage: StagingDirectory?)?] = []
    for place in journal.stages {
      let slash = place.utf8.lastIndex(of: UInt8(ascii: "/"))
      let name = slash.map { String(place[place.utf8.index(after: $0)...]) } ?? place
      guard name.hasPrefix(".mailcfg-"), slash == nil || journal.isHome(directory.path) else {
        stages.append(nil)
        continue
      }
      do throws(SystemError) {
        let parent: Directory
        if let slash {
          parent = try Directory(slash == place.startIndex ? "/" : String(place[..<slash]))
        } else {
          parent = directory
        }
        stages.append((parent, try StagingDirectory(left: name, in: parent, owner: owner)))
      } catch {
        if !error.isMissing { throw error }
        stages.append(nil)
      }
    }
    return stages
  }

  /// Sees that one new file is in its place.
  ///
  /// - Returns: Whether it is; not if somebody has put another file there.
  private func complete(
    _ one: ChangeJournal.Replacement, _ parent: Directory, _ stage: StagingDirectory?, _ wait: Double
  )
    throws(SystemError) -> Bool
  {
    let live = try parent.status(of: one.name)
    if live?.identity.inode == one.new { return true }
    guard let stage, try stage.directory.status(of: one.name)?.identity.inode == one.new,
      live?.identity.inode ?? 0 == one.old
    else { return false }
    // Where files cannot be exchanged, the old one may have its second name already.
    try stage.directory.unlink(StagedFile.displacedName(one.old))
    let file = try StagedFile(
      FileLocation(one.name, in: parent), in: stage, .anything, NewFileAttributes(mode: 0o600))
    try [file].lock(wait: wait)
    defer { file.unlock() }
    do throws(SystemError) {
      try file.exchange()
      try file.moveOldOn()
    } catch {
      try file.putBack()
      if !error.isChanged { throw error }
      return false
    }
    [file].refuseWriters()
    return true
  }

  /// Sees that a record is in its file.
  ///
  /// - Returns: Whether it is; not if the file is gone, cut or in other hands.
  private func add(_ append: ChangeJournal.Append) throws(SystemError) -> Bool {
    // Nothing but files of our own: whoever could write the journal need not be able to write every file.
    guard append.name.hasPrefix(".mailcfg."), let file = try RecordFile(append.name, in: directory, for: .writing),
      file.isTrusted, try file.size() >= append.position
    else { return false }
    try file.put(append.text, at: append.position)
    return true
  }

  /// Removes a staging directory.
  ///
  /// Old files in it may still be open somewhere, so their times are moved on first.
  private func clean(_ stage: StagingDirectory?, _ owner: UInt32) throws(SystemError) {
    guard let stage else { return }
    for name in try stage.directory.names() {
      if let status = try stage.directory.status(of: name), status.kind == .regular, status.linkCount == 1 {
        try? stage.directory.open(name, O_RDONLY).moveModifiedOn()
      }
    }
    try stage.remove()
  }
}
