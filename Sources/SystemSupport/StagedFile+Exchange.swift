internal import Glibc

extension [StagedFile] {
  /// For how many seconds those are let in who have an old file open for writing and not locked.
  private static var patience: Double { 1 }

  /// Puts new files into place, all or none, and tells those who have the old ones open.
  ///
  /// Each old file is locked, all are only if all are free, so that nobody waits for us while we wait.
  ///
  /// A makemap or newaliases of sendmail's opens the map, waits for its lock, and then opens it by its name again and empties
  /// it before it sees whether that is still the same file. So nobody may be on that way when the name gets another file: who
  /// has an old file open for writing is let in first, and where somebody has opened one just before the exchange the old ones
  /// are put back. Whoever keeps one open without locking it is waited for no longer than ``patience``.
  ///
  /// - Parameters:
  ///   - wait: For how many seconds to wait for others' locks; 0 tries once.
  ///   - canExchange: Whether to try `RENAME_EXCHANGE`.
  ///   - checksOld: Whether to see first that the old files are what they were.
  ///   - afterStep: Is called when a step is done.
  /// - Throws: ``FileProblem/locked(holder:)``, ``FileProblem/changed`` and so on, or what the system says; the old files are
  ///   in place then.
  func putIntoPlace(
    wait: Double, canExchange: Bool = true, checksOld: Bool = true,
    afterStep: (FileChange.Step) throws(SystemError) -> Void = { _ in }
  ) throws(SystemError) {
    var locks = Deadline(after: wait)
    var firstLocked: Deadline?
    while true {
      // All that takes time comes before the lock: readers who wait for it until the exchange fail.
      let hasWriter = contains(where: \.isOldOpenForWriting)
      if let busy = try firstBusy() {
        if !locks.pause() { throw busy.locked }
        continue
      }
      let writers = firstLocked ?? Deadline(after: Self.patience)
      firstLocked = writers
      if hasWriter, !writers.isOver {
        for file in self { file.unlock() }
      } else if try exchange(canExchange, checksOld, mayBePutBack: !writers.isOver, afterStep) {
        return
      }
      writers.pauseForOthers()
    }
  }

  /// Exchanges files that are locked, and unlocks them.
  ///
  /// - Returns: Whether it is done; if not, all is as it was.
  private func exchange(
    _ canExchange: Bool, _ checksOld: Bool, mayBePutBack: Bool,
    _ afterStep: (FileChange.Step) throws(SystemError) -> Void
  ) throws(SystemError) -> Bool {
    defer { for file in self { file.unlock() } }
    try afterStep(.locked)
    // Between the exchange and the old files' new times nobody interrupts.
    let mask = SignalMask()
    defer { withExtendedLifetime(mask) {} }
    do throws(SystemError) {
      if checksOld { for file in self { try file.checkOld() } }
      try afterStep(.checked)
      for file in self {
        try file.exchange(canExchange: canExchange)
        try afterStep(.exchanged)
      }
      for file in self { try file.moveOldOn() }
      try afterStep(.movedOn)
      for file in self { file.unlockReaders() }
      guard mayBePutBack, contains(where: \.isOldOpenForWriting), allSatisfy(\.canBeRetried) else { return true }
      for file in reversed() { try file.putBack() }
      return false
    } catch {
      for file in reversed() { try? file.putBack() }
      throw error
    }
  }

  /// Locks all, or none: then the first whose lock somebody else holds.
  private func firstBusy() throws(SystemError) -> StagedFile? {
    do throws(SystemError) {
      for file in self { try file.openForLock() }
      for file in self where try !file.tryLock() {
        for file in self { file.unlock() }
        return file
      }
      return nil
    } catch {
      for file in self { file.unlock() }
      throw error
    }
  }
}
