internal import Glibc

/// How a program ended and what it wrote.
package struct Outcome: Sendable {
  /// The exit code; 128 plus the number of the signal when one killed the program.
  package var status: Int32
  /// Standard output.
  package var output: [UInt8]
  /// Standard error.
  package var errors: [UInt8]

  /// Makes an outcome.
  package init(status: Int32, output: [UInt8] = [], errors: [UInt8] = []) {
    self.status = status
    self.output = output
    self.errors = errors
  }

  /// Standard output as text.
  package var outputText: String { String(decoding: output, as: UTF8.self) }
  /// Standard error as text.
  package var errorText: String { String(decoding: errors, as: UTF8.self) }
}

/// Runs a program to its end, with any amount of input and output.
///
/// A `program` without a slash is looked for in `PATH`. The `environment` is set beside the variables of this process; an
/// empty value takes a variable away. The working `directory` is that of this process when nil. After `timeout` seconds the
/// program is killed, and ``TestSupportError`` thrown, as when it cannot be started.
@discardableResult
package func run(
  _ program: String, _ arguments: [String] = [], input: [UInt8] = [], environment: [String: String] = [:],
  directory: String? = nil, timeout: Int = 120
) throws(TestSupportError) -> Outcome {
  let child = try ChildProcess(program, arguments, environment: environment, directory: directory)
  return try child.finish(input: input, timeout: timeout)
}

/// A program that was started: to be given its input and awaited, or killed on the way.
package final class ChildProcess {
  /// The process id.
  package let pid: Int32
  private let program: String
  private var standardInput: Int32
  private var standardOutput: Int32
  private var standardError: Int32
  /// The exit code as ``Outcome`` has it, when the program has ended.
  private var status: Int32?

  /// Starts a program; the parameters are those of ``run(_:_:input:environment:directory:timeout:)``.
  ///
  /// With a `log` both outputs go to that file, input is empty, and ``wait(timeout:)`` is the way to await the end.
  package init(
    _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], directory: String? = nil,
    log: String? = nil
  ) throws(TestSupportError) {
    self.program = program
    var child: Int32 = 0
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    if let directory { unsafe try GNUFunctions.addChangeDirectory(&actions, directory) }

    var theirs: [Int32] = []
    defer { for descriptor in theirs { close(descriptor) } }
    if let log {
      unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
      unsafe posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
      unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
      (standardInput, standardOutput, standardError) = (-1, -1, -1)
    } else {
      let (input, output, errors) = (try closingPipe(), try closingPipe(), try closingPipe())
      unsafe posix_spawn_file_actions_adddup2(&actions, input.read, 0)
      unsafe posix_spawn_file_actions_adddup2(&actions, output.write, 1)
      unsafe posix_spawn_file_actions_adddup2(&actions, errors.write, 2)
      (standardInput, standardOutput, standardError) = (input.write, output.read, errors.read)
      theirs = [input.read, output.write, errors.write]
      for descriptor in [standardInput, standardOutput, standardError] {
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
      }
    }

    // Writing to a program that ended early must be an error for us and not our end; the program gets the default back.
    _ = signal(SIGPIPE, SIG_IGN)
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe sigaddset(&signals, SIGPIPE)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

    let result = unsafe withCStrings([program] + arguments) { argv in
      unsafe withCStrings(mergedEnvironment(environment)) { envp in
        unsafe posix_spawnp(&child, program, &actions, &attributes, argv, envp)
      }
    }
    pid = child
    guard result == 0 else {
      status = 127
      closeAll()
      throw TestSupportError("cannot start \(program)", errno: result)
    }
  }

  deinit {
    closeAll()
    if status == nil { kill() }
  }

  /// Gives the program its input, collects what it writes, and awaits its end; after `timeout` seconds kills it and throws.
  package func finish(input: [UInt8] = [], timeout: Int = 120) throws(TestSupportError) -> Outcome {
    var outputs: [[UInt8]] = [[], []]
    var written = 0
    var buffer = [UInt8](repeating: 0, count: 65536)
    let deadline = monotonicSeconds() + timeout
    if input.isEmpty { closeDescriptor(&standardInput) }
    while standardInput >= 0 || standardOutput >= 0 || standardError >= 0 {
      // poll(2) passes over negative descriptors.
      var entries = [
        pollfd(fd: standardInput, events: Int16(POLLOUT), revents: 0),
        pollfd(fd: standardOutput, events: Int16(POLLIN), revents: 0),
        pollfd(fd: standardError, events: Int16(POLLIN), revents: 0),
      ]
      let ready = unsafe poll(&entries, 3, 1000)
      if ready <= 0 {
        if monotonicSeconds() >= deadline { throw giveUp(timeout) }
        continue
      }
      if entries[0].revents != 0 {
        let count = unsafe input[written...].withUnsafeBytes { unsafe write(standardInput, $0.baseAddress, $0.count) }
        if count > 0 { written += count }
        if written == input.count || (count < 0 && errno != EAGAIN && errno != EINTR) {
          closeDescriptor(&standardInput)
        }
      }
      for index in 1...2 where entries[index].revents != 0 {
        let count = unsafe read(entries[index].fd, &buffer, buffer.count)
        if count > 0 {
          outputs[index - 1].append(contentsOf: buffer[..<count])
        } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
          if index == 1 { closeDescriptor(&standardOutput) } else { closeDescriptor(&standardError) }
        }
      }
    }
    return Outcome(status: try wait(timeout: timeout), output: outputs[0], errors: outputs[1])
  }

  /// Awaits the end of the program, and gives its exit code, or 128 plus the signal that killed it.
  ///
  /// After `timeout` seconds kills it and throws.
  @discardableResult
  package func wait(timeout: Int = 120) throws(TestSupportError) -> Int32 {
    let deadline = monotonicSeconds() + timeout
    var pause: UInt32 = 200
    while isRunning {
      if monotonicSeconds() >= deadline { throw giveUp(timeout) }
      usleep(pause)
      pause = min(pause * 2, 10_000)
    }
    return status ?? 127
  }

  /// Whether the program still runs.
  package var isRunning: Bool {
    guard status == nil else { return false }
    var word: Int32 = 0
    let result = unsafe waitpid(pid, &word, WNOHANG)
    if result == pid {
      status = word & 0x7F == 0 ? (word >> 8) & 0xFF : 128 + (word & 0x7F)
    } else if result < 0 && errno != EINTR {
      status = 127
    }
    return status == nil
  }

  /// Sends a signal, such as `SIGTERM`.
  package func send(signal: Int32) {
    if isRunning { Glibc.kill(pid, signal) }
  }

  /// Kills the program and awaits its end.
  package func kill() {
    guard isRunning else { return }
    Glibc.kill(pid, SIGKILL)
    var word: Int32 = 0
    _ = unsafe waitpid(pid, &word, 0)
    status = 128 + SIGKILL
  }

  private func giveUp(_ timeout: Int) -> TestSupportError {
    kill()
    return TestSupportError("\(program) did not end within \(timeout) seconds")
  }

  private func closeDescriptor(_ descriptor: inout Int32) {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
  }

  private func closeAll() {
    closeDescriptor(&standardInput)
    closeDescriptor(&standardOutput)
    closeDescriptor(&standardError)
  }
}

