internal import Glibc

/// A running daemon in namespaces of its own, to be talked to over SMTP; it ends with the value.
///
/// Sessions come from any address of 127/8, and stay open while a test does something else. Needs root.
package final class LiveSendmail {
  private let site: SendmailSite
  private let daemon: ChildProcess
  private let log: String

  init(site: SendmailSite, addresses: [String]) throws(TestSupportError) {
    self.site = site
    log = site.state.path("daemon.log")
    let command = Namespaces.command(
      [try Tools.sendmail, "-C\(site.configuration)", "-bD"], state: site.state.path, addresses: addresses)
    daemon = try ChildProcess(command[0], Array(command[1...]), environment: Namespaces.environment, log: log)
    // The pid file is written after the daemon listens.
    let deadline = monotonicSeconds() + 30
    while unsafe access(site.state.path("sendmail.pid"), F_OK) != 0 {
      guard daemon.isRunning, monotonicSeconds() < deadline else {
        throw TestSupportError("sendmail does not start: \((try? site.state.readText("daemon.log")) ?? "")")
      }
      usleep(10_000)
    }
  }

  deinit { stop() }

  /// Ends the daemon.
  package func stop() {
    daemon.send(signal: SIGTERM)
    _ = try? daemon.wait(timeout: 20)
  }

  /// What the daemon said.
  package var logText: String { (try? site.state.readText("daemon.log")) ?? "" }

  /// Opens a session as a client with this address, reads the greeting, and says EHLO.
  package func connect(from address: String) throws(TestSupportError) -> SMTPSession {
    let session = try open(from: address)
    try session.command("EHLO client.test.example")
    return session
  }

  /// Opens a session as a client with this address, and reads the greeting.
  package func open(from address: String) throws(TestSupportError) -> SMTPSession {
    try SMTPSession(from: address, of: self, inNetworkOf: daemon.pid)
  }
}

/// An SMTP session that a test holds open; the daemon stays for as long.
package final class SMTPSession {
  private let descriptor: Int32
  private let server: LiveSendmail
  private var received: [UInt8] = []
  /// The server's first line.
  package private(set) var greeting = ""

  /// Connects to port 2525 on loopback, in the network namespace of a process.
  init(from address: String, of server: LiveSendmail, inNetworkOf pid: pid_t) throws(TestSupportError) {
    self.server = server
    let isIPv6 = address.contains(":")
    descriptor = try networkSocket(isIPv6 ? AF_INET6 : AF_INET, inNetworkOf: pid)
    let family = isIPv6 ? AF_INET6 : AF_INET
    guard unsafe withSocketAddress(family, address, port: 0, { unsafe bind(descriptor, $0, $1) }) == 0 else {
      throw TestSupportError("bind to \(address)", errno: errno)
    }
    // On a busy machine the daemon may be a moment late, or close its socket for one.
    let deadline = monotonicSeconds() + 20
    while unsafe withSocketAddress(
      family, isIPv6 ? "::1" : "127.0.0.1", port: 2525, { unsafe Glibc.connect(descriptor, $0, $1) }) != 0
    {
      guard errno == ECONNREFUSED, monotonicSeconds() < deadline else {
        throw TestSupportError("connect from \(address)", errno: errno)
      }
      usleep(50_000)
    }
    greeting = try reply()
  }

  deinit { close(descriptor) }

  /// Sends a command and gives the last line of the reply, such as `250 2.1.0 <a@b.example>... Sender ok`.
  @discardableResult
  package func command(_ text: String) throws(TestSupportError) -> String {
    let bytes = Array((text + "\r\n").utf8)
    let sent = unsafe bytes.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    guard sent == bytes.count else { throw TestSupportError("send", errno: errno) }
    return try reply()
  }

  /// What the server says to `RCPT TO` after a new `MAIL FROM`, or to the latter when it refuses that already.
  package func recipient(_ address: String, from sender: String = "sender@origin.example") throws(TestSupportError)
    -> String
  {
    try command("RSET")
    let answer = try command("MAIL FROM:<\(sender)>")
    return answer.hasPrefix("250") ? try command("RCPT TO:<\(address)>") : answer
  }

  /// Reads a reply to no command.
  @discardableResult
  package func reply() throws(TestSupportError) -> String {
    while true {
      let line = try readLine()
      // 250-more, 250 last
      if line.count < 4 || Array(line.utf8)[3] != 0x2D { return line }
    }
  }

  private func readLine() throws(TestSupportError) -> String {
    while true {
      if let end = received.firstIndex(of: 0x0A) {
        let line = String(decoding: received[..<end].filter { $0 != 0x0D }, as: UTF8.self)
        received.removeSubrange(...end)
        return line
      }
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard unsafe poll(&entry, 1, 60_000) > 0 else { throw TestSupportError("sendmail does not answer") }
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { throw TestSupportError("sendmail closed the session") }
      received.append(contentsOf: buffer[..<count])
    }
  }
}

/// Makes a stream socket in the network namespace of another process: a socket stays in the one it was made in.
private func networkSocket(_ family: Int32, inNetworkOf pid: pid_t) throws(TestSupportError) -> Int32 {
  let own = unsafe open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
  let other = unsafe open("/proc/\(pid)/ns/net", O_RDONLY | O_CLOEXEC)
  defer {
    close(own)
    close(other)
  }
  guard own >= 0, other >= 0, try GNUFunctions.setns(other, 0) == 0 else {
    throw TestSupportError("cannot enter the network of process \(pid)", errno: errno)
  }
  // Only this thread is elsewhere, and only for this one call.
  let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
  let number = errno
  guard try GNUFunctions.setns(own, 0) == 0 else {
    throw TestSupportError("cannot return to the own network", errno: errno)
  }
  guard descriptor >= 0 else { throw TestSupportError("socket", errno: number) }
  return descriptor
}

/// Calls `body` with a numeric address as the C library wants it; -1 with `EINVAL` when it is none.
private func withSocketAddress(
  _ family: Int32, _ text: String, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
) -> Int32 {
  func call<Address>(_ address: Address) -> Int32 {
    unsafe withUnsafePointer(to: address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(MemoryLayout<Address>.size))
      }
    }
  }
  errno = EINVAL
  if family == AF_INET6 {
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    return unsafe inet_pton(AF_INET6, text, &address.sin6_addr) == 1 ? call(address) : -1
  }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  return unsafe inet_pton(AF_INET, text, &address.sin_addr) == 1 ? call(address) : -1
}
