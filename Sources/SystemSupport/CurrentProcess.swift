internal import CSystemSupport
internal import Glibc

/// What the command asks about the process it runs in.
package enum CurrentProcess {
  /// The user whose rights it has.
  package static var effectiveUser: UInt32 { geteuid() }

  /// The user who started it, whatever rights it was given.
  package static var realUser: UInt32 { getuid() }

  /// What its machine is called (`gethostname(2)`); `localhost` where that is not known.
  package static var hostName: [UInt8] {
    var buffer = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&buffer, buffer.count - 1) == 0 else { return Array("localhost".utf8) }
    return buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
  }

  /// The value of an environment variable; `nil` if it is not set, or empty.
  ///
  /// Bytes that are not UTF-8 come out as U+FFFD. A program with more rights than its caller (set-user-ID) sees none: they are
  /// the caller's word.
  package static func environment(_ name: String) -> String? {
    if system_has_rights_of_its_own() != 0 { return nil }
    let value = unsafe getenv(name).map { unsafe String(cString: $0) }
    return value?.isEmpty ?? true ? nil : value
  }

  /// The command line, the program's name first, byte for byte: Swift's own has U+FFFD where it was not UTF-8.
  ///
  /// Swift reads it from `/proc`. Where that is not mounted, as in a chroot, it is taken from where the kernel has put it; nil
  /// where it is not there any more. To be asked for before anything changes the environment.
  package static let arguments: [[UInt8]]? = {
    var count = CommandLine.argc
    var pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv
    if count == 0 { unsafe pointers = system_initial_arguments(&count) }
    guard let pointers = unsafe pointers else { return nil }
    return unsafe UnsafeBufferPointer(start: pointers, count: Int(count)).map { argument in
      guard let argument = unsafe argument else { return [] }
      return unsafe Array(UnsafeRawBufferPointer(start: argument, count: strlen(argument)))
    }
  }()

  /// Has a write beyond the limit of file sizes (ulimit -f) fail with `EFBIG`, where a signal would end the program.
  package static func ignoreFileSizeSignal() { _ = signal(SIGXFSZ, SIG_IGN) }

  /// Has a write to a pipe that nobody reads any more fail with `EPIPE`, where a signal would end the program.
  package static func ignorePipeSignal() { _ = signal(SIGPIPE, SIG_IGN) }

  /// Sets which permission bits new files do not get (umask(2)).
  package static func setFileModeMask(_ mask: UInt32) { _ = umask(mode_t(mask)) }

  /// Whether a descriptor leads to a terminal.
  package static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// Opens `/dev/null` in the place of those of the three standard descriptors that are closed.
  ///
  /// A ``Descriptor`` never has one of their numbers, but files that a library such as libdb opens would, and messages would
  /// go into them. What is written to a standard output that was closed fails, as it would have: an answer that is lost is an
  /// error. For the very beginning of a program.
  package static func openStandardDescriptors() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest number that is free is this one.
      _ = unsafe open("/dev/null", descriptor == STDOUT_FILENO ? O_RDONLY : O_RDWR)
    }
  }
}
