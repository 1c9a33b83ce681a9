import Glibc
import TestSupport
import Testing

/// A directory of a test's own with a mail directory `etc-mail` in it, and mailcfg run there as a user runs it.
final class Workplace {
  let directory: TemporaryDirectory
  /// The path of the mail directory.
  var mail: String { directory.path("etc-mail") }

  /// Makes an `etc-mail` with the files of a fixture such as `hosting`, byte for byte; an empty one without.
  init(_ fixture: String? = nil) throws {
    directory = try TemporaryDirectory()
    try directory.makeDirectory("etc-mail")
    guard let fixture else { return }
    for file in try listDirectory(Fixtures.path(fixture)) { write(file, try Fixtures.bytes("\(fixture)/\(file)")) }
  }

  // MARK: Running

  /// Runs `mailcfg --mail-dir etc-mail …` beside the mail directory, and sees how it ends.
  @discardableResult
  func callAsFunction(
    _ arguments: String..., input: [UInt8] = [], status: Int32 = 0, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Outcome {
    try run(arguments, input: input, status: status, sourceLocation: sourceLocation)
  }

  /// The same with a list of arguments.
  @discardableResult
  func run(
    _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:], status: Int32 = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Outcome {
    let outcome = try mailcfg(
      ["--mail-dir", "etc-mail"] + arguments, input: input, directory: directory.path, environment: environment)
    #expect(
      outcome.status == status, "\(arguments): \(outcome.outputText)\(outcome.errorText)",
      sourceLocation: sourceLocation
    )
    return outcome
  }

