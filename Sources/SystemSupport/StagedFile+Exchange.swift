internal import Glibc

extension [StagedFile] {
  /// For how many seconds those are let in who have a file open for writing and do not lock it.
  private static var patience: Double { 1 }

  /// Locks all old files, or none, so that nobody waits for us while we wait; and sees that nobody is about to write to one.
  ///
  /// A makemap or newaliases of sendmail's opens a map for writing, waits for its lock, opens it once more by its name and
  /// empties it, and only then sees whether it is still the same file. So a name gets no other file while somebody is on that way:
  /// who has an old file open for writing is let in first, and who opens one from now on waits, as ``WriterLease`` has it, until
  /// the old one has lost its name, and is told that it is another file before he empties anything. Who keeps a file open and
  /// neither has nor wants its lock is waited for no longer than ``patience``, whatever `wait` is.
  ///
  /// - Parameter wait: For how many seconds to wait for others' locks; 0 tries once.
  /// - Throws: ``FileProblem/locked(holder:)``, or what the system says; nothing is locked then.
  func lock(wait: Double) throws(SystemError) {
    var locks = Deadline(after: wait)
    var writers: Deadline?
    for file in self { file.holdNew() }
    while true {
      // An opener waits for the lease while we wait for the lock, so each try asks anew.
      let hasWriter = !allSatisfy { $0.holdOld() }
      if let busy = try firstBusy() {
        for file in self { file.releaseOld() }
        // Who was on the way has got on: whoever comes next has his own time.
        if writers != nil, busy.isLockedByWriter { writers = nil }
        if !locks.pause() { throw busy.locked }
        continue
      }
      if !hasWriter, !contains(where: \.isOldAwaited) { return }
      let end = writers ?? Deadline(after: Self.patience)
      writers = end
      // Who waits for a lock is on the way, however long those who read keep him from it.
      let waiting = end.isOver ? first { $0.isLockAwaited } : nil
      if end.isOver, waiting == nil { return }
      for file in self { file.unlock() }
      for file in self { file.releaseOld() }
      if let waiting, locks.isOver { throw waiting.locked }
      Deadline.pauseForOthers()
    }
  }

  /// Locks all, or none: then the first whose lock somebody else holds.
  ///
  /// The flocks of maps are taken last. A reader who has looked at a map and comes to that lock while we hold it finds another
  /// file behind it, and gives up (`file changed after open`): it is held for as short a time before the exchange as can be.
  private func firstBusy() throws(SystemError) -> StagedFile? {
    var isLocked = false
    defer { if !isLocked { for file in self { file.unlock() } } }
    for file in self where try !file.tryRecordLock() { return file }
    for file in filter(\.isText) + filter({ !$0.isText }) where try !file.tryFlock() { return file }
    isLocked = true
    return nil
  }

  /// Lets those go who wait to write to new maps, without harm; the maps are in place, and their staging directories still there.
  ///
  /// Such a one may have looked at the old map before the exchange, and would see too late that this is another. When he gets on
  /// the map has a second name, in the staging directory: that is a difference that he sees as soon as the file is open, and ends
  /// with an error. Who has looked at nothing but the new map ends so, too; there is no telling the two apart.
  func refuseWriters() {
    for file in self where file.isNewAwaited { file.refuseWriters(Deadline(after: Self.patience)) }
  }

  /// Does the same to those makemaps of sendmail's that may have looked at an old map and are still to come, for ``patience`` at most.
  func refuseStartingMakemaps() {
    let maps = compactMap(\.replacedMap)
    if maps.isEmpty { return }
    var makemaps = StartingMakemaps(of: maps)
    var deadline = Deadline(after: Self.patience)
    while makemaps.remain(), deadline.pause() { refuseWriters() }
  }
}
