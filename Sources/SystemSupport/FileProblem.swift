internal import Glibc

/// A reason of our own for refusing something about a file.
package enum FileProblem: Equatable, Sendable, CustomStringConvertible {
  /// Not a regular file: a directory, a pipe, a device or a socket.
  case notRegular(FileStatus.Kind)
  /// A symbolic link where none is followed.
  case link
  /// Longer than ``FileContents/sizeLimit``.
  case tooLarge
  /// More than one name leads to the file. Replacing it would leave the old contents under the other names.
  case hardLinked(count: UInt64)
  /// A lock was not had within the time; the holder's process id if it is known.
  case locked(holder: Int32?)
  /// The file is not, or no longer, the one that the change was made from.
  case changed
  /// The new file cannot be given the old one's owner, group, access list or label; the text says what is lacking.
  case cannotKeep(String)
  /// A change of an earlier run is unfinished; ``WriterLock/recover()`` has to come first.
  case unfinishedChange
  /// A journal that is not to be trusted: it belongs to another user, or is a link.
  case foreignJournal(owner: UInt32)
  /// A file that something is mounted on, which cannot be replaced.
  case mountPoint
  /// A symbolic link that another user has laid into a directory that everybody can write to.
  case untrustedLink
  /// A symbolic link of another user leads to a directory that is not his.
  case foreignLink(owner: UInt32)

  /// The nearest error number.
  var errno: Int32 {
    switch self {
    case .notRegular(let kind): kind == .directory ? EISDIR : EINVAL
    case .link: ELOOP
    case .tooLarge: EFBIG
    case .hardLinked: EMLINK
    case .locked: EWOULDBLOCK
    case .changed: ESTALE
    case .cannotKeep: EPERM
    case .unfinishedChange, .mountPoint: EBUSY
    case .foreignJournal, .untrustedLink, .foreignLink: EACCES
    }
  }

  /// The reason as half a sentence, to follow `path: `.
  package var description: String {
    switch self {
    case .notRegular(let kind): "is a \(kind.rawValue), not a regular file"
    case .link: "is a symbolic link, and mailcfg follows none here; remove it"
    case .tooLarge: "is longer than 4 GiB"
    case .hardLinked(let count):
      "has \(count) names (hard links); replacing it would leave the old contents under the others"
    case .locked(let holder?): "is locked by process \(holder)"
    case .locked(nil): "is locked by another process"
    case .changed: "was changed by somebody else in the meantime"
    case .cannotKeep(let what): what
    case .unfinishedChange: "holds an unfinished change of an earlier run"
    case .mountPoint: "is mounted by itself, as into a container, and cannot be replaced: mount its directory instead"
    case .foreignJournal(let owner):
      "belongs to user \(owner), who alone can finish it: any command of mailcfg does, run as that user"
    case .foreignLink(let owner):
      "is reached by a symbolic link of user \(owner), which leads to a directory that is not his; name the file itself"
    case .untrustedLink: "is a symbolic link of another user in a directory that everybody can write to"
    }
  }
}
