internal import Glibc

/// A directory for one test, mode 0755, on a path that sendmail's safety checks accept; removed with the value.
package final class TemporaryDirectory: Sendable {
  /// The absolute path, without symbolic links.
  package let path: String

  /// Makes a directory in `.build/tmp` of this checkout.
  ///
  /// With `inMemory` it is on a file system in memory when there is one: for thousands of small maps, which makemap would
  /// otherwise each sync to the disk.
  package init(inMemory: Bool = false) throws(TestSupportError) {
    var parent = Tools.checkout + "/.build/tmp"
    if unsafe inMemory && access("/dev/shm", W_OK) == 0 {
      parent = "/dev/shm"
    } else {
      _ = unsafe mkdir(Tools.checkout + "/.build", 0o755)
      _ = unsafe mkdir(parent, 0o755)
    }
    var template = Array((parent + "/mailcfg.XXXXXX").utf8CString)
    guard unsafe mkdtemp(&template) != nil else {
      throw TestSupportError("mkdtemp in \(parent)", errno: errno)
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    _ = unsafe chmod(path, 0o755)
  }

  deinit { removeTree(path) }

  /// The path of a file in this directory.
  package func path(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file anew.
  package func write(_ name: String, _ bytes: [UInt8], mode: UInt32 = 0o644) throws(TestSupportError) {
    try writeFile(path(name), bytes, mode: mode)
  }

  /// Writes a file anew.
  package func write(_ name: String, _ text: String, mode: UInt32 = 0o644) throws(TestSupportError) {
    try write(name, Array(text.utf8), mode: mode)
  }

  /// Copies the shell: a script that it runs is a process of a program of this name.
  ///
  /// - Returns: The path of the program.
  package func copyShell(as name: String) throws(TestSupportError) -> String {
    try run("sh", ["-c", "cp \"$(command -v sh)\" \"$1\"", "sh", path(name)])
    return path(name)
  }

  /// The whole content of a file.
  package func read(_ name: String) throws(TestSupportError) -> [UInt8] { try readFile(path(name)) }

  /// The whole content of a file, as text.
  package func readText(_ name: String) throws(TestSupportError) -> String {
    String(decoding: try read(name), as: UTF8.self)
  }

  /// Makes a directory inside this one.
  package func makeDirectory(_ name: String, mode: UInt32 = 0o755) throws(TestSupportError) {
    guard unsafe mkdir(path(name), mode) == 0 && chmod(path(name), mode) == 0 else {
      throw TestSupportError("mkdir \(path(name))", errno: errno)
    }
  }

  /// Copies the files of a directory of `Tests/Fixtures`, such as `hosting`, into this one.
  ///
  /// In a `sendmail.cf` the paths below `/etc/mail` become paths below this directory.
  package func copyFixture(_ name: String) throws(TestSupportError) {
    let source = Fixtures.path(name)
    for file in try listDirectory(source) {
      let bytes = try readFile("\(source)/\(file)")
      guard file == "sendmail.cf" else {
        try write(file, bytes)
        continue
      }
      let parts = String(decoding: bytes, as: UTF8.self).split(separator: "/etc/mail", omittingEmptySubsequences: false)
      try write(file, parts.joined(separator: path))
    }
  }

  /// What a test compares to see that nothing was touched: for each file its name, mode, owner, inode, links, size and the
  /// times of its last change of content and of anything, in nanoseconds; sorted.
  package func snapshot() throws(TestSupportError) -> [String] {
    var lines: [String] = []
    for name in try listDirectory(path) {
      var info = stat()
      guard unsafe lstat(path(name), &info) == 0 else { throw TestSupportError("lstat \(path(name))", errno: errno) }
      lines.append(
        "\(name) mode \(String(info.st_mode, radix: 8)) owner \(info.st_uid):\(info.st_gid) inode \(info.st_ino)"
          + " links \(info.st_nlink) size \(info.st_size) modified \(info.st_mtim.tv_sec).\(info.st_mtim.tv_nsec)"
          + " changed \(info.st_ctim.tv_sec).\(info.st_ctim.tv_nsec)")
    }
    return lines
  }
}

/// Writes a file anew, with the mode whatever the umask is.
package func writeFile(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o644) throws(TestSupportError) {
  let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
  guard descriptor >= 0 else { throw TestSupportError("open \(path)", errno: errno) }
  defer { close(descriptor) }
  var written = 0
  while written < bytes.count {
    let count = unsafe bytes[written...].withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
    guard count > 0 else { throw TestSupportError("write \(path)", errno: errno) }
    written += count
  }
  guard fchmod(descriptor, mode) == 0 else { throw TestSupportError("fchmod \(path)", errno: errno) }
}

/// The whole content of a file.
package func readFile(_ path: String) throws(TestSupportError) -> [UInt8] {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw TestSupportError("open \(path)", errno: errno) }
  defer { close(descriptor) }
  var result: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
    guard count >= 0 else { throw TestSupportError("read \(path)", errno: errno) }
    if count == 0 { return result }
    result.append(contentsOf: buffer[..<count])
  }
}

/// The names in a directory, without `.` and `..`, sorted.
package func listDirectory(_ path: String) throws(TestSupportError) -> [String] {
  guard let stream = unsafe opendir(path) else { throw TestSupportError("opendir \(path)", errno: errno) }
  defer { unsafe closedir(stream) }
  var names: [String] = []
  while let entry = unsafe readdir(stream) {
    let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names.sorted()
}

private func removeTree(_ path: String) {
  var info = stat()
  guard unsafe lstat(path, &info) == 0 else { return }
  if info.st_mode & S_IFMT == S_IFDIR {
    _ = unsafe chmod(path, 0o700)
    for name in (try? listDirectory(path)) ?? [] { removeTree("\(path)/\(name)") }
  }
  _ = unsafe remove(path)
}

/// The files in `Tests/Fixtures`.
package enum Fixtures {
  /// The path of a fixture, such as `access/grown`.
  package static func path(_ name: String) -> String { "\(Tools.checkout)/Tests/Fixtures/\(name)" }

  /// The content of a fixture.
  package static func bytes(_ name: String) throws(TestSupportError) -> [UInt8] { try readFile(path(name)) }

  /// The names of all fixtures in a folder, such as `access`, with the folder in front.
  package static func all(in folder: String) throws(TestSupportError) -> [String] {
    try listDirectory(path(folder)).map { "\(folder)/\($0)" }
  }
}