  /// Runs a command that must fail with this exit code and a message on standard error, and change nothing.
  @discardableResult
  func refused(
    _ status: Int32, _ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> String {
    try refused(status, arguments, sourceLocation: sourceLocation)
  }

  /// The same with a list of arguments.
  @discardableResult
  func refused(
    _ status: Int32, _ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> String {
    let before = try snapshot()
    let outcome = try run(arguments, status: status, sourceLocation: sourceLocation)
    #expect(outcome.outputText == "", "\(arguments)", sourceLocation: sourceLocation)
    #expect(outcome.errors.isEmpty == false, "\(arguments)", sourceLocation: sourceLocation)
    #expect(try snapshot() == before, "\(arguments)", sourceLocation: sourceLocation)
    return outcome.errorText
  }

  // MARK: Files

  func path(_ name: String) -> String { "\(mail)/\(name)" }

  func write(_ name: String, _ bytes: [UInt8], mode: UInt32 = 0o644) {
    do { try writeFile(path(name), bytes, mode: mode) } catch { Issue.record(error) }
  }

  func write(_ name: String, _ text: String, mode: UInt32 = 0o644) { write(name, Array(text.utf8), mode: mode) }

  func read(_ name: String) throws -> [UInt8] { try readFile(path(name)) }

  func text(_ name: String) throws -> String { String(decoding: try read(name), as: UTF8.self) }

  /// The names in the mail directory, our lock file, what is known of maps and the history, which stay, left out.
  func names() throws -> [String] {
    try listDirectory(mail).filter { ![".mailcfg.lock", ".mailcfg.state", ".mailcfg.history"].contains($0) }
  }

  /// Does what an editor does in a text that need not be UTF-8: writes other bytes in the place of some that stand there.
  ///
  /// They stand there once, or with `all` at least once.
  func replace(_ old: String, with new: String, in name: String, all: Bool = false) throws {
    let parts = try read(name).split(separator: Array(old.utf8), omittingEmptySubsequences: false)
    try #require(all ? parts.count > 1 : parts.count == 2)
    write(name, Array(parts.joined(separator: Array(new.utf8))))
  }

  func status(_ name: String) throws -> stat {
    var info = stat()
    guard unsafe lstat(path(name), &info) == 0 else { throw TestSupportError("lstat \(name)", errno: errno) }
    return info
  }

  func mode(_ name: String) throws -> UInt32 { try status(name).st_mode & 0o7777 }

  /// What a test compares to see that no file was touched, nor one added; without the lock file.
  func snapshot() throws -> [String] {
    let lines = try everything().dropFirst()
    return lines.filter { !$0.hasPrefix(".mailcfg.lock ") }
  }

  /// The same with the lock file, and the directory itself in the first line.
  func everything() throws -> [String] {
    try [describe(".", status("."))] + listDirectory(mail).map { describe($0, try status($0)) }
  }

  private func describe(_ name: String, _ info: stat) -> String {
    "\(name) mode \(String(info.st_mode, radix: 8)) owner \(info.st_uid):\(info.st_gid) inode \(info.st_ino)"
      + " links \(info.st_nlink) size \(info.st_size) modified \(info.st_mtim.tv_sec).\(info.st_mtim.tv_nsec)"
      + " changed \(info.st_ctim.tv_sec).\(info.st_ctim.tv_nsec)"
  }

  // MARK: Maps

  /// The records of a map, sorted, read with `db5.3_dump`.
  func pairs(_ map: String) throws -> [DumpedMap.Pair] { try DumpedMap(path: path(map)).sortedPairs }

  /// Builds a map with the real makemap, as `makemap TYPE MAP < TEXT`.
  func makemap(_ text: String, type: String = "hash", map: String? = nil, options: [String] = []) throws {
    try directory.write("empty.cf", "")
    let outcome = try TestSupport.run(
      try Tools.makemap, ["-C", directory.path("empty.cf")] + options + [type, path(map ?? text)],
      input: try read(text), environment: Tools.environment)
    guard outcome.status == 0 else { throw TestSupportError(outcome.errorText) }
  }

  /// Sees that a map is what the real makemap makes of the text now; entries that it refuses are left out by both.
  func expectMap(
    _ map: String, of text: String, type: String = "hash", options: [String] = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let answer = try Oracle.makemap(try read(text), type: type, options: options)
    let dump = try DumpedMap(path: path(map))
    expectSame(dump.sortedPairs, answer.pairs, sourceLocation: sourceLocation)
    #expect(dump.header["type"] == answer.header["type"], sourceLocation: sourceLocation)
  }

  /// Sees that the map of the aliases is what the real newaliases makes of the text now.
  func expectAliasMap(
    _ map: String = "aliases.db", of text: String = "aliases", hostNames: [String] = [], specification: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let answer = try Oracle.newaliases(try read(text), hostNames: hostNames, specification: specification)
    expectSame(try pairs(map), answer.pairs, sourceLocation: sourceLocation)
  }
}

/// Sees that two maps hold the same records; tells with `+` those that only ours has, with `-` those that only theirs has.
func expectSame(
  _ ours: [DumpedMap.Pair], _ theirs: [DumpedMap.Pair], _ comment: Comment? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let (our, their) = (Set(ours), Set(theirs))
  var differences = our.subtracting(their).map { "+ \($0)" } + their.subtracting(our).map { "- \($0)" }
  if differences.isEmpty && ours != theirs { differences.append("a record stands twice") }
  #expect(differences.sorted() == [], comment, sourceLocation: sourceLocation)
}

/// A right that root has and others lack, taken away: mailcfg run so that the permissions of files count for it.
enum Unprivileged {
  /// For root a way to run without its privileges, for others nothing.
  private static let prefix: [String] =
    geteuid() == 0 ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"] : []

  /// Whether permissions count here: not where root's privileges cannot be dropped.
  static let isPossible: Bool = {
    guard let directory = try? TemporaryDirectory() else { return false }
    try? directory.write("secret", "", mode: 0)
    let command = prefix + ["cat", directory.path("secret")]
    guard let outcome = try? run(command[0], Array(command[1...])) else { return false }
    return outcome.status == 1
  }()

  /// Runs mailcfg so.
  static func mailcfg(_ arguments: [String], directory: String) throws -> Outcome {
    let command = prefix + [Tools.mailcfg] + arguments
    return try run(
      command[0], Array(command[1...]), environment: ["MAILCFG_MAIL_DIR": "", "NO_COLOR": "1", "LC_ALL": "C"],
      directory: directory)
  }
}

extension Trait where Self == ConditionTrait {
  /// The test needs permissions to count for mailcfg.
  static var needsPermissionsThatCount: Self {
    .enabled(
      if: Tools.isCI || Unprivileged.isPossible, "root's privileges cannot be dropped here (setpriv, CAP_SETPCAP)")
  }

  /// The test needs a program in PATH that not every machine has.
  static func needsProgram(_ name: String) -> Self {
    .enabled(
      if: (try? run("sh", ["-c", "command -v \"$1\"", "sh", name]))?.status == 0, "\(name) is not installed here")
  }
}
