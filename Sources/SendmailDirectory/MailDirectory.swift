internal import Glibc
internal import SendmailConfig
internal import SendmailMaps
internal import SystemSupport

/// A mail directory such as `/etc/mail` as one thing: its tables and their maps, found, read and changed.
///
/// ```swift
/// let mail = try MailDirectory("/etc/mail")
/// let change = try mail.change(reason: "ticket 4711") { tables in
///   try tables.access.allowRelay(from: "203.0.113.25", note: "ACME Exchange")
///   try tables.aliases.add("sales", to: ["anna", "bernd"])
/// }
/// print(change.diff)
/// ```
/// A change is made as a whole: new texts and new maps are written beside the old ones, read back and compared, brought to
/// the disk and exchanged in one step; a running sendmail opens the new maps at its next look-up. Whatever fails or kills the
/// program on the way, everything is as before, or the next change completes it.
public struct MailDirectory: Sendable {
  /// The path as it was given.
  public let path: String
  let locations: TableLocations

  /// How a change is made.
  public struct Options: Sendable {
    /// For how many seconds to wait for other programs' locks.
    public var wait: Double
    /// Whether only to say what would change.
    public var isDryRun: Bool
    /// Whether the maps of changed texts are built.
    public var buildsMaps: Bool
    /// Whether the map of a text that needed no change is built too, where it is older than the text and differs from it.
    ///
    /// What was asked for is then so for sendmail as well.
    public var buildsOlderMaps: Bool
    /// The command line for the history, the program's name left out, as should be what is secret.
    public var command: [String]?
    /// Is called now and then while a map is built: its path, how many pairs are written, and how many there are.
    public var progress: (@Sendable (_ path: String, _ pairs: Int, _ total: Int) -> Void)?

    /// Makes options.
    public init(
      wait: Double = 10, isDryRun: Bool = false, buildsMaps: Bool = true, buildsOlderMaps: Bool = true
    ) {
      self.wait = wait
      self.isDryRun = isDryRun
      self.buildsMaps = buildsMaps
      self.buildsOlderMaps = buildsOlderMaps
    }
  }

  /// Finds a mail directory.
  ///
  /// - Parameters:
  ///   - path: The directory.
  ///   - configuration: The sendmail.cf that says where tables are; nil for the directory's own, if it has one.
  /// - Throws: ``MailDirectoryError`` where the directory or the configuration is not there or cannot be read.
  public init(_ path: String = "/etc/mail", configuration: String? = nil) throws(MailDirectoryError) {
    self.path = path
    locations = try TableLocations(directory: path, configurationPath: configuration)
  }

  /// The path of the sendmail.cf that decides where tables are; nil where there is none.
  public var configurationPath: String? { locations.configurationPath }

  /// What messages call sendmail.cf: its path, or `sendmail.cf` where there is none.
  public var configurationName: String { locations.configurationName }

  /// The path of a table's text; where the configuration has no such table, where it would usually be.
  public func path(of table: MailTable) -> String {
    (try? locations.location(of: table))?.path ?? "\(path)/\(table.fileNames[0])"
  }

  /// The path of a table's map; empty for class files.
  public func mapPath(of table: MailTable) -> String { (try? locations.location(of: table))?.map?.path ?? "" }

  /// The tables that have a map, and a text or a map here.
  ///
  /// A map whose text is gone counts: whoever goes through them is told.
  ///
  /// - Throws: ``MailDirectoryError`` where it cannot be told of one of them.
  public var tablesWithMaps: [MailTable] {
    get throws(MailDirectoryError) {
      try tables { (location) throws(MailDirectoryError) in
        guard let map = location.map else { return false }
        if try locations.isThere(location.path) { return true }
        return try locations.isThere(map.path)
      }
    }
  }

