package import SendmailConfig
internal import SystemSupport

/// A change as the history has it: who made it, when, how and why, and what it did to the texts.
public struct ChangeRecord: Sendable {
  /// A user of this system.
  public struct User: Sendable, Equatable {
    /// The number; nil where only the name is known.
    public var number: UInt32?
    /// The name; nil where there is none.
    public var name: String?
  }

  /// What a change did to one text.
  public struct TextRecord: Sendable {
    /// The table.
    public internal(set) var table: MailTable
    /// The name of the file in the mail directory, or its absolute path where it is elsewhere.
    public internal(set) var place: String
    /// Whether the change made the file.
    public internal(set) var isNew: Bool
    /// How many lines went.
    public internal(set) var removedLines: Int
    /// How many lines came.
    public internal(set) var addedLines: Int
    /// What it did; nil where that was too much to be kept.
    package internal(set) var patch: TextPatch?
    /// The text that it led to, and the key of the fingerprint.
    var contents: KnownMaps.Contents
    var key: FingerprintKey

    /// What it did as a unified diff, with `***` in the place of passwords (`AuthInfo:`).
    ///
    /// - Parameter path: The file, for the heading; nil for ``place``.
    /// - Returns: The diff; empty where it was too much to be kept.
    public func diff(path: String? = nil) -> [UInt8] { Text.diff(withoutSecrets: diffWithSecrets(path: path)) }

    /// The same with the passwords.
    public func diffWithSecrets(path: String? = nil) -> [UInt8] {
      patch?.unifiedDiff(from: path ?? place, to: path ?? place) ?? []
    }
  }

  /// The number of the change, from 1.
  public internal(set) var id: Int
  /// When it was made: seconds since the beginning of 1970, UTC.
  public internal(set) var time: Int
  /// Who made it: the real user of the process.
  public internal(set) var user: User
  /// Who called sudo for it, as the environment (`SUDO_USER`, `SUDO_UID`) says.
  public internal(set) var sudoUser: User?
  /// The command line, without the program's name and without what is secret; nil for a change by the library.
  public internal(set) var command: [String]?
  /// Why, as ``MailDirectory/change(reason:to:options:_:)`` was told.
  public internal(set) var reason: String?
  /// The change that this one took back; nil if it is none of that kind.
  public internal(set) var undoes: Int?
  /// The change that took this one back, if its effect lasts; nil otherwise.
  public internal(set) var undoneBy: Int?
  /// What it did, text by text.
  public internal(set) var texts: [TextRecord]

  /// Whether what it did is kept, so that it can be taken back; not if it was too much.
  public var isUndoable: Bool { texts.allSatisfy { $0.patch != nil } }
}

/// Why a change is made.
struct ChangeOrigin {
  /// What a caller of the library said.
  var reason: String?
  /// The change that is taken back.
  var undoes: Int?
}

extension ChangeRecord {
  /// How many bytes of lines a record holds at most, context and all.
  static let patchLimit = 512 << 10
  /// How many bytes of a command line, or of a reason.
  static let wordLimit = 4096

  /// A record of a change that is being made now; its number comes later.
  init(_ origin: ChangeOrigin, _ options: MailDirectory.Options, _ texts: [TextRecord]) {
    id = 0
    time = FileTime.now.seconds
    let real = CurrentProcess.realUser
    user = User(number: real, name: Account(user: real)?.name)
    if let sudo = CurrentProcess.environment("SUDO_USER") {
      sudoUser = User(
        number: CurrentProcess.environment("SUDO_UID").flatMap { UInt32($0) }, name: ChangeRecord.cut(sudo))
    }
    command = options.command.map(ChangeRecord.cut)
    reason = origin.reason.map { ChangeRecord.cut(Secrets.masked(word: $0)) }
    undoes = origin.undoes
    self.texts = texts
    // The limit is for all texts together.
    var left = ChangeRecord.patchLimit
    for index in texts.indices {
      let size = texts[index].patch?.hunks.reduce(0) { $0 + $1.lines.reduce(0) { $0 + $1.bytes.bytes.count } } ?? 0
      if size > left { self.texts[index].patch = nil } else { left -= size }
    }
  }

  private static func cut(_ text: String) -> String {
    text.utf8.count <= wordLimit ? text : String(decoding: text.utf8.prefix(wordLimit), as: UTF8.self) + "…"
  }

  private static func cut(_ words: [String]) -> [String] {
    var left = wordLimit
    var result: [String] = []
    for word in words {
      left -= word.utf8.count + 1
      guard left >= 0 else { return result + ["…"] }
      result.append(Secrets.masked(word: word))
    }
    return result
  }
}

extension MailDirectory {
  /// What the history keeps of an edited text.
  func record(
    of text: Text, in table: MailTable, _ file: Opened.File,
    _ new: (contents: KnownMaps.Contents, key: FingerprintKey)
  ) throws(MailDirectoryError) -> ChangeRecord.TextRecord {
    let counts = text.changedLineCounts
    return ChangeRecord.TextRecord(
      table: table, place: try place(of: file), isNew: file.status == nil, removedLines: counts.removed,
      addedLines: counts.added, patch: text.patch(limit: ChangeRecord.patchLimit), contents: new.contents, key: new.key)
  }

  /// The name of a file in the mail directory, or its absolute path.
  func place(of file: Opened.File) throws(MailDirectoryError) -> String {
    let home = try system { () throws(SystemError) in try Directory(path).path }
    return file.place.directory.path == home ? file.place.name : file.place.path
  }
}
