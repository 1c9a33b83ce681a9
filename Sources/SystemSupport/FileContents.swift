internal import Glibc

/// A whole file in memory, with what it was when it was read.
package struct FileContents: Sendable {
  /// The longest file that is read, in bytes: positions in a text are 32 bits wide.
  package static let sizeLimit = Int(UInt32.max)
  /// Spare capacity of ``bytes``, so that adding a few lines does not copy the file.
  static let spareCapacity = 64 * 1024

  /// All bytes.
  package var bytes: [UInt8]
  /// The file as it was just before its first byte was read; a later change to it shows as a difference.
  package var status: FileStatus

  /// Reads a file by its path, symbolic links followed.
  ///
  /// - Throws: What ``init(_:)-(FileLocation)`` throws.
  package init(_ path: String) throws(SystemError) {
    try self.init(FileLocation(path))
  }

  /// Reads a file.
  ///
  /// A file that grows meanwhile is read to its end. One that is rewritten meanwhile is read again, a few times.
  /// - Throws: `ENOENT`, `EACCES` and so on; ``FileProblem/notRegular(_:)`` for a directory, pipe, device or socket, none
  ///   of which is opened or waited for; ``FileProblem/tooLarge`` above ``sizeLimit``.
  package init(_ location: FileLocation) throws(SystemError) {
    let found = try location.status()
    guard let found else { throw SystemError(call: "open", path: location.path, errno: ENOENT) }
    if found.kind != .regular { throw SystemError(.notRegular(found.kind), call: "open", path: location.path) }
    let file = try location.directory.open(location.name, O_RDONLY)
    try self.init(file)
  }

  /// Reads an open file from its beginning.
  init(_ file: Descriptor) throws(SystemError) {
    var before = try file.regularStatus()
    bytes = try Self.read(file, expected: before.size)
    for _ in 0..<3 {
      let after = try file.regularStatus()
      if after.size == before.size && after.modified == before.modified { break }
      before = after
      bytes = try Self.read(file, expected: before.size)
    }
    status = before
  }

  static func read(_ file: Descriptor, expected: Int) throws(SystemError) -> [UInt8] {
    if expected > sizeLimit { throw SystemError(.tooLarge, call: "read", path: file.path) }
    var failure: Int32 = 0
    var atEnd = false
    var bytes = unsafe [UInt8](unsafeUninitializedCapacity: expected + spareCapacity) { buffer, count in
      while count < buffer.count {
        let part = unsafe UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
        let got = unsafe pread(file.number, part.baseAddress, part.count, count)
        if got > 0 {
          count += got
        } else if got == 0 {
          atEnd = true
          return
        } else if errno != EINTR {
          failure = errno
          return
        }
      }
    }
    while !atEnd && failure == 0 {
      // It has grown past the spare room.
      if bytes.count > sizeLimit { throw SystemError(.tooLarge, call: "read", path: file.path) }
      let offset = bytes.count
      let part = unsafe [UInt8](unsafeUninitializedCapacity: 1024 * 1024) { buffer, count in
        let got = unsafe pread(file.number, buffer.baseAddress, buffer.count, offset)
        if got < 0 && errno != EINTR { failure = errno }
        if got == 0 { atEnd = true }
        count = max(got, 0)
      }
      bytes += part
    }
    if failure != 0 { throw SystemError(call: "read", path: file.path, errno: failure) }
    if bytes.count > sizeLimit { throw SystemError(.tooLarge, call: "read", path: file.path) }
    return bytes
  }

  /// All bytes that reading a path gives, be it a file, a pipe or a device; none, where it can be opened and not read.
  package static func anyBytes(of path: String) throws(SystemError) -> [UInt8] {
    let number = uninterrupted { unsafe path.withPath { unsafe open($0, O_RDONLY | O_CLOEXEC | O_NOCTTY) } }
    if number < 0 { throw .last("open", path) }
    let file = try Descriptor(owning: number, path: path)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe Glibc.read(file.number, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return bytes }
      bytes += buffer[..<count]
    }
  }

  /// All of standard input, read to its end: a file from where it stands, a pipe or terminal as it comes.
  package static func standardInput() throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    var status = stat()
    var room = 1 << 16
    // A file is read into memory at once; one more byte sees its end.
    if unsafe fstat(STDIN_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
      room = min(max(Int(status.st_size), 0), sizeLimit) + 1
    }
    while true {
      var count = 0
      let part = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, filled in
        count = unsafe Glibc.read(STDIN_FILENO, buffer.baseAddress, buffer.count)
        filled = max(count, 0)
      }
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw .last("read", "standard input") }
      if count == 0 { return bytes }
      if bytes.isEmpty { bytes = part } else { bytes += part }
      if bytes.count > sizeLimit { throw SystemError(.tooLarge, call: "read", path: "standard input") }
      if count == room { room = 1 << 16 }
      room = min(max(1 << 16, bytes.count), 1 << 24)
    }
  }
}
