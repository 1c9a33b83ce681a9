internal import Glibc
internal import SystemSupport

/// A bar on standard error for work that takes long: only on a terminal, and only from the second second on.
final class Progress {
  private let title: String
  private let total: Int
  private let begun = Progress.now()
  private var shown = -1

  /// The width of the bar in characters.
  private static let width = 30

  /// Makes a bar; nil where nobody would see it.
  ///
  /// - Parameters:
  ///   - title: What is at work, such as `access.db`.
  ///   - total: How much there is to do.
  init?(_ title: String, total: Int) {
    guard total > 0, CurrentProcess.isTerminal(STDERR_FILENO) else { return nil }
    self.title = title
    self.total = total
  }

  /// Shows how much is done.
  ///
  /// - Returns: true, to go on.
  func update(_ done: Int) -> Bool {
    let percent = min(100, done * 100 / total)
    guard percent != shown, Progress.now() - begun > 1 else { return true }
    shown = percent
    let filled = percent * Progress.width / 100
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Progress.width - filled)
    print("\r\(title) [\(bar)] \(percent) %")
    return true
  }

  /// Takes the bar away.
  func finish() {
    if shown >= 0 { print("\r\u{1B}[K") }
    shown = -1
  }

  deinit { finish() }

  private func print(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  private static func now() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
