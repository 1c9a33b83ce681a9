internal import Glibc

/// Work that is done on a thread of its own, for a second processor.
///
/// Who drops it without asking for the result waits for its end all the same.
package final class BackgroundWork<Result: Sendable> {
  private let slot: Slot
  private var thread: pthread_t?

  /// Where the thread leaves its result; whoever has joined it reads it.
  private final class Slot: @unchecked Sendable {
    /// Gone when it is done, and with it the files that it has open.
    private var work: (@Sendable () -> Result)?
    var result: Result?

    init(_ work: @escaping @Sendable () -> Result) { self.work = work }

    func run() -> Result {
      if let result { return result }
      guard let work else { preconditionFailure("work that is done has a result") }
      let made = work()
      result = made
      self.work = nil
      return made
    }
  }

  /// Begins; where no thread is to be had, the work is done when its result is asked for.
  package init(_ work: @escaping @Sendable () -> Result) {
    let slot = Slot(work)
    self.slot = slot
    thread = ThreadStart.begin { _ = slot.run() }
  }

  deinit { join() }

  /// Waits for the result.
  package func result() -> Result {
    join()
    return slot.run()
  }

  private func join() {
    if let thread { _ = pthread_join(thread, nil) }
    thread = nil
  }
}

/// What a new thread is given to do.
private final class ThreadStart {
  private let body: @Sendable () -> Void

  private init(_ body: @escaping @Sendable () -> Void) { self.body = body }

  /// Starts a thread; nil where the system has none left.
  static func begin(_ body: @escaping @Sendable () -> Void) -> pthread_t? {
    let context = unsafe Unmanaged.passRetained(ThreadStart(body)).toOpaque()
    var thread = pthread_t()
    let status = unsafe pthread_create(
      &thread, nil,
      { context in
        if let context = unsafe context { unsafe Unmanaged<ThreadStart>.fromOpaque(context).takeRetainedValue().body() }
        return nil
      }, context)
    if status == 0 { return thread }
    unsafe Unmanaged<ThreadStart>.fromOpaque(context).release()
    return nil
  }
}