  /// That no table is there, with the paths where they were looked for.
  func noTables(_ remedy: String = "mailcfg init makes empty ones") -> MailDirectoryError {
    let places = MailTable.allCases.compactMap { (try? locations.location(of: $0))?.path }
    if places.isEmpty, let configurationPath {
      return MailDirectoryError(
        .configuration, "\(configurationPath): none of sendmail's tables is named in it; is it a sendmail.cf?")
    }
    return MailDirectoryError(
      .missing, "\(path): there is none of sendmail's tables (\(places.joined(separator: ", "))); \(remedy)")
  }

  /// The tables that can be read, or made: those whose place is known, and whose map has a text.
  private var openableTables: [MailTable] {
    get throws(MailDirectoryError) {
      try tables { (location) throws(MailDirectoryError) in
        guard let map = location.map else { return true }
        if try locations.isThere(location.path) { return true }
        return try !locations.isThere(map.path)
      }
    }
  }

  /// The tables whose text is here.
  var presentTables: [MailTable] {
    get throws(MailDirectoryError) {
      try tables { (location) throws(MailDirectoryError) in try locations.isThere(location.path) }
    }
  }

  /// The tables whose place is known, and is as it is wanted.
  func tables(
    where isWanted: (TableLocation) throws(MailDirectoryError) -> Bool
  ) throws(MailDirectoryError) -> [MailTable] {
    var tables: [MailTable] = []
    for table in MailTable.allCases {
      if let location = try locations.knownLocation(of: table), try isWanted(location) { tables.append(table) }
    }
    return tables
  }

  /// Reads tables, without a lock: each text is one that was whole at some moment.
  ///
  /// - Throws: ``MailDirectoryError`` where one is not there or cannot be read.
  public func read(_ tables: Set<MailTable>) throws(MailDirectoryError) -> MailTables {
    try open(tables, mayBeMissing: false).tables
  }

  /// Changes tables and their maps, all or nothing.
  ///
  /// - Parameters:
  ///   - reason: Why, for the ``history()``. Keep passwords out of it.
  ///   - tables: The tables that `body` may change; nil for all. One that is not there yet is made by its first entry.
  ///   - options: How.
  ///   - body: Makes the change to the texts.
  /// - Returns: What was changed; nothing where the texts said so already and their maps agree.
  /// - Throws: ``MailDirectoryError``, for the refusal of an edit too, or what else `body` throws; nothing has changed then.
  @discardableResult
  public func change(
    reason: String? = nil, to tables: Set<MailTable>? = nil, options: Options = Options(),
    _ body: (inout MailTables) throws -> Void
  ) throws -> MailChange {
    var foreign: (any Error)?
    do {
      let rebuild: Rebuild = options.buildsOlderMaps ? .whenOlder : .never
      let origin = ChangeOrigin(reason: reason)
      return try transact(tables ?? Set(openableTables), options, rebuild: rebuild, origin: origin) {
        (tables) throws(EditError) in
        do {
          try body(&tables)
        } catch let error as EditError {
          throw error
        } catch {
          foreign = error
          throw EditError(EditError.Code(rawValue: "stopped"), "the change was stopped")
        }
      }
    } catch {
      throw foreign ?? error
    }
  }

  /// Completes, or takes back, a change that an earlier run had not finished when it was killed.
  ///
  /// Every change does this first; those who only read call it to read what is meant to be there.
  ///
  /// - Parameter wait: For how many seconds to wait for others' locks.
  /// - Returns: What was done, for a person; empty where there was nothing to do.
  /// - Throws: ``MailDirectoryError`` where it cannot be done now, or not by this user.
  public func recover(wait: Double = 10) throws(MailDirectoryError) -> [String] {
    let recovery = try system { () throws(SystemError) -> Recovery? in
      guard try WriterLock.needsRecovery(Directory(path)) else { return nil }
      return try WriterLock(Directory(path), wait: wait).recover(wait: wait)
    }
    return recovery.map(MailDirectory.notices) ?? []
  }

