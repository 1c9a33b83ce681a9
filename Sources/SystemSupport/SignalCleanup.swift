internal import CSystemSupport
internal import Glibc
internal import Synchronization

/// Removes what a change has staged when a signal such as Ctrl-C ends the program.
///
/// One at a time; what a second one in the process has staged is left to be removed as what a killed program leaves.
/// While a ``SignalMask`` lives, nothing is removed and the program goes on.
final class SignalCleanup {
  /// What the handler needs, in memory that is there before: a handler may only make system calls.
  @unsafe fileprivate struct Target {
    var stages: UnsafeMutablePointer<Entry>
    var stageCount = 0
    var journal: Entry?
    /// The process that made it: not one that was forked from it.
    var process: Int32
  }

  /// A name in a directory, and the directory that it is the name of.
  @unsafe fileprivate struct Entry {
    var directory: Int32
    var parent: Int32
    var name: UnsafeMutablePointer<CChar>
  }

  /// The signals that end a program by themselves and are sent by people and their tools.
  static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE]
  /// As many staging directories can be removed; a change has one in each directory that it changes files of.
  private static let room = 16

  /// Their descriptors stay open as long as the handler may need them.
  private var stages: [StagingDirectory] = []
  private var journalDirectory: Directory?
  private var isSet = false
  private var before: [(signal: Int32, action: sigaction)] = []

  /// Cleans up from now on, until this is gone.
  init() {
    guard cleanupIsTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else { return }
    let target = UnsafeMutablePointer<Target>.allocate(capacity: 1)
    unsafe target.initialize(to: Target(stages: .allocate(capacity: Self.room), process: getpid()))
    unsafe cleanupTarget = target
    isSet = true
    for signal in Self.signals {
      var old = sigaction()
      var new = sigaction()
      unsafe new.__sigaction_handler.sa_handler = { cleanUp(after: $0) }
      unsafe sigaction(signal, &new, &old)
      if unsafe old.__sigaction_handler.sa_handler == nil {
        before.append((signal, old))
      } else {
        // What is ignored, as under nohup(1), stays so.
        unsafe sigaction(signal, &old, nil)
      }
    }
  }

  /// Removes a staging directory with what is in it, too.
  func add(_ stage: StagingDirectory) {
    guard isSet, stages.count < Self.room, let target = unsafe cleanupTarget else { return }
    let mask = SignalMask()
    defer { withExtendedLifetime(mask) {} }
    let entry = unsafe Entry(
      directory: stage.directory.descriptor.number, parent: stage.parent.descriptor.number, name: strdup(stage.name))
    unsafe (target.pointee.stages + stages.count).initialize(to: entry)
    stages.append(stage)
    unsafe target.pointee.stageCount = stages.count
  }

  /// Removes the journal behind the staging directories that it names, too.
  func add(journalIn directory: Directory) {
    guard isSet, let target = unsafe cleanupTarget else { return }
    let mask = SignalMask()
    defer { withExtendedLifetime(mask) {} }
    journalDirectory = directory
    unsafe target.pointee.journal = Entry(
      directory: -1, parent: directory.descriptor.number, name: strdup(JournalFile.fileName))
  }

  deinit {
    guard isSet else { return }
    let mask = SignalMask()
    defer { withExtendedLifetime(mask) {} }
    for (signal, action) in before {
      var action = action
      unsafe sigaction(signal, &action, nil)
    }
    if let target = unsafe cleanupTarget {
      unsafe cleanupTarget = nil
      for index in stages.indices { unsafe free(target.pointee.stages[index].name) }
      if let journal = unsafe target.pointee.journal { unsafe free(journal.name) }
      unsafe target.pointee.stages.deallocate()
      unsafe target.deallocate()
    }
    cleanupIsTaken.store(false, ordering: .releasing)
  }
}

private let cleanupIsTaken = Atomic(false)
nonisolated(unsafe) private var cleanupTarget: UnsafeMutablePointer<SignalCleanup.Target>?

/// How many ``SignalMask``s live, or `isCleaning`.
private let masks = Atomic(0)
private let isCleaning = -1
/// The signal that came meanwhile to another thread than the one that holds it back; 0 if none.
private let heldBack = Atomic<Int32>(0)

/// Removes what is staged and lets the signal do what it does without a handler.
private func cleanUp(after signal: Int32) {
  guard masks.compareExchange(expected: 0, desired: isCleaning, ordering: .acquiringAndReleasing).exchanged else {
    heldBack.store(signal, ordering: .releasing)
    return
  }
  if let target = unsafe cleanupTarget, unsafe target.pointee.process == getpid() {
    var areGone = true
    for index in 0..<(unsafe target.pointee.stageCount) {
      let stage = unsafe target.pointee.stages[index]
      // Other threads may make files in it until it is gone.
      for _ in 0..<1000 {
        system_unlink_all(unsafe stage.directory)
        if unsafe unlinkat(stage.parent, stage.name, AT_REMOVEDIR) == 0 || errno != ENOTEMPTY { break }
        sched_yield()
      }
      var status = stat()
      if unsafe fstatat(stage.parent, stage.name, &status, AT_SYMLINK_NOFOLLOW) == 0 { areGone = false }
    }
    // What is left is removed by the next change, which finds it by the journal.
    if areGone, let journal = unsafe target.pointee.journal { unsafe unlinkat(journal.parent, journal.name, 0) }
  }
  _ = Glibc.signal(signal, SIG_DFL)
  raise(signal)
}

/// Holds back the signals that would end the program, as long as it lives.
struct SignalMask: ~Copyable {
  private var before = sigset_t()

  init() {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for signal in SignalCleanup.signals { unsafe sigaddset(&set, signal) }
    unsafe pthread_sigmask(SIG_BLOCK, &set, &before)
    var count = masks.load(ordering: .acquiring)
    while true {
      // Another thread is about to end the program: nothing is to be begun any more.
      while count == isCleaning {
        pause()
        count = masks.load(ordering: .acquiring)
      }
      let (isDone, found) = masks.compareExchange(
        expected: count, desired: count + 1, ordering: .acquiringAndReleasing)
      if isDone { return }
      count = found
    }
  }

  deinit {
    if masks.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
      let signal = heldBack.exchange(0, ordering: .acquiringAndReleasing)
      if signal != 0 { raise(signal) }
    }
    var before = before
    unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
  }
}
