internal import Glibc
internal import Synchronization
internal import SystemSupport

/// A bar on standard error for maps that take long to build: only on a terminal, and only past the first second of a map.
final class Progress: Sendable {
  private struct State {
    var title = ""
    var begun = 0.0
    var shown = -1
  }

  private let state = Mutex(State())

  /// The width of the bar in characters.
  private static let width = 30

  /// Makes a bar; nil where nobody would see it.
  init?() {
    guard CurrentProcess.isTerminal(STDERR_FILENO) else { return nil }
  }

  /// Shows how much of a map is done.
  ///
  /// - Parameters:
  ///   - title: The map; another one begins a bar of its own.
  ///   - done: How many pairs are written.
  ///   - total: How many there are.
  func update(_ title: String, _ done: Int, of total: Int) {
    state.withLock { state in
      if state.title != title { state = State(title: title, begun: Progress.now()) }
      let percent = total == 0 ? 100 : min(100, done * 100 / total)
      if percent == 100 {
        if state.shown >= 0 { Progress.print("\r\u{1B}[K") }
        state = State()
      } else if percent != state.shown, Progress.now() - state.begun > 1 {
        state.shown = percent
        let filled = percent * Progress.width / 100
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Progress.width - filled)
        Progress.print("\r\(title) [\(bar)] \(percent) %")
      }
    }
  }

  deinit { state.withLock { if $0.shown >= 0 { Progress.print("\r\u{1B}[K") } } }

  private static func print(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  private static func now() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