  /// Brings maps up to date with their texts, by content.
  ///
  /// - Parameters:
  ///   - tables: The tables; nil for all that are here and have a map.
  ///   - force: Whether to rebuild also what agrees, and to replace a file that is no map.
  ///   - options: How.
  /// - Throws: ``MailDirectoryError``; nothing has changed then.
  @discardableResult
  public func build(
    _ tables: Set<MailTable>? = nil, force: Bool = false, options: Options = Options()
  ) throws(MailDirectoryError) -> MailChange {
    for table in tables ?? [] where try locations.location(of: table).map == nil {
      throw MailDirectoryError(
        .usage, "\(path(of: table)): a class file has no map; sendmail reads it when it starts")
    }
    let tables = if let tables { tables } else { Set(try tablesWithMaps) }
    guard !tables.isEmpty else {
      if try presentTables.isEmpty { throw noTables() }
      throw MailDirectoryError(.missing, "\(path): there is no table with a map here; mailcfg init makes empty ones")
    }
    return try transact(tables, options, rebuild: force ? .always : .whenDifferent, mayBeMissing: false) { _ in }
  }
}

extension MailDirectory {
  /// Which maps of unchanged texts are built.
  enum Rebuild {
    /// None.
    case never
    /// One that is older than its text or not there, and differs from it.
    case whenOlder
    /// One that differs from its text.
    case whenDifferent
    /// Every one, whatever lies in its place.
    case always
  }

  /// Tables as read, with what is needed to write them.
  struct Opened {
    var tables = MailTables()
    var files: [MailTable: File] = [:]

    struct File {
      var location: TableLocation
      var place: FileLocation
      var status: FileStatus?
    }
  }

  /// Reads tables and notes what was read.
  func open(_ tables: Set<MailTable>, mayBeMissing: Bool) throws(MailDirectoryError) -> Opened {
    var opened = Opened()
    for table in tables.sorted() {
      let location = try locations.location(of: table)
      do throws(SystemError) {
        let place = try FileLocation(location.path)
        guard try place.status() != nil || !mayBeMissing else {
          // A new text would be built over whatever the map still holds.
          if let map = location.map, try FileLocation.isThere(map.path) {
            throw SystemError(call: "open", path: location.path, errno: ENOENT)
          }
          opened.files[table] = Opened.File(location: location, place: place, status: nil)
          opened.tables.set(table, [], location, locations)
          continue
        }
        let contents = try FileContents(place)
        opened.files[table] = Opened.File(location: location, place: place, status: contents.status)
        opened.tables.set(table, contents.bytes, location, locations)
      } catch {
        var failure = MailDirectoryError(error)
        if error.isMissing {
          let orphan = location.map.map(\.path).flatMap { locations.mayBeThere($0) ? $0 : nil }
          failure.message =
            orphan.map {
              "\(location.path): the text is gone, but \($0) is still there: bring it back, or remove the map"
            }
            ?? "\(location.path): there is no such file; mailcfg init makes empty tables"
        }
        throw failure
      }
    }
    return opened
  }

  /// Makes a change.
  ///
  /// - Parameters:
  ///   - origin: Why it is made, for the history; nil where it is to have no record.
  func transact(
    _ tables: Set<MailTable>, _ options: Options, rebuild: Rebuild, needsTable: Bool = true,
    mayBeMissing: Bool = true, origin: ChangeOrigin? = nil, _ body: (inout MailTables) throws(EditError) -> Void
  ) throws(MailDirectoryError) -> MailChange {
    var (change, isWrittenTo) = try transactOnce(
      tables, options, rebuild: rebuild, needsTable: needsTable, mayBeMissing: mayBeMissing, origin: origin, body)
    if isWrittenTo { buildEmptied(&change, options) }
    return change
  }

