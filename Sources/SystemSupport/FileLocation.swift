internal import Glibc

/// Where a file really is: its directory, opened, and its name therein, all symbolic links followed.
///
/// What is written beside the file and renamed to `name` replaces the file itself, never a link to it. The file need not
/// exist; a dangling link leads to where its file would be.
package struct FileLocation: Sendable {
  /// The directory that holds the file.
  package let directory: Directory
  /// The file's name in ``directory``; neither empty nor with a slash.
  package let name: String
  /// The path as it was asked for.
  package let askedPath: String

  /// The absolute path without links.
  package var path: String { directory.path(of: name) }

  /// Follows a path, absolute or from the working directory, to its file.
  ///
  /// Each name is opened relative to the one before and no link is left to the kernel, so that one swapped meanwhile
  /// does not lead elsewhere than what was looked at. As with `fs.protected_symlinks`, links that another user laid into
  /// a sticky directory that everybody can write to are refused; anywhere else a link of a user who is neither root nor we
  /// may lead only to a directory of his.
  ///
  /// - Throws: `ENOENT` or `ENOTDIR` if a directory on the way is missing, `ELOOP` after 40 links,
  ///   ``FileProblem/notRegular(_:)`` if the path names a directory by its form, ``FileProblem/untrustedLink``,
  ///   ``FileProblem/foreignLink(owner:)``.
  package init(_ path: String) throws(SystemError) {
    var walk = try PathWalk(path)
    name = try walk.finishAtFile()
    directory = Directory(try walk.openedDirectory())
    askedPath = path
  }

  /// Names a file in a directory at hand; `name` is not a link to be followed.
  package init(_ name: String, in directory: Directory) {
    self.directory = directory
    self.name = name
    askedPath = directory.path(of: name)
  }

  /// The name of a new file for it in a staging directory: its own, where libraries can open that.
  var stagedName: String { name.hasStandIns ? "new" : name }

  /// What is there now; `nil` if nothing is.
  package func status() throws(SystemError) -> FileStatus? { try directory.status(of: name) }

  /// Whether something is at a path.
  ///
  /// - Throws: What keeps it from being told.
  package static func isThere(_ path: String) throws(SystemError) -> Bool {
    do throws(SystemError) {
      return try FileLocation(path).status() != nil
    } catch {
      guard error.isMissing else { throw error }
      return false
    }
  }

  /// Opens the file for reading; no link is followed.
  package func open() throws(SystemError) -> Descriptor { try directory.open(name, O_RDONLY) }
}
