import TestSupport

/// The system calls of a run of mailcfg, as strace(1) tells them, and runs that are disturbed at one of them.
enum SystemCalls {
  /// A call to be disturbed: the `number`th of its name, from 1, in the thread that gets there first.
  struct Moment: Hashable, CustomStringConvertible {
    var name: String
    var number: Int
    var description: String { "\(name) \(number)" }
  }

  /// The calls that change what is on the disk, or may.
  static let changing = [
    "openat", "mkdirat", "mkdir", "write", "pwrite64", "pwritev", "ftruncate", "fsync", "fdatasync", "rename",
    "renameat",
    "renameat2", "linkat", "unlink", "unlinkat", "fchmod", "fchown", "utimensat", "fsetxattr", "fremovexattr",
    "copy_file_range", "sendfile", "sync_file_range", "fallocate",
  ]
  /// The calls that only look.
  static let looking = [
    "read", "pread64", "newfstatat", "fstat", "fstatfs", "flock", "fcntl", "getdents64", "lseek", "readlinkat",
    "flistxattr", "fgetxattr",
  ]

  /// Without a second thread every run makes its calls in the same order.
  private static let oneThread = ["-e", "inject=clone3:error=EAGAIN"]

  /// The moments of a scenario, in their order, from the first call that is about its directory.
  static func moments(of staging: Staging, _ names: [String], onlyChanging: Bool) throws -> [Moment] {
    let place = try staging.place()
    let log = place.directory.path("calls")
    _ = try staging.run(
      place,
      behind: ["strace", "-f", "-y", "-qq", "-s", "0", "-o", log, "-e", "trace=clone3,\(names.joined(separator: ","))"]
        + oneThread)
    var counts: [String: Int] = [:]
    var moments: [Moment] = []
    var hasBegun = false
    for line in String(decoding: try readFile(log), as: UTF8.self).split(separator: "\n") {
      // 4711  fsync(7</etc/mail>) = 0
      let call = line.drop { $0.isNumber || $0 == " " }
      guard let end = call.firstIndex(of: "(") else { continue }
      let name = String(call[..<end])
      guard names.contains(name) else { continue }
      // Of each makemap that runs beside it is looked up what it builds: another run has others. Before, its own command line is read.
      if hasBegun && isAboutProcess(call) {
        // The way there begins with two calls: "/" and "proc".
        if name == "openat", call.contains("</proc>, ") { counts[name, default: 0] -= 2 }
        continue
      }
      counts[name, default: 0] += 1
      hasBegun = hasBegun || call.contains("etc-mail")
      guard hasBegun, call.contains(place.directory.path) || call.contains("etc-mail") else { continue }
      if onlyChanging, name == "openat", !call.contains("O_CREAT") { continue }
      moments.append(Moment(name: name, number: counts[name] ?? 1))
    }
    return moments
  }

  /// Whether a call, with the paths of its descriptors, is about a file of a process.
  private static func isAboutProcess(_ call: Substring) -> Bool {
    call.firstRange(of: "/proc/").map { call[$0.upperBound...].first?.isNumber ?? false } ?? false
  }

  /// The words that run a command and kill it as it is about to make a call.
  static func killing(at moment: Moment, withThreads: Bool = false) -> [String] {
    strace(moment, "signal=KILL", withThreads)
  }

  /// The words that run a command and have a call fail, without doing anything; with `onwards` all later ones too.
  static func failing(at moment: Moment, _ error: String, onwards: Bool = false, withThreads: Bool = false) -> [String]
  {
    strace(moment, "error=\(error)", withThreads, onwards ? "+" : "")
  }

  private static func strace(_ moment: Moment, _ what: String, _ withThreads: Bool, _ suffix: String = "") -> [String] {
    [
      "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=clone3,\(moment.name)", "-e",
      "inject=\(moment.name):\(what):when=\(moment.number)\(suffix)",
    ] + (withThreads ? [] : oneThread)
  }
}
