internal import Glibc

/// A file of our own in a mail directory that grows by whole records and is read by them.
///
/// It may hold secrets: only its owner can read it, who is root or the directory's owner, or else us.
package struct RecordFile: Sendable {
  /// What a file is opened for.
  package enum Use: Sendable {
    case reading, writing
  }

  /// The name in its directory.
  package let name: String
  /// The user it belongs to.
  package let owner: UInt32
  /// Whether it is ours, root's or the directory's owner's, and nobody else can write it.
  ///
  /// What stands in another one, somebody else may have written.
  package let isTrusted: Bool
  private let file: Descriptor

  /// Opens a file.
  ///
  /// - Returns: nil if there is none.
  /// - Throws: `EACCES` and so on; `ELOOP` or ``FileProblem/notRegular(_:)`` if something else lies in its place.
  package init?(_ name: String, in directory: Directory, for use: Use) throws(SystemError) {
    self.name = name
    do throws(SystemError) {
      file = try directory.open(name, use == .reading ? O_RDONLY : O_RDWR)
    } catch {
      if error.errno == ENOENT { return nil }
      throw error
    }
    let status = try file.regularStatus()
    let home = try directory.descriptor.status().owner
    owner = status.owner
    isTrusted =
      [geteuid(), home, 0].contains(status.owner) && status.mode & 0o022 == 0 && status.linkCount == 1
    if use == .writing, isTrusted, status.mode & 0o077 != 0 { _ = uninterrupted { fchmod(file.number, 0o600) } }
  }

  /// The length in bytes.
  package func size() throws(SystemError) -> Int { try file.status().size }

  /// What stands in a range, less what lies behind the end of the file.
  package func read(_ range: Range<Int>) throws(SystemError) -> [UInt8] {
    var failure: Int32 = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      while count < range.count {
        let part = unsafe UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
        let got = unsafe pread(file.number, part.baseAddress, range.count - count, range.lowerBound + count)
        if got < 0 && errno == EINTR { continue }
        if got < 0 { failure = errno }
        if got <= 0 { return }
        count += got
      }
    }
    if failure != 0 { throw SystemError(call: "read", path: file.path, errno: failure) }
    return bytes
  }

  /// Makes a text stand at a position and nothing behind it, on the disk.
  func put(_ text: String, at position: Int) throws(SystemError) {
    if lseek(file.number, off_t(position), SEEK_SET) < 0 { throw .last("lseek", file.path) }
    try file.write(text.utf8.span)
    let end = position + text.utf8.count
    if try size() > end { try cut(to: end) }
    try file.sync()
  }

  /// Cuts off what stands behind a position.
  func cut(to size: Int) throws(SystemError) {
    if uninterrupted({ ftruncate(file.number, off_t(size)) }) != 0 { throw .last("ftruncate", file.path) }
  }
}
