internal import Glibc

/// A text that no other program builds a map from, and which nobody changes who asks for the same lock: the one that
/// sendmail's newaliases holds from before it reads an aliases file until its map is in place.
package final class LockedText {
  /// The file, as it was read under the lock.
  package let contents: FileContents
  private let file: Descriptor

  /// Locks a file and reads it; links are followed.
  ///
  /// - Parameter isNeeded: Whether it is not read where another program holds the lock.
  /// - Returns: nil where another program does.
  /// - Throws: As ``FileContents/init(_:)-(FileLocation)``.
  package init?(_ path: String, isNeeded: Bool = true) throws(SystemError) {
    let location = try FileLocation(path)
    // flock(2) needs no right to write, and a lock by fcntl(2) would take one.
    let file = try location.directory.open(location.name, O_RDONLY)
    guard try file.tryFlock() || !isNeeded else { return nil }
    self.file = file
    contents = try FileContents(file)
  }
}
