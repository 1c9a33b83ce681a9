internal import Glibc
internal import SendmailConfig
internal import SystemSupport

/// The file that changes are written down in, `.mailcfg.history` in the mail directory (``ChangeRecord``).
///
/// It is bounded: when it has grown to ``mostRecords`` records or ``mostBytes`` bytes, the next change writes it anew with the
/// newest half. A record is added to the file's end when its change takes effect; a new file, or one written anew, is one
/// more file of the change.
struct HistoryFile {
  static let fileName = ".mailcfg.history"
  /// How many records there are at most; half of them are kept.
  static let mostRecords = 2000
  /// How many bytes there are at most; half of them are kept.
  static let mostBytes = 4 << 20
  /// How much is read of a file that somebody else has made longer.
  private static let readLimit = 64 << 20

  private let directory: Directory
  private let path: String

  init(in directory: Directory) {
    self.directory = directory
    path = directory.path(of: Self.fileName)
  }

  // MARK: Reading

  /// All records, the oldest first, with who undid whom; none where there is no history.
  ///
  /// - Throws: ``MailDirectoryError`` where it may not be read, or is not to be trusted.
  func records() throws(MailDirectoryError) -> [ChangeRecord] {
    guard let bytes = try trustedContents(), !bytes.isEmpty else { return [] }
    guard isKnown(bytes) else { throw MailDirectoryError(.badData, unknownReason) }
    var records = ChangeRecord.records(in: bytes).map(\.record)
    var undoneBy: [Int: Int] = [:]
    for index in records.indices.reversed() {
      records[index].undoneBy = undoneBy[records[index].id]
      // What was undone itself undoes nothing.
      if let undone = records[index].undoes, records[index].undoneBy == nil, undoneBy[undone] == nil {
        undoneBy[undone] = records[index].id
      }
    }
    return records
  }

  private func trustedContents() throws(MailDirectoryError) -> [UInt8]? {
    let file: RecordFile
    do throws(SystemError) {
      guard let found = try RecordFile(Self.fileName, in: directory, for: .reading) else { return nil }
      file = found
      if file.isTrusted { return try contents(file) }
    } catch {
      var failure = MailDirectoryError(error)
      if error.isPermission { failure.message = "\(error); only its owner or root can read the history" }
      throw failure
    }
    throw MailDirectoryError(.permission, "\(path) \(distrustReason(file))")
  }

  private func contents(_ file: RecordFile) throws(SystemError) -> [UInt8] {
    try file.read(0..<min(file.size(), Self.readLimit))
  }

  private func distrustReason(_ file: RecordFile) -> String {
    "belongs to user \(file.owner), or others can write to it, and is not trusted; remove it to begin a new history"
  }

  private func isKnown(_ bytes: [UInt8]) -> Bool { bytes.starts(with: ChangeRecord.header.utf8) }

  private var unknownReason: String {
    "\(path) is no history that this version of mailcfg knows; move it away to begin a new one"
  }

  // MARK: Writing

  /// What became of a record.
  enum Added {
    /// It is part of the change, with this number.
    case added(Int)
    /// The change is to be made without it; why.
    case refused(String)
  }

  /// Makes a record part of a change.
  ///
  /// - Throws: What the system says, where that stands in the way of the change as well.
  func add(_ record: ChangeRecord, to change: FileChange) throws(SystemError) -> Added {
    var record = record
    let file: RecordFile?
    do throws(SystemError) {
      file = try RecordFile(Self.fileName, in: directory, for: .writing)
    } catch {
      // Something else in its place is for a person to look at, and in nobody's way.
      guard error.isPermission || error.problem != nil || [EISDIR, ENXIO].contains(error.errno) else {
        throw error
      }
      return refused("\(error)")
    }
    guard let file, try file.size() > 0 else {
      record.id = 1
      try stage(ChangeRecord.header + record.text, in: change)
      return .added(1)
    }
    guard file.isTrusted else { return refused("\(path) \(distrustReason(file))") }
    if let (first, last) = try ends(file) {
      record.id = last + 1
      let text = record.text
      let size = try file.size()
      if size + text.utf8.count <= Self.mostBytes, record.id - first < Self.mostRecords {
        change.add(record: text, to: file, at: size)
        return .added(record.id)
      }
    }
    // It is long enough, or its end is torn.
    let bytes = try contents(file)
    guard isKnown(bytes) else { return refused(unknownReason) }
    let records = ChangeRecord.records(in: bytes)
    record.id = (records.last?.record.id ?? 0) + 1
    var text = ""
    var kept = 0
    for (_, place) in records.reversed() {
      guard kept < Self.mostRecords / 2, text.utf8.count + place.count <= Self.mostBytes / 2 else { break }
      text = String(decoding: bytes[place], as: UTF8.self) + text
      kept += 1
    }
    try stage(ChangeRecord.header + text + record.text, in: change)
    return .added(record.id)
  }

  private func refused(_ why: String) -> Added {
    .refused("\(why); the change is made, but has no record there: mailcfg undo cannot take it back")
  }

  /// Makes a new file part of a change; given, as the lock file, to the owner of the directory where root makes it.
  private func stage(_ text: String, in change: FileChange) throws(SystemError) {
    let home = try directory.descriptor.status()
    let isForeign = CurrentProcess.effectiveUser == 0 && home.owner != 0
    try change.stage(
      Array(text.utf8), at: FileLocation(Self.fileName, in: directory),
      attributes: NewFileAttributes(
        mode: 0o600, owner: isForeign ? home.owner : nil, group: isForeign ? home.group : nil))
  }

  /// The numbers of the first and the last record, by a look at both ends of the file; nil where its end is torn, or it is no
  /// history.
  private func ends(_ file: RecordFile) throws(SystemError) -> (first: Int, last: Int)? {
    let size = try file.size()
    let head = try file.read(0..<min(size, ChangeRecord.header.utf8.count + 64))
    let tail = try file.read(max(0, size - 80)..<size)
    guard head.starts(with: ChangeRecord.header.utf8), tail.last == ASCII.lineFeed,
      let start = tail.dropLast().lastIndex(of: ASCII.lineFeed),
      let end = ChangeRecord.End(tail[(start + 1)...].dropLast())
    else { return nil }
    let position = size - (tail.count - start - 1)
    guard end.length <= position else { return nil }
    let record = try file.read(position - end.length..<position)
    guard record.starts(with: "change \(end.id) ".utf8), RecordText.checksum(record) == end.checksum else { return nil }
    let words = String(decoding: head.dropFirst(ChangeRecord.header.utf8.count), as: UTF8.self).split(separator: " ")
    guard words.count >= 2, words[0] == "change", let first = Int(words[1]) else { return nil }
    return (first, end.id)
  }
}
