internal import Glibc

/// A directory in memory for the one process, made when it is first needed and removed with the process' end.
enum Scratch {
  /// Its path.
  static let path: String = {
    let parent = unsafe access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    var template = Array("\(parent)/mailcfg-fuzz.XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { fatalError("mkdtemp in \(parent)") }
    atexit {
      Scratch.clear(Scratch.path)
      _ = unsafe rmdir(Scratch.path)
    }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }()

  /// Writes a file of this name anew, and gives its path.
  static func write(_ name: String, _ bytes: [UInt8]) -> String {
    let path = "\(Scratch.path)/\(name)"
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { fatalError("cannot write \(path)") }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
      guard count > 0 else { fatalError("cannot write \(path)") }
      rest = rest.dropFirst(count)
    }
    close(file)
    return path
  }

  /// The whole of a file; nil where there is none.
  static func read(_ path: String) -> [UInt8]? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe Glibc.read(file, &buffer, buffer.count)
      guard count > 0 else { return count == 0 ? result : nil }
      result += buffer[..<count]
    }
  }

  /// Removes a file.
  static func remove(_ name: String) { _ = unsafe unlink("\(Scratch.path)/\(name)") }

  /// The names in a directory.
  static func names(_ path: String) -> [String] {
    guard let stream = unsafe opendir(path) else { return [] }
    defer { _ = unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Removes everything in a directory.
  static func clear(_ path: String) {
    for name in names(path) {
      let entry = "\(path)/\(name)"
      if unsafe unlink(entry) != 0 {
        clear(entry)
        _ = unsafe rmdir(entry)
      }
    }
  }
}
