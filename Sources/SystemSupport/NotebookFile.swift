internal import Glibc

/// A small file of our own in a mail directory, in which nothing stands that could not be found out again.
///
/// It is written in place, without waiting for the disk: whoever reads it has to see by a checksum whether it is whole, and
/// do without it where it is not. What another user could have written, or could read, is as good as not there.
package struct NotebookFile {
  private let directory: Directory
  private let name: String

  /// Names a file; nothing is read yet.
  package init(_ name: String, in directory: Directory) {
    self.directory = directory
    self.name = name
  }

  /// The longest that is read, in bytes.
  private static let sizeLimit = 1 << 20

  /// The contents; `nil` where there are none, or where they are not ours.
  package func read() -> [UInt8]? {
    guard let file = try? directory.open(name, O_RDONLY), isOurs(file) else { return nil }
    guard let size = try? file.status().size, size <= Self.sizeLimit else { return nil }
    return try? FileContents(file).bytes
  }

  /// Writes new contents; where that cannot be done, nothing is left, or something that is not whole.
  package func write(_ bytes: [UInt8]) {
    if let file = try? directory.open(name, O_RDWR), !isOurs(file) { try? directory.unlink(name) }
    guard let file = try? directory.open(name, O_RDWR | O_CREAT, mode: 0o600), isOurs(file) else {
      try? directory.unlink(name)
      return
    }
    if ftruncate(file.number, 0) == 0 { try? file.write(bytes.span) }
  }

  /// Whether a file is ours, and ours alone.
  private func isOurs(_ file: Descriptor) -> Bool {
    guard let status = try? file.regularStatus() else { return false }
    return status.owner == geteuid() && status.mode & 0o077 == 0 && status.linkCount == 1
  }
}
