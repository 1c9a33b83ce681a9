internal import Glibc
internal import SendmailConfig
internal import SendmailDirectory
internal import SystemSupport

/// Lines from standard input, as many at a time as are there, so that whoever writes a line and waits gets its answer.
struct StandardInput {
  /// The bytes at hand.
  private(set) var bytes: [UInt8] = []
  /// Where each whole line is in ``bytes``, without its LF; a last line without LF counts.
  private(set) var lines: [Range<Int>] = []
  private var atEnd = false

  /// How many bytes are gathered at most, but for a line that is longer.
  private static let batchSize = 4 << 20

  /// Reads on: waits for a line, and takes what else is there already.
  ///
  /// - Returns: Whether there are lines; not behind the last.
  /// - Throws: ``MailDirectoryError`` with the code `inputOutput` where the system says that it cannot be read.
  mutating func next() throws(MailDirectoryError) -> Bool {
    let rest = lines.last.map { $0.upperBound + 1 } ?? 0
    bytes.removeFirst(min(rest, bytes.count))
    lines.removeAll(keepingCapacity: true)
    var searched = 0
    while !atEnd {
      let hasLine = bytes[searched...].contains(ASCII.lineFeed)
      searched = hasLine ? 0 : bytes.count
      if hasLine, bytes.count >= Self.batchSize || !Self.isReady { break }
      try read()
    }
    var start = 0
    while let end = bytes[start...].firstIndex(of: ASCII.lineFeed) {
      lines.append(start..<end)
      start = end + 1
    }
    if atEnd, start < bytes.count { lines.append(start..<bytes.count) }
    return !lines.isEmpty
  }

  /// Whether reading would not wait.
  private static var isReady: Bool {
    var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&input, 1, 0) > 0
  }

  private mutating func read() throws(MailDirectoryError) {
    let old = bytes.count
    bytes.reserveCapacity(max(bytes.capacity, old + (64 << 10)))
    var failure: Int32 = 0
    let room = unsafe [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
      repeat {
        count = unsafe max(-1, Glibc.read(STDIN_FILENO, buffer.baseAddress, buffer.count))
      } while count < 0 && errno == EINTR
      if count < 0 { failure = errno }
      count = max(0, count)
    }
    if failure != 0 {
      throw MailDirectoryError(.inputOutput, "\(SystemError(call: "read", path: "standard input", errno: failure))")
    }
    bytes += room
    atEnd = room.isEmpty
  }
}
