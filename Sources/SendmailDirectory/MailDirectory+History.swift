internal import SendmailConfig
internal import SystemSupport

extension MailDirectory {
  /// The changes that were made to the texts, the oldest first.
  ///
  /// At least the last thousand are there, or as many as fill 2 MiB. Maps that were built for an unchanged text, and what
  /// editors and other programs did, are not among them.
  ///
  /// - Throws: ``MailDirectoryError`` where the history may not be read, is not to be trusted or is no history: only the directory's owner
  ///   and root can read it, since it holds what is needed to bring back passwords.
  /// - Complexity: O(*n*) in bytes of the history.
  public func history() throws(MailDirectoryError) -> [ChangeRecord] {
    let home = try system { () throws(SystemError) in try Directory(path) }
    return try HistoryFile(in: home).records()
  }

  /// What ``undo(_:options:)`` did.
  public struct Undo: Sendable {
    /// The change that was to be taken back; nil where there is none that could be.
    public internal(set) var record: ChangeRecord?
    /// What was changed for it; nothing where it had been undone already, or the texts are as before it.
    public internal(set) var change = MailChange()
  }

  /// Takes a change back: its lines become again what they were before it, in texts that may have been edited since, and the
  /// maps are built.
  ///
  /// What other edits did to other lines stays. The lines are found by themselves and the three lines around them, wherever
  /// they stand now; nothing is guessed. Right after the change the texts get back the very bytes that they had. An undo is a
  /// change as any other: undoing it makes the change again.
  ///
  /// - Parameters:
  ///   - id: The number of the change; nil for the last one that neither is undone nor undoes another.
  ///   - options: How.
  /// - Returns: What was done; nothing where the change is undone already, or there is none.
  /// - Throws: ``MailDirectoryError``: ``MailDirectoryError/Code/badData`` where there is no such change, or later edits
  ///   overlap, which ``MailDirectoryError/overlap`` shows. Nothing has changed then.
  @discardableResult
  public func undo(_ id: Int? = nil, options: Options = Options()) throws(MailDirectoryError) -> Undo {
    // Without a lock somebody else may be quicker than we: then once more.
    for _ in 0..<8 {
      let record = try undoable(id, try history())
      guard let record, record.undoneBy == nil else { return Undo(record: record) }
      guard record.isUndoable else {
        throw MailDirectoryError(
          .badData,
          "change \(record.id) cannot be undone: it was too large for its lines to be kept; bring the file back from a backup, "
            + "then mailcfg build")
      }
      if let change = try takeBack(record, id, options) { return Undo(record: record, change: change) }
    }
    throw MailDirectoryError(.locked, "\(path): others keep changing it; try again")
  }

  /// The change that is to be taken back.
  private func undoable(_ id: Int?, _ records: [ChangeRecord]) throws(MailDirectoryError) -> ChangeRecord? {
    guard let id else { return records.last { $0.undoneBy == nil && $0.undoes == nil } }
    if let record = records.first(where: { $0.id == id }) { return record }
    throw MailDirectoryError.noChange(id, in: records)
  }

  /// Takes a change back; nil where another change came between.
  private func takeBack(
    _ record: ChangeRecord, _ id: Int?, _ options: Options
  ) throws(MailDirectoryError) -> MailChange? {
    var failure: MailDirectoryError?
    var isLate = false
    var notices: [String] = []
    do throws(MailDirectoryError) {
      var change = try transact(
        Set(record.texts.map(\.table)), options, rebuild: options.buildsOlderMaps ? .whenOlder : .never,
        origin: ChangeOrigin(undoes: record.id)
      ) { (tables) throws(EditError) in
        do throws(MailDirectoryError) {
          let now = try undoable(id, try history())
          isLate = now?.id != record.id || now?.undoneBy != nil
          guard !isLate else { throw MailDirectoryError(.locked, "") }
          notices = try reverse(record, in: &tables)
        } catch {
          failure = error
          throw EditError(EditError.Code(rawValue: "stopped"), "the change was stopped")
        }
      }
      change.notices += notices
      return change
    } catch {
      if isLate { return nil }
      throw failure ?? error
    }
  }