  /// Makes a change; tells too whether somebody has written to a new file since.
  func transactOnce(
    _ tables: Set<MailTable>, _ options: Options, rebuild: Rebuild, needsTable: Bool = true,
    mayBeMissing: Bool = true, origin: ChangeOrigin? = nil, _ body: (inout MailTables) throws(EditError) -> Void
  ) throws(MailDirectoryError) -> (MailChange, isWrittenTo: Bool) {
    // A configuration that does not fit is the better reason.
    for table in tables { _ = try locations.location(of: table) }
    // Without one table of the kind this is hardly a mail directory; rather ask than make files in it. That it cannot be told
    // of one that is not asked for is no reason.
    guard !needsTable || (try? presentTables)?.isEmpty != true else {
      throw noTables("mailcfg --mail-dir DIR names another directory, mailcfg init makes empty tables")
    }
    var change = MailChange()
    let lock =
      options.isDryRun
      ? nil
      : try system { () throws(SystemError) in
        try WriterLock(Directory(path), wait: options.wait)
      }
    defer { withExtendedLifetime(lock) {} }
    let recovery = try system { () throws(SystemError) in try lock?.recover(wait: options.wait) }
    if let recovery { change.notices += MailDirectory.notices(recovery) }
    if let lock { FileReplacement.removeLeftovers(in: lock.directory) }

    var opened = try open(tables, mayBeMissing: mayBeMissing)
    do throws(EditError) { try body(&opened.tables) } catch { throw MailDirectoryError(error) }
    for table in MailTable.allCases where opened.files[table] == nil && opened.tables.text(table).isEdited {
      // Why it was not opened, if that is why; else it was not asked for.
      _ = try open([table], mayBeMissing: true)
      throw MailDirectoryError(.usage, "\(self.path(of: table)): the change was announced for other tables only")
    }
    let staging = try system { () throws(SystemError) in
      try lock.map { lock throws(SystemError) in try FileChange(lock) }
    }
    let maps = try system { () throws(SystemError) in
      try MapUpdate(locations, staging, in: Directory(path), wait: options.wait, progress: options.progress)
    }
    var records: [ChangeRecord.TextRecord] = []
    for (table, file) in opened.files.sorted(by: { $0.key < $1.key }) {
      let text = opened.tables.text(table)
      let isEdited = text.isChanged
      if isEdited {
        // The map is copied while the text is written and looked through.
        try system { () throws(SystemError) in
          if options.buildsMaps { try maps.begin(table, file, opened.tables) }
          try maps.stage(text, of: table, file)
        }
        change.texts.append(
          MailChange.TextChange(
            table: table, path: file.location.path, isNew: file.status == nil, changes: text.changes,
            diffWithSecrets: text.unifiedDiff(from: file.location.path, to: file.location.path)))
        if origin != nil, let contents = maps.newContents(of: table) {
          records.append(try record(of: text, in: table, file, contents))
        }
      }
      change.findings += opened.tables.diagnostics(table).map { (file.location.path, $0) }
      guard options.buildsMaps, isEdited || file.status != nil,
        let (findings, mapChange) = try maps.finish(table, file, opened.tables, isEdited, rebuild)
      else { continue }
      change.findings += findings.map { (file.location.path, $0) }
      change.maps.append(mapChange)
    }
    change.findings.sort { ($0.path, $0.finding.line) < ($1.path, $1.finding.line) }
    if change.isChange { try checkSafety(of: change) }
    if change.isChange, let staging {
      if let origin, !records.isEmpty {
        let record = ChangeRecord(origin, options, records)
        let added = try system { () throws(SystemError) in
          try HistoryFile(in: Directory(path)).add(record, to: staging)
        }
        switch added {
        case .added(let id): change.id = id
        case .refused(let why): change.unrecordedReason = why
        }
      }
      let leftover = try system { () throws(SystemError) in try staging.publish(wait: options.wait) }
      if let leftover { change.notices.append("\(leftover); the next change removes it") }
      maps.remember()
    }
    return (change, staging?.isWrittenTo ?? false)
  }

  func system<Result>(_ body: () throws(SystemError) -> Result) throws(MailDirectoryError) -> Result {
    do { return try body() } catch { throw MailDirectoryError(error) }
  }
}