/// Seconds on a clock that never goes back.
func monotonicSeconds() -> Int {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return time.tv_sec
}

/// A pipe that no other child of this process inherits: a stray copy of a write end would hide the end of the input.
private func closingPipe() throws(TestSupportError) -> (read: Int32, write: Int32) {
  var ends: [Int32] = [-1, -1]
  guard unsafe try GNUFunctions.pipe2(&ends, O_CLOEXEC) == 0 else {
    throw TestSupportError("pipe2", errno: errno)
  }
  return (ends[0], ends[1])
}

/// The environment of this process with changes, as `NAME=value`.
private func mergedEnvironment(_ changes: [String: String]) -> [String] {
  var result: [String] = []
  var next = unsafe environ
  while let entry = unsafe next.pointee {
    let text = unsafe String(cString: entry)
    if !changes.keys.contains(String(text.prefix { $0 != "=" })) { result.append(text) }
    unsafe next += 1
  }
  for (name, value) in changes.sorted(by: { $0.key < $1.key }) where !value.isEmpty {
    result.append("\(name)=\(value)")
  }
  return result
}

private func withCStrings<R>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
  var pointers: [UnsafeMutablePointer<CChar>?] = unsafe strings.map { unsafe strdup($0) }
  unsafe pointers.append(nil)
  defer { unsafe pointers.forEach { unsafe free($0) } }
  return unsafe body(pointers)
}
