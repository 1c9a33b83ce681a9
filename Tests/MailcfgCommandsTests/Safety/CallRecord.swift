import TestSupport

/// What strace(1) has recorded of a command, by the rule that makes a change outlast a power cut.
///
/// The rule, with "synced" meaning fsync(2) or fdatasync(2) by whichever descriptor:
/// 1. a file is synced, whole, before it comes into its place: no write, or change of owner or mode, between the last sync and
///    the rename;
/// 2. the directory is synced after the last rename in it, before anything that was replaced is removed;
/// 3. where several files are put into place, the journal is synced, and after it was made the directory that it stands in,
///    before the first of them; the new files, their staging directory and its parent before the journal's last write;
/// 4. what is added to the history is added after the last rename, and synced before the journal is removed;
/// 5. the journal is removed last.
struct CallRecord {
  /// A call that matters.
  struct Call: CustomStringConvertible {
    var name: String
    /// The paths of its descriptors and names, in their order.
    var paths: [String]
    var description: String { "\(name) \(paths.joined(separator: " "))" }
  }

  static let names = [
    "openat", "write", "pwrite64", "ftruncate", "fchmod", "fchown", "fsetxattr", "fsync", "fdatasync", "rename",
    "renameat",
    "renameat2", "unlink", "unlinkat", "linkat",
  ]

  /// The calls that succeeded, in the order in which they ended.
  let calls: [Call]
  /// The directory that is watched.
  private let directory: String

  /// Reads a log of `strace -f -y`.
  ///
  ///     line       = pid SP ( call / begin / rest )
  ///     call       = name "(" arguments ") = " result
  ///     begin      = name "(" arguments " <unfinished ...>"
  ///     rest       = "<... " name " resumed>" arguments ") = " result
  ///     descriptor = number "<" path ">"
  init(log: String, directory: String) {
    self.directory = directory
    var begun: [Substring: String] = [:]
    var calls: [Call] = []
    for line in log.split(separator: "\n") {
      let process = line.prefix { $0 != " " }
      var text = String(line.dropFirst(process.count).drop { $0 == " " })
      if text.hasSuffix("<unfinished ...>") {
        begun[process] = String(text.dropLast("<unfinished ...>".count))
        continue
      }
      if text.hasPrefix("<... "), let end = text.firstRange(of: "resumed>") {
        text = (begun.removeValue(forKey: process) ?? "") + text[end.upperBound...]
      }
      guard let parenthesis = text.firstIndex(of: "("), let result = text.lastIndex(of: "="),
        !text[result...].hasPrefix("= -1")
      else { continue }
      let name = String(text[..<parenthesis])
      let arguments = text[text.index(after: parenthesis)..<result]
      if name == "openat", !arguments.contains("O_CREAT") { continue }
      let takesNames = name.hasPrefix("rename") || ["openat", "unlink", "unlinkat", "linkat"].contains(name)
      let paths = CallRecord.paths(in: arguments)
      calls.append(Call(name: name, paths: takesNames ? paths : [CallRecord.descriptor(in: arguments)]))
    }
    self.calls = calls
  }

  /// The path of the first descriptor.
  private static func descriptor(in arguments: Substring) -> String {
    String(arguments.drop { $0 != "<" }.dropFirst().prefix { $0 != ">" })
  }

  /// The paths that arguments name: `7</etc/mail>, "access"` is `/etc/mail/access`, a descriptor alone its path.
  private static func paths(in arguments: Substring) -> [String] {
    var paths: [String] = []
    var base: String?
    for argument in arguments.split(separator: ", ") {
      if argument.hasPrefix("\"") {
        let name = argument.drop { $0 == "\"" }.prefix { $0 != "\"" }
        guard let directory = base else { continue }
        paths.append("\(directory)/\(name)")
        base = nil
      } else if let begin = argument.firstIndex(of: "<"), let end = argument.lastIndex(of: ">"), begin < end {
        if let base { paths.append(base) }
        base = String(argument[argument.index(after: begin)..<end])
      }
    }
    if let base { paths.append(base) }
    return paths
  }

  /// What is against the rule; empty where nothing is.
  func offences() -> [String] {
    var offences: [String] = []
    var unsynced: Set<String> = []
    var renamedIn: [String: Int] = [:]
    var syncedAt: [String: Int] = [:]
    var placed: [(index: Int, file: String, staged: String)] = []
    var journalWritten: Int?
    var journalMade = 0
    let history = "\(directory)/.mailcfg.history"
    var isAdded = false
    for (index, call) in calls.enumerated() {
      guard let path = call.paths.first, path.hasPrefix(directory) else { continue }
      switch call.name {
      case "openat", "write", "pwrite64", "ftruncate", "fchmod", "fchown", "fsetxattr":
        unsynced.insert(path)
        if path.hasSuffix("/.mailcfg.journal"), call.name == "write" { journalWritten = index }
        if path.hasSuffix("/.mailcfg.journal"), call.name == "openat" { journalMade = index }
        if path == history, call.name == "write" { isAdded = true }
      case "fsync", "fdatasync":
        unsynced.remove(path)
        syncedAt[path] = index
      case "rename", "renameat", "renameat2", "linkat":
        guard call.paths.count > 1 else { continue }
        if unsynced.contains(path) { offences.append("\(call): the new file was not synced before") }
        if isAdded { offences.append("\(call): the history has the change already") }
        let target = call.paths[1]
        renamedIn[CallRecord.parent(of: target)] = index
        placed.append((index, target, path))
      case "unlink", "unlinkat":
        if path.hasSuffix("/.mailcfg.journal"), isAdded, unsynced.contains(history) {
          offences.append("\(call): the history was not synced before")
        }
        for (parent, renamed) in renamedIn where (syncedAt[parent] ?? -1) < renamed {
          offences.append("\(call): \(parent) was not synced after the exchange")
        }
      default: break
      }
    }
    for (parent, renamed) in renamedIn where (syncedAt[parent] ?? -1) < renamed {
      offences.append("\(parent) was never synced after the exchange")
    }
    if placed.count > 1 || isAdded { offences += journalOffences(placed, made: journalMade, journalWritten) }
    if let last = calls.last(where: { $0.name == "unlinkat" && $0.paths.first?.hasPrefix(directory) == true }),
      journalWritten != nil, last.paths.first?.hasSuffix("/.mailcfg.journal") != true
    {
      offences.append("\(last): the journal was not removed last")
    }
    return offences
  }

  private func journalOffences(
    _ placed: [(index: Int, file: String, staged: String)], made: Int, _ written: Int?
  ) -> [String] {
    guard let written, let first = placed.first?.index, written < first else {
      return ["\(placed.map(\.file)): no journal was written before"]
    }
    func isSynced(_ path: String, _ range: Range<Int>) -> Bool {
      calls[range].contains { ($0.name == "fsync" || $0.name == "fdatasync") && $0.paths.first == path }
    }
    var offences: [String] = []
    let journal = calls[written].paths[0]
    if !isSynced(journal, written..<first) { offences.append("the journal was not synced before the exchange") }
    if !isSynced(CallRecord.parent(of: journal), made..<first) {
      offences.append("the journal's directory was not synced before the exchange")
    }
    for one in placed {
      let stage = CallRecord.parent(of: one.staged)
      for directory in [one.staged, stage, CallRecord.parent(of: stage)] where !isSynced(directory, 0..<written) {
        offences.append("\(directory) was not synced before the journal was written to its end")
      }
    }
    return offences
  }

  private static func parent(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? path
  }
}
