internal import CSystemSupport
internal import Glibc

/// A file that nobody can begin to write to: whoever opens it for writing waits in open(2) until this is gone.
///
/// It is a read lease (fcntl(2), F_SETLEASE). The kernel gives one only while nobody has the file open for writing, and only
/// to the file's owner or root. It has a descriptor of its own and goes with that, so that no call that fails can leave it
/// behind. If it is ever forgotten, the kernel takes it away after `/proc/sys/fs/lease-break-time` seconds (45).
final class WriterLease {
  /// What the kernel says to who asks for one.
  enum Answer {
    case given(WriterLease)
    /// Somebody has the file open for writing.
    case hasWriter
    /// Nobody can tell: another's file, or a file system without leases.
    case impossible
  }

  private let file: Descriptor

  private init(_ file: Descriptor) { self.file = file }

  // A process that was just forked off, and has not begun its program, has the descriptor too: it is not waited for.
  deinit { _ = fcntl(file.number, SYSTEM_F_SETLEASE, F_UNLCK) }

  /// Asks for a lease on a file of a name, if that is still the one that is meant.
  static func take(on name: String, in directory: Directory, ifStill identity: FileIdentity) -> Answer {
    guard let file = try? directory.open(name, O_RDONLY), (try? file.status())?.identity == identity else {
      return .impossible
    }
    // When somebody comes, the process is told by a signal. SIGIO would end it; SIGURG does nothing to who does not ask for it,
    // in whichever thread it arrives.
    guard fcntl(file.number, SYSTEM_F_SETSIG, SIGURG) == 0 else { return .impossible }
    if fcntl(file.number, SYSTEM_F_SETLEASE, F_RDLCK) == 0 { return .given(WriterLease(file)) }
    return errno == EAGAIN ? .hasWriter : .impossible
  }

  /// Whether somebody waits to write to the file, or has waited for too long.
  var isAwaited: Bool { fcntl(file.number, SYSTEM_F_GETLEASE) == F_UNLCK }
}
