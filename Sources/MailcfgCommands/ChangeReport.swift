internal import SendmailConfig
internal import SendmailDirectory

/// What a change did, as `--json` prints it.
struct ChangeReport: Encodable {
  struct Line: Encodable {
    var file: String
    var line: Int
    var action: String
    var before: String?
    var after: String?
  }

  struct Map: Encodable {
    var file: String
    var entries: Int
    var rebuilt: Bool
  }

  var version = 1
  var changed: Bool
  var dryRun: Bool
  var id: Int?
  var changes: [Line]
  var maps: [Map]
  var findings: [Finding]
}

/// A finding, as `--json` prints it.
struct Finding: Encodable {
  var code: String
  var severity: String
  var file: String
  var line: Int
  var column: Int
  var message: String
  var remedy: String
  var fixable = false

  init(_ finding: Diagnostic, file: String) {
    code = finding.code.rawValue
    severity = finding.severity.rawValue
    self.file = file
    line = finding.line
    column = finding.column
    message = finding.message
    remedy = finding.remedy
  }
}

/// What a command has to say of a change beside the change itself.
struct Remarks {
  /// The path of the table.
  let path: String
  /// What to say where the text says so already.
  var unchanged: [String] = []
  /// What stands in the way of what was asked for.
  var warnings: [Diagnostic] = []
}

extension Output {
  /// Makes a change to one table and reports it.
  ///
  /// - Parameters:
  ///   - table: The table.
  ///   - reason: Why.
  ///   - secrets: The words of the command line that the history is not to keep.
  ///   - buildsOlderMaps: See ``MailDirectory/Options``.
  ///   - edit: Makes the change to the text, and says what is to be said of it.
  /// - Returns: The directory and what changed in it.
  @discardableResult
  func change(
    _ table: MailTable, reason: String? = nil, hiding secrets: [String] = [], buildsOlderMaps: Bool = true,
    _ edit: (inout MailTables, inout Remarks) throws(EditError) -> Void
  ) throws -> (directory: MailDirectory, change: MailChange) {
    let directory = try options.directory()
    var remarks = Remarks(path: directory.path(of: table))
    var changeOptions = options.changeOptions
    changeOptions.buildsOlderMaps = buildsOlderMaps
    if !secrets.isEmpty { changeOptions.command = GlobalOptions.commandLine(hiding: secrets) }
    let change = try directory.change(reason: reason, to: [table], options: changeOptions) {
      (tables) throws(EditError) in try edit(&tables, &remarks)
    }
    try report(change, remarks)
    return (directory, change)
  }

  /// How many changed lines of a text are told without `--verbose`.
  private static let lineLimit = 24

  /// Prints what a change did.
  ///
  /// - Parameters:
  ///   - change: The change.
  ///   - remarks: What the command itself has to say.
  ///   - allFindings: Whether to tell all that is wrong in the files.
  func report(_ change: MailChange, _ remarks: Remarks = Remarks(path: ""), allFindings: Bool = false) throws {
    for notice in change.notices { note(notice) }
    // About the very change, as the warnings below are.
    if let why = change.unrecordedReason { note(why, always: true) }
    if options.json {
      let findings =
        remarks.warnings.map { Finding($0, file: remarks.path) }
        + change.findings.map { Finding($0.finding, file: $0.path) }
      try json(
        ChangeReport(
          changed: change.isChange, dryRun: options.dryRun, id: change.id,
          changes: change.texts.flatMap { text in
            text.changes.map { line in
              ChangeReport.Line(
                file: text.path, line: line.line, action: line.action.rawValue,
                before: line.before.map { shown($0).description }, after: line.after.map { shown($0).description })
            }
          },
          maps: change.maps.map { ChangeReport.Map(file: $0.path, entries: $0.entries, rebuilt: $0.isRebuilt) },
          findings: findings))
      return
    }
    // These are about what was asked for: a client that relays on is worth a word even where quiet is wanted.
    for warning in remarks.warnings { finding(warning, path: remarks.path, always: true) }
    if allFindings || options.verbose && !options.quiet {
      for (path, finding) in change.findings { self.finding(finding, path: path) }
    } else if !options.quiet {
      tellErrors(change.findings)
    }
    if options.dryRun {
      for text in change.texts { result(options.showSecrets ? text.diffWithSecrets : text.diff) }
    }
    guard !options.quiet else { return }
    if !options.dryRun {
      for text in change.texts { tell(text) }
    }
    for line in remarks.unchanged { result(ByteString(masked(line)).escaped) }
    for map in change.maps where map.isRebuilt {
      result("\(map.path): \(options.dryRun ? "would be rebuilt" : "rebuilt"), \(Output.entries(map.entries))")
    }
  }

  private func tell(_ text: MailChange.TextChange) {
    if text.isNew { result("\(text.path): made") }
    func isComment(_ change: LineChange) -> Bool {
      (change.after ?? change.before)?.bytes.first.map { $0 == ASCII.numberSign } ?? true
    }
    // Comments are told where nothing else changed.
    let changes = text.changes
    let entries = options.verbose ? changes : changes.filter { !isComment($0) }
    let told = entries.isEmpty && !text.isNew ? changes : entries
    let shownCount = options.verbose ? told.count : min(told.count, Output.lineLimit)
    for change in told.prefix(shownCount) {
      let line = shown(change.after ?? change.before ?? "")
      var told = "\(text.path):\(change.line): \(change.action.rawValue)  \(Output.spread(line))"
      if change.action == .replaced, let before = change.before { told += "  (was \(Output.spread(shown(before))))" }
      result(told)
    }
    if shownCount < told.count { result("\(text.path): \(told.count - shownCount) more lines; -v tells them all") }
  }

  /// On the way to another entry only what costs an entry is worth a word.
  private func tellErrors(_ findings: [(path: String, finding: Diagnostic)]) {
    let errors = Dictionary(grouping: findings.filter { $0.finding.severity == .error }, by: \.path)
    for (path, found) in errors.sorted(by: { $0.key < $1.key }) {
      self.findings(found.map(\.finding), path: path, hint: "mailcfg build tells them all")
    }
  }

  /// A line of a table, for output: without the password that it may hold.
  func shown(_ line: ByteString) -> ByteString { options.showSecrets ? line : Secrets.masked(line: line) }

  /// What is written behind something else in a line.
  func shownNote(_ note: ByteString) -> ByteString {
    ByteString(shown(ByteString([ASCII.space] + note.bytes)).bytes.dropFirst())
  }

  /// How many entries, in words.
  static func entries(_ count: Int) -> String { count == 1 ? "1 entry" : "\(count) entries" }

  /// A line with two blanks where tabs or blanks separate its key from its value.
  static func spread(_ line: ByteString) -> String {
    guard let start = line.bytes.firstIndex(where: ASCII.isBlank), start > 0, line.bytes[0] != ASCII.numberSign else {
      return line.escaped
    }
    let rest = line.bytes[start...].drop(while: ASCII.isBlank)
    return "\(ByteString(line.bytes[..<start]).escaped)  \(ByteString(rest).escaped)"
  }
}
