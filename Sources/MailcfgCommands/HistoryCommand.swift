internal import ArgumentParser
internal import Glibc
internal import SendmailConfig
internal import SendmailDirectory

/// `mailcfg history`: the changes that were made.
struct HistoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Lists the changes that were made, the last one first: who, when, how.",
    discussion: """
      Times are local (TZ), in JSON UTC. With the number of a change, or with -v, its lines are shown as a unified diff. \
      Only root and the owner of the mail directory can read the history.

      EXAMPLES
        mailcfg history --limit 10
        mailcfg history 12
        mailcfg undo 12
      """)

  @Argument(help: ArgumentHelp("The number of a change, to see all of it.", valueName: "id"))
  var id: Int?
  @Option(help: ArgumentHelp("List the last changes only.", valueName: "count"))
  var limit: Int?
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard limit ?? 1 > 0 else { throw ValidationError("--limit takes a number from 1") }
  }

  func run() throws {
    try Output.run(options) { output in
      let directory = try options.directory()
      let all = try directory.history()
      var records = Array(all.reversed())
      if let id {
        records.removeAll { $0.id != id }
        if records.isEmpty { throw MailDirectoryError.noChange(id, in: all) }
      }
      records = Array(records.prefix(limit ?? .max))
      if options.json {
        return try output.json(
          HistoryReport(changes: records.map { HistoryReport.Change($0, in: directory, options.showSecrets) }))
      }
      if records.isEmpty { output.note("\(directory.path): no change has been made by mailcfg so far") }
      for record in records {
        if id != nil || options.verbose {
          output.tellAll(record, in: directory)
        } else {
          output.result("\(record.id)  \(record.localTime)  \(record.who)  \(record.what)\(record.note)")
        }
      }
    }
  }
}

/// The history, as `--json` prints it.
struct HistoryReport: Encodable {
  struct User: Encodable {
    var name: String?
    var number: UInt32?

    init(_ user: ChangeRecord.User) {
      name = user.name
      number = user.number
    }
  }

  struct TextChange: Encodable {
    var table: String
    var file: String
    var added: Int
    var removed: Int
    var diff: String?
  }

  struct Change: Encodable {
    var id: Int
    var time: String
    var user: User
    var sudoUser: User?
    var command: [String]?
    var reason: String?
    var undoes: Int?
    var undoneBy: Int?
    var undoable: Bool
    var texts: [TextChange]

    init(_ record: ChangeRecord, in directory: MailDirectory, _ showsSecrets: Bool) {
      id = record.id
      time = record.universalTime
      user = User(record.user)
      sudoUser = record.sudoUser.map(User.init)
      command = record.command
      reason = record.reason
      undoes = record.undoes
      undoneBy = record.undoneBy
      undoable = record.isUndoable
      texts = record.texts.map { text in
        let path = directory.path(of: text)
        let diff = showsSecrets ? text.diffWithSecrets(path: path) : text.diff(path: path)
        return TextChange(
          table: text.table.rawValue, file: path, added: text.addedLines, removed: text.removedLines,
          diff: diff.isEmpty ? nil : String(decoding: diff, as: UTF8.self))
      }
    }
  }

  var version = 1
  var changes: [Change]
}

extension Output {
  /// Prints everything about a change.
  fileprivate func tellAll(_ record: ChangeRecord, in directory: MailDirectory) {
    result("change \(record.id)\(record.note)")
    result("  when: \(record.localTime)")
    result("  who:  \(record.who)")
    result("  what: \(record.what)")
    if let reason = record.reason, record.command != nil { result("  why:  \(ByteString(reason).escaped)") }
    for text in record.texts {
      let path = directory.path(of: text)
      if text.isNew { result("  \(path): made") }
      guard record.isUndoable else {
        result("  \(path): \(text.addedLines) lines added, \(text.removedLines) removed: too many to be kept")
        continue
      }
      result(options.showSecrets ? text.diffWithSecrets(path: path) : text.diff(path: path))
    }
  }
}

extension MailDirectory {
  /// The path of a text that a change was made to.
  fileprivate func path(of text: ChangeRecord.TextRecord) -> String {
    text.place.hasPrefix("/") ? text.place : "\(path)/\(text.place)"
  }
}

extension ChangeRecord {
  /// The user, and who called sudo.
  fileprivate var who: String {
    func name(_ user: User) -> String {
      ByteString(user.name ?? user.number.map { "user \($0)" } ?? "?").escaped
    }
    return name(user) + (sudoUser.map { " (\(name($0)))" } ?? "")
  }

  /// The command line, or why.
  fileprivate var what: String {
    if let command { return ByteString(command.shellWords).escaped }
    return reason.map { ByteString($0).escaped } ?? "(a program)"
  }

  /// What is to be said behind it.
  fileprivate var note: String {
    let notes = [undoes.map { "undoes \($0)" }, undoneBy.map { "undone by \($0)" }].compactMap { $0 }
    return notes.isEmpty ? "" : "  (\(notes.joined(separator: ", ")))"
  }

  fileprivate var localTime: String {
    var (moment, parts) = unsafe (time_t(time), tm())
    return unsafe localtime_r(&moment, &parts) == nil ? "\(time)" : formatted(parts, "%Y-%m-%d %H:%M:%S")
  }

  fileprivate var universalTime: String {
    var (moment, parts) = unsafe (time_t(time), tm())
    return unsafe gmtime_r(&moment, &parts) == nil ? "\(time)" : formatted(parts, "%Y-%m-%dT%H:%M:%SZ")
  }

  private func formatted(_ parts: tm, _ format: String) -> String {
    var parts = unsafe parts
    var buffer = [CChar](repeating: 0, count: 64)
    let count = unsafe strftime(&buffer, buffer.count, format, &parts)
    return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
