internal import Glibc

/// A directory that only we can enter, beside the files to be replaced, for the new ones to be made in.
///
/// A directory of its own, and not only a name: libdb makes further files of predictable names beside the one it creates
/// (`__db.NAME`), and a new file must not be reachable before it has its owner and mode.
final class StagingDirectory {
  /// The directory that holds the files to be replaced.
  let parent: Directory
  /// The name in ``parent``, unpredictable.
  let name: String
  /// The directory itself.
  let directory: Directory

  /// The mode: ours alone, and with a bit that hardly another such directory has.
  ///
  /// Who may rename what is in the directory above could let another one of the same user's be taken for what an earlier run has
  /// left, and be emptied.
  private static let mode: UInt32 = 0o1700

  /// A new name, 60 random bits in it.
  static func newName(_ prefix: String = ".mailcfg-") -> String {
    let letters = Array("abcdefghijkmnpqrstuvwxyz23456789".utf8)
    var random = SystemRandomNumberGenerator()
    var bits = random.next() as UInt64
    var name = prefix
    for _ in 0..<12 {
      name.unicodeScalars.append(Unicode.Scalar(letters[Int(bits & 31)]))
      bits >>= 5
    }
    return name
  }

  /// Makes the directory.
  ///
  /// - Throws: `EACCES`, `EROFS`, `ENOSPC` and so on; ``FileProblem/changed`` if another user put something in its place
  ///   before it could be opened.
  init(making name: String, in parent: Directory) throws(SystemError) {
    self.parent = parent
    self.name = name
    try parent.makeDirectory(name, mode: Self.mode)
    do throws(SystemError) {
      directory = try parent.openDirectory(name)
      let status = try directory.descriptor.status()
      if status.owner != geteuid() || status.mode & 0o077 != 0 {
        throw SystemError(.changed, call: "mkdir", path: directory.path)
      }
      // A default access list of the parent may have left the owner without the right to enter.
      if status.mode & Self.mode != Self.mode
        && uninterrupted({ fchmod(directory.descriptor.number, status.mode | Self.mode) }) != 0
      {
        throw .last("fchmod", directory.path)
      }
    } catch {
      try? parent.removeDirectory(name)
      throw error
    }
  }

  /// Opens one that is left from an earlier run; `nil` if there is none, or it is not `owner`'s alone.
  init?(left name: String, in parent: Directory, owner: UInt32) throws(SystemError) {
    self.parent = parent
    self.name = name
    guard let status = try parent.status(of: name), status.kind == .directory else { return nil }
    directory = try parent.openDirectory(name)
    let opened = try directory.descriptor.status()
    // A directory above may have passed on that its group is for all that is made in it.
    if opened.owner != owner || opened.mode & ~0o2000 != Self.mode { return nil }
  }

  /// A path for those who can only open by path.
  ///
  /// It leads through the open directory where there is a /proc, so that nobody can lead it elsewhere.
  func path(of file: String) throws(SystemError) -> String {
    let short = "/proc/self/fd/\(directory.descriptor.number)"
    let isSame = try FileStatus(following: short)?.identity == directory.descriptor.status().identity
    return isSame ? "\(short)/\(file)" : directory.path(of: file)
  }

  /// Removes what is in it, and the directory.
  func remove() throws(SystemError) {
    for file in try directory.names() { try directory.unlink(file) }
    try parent.removeDirectory(name)
  }
}
