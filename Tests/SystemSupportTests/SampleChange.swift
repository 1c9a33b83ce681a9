import Glibc
import Testing

@testable import SystemSupport

/// A change over four files: a text, its map made by somebody else at the reserved path, a text in the directory above,
/// and one that is not there yet.
struct SampleChange: Codable {
  static let before = ["etc/mail/access": "old text", "etc/mail/access.db": "old map", "etc/aliases": "old aliases"]
  static let after = [
    "etc/mail/access": "new text!", "etc/mail/access.db": "new map!", "etc/aliases": "new aliases!",
    "etc/mail/cw": "new",
  ]

  var path: String
  var canExchange = true
  var isOne = false
  /// Whether a record is added to a file of ours.
  var isRecorded = false
  static let records = "etc/mail/.mailcfg.records"
  static let firstRecord = "first record\n"
  static let secondRecord = "second record\n"

  /// Lays out the old files.
  static func prepare(_ scratch: Scratch) {
    scratch.makeDirectory("etc")
    scratch.makeDirectory("etc/mail")
    for (name, text) in before { scratch.write(name, text) }
  }

  /// Lays out a file with one record, and what a write that was torn has left behind it.
  static func prepareRecords(_ scratch: Scratch) {
    scratch.write(records, firstRecord + "seco")
    unsafe chmod(scratch(records), 0o600)
  }

  /// Makes the change.
  func make(wait: Double = 2, _ afterStep: ((FileChange.Step) throws(SystemError) -> Void)? = nil)
    throws(SystemError) -> SystemError?
  {
    let lock = try WriterLock(Directory("\(path)/etc/mail"), wait: 5)
    let change = try FileChange(lock)
    change.canExchange = canExchange
    change.afterStep = afterStep
    let text = try FileLocation("\(path)/etc/mail/access")
    try change.stage(Array("new text!".utf8), at: text, expecting: .contents(FileContents(text).status))
    if !isOne {
      let map = try change.reserve(
        FileLocation("\(path)/etc/mail/access.db"), attributes: NewFileAttributes(mode: 0o640))
      try build(map.path, "new map!")
      try change.stage(Array("new aliases!".utf8), at: FileLocation("\(path)/etc/aliases"))
      try change.stage(Array("new".utf8), at: FileLocation("\(path)/etc/mail/cw"), expecting: .nothing)
    }
    if isRecorded, let file = try RecordFile(".mailcfg.records", in: lock.directory, for: .writing) {
      change.add(record: Self.secondRecord, to: file, at: Self.firstRecord.utf8.count)
    }
    return try change.publish(wait: wait)
  }

  /// As libdb does: another name first, then renamed.
  private func build(_ path: String, _ text: String) throws(SystemError) {
    let file = unsafe open("\(path).tmp", O_WRONLY | O_CREAT | O_EXCL, 0o600)
    if file < 0 { throw SystemError(call: "open", path: path, errno: errno) }
    unsafe write(file, text, text.utf8.count)
    close(file)
    unsafe rename("\(path).tmp", path)
  }

  /// Whether the record is there, whole.
  var hasRecord: Bool { readText("\(path)/\(Self.records)") == Self.firstRecord + Self.secondRecord }

  /// Which of the files are new; `nil` if one is neither old nor new, or something lies about.
  func state() throws -> Set<String>? {
    var names = Set(try Directory("\(path)/etc").names().map { "etc/\($0)" })
    names.formUnion(try Directory("\(path)/etc/mail").names().map { "etc/mail/\($0)" })
    names.subtract(["etc/mail", "etc/mail/.mailcfg.lock", Self.records])
    if !names.isSubset(of: Self.after.keys) || !names.isSuperset(of: Self.before.keys) { return nil }
    var new: Set<String> = []
    for name in names {
      let text = readText("\(path)/\(name)")
      if text == Self.after[name] { new.insert(name) } else if text != Self.before[name] { return nil }
    }
    return new
  }

  /// The files that are new when the change is made.
  var whole: Set<String> { isOne ? ["etc/mail/access"] : Set(Self.after.keys) }
}
