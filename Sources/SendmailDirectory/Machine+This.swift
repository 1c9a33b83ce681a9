internal import Glibc
internal import SendmailChecks
internal import SendmailConfig
internal import SystemSupport

extension Machine {
  /// The machine on which this runs: its accounts and files.
  static let this = Machine(
    hasAccount: { name in
      Account(named: name.bytes) != nil || Account(named: name.folded.bytes) != nil
    },
    file: { path in
      let name = path.description
      errno = 0
      guard let facts = FileFacts(at: name) else { return errno == ENOENT || errno == ENOTDIR ? .missing : .unknown }
      guard facts.kind == .regular, let contents = try? FileContents(name), contents.bytes.count <= 16 << 20 else {
        return .present(facts, contents: nil)
      }
      return .present(facts, contents: contents.bytes)
    })
}

extension FileFacts {
  /// What is known of a path; nil where nothing is there or it cannot be reached, with `errno` set.
  init?(at path: String) {
    var link = stat()
    var target = stat()
    guard unsafe lstat(path, &link) == 0, unsafe stat(path, &target) == 0 else { return nil }
    let kind: Kind =
      switch target.st_mode & S_IFMT {
      case S_IFREG: .regular
      case S_IFDIR: .directory
      case S_IFCHR, S_IFBLK: .device
      default: .other
      }
    self.init(
      kind: kind, mode: UInt32(target.st_mode & 0o7777), owner: target.st_uid, linkCount: Int(target.st_nlink),
      isLink: link.st_mode & S_IFMT == S_IFLNK, directories: FileFacts.directories(of: path))
    if isLink, let target = unsafe realpath(path, nil) {
      targetDirectories = FileFacts.directories(of: unsafe String(cString: target))
      unsafe free(target)
    }
  }

  /// The directories from `/` down to the one that holds the path's last name, links followed on the way.
  ///
  /// The last name itself is not followed: sendmail does not look at the directory that a link leads to.
  private static func directories(of path: String) -> [Directory] {
    let end = path.utf8.lastIndex(of: 0x2F)
    let parent = end.map { $0 == path.utf8.startIndex ? "/" : String(path[..<$0]) } ?? "."
    guard let resolved = unsafe realpath(parent, nil) else { return [] }
    defer { unsafe free(resolved) }
    var result: [Directory] = []
    var current = ""
    let names = unsafe String(cString: resolved).split(separator: "/").map(String.init)
    for name in [""] + names {
      current += current.hasSuffix("/") || name.isEmpty ? name : "/\(name)"
      let shown = current.isEmpty ? "/" : current
      var status = stat()
      guard unsafe stat(shown, &status) == 0 else { continue }
      result.append(Directory(path: shown, mode: UInt32(status.st_mode & 0o7777)))
    }
    return result
  }
}
