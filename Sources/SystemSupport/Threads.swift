internal import Glibc

/// Does two pieces of work at the same time, the second one on a thread of its own, and waits for both.
///
/// Where no thread can be had, one is done after the other. For work that takes far longer than the 50 microseconds of
/// making a thread.
package func concurrently<First, Second>(
  _ first: () -> First, _ second: @Sendable () -> Second
) -> (First, Second) {
  nonisolated(unsafe) var secondResult: Second?
  let firstResult = withoutActuallyEscaping(second) { second in
    let work = unsafe Unmanaged.passRetained(Work { unsafe secondResult = second() })
    defer { unsafe work.release() }
    var thread = pthread_t()
    let isRunning = unsafe pthread_create(&thread, nil, Work.run, work.toOpaque()) == 0
    let result = first()
    if isRunning { _ = pthread_join(thread, nil) } else { unsafe secondResult = second() }
    return result
  }
  guard let secondResult = unsafe secondResult else { preconditionFailure("the thread has not done its work") }
  return (firstResult, secondResult)
}

/// What a thread is given.
private final class Work: Sendable {
  private let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }

  static let run: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
    if let argument = unsafe argument { unsafe Unmanaged<Work>.fromOpaque(argument).takeUnretainedValue().body() }
    return nil
  }
}