  /// Takes a change back from texts.
  ///
  /// - Returns: What is to be said of it.
  private func reverse(_ record: ChangeRecord, in tables: inout MailTables) throws(MailDirectoryError) -> [String] {
    var notices: [String] = []
    var overlaps: [UInt8] = []
    var overlapped: [String] = []
    for one in record.texts {
      guard let patch = one.patch else { continue }
      let location = try locations.location(of: one.table)
      let file = try system { () throws(SystemError) in
        Opened.File(location: location, place: try FileLocation(location.path), status: nil)
      }
      guard try place(of: file) == one.place else {
        throw MailDirectoryError(
          .configuration,
          "change \(record.id) was made to \(one.place), and the table \(one.table.rawValue) is \(location.path) now; "
            + "nothing was changed")
      }
      let text = tables.text(one.table)
      let contents = KnownMaps.Contents(
        size: text.originalCount,
        fingerprint: Fingerprint(text.buffer.span.extracting(first: text.originalCount), key: one.key))
      let reversal = PatchReversal(of: patch, from: text, isExact: contents == one.contents)
      guard !reversal.hasOverlap else {
        overlapped.append(location.path)
        overlaps += reversal.overlaps(
          from: "\(location.path) (after change \(record.id))", to: "\(location.path) (now)")
        continue
      }
      let before = tables
      tables.edit(one.table) { reversal.apply(to: &$0) }
      if let (key, line) = outranked(by: reversal, in: one.table, before, tables) {
        throw MailDirectoryError(
          .badData,
          "change \(record.id) cannot be undone: \(location.path):\(line) is what counts for \(key.escaped) by now, and what would "
            + "come back would count in its place. Nothing was changed: remove that entry first, or take the lines back by hand "
            + "(mailcfg history \(record.id)) and run mailcfg build")
      }
      if one.table == .alias {
        let known = Set(deliveries(of: before.aliases))
        notices += deliveries(of: tables.aliases).filter { !known.contains($0) }.map { "\(location.path): \($0) again" }
      }
    }
    guard overlapped.isEmpty else {
      var failure = MailDirectoryError(
        .badData,
        "change \(record.id) cannot be undone: later edits changed the same lines of "
          + "\(overlapped.joined(separator: ", ")), see below. Nothing was changed: undo those first (mailcfg history), or "
          + "take the lines back by hand (mailcfg history \(record.id)) and run mailcfg build")
      failure.overlapWithSecrets = overlaps
      throw failure
    }
    return notices
  }

  /// The first entry that others have made since, and that would not count any more once lines come back which say something else
  /// of its key.
  ///
  /// Texts that are the very ones of the change's end have had all these lines with each other before.
  private func outranked(
    by reversal: PatchReversal, in table: MailTable, _ before: MailTables, _ after: MailTables
  ) -> (key: ByteString, line: Int)? {
    if reversal.isExact { return nil }
    var taken: Set<Int> = []
    var lines: [UInt8] = []
    for case .edit(let range, let replacement) in reversal.outcomes {
      taken.formUnion(range)
      for line in replacement {
        lines += line.bytes
        if line.bytes.last != ASCII.lineFeed { lines.append(ASCII.lineFeed) }
      }
    }
    var found: [(key: ByteString, line: Int)] = []
    switch table {
    case .access, .virtmap:
      func rows(_ tables: MailTables) -> Table { table == .access ? tables.access.table : tables.virtualUsers.table }
      let keys = Set(Table(lines).entries.map(\.key.folded))
      let new = rows(after).firstLines(of: keys)
      for (key, line) in rows(before).firstLines(of: keys) where !taken.contains(line) {
        guard let one = rows(before).entry(at: line), let other = new[key].flatMap(rows(after).entry(at:)),
          one.value != other.value
        else { continue }
        found.append((one.key, one.line))
      }
    case .alias:
      let names = Set(AliasesFile(lines, hosts: before.aliases.hosts).aliases.map(\.name))
      if names.isEmpty { break }
      func counting(_ file: AliasesFile) -> [ByteString: Alias] {
        Dictionary(file.aliases.filter { names.contains($0.name) }.map { ($0.name, $0) }) { $1 }
      }
      let new = counting(after.aliases)
      for (name, one) in counting(before.aliases) where new[name]?.value != one.value {
        if !one.lines.contains(where: { taken.contains($0 - 1) }) { found.append((name, one.lines.lowerBound)) }
      }
    case .host: break
    }
    return found.min { $0.line < $1.line }
  }

  /// The deliveries to programs and files, and the lists of others, that aliases name.
  private func deliveries(of file: AliasesFile) -> [String] {
    file.aliases.flatMap { alias in
      alias.destinations.compactMap { destination -> String? in
        let permissions = destination.permissions
        guard !permissions.isEmpty else { return nil }
        let what =
          permissions.contains(.programs) ? "the program" : permissions.contains(.files) ? "the file" : "the list"
        return "\(alias.name) delivers to \(what) \(ByteString(destination.text).escaped)"
      }
    }
  }
}

extension MailDirectoryError {
  /// There is no change of that number.
  package static func noChange(_ id: Int, in records: [ChangeRecord]) -> MailDirectoryError {
    guard let first = records.first?.id, let last = records.last?.id else {
      return MailDirectoryError(.badData, "there is no change \(id): the history is empty")
    }
    return MailDirectoryError(
      .badData, "there is no change \(id) in the history, which has \(first) to \(last); mailcfg history lists them")
  }
}
