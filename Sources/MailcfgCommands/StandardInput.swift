internal import Glibc
internal import SendmailConfig

/// What is read from standard input.
enum StandardInput {
  /// The lines, without their LF.
  static func lines() -> [ByteString] {
    let text = Text(bytes())
    return (0..<text.lineCount).map { ByteString(text.buffer[text.content(at: $0)]) }
  }

  private static func bytes() -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe read(STDIN_FILENO, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return bytes }
      bytes += buffer[..<count]
    }
  }
}
