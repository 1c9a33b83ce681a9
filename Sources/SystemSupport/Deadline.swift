internal import Glibc

/// Waiting for something that can only be tried, for a bounded time.
struct Deadline {
  private let end: Int
  private var tries = 0

  /// Counts from now; 0 seconds means one try.
  init(after seconds: Double) {
    end = Self.nanoseconds() + Int(min(max(seconds, 0), 1e9) * 1e9)
  }

  /// Sleeps a little before the next try.
  ///
  /// The naps are short, since most locks are held for microseconds. Against four readers that do nothing but lock, look and
  /// unlock, naps of 50 µs get a file's lock four times sooner than a blocking flock(2), and ten times sooner than 1 ms.
  ///
  /// - Returns: Whether there is time for another try.
  mutating func pause() -> Bool {
    tries += 1
    return sleep(tries < 20_000 ? 50_000 : 500_000)
  }

  /// Sleeps long enough before the next try for others to come first who wait in a blocking flock(2).
  static func pauseForOthers() { sleep(5_000_000) }

  /// Whether the time is up.
  var isOver: Bool { Self.nanoseconds() >= end }

  private func sleep(_ nap: Int) -> Bool {
    let left = end - Self.nanoseconds()
    if left <= 0 { return false }
    Self.sleep(min(nap, left))
    return true
  }

  private static func sleep(_ nanoseconds: Int) {
    var time = timespec(tv_sec: 0, tv_nsec: nanoseconds)
    unsafe nanosleep(&time, nil)
  }

  private static func nanoseconds() -> Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}
