internal import CSystemSupport
internal import Glibc
internal import Synchronization

/// Removes a staging directory when a signal such as Ctrl-C ends the program.
///
/// One at a time; a second one in the process leaves its directory to be removed as what a killed program leaves.
final class SignalCleanup {
  /// What the handler needs, in memory that is there before: a handler may only make system calls.
  @unsafe fileprivate struct Target {
    var stage: Int32
    var parent: Int32
    var name: UnsafeMutablePointer<CChar>
    /// The process that made it: not one that was forked from it.
    var process: Int32
  }

  /// The signals that end a program by themselves and are sent by people and their tools.
  static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE]

  private let stage: StagingDirectory
  private var isSet = false
  private var before: [(signal: Int32, action: sigaction)] = []

  /// Cleans up from now on, until this is gone.
  init(_ stage: StagingDirectory) {
    self.stage = stage
    guard cleanupIsTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else { return }
    let target = UnsafeMutablePointer<Target>.allocate(capacity: 1)
    unsafe target.initialize(
      to: Target(
        stage: stage.directory.descriptor.number, parent: stage.parent.descriptor.number, name: strdup(stage.name),
        process: getpid()))
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
      unsafe free(target.pointee.name)
      unsafe target.deallocate()
    }
    cleanupIsTaken.store(false, ordering: .releasing)
  }
}

private let cleanupIsTaken = Atomic(false)
nonisolated(unsafe) private var cleanupTarget: UnsafeMutablePointer<SignalCleanup.Target>?

/// Removes what is staged and lets the signal do what it does without a handler.
private func cleanUp(after signal: Int32) {
  if let target = unsafe cleanupTarget, unsafe target.pointee.process == getpid() {
    system_unlink_all(unsafe target.pointee.stage)
    unsafe unlinkat(target.pointee.parent, target.pointee.name, AT_REMOVEDIR)
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
  }

  deinit {
    var before = before
    unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
  }
}
