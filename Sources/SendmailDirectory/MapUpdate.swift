internal import SendmailConfig
internal import SendmailMaps
internal import SystemSupport

/// The maps of one change to a mail directory.
///
/// A map that is known to hold what its text gave before the change (``KnownMaps``) is copied, and told what is new; every
/// other one is built anew. Both are looked into before they are put into place, and what they hold is remembered after.
final class MapUpdate {
  private let locations: TableLocations
  /// Nil where nothing is to be written.
  private let staging: FileChange?
  private let home: Directory
  private let wait: Double
  private let progress: ((_ path: String, _ pairs: Int, _ total: Int) -> Void)?
  private var state: KnownMaps
  /// The contents of new texts.
  private var texts: [MailTable: KnownMaps.Contents] = [:]
  private var amendments: [MailTable: Amendment] = [:]
  private var made: [MailTable: Made] = [:]

  /// A map that is being amended.
  private struct Amendment {
    var staged: StagedFile
    /// The pairs of the keys that the change touches, and of those that stand twice.
    var contents: MapContents
    var record: KnownMaps.Record
    /// How many pairs came, less those that went, and what the map is now; nil where it is to be built anew.
    var work: BackgroundWork<(difference: Int, map: KnownMaps.Contents)?>
  }

  /// A map that will be in place.
  private struct Made {
    var rules: Fingerprint
    var entries: Int
    var twice: Set<[UInt8]>
    var text: KnownMaps.Contents
    var map: BackgroundWork<KnownMaps.Contents?>
  }

  init(
    _ locations: TableLocations, _ staging: FileChange?, in home: Directory, wait: Double,
    progress: ((_ path: String, _ pairs: Int, _ total: Int) -> Void)?
  ) {
    self.locations = locations
    self.staging = staging
    self.home = home
    self.wait = wait
    self.progress = progress
    state = KnownMaps(in: home)
  }

  /// Begins to amend the map of an edited text, if it is known.
  func begin(_ table: MailTable, _ file: MailDirectory.Opened.File, _ tables: MailTables) throws(SystemError) {
    guard let staging, let map = file.location.map, file.status != nil, let record = state.records[table] else {
      return
    }
    let text = tables.text(table)
    let place = try FileLocation(map.path)
    guard let status = try place.status(), status.kind == .regular, status.size == record.map.size,
      record.rules == state.rules(map, tables, table), isText(text, record.text),
      let touched = tables.touchedPairs(table, and: record.twice), touched.keys.count * 8 <= record.entries + 64
    else { return }
    let contents = MapContents(touched.pairs, conventions: map.conventions)
    guard let amendment = MapAmendment(keys: touched.keys, contents: contents) else { return }
    let staged = try staging.reserve(
      place, attributes: NewFileAttributes(mode: 0o640, owner: locations.mapOwner))
    let copy = try staged.beginCopy()
    let (key, path, type) = (state.key, staged.path, map.type)
    amendments[table] = Amendment(
      staged: staged, contents: contents, record: record,
      work: BackgroundWork {
        // What was copied is what counts, not what lies there now.
        guard let (old, new) = copy, let (copied, size) = try? old.copy(to: new, key),
          KnownMaps.Contents(size: size, fingerprint: copied) == record.map,
          let difference = try? amendment.apply(to: path, type: type),
          let (fingerprint, newSize) = try? new.fingerprint(key)
        else { return nil }
        return (difference, KnownMaps.Contents(size: newSize, fingerprint: fingerprint))
      })
  }

  /// Whether a text, as it was read, has some contents.
  private func isText(_ text: Text, _ contents: KnownMaps.Contents) -> Bool {
    text.originalCount == contents.size && original(text) == contents
  }

  private func original(_ text: Text) -> KnownMaps.Contents {
    let bytes = text.buffer.span.extracting(first: text.originalCount)
    return KnownMaps.Contents(size: bytes.count, fingerprint: Fingerprint(bytes, key: state.key))
  }

  /// The contents of a text that was staged, and the key of their fingerprint.
  func newContents(of table: MailTable) -> (contents: KnownMaps.Contents, key: FingerprintKey)? {
    texts[table].map { ($0, state.key) }
  }

  /// Stages an edited text.
  func stage(_ text: Text, of table: MailTable, _ file: MailDirectory.Opened.File) throws(SystemError) {
    guard let staging else { return }
    let (fingerprint, size) = try staging.stage(
      text.runs, of: text.buffer, at: file.place, expecting: file.status.map { .contents($0) } ?? .nothing,
      key: state.key)
    texts[table] = KnownMaps.Contents(size: size, fingerprint: fingerprint)
  }

  /// Sees that the map of a text fits it, or will when the change is published.
  ///
  /// - Returns: Findings about keys that stand twice, and what became of the map; nil where the map is not looked at.
  func finish(
    _ table: MailTable, _ file: MailDirectory.Opened.File, _ tables: MailTables, _ isEdited: Bool,
    _ rebuild: MailDirectory.Rebuild
  ) throws(MailDirectoryError) -> (findings: [Diagnostic], change: MailChange.MapChange)? {
    guard let map = file.location.map else { return nil }
    let rules = state.rules(map, tables, table)
    if let amendment = amendments[table] {
      if let (difference, contents) = amendment.work.result(), let text = texts[table] {
        let entries = amendment.record.entries + difference
        made[table] = Made(
          rules: rules, entries: entries, twice: MapUpdate.twice(amendment.contents), text: text,
          map: BackgroundWork { contents })
        return (
          MailDirectory.duplicates(amendment.contents, in: file.location),
          MailChange.MapChange(table: table, path: map.path, entries: entries, isRebuilt: true, isAmended: true)
        )
      }
      try system { () throws(SystemError) in try amendment.staged.discard() }
    }
    let place = try system { () throws(SystemError) in try FileLocation(map.path) }
    let status = try system { () throws(SystemError) in try place.status() }
    let isOlder = status.map { $0.modified < (file.status?.modified ?? $0.modified) } ?? true
    guard isEdited || (rebuild == .whenOlder ? isOlder : rebuild != .never) else { return nil }
    let text = tables.text(table)
    if !isEdited, rebuild != .always, let record = state.records[table], record.rules == rules,
      let status, status.size == record.map.size, isText(text, record.text), isMap(place, record.map)
    {
      let contents = MapContents(tables.pairs(table, of: record.twice), conventions: map.conventions)
      return (
        MailDirectory.duplicates(contents, in: file.location),
        MailChange.MapChange(table: table, path: map.path, entries: record.entries, isRebuilt: false)
      )
    }
    guard let pairs = tables.pairs(table) else { return nil }
    let contents = MapContents(pairs, conventions: map.conventions)
    let findings = MailDirectory.duplicates(contents, in: file.location)
    if status != nil, rebuild != .always { try map.checkReplaceable(wait: wait) }
    var isUpToDate = false
    if status != nil, !isEdited, rebuild != .always {
      isUpToDate = (try? map.comparison(with: contents, limit: 0))?.isUpToDate ?? false
    }
    let change = MailChange.MapChange(
      table: table, path: map.path, entries: contents.entryCount, isRebuilt: !isUpToDate)
    guard !isUpToDate, let staging else { return (findings, change) }
    let staged = try system { () throws(SystemError) in
      if let amendment = amendments[table] { return amendment.staged }
      return try staging.reserve(place, attributes: NewFileAttributes(mode: 0o640, owner: locations.mapOwner))
    }
    if !isEdited, let status = file.status { staging.keep(text: status) }
    try build(map, contents, at: staged.path)
    let twice = MapUpdate.twice(contents)
    guard twice.count <= KnownMaps.mostTwice, !twice.contains([]) else { return (findings, change) }
    let built = try system { () throws(SystemError) in try staged.openForReading() }
    let key = state.key
    made[table] = Made(
      rules: rules, entries: contents.entryCount, twice: twice, text: texts[table] ?? original(text),
      map: BackgroundWork {
        (try? built.fingerprint(key)).map { KnownMaps.Contents(size: $0.size, fingerprint: $0.0) }
      })
    return (findings, change)
  }

  /// Whether a map has some contents.
  private func isMap(_ place: FileLocation, _ contents: KnownMaps.Contents) -> Bool {
    guard let (fingerprint, size) = try? place.open().fingerprint(state.key) else { return false }
    return KnownMaps.Contents(size: size, fingerprint: fingerprint) == contents
  }

  /// Builds a map.
  private func build(
    _ map: TableLocation.MapLocation, _ contents: MapContents, at path: String
  ) throws(MailDirectoryError) {
    do throws(MapError) {
      // The file waits for the disk once, when it is sealed.
      try MapBuilder(type: map.type, waitsForDisk: false, growsAsMakemap: true).build(contents, at: path) {
        [progress] pairs in
        progress?(map.path, pairs, contents.entryCount)
        return true
      }
    } catch {
      throw MailDirectoryError(error, map: map.path)
    }
  }

  /// The keys, as stored, that a text has more than once.
  private static func twice(_ contents: MapContents) -> Set<[UInt8]> {
    let folds = contents.conventions.foldsCase
    return Set(
      contents.duplicates.map { duplicate in
        let key = contents.pairs.key(contents.pairs.pairs[Int(duplicate.counted)])
        return folds ? key.map(ASCII.lowercased) : Array(key)
      })
  }

  /// Writes down what is in place now.
  func remember() {
    guard !made.isEmpty else { return }
    for (table, made) in made {
      state.records[table] = nil
      guard made.twice.count <= KnownMaps.mostTwice, !made.twice.contains([]), let map = made.map.result() else {
        continue
      }
      state.records[table] = KnownMaps.Record(
        rules: made.rules, text: made.text, map: map, entries: made.entries, twice: made.twice)
    }
    state.write(in: home)
  }

  private func system<Result>(_ body: () throws(SystemError) -> Result) throws(MailDirectoryError) -> Result {
    do { return try body() } catch { throw MailDirectoryError(error) }
  }
}

extension MailTables {
  /// The pairs of a table that edits touch, and those of further keys; nil for a class file.
  fileprivate func touchedPairs(_ table: MailTable, and others: Set<[UInt8]>) -> TouchedPairs? {
    let others = MailTables.folded(others)
    return switch table {
    case .access: access.table.touchedPairs(and: others)
    case .virtmap: virtualUsers.table.touchedPairs(and: others)
    case .alias: aliases.touchedPairs(and: others)
    case .host: nil
    }
  }

  /// The pairs of a table with some keys.
  fileprivate func pairs(_ table: MailTable, of keys: Set<[UInt8]>) -> MapPairs {
    guard !keys.isEmpty else { return MapPairs() }
    let keys = MailTables.folded(keys)
    return switch table {
    case .access: access.table.pairs(of: keys)
    case .virtmap: virtualUsers.table.pairs(of: keys)
    case .alias: aliases.pairs(of: keys)
    case .host: MapPairs()
    }
  }

  private static func folded(_ keys: Set<[UInt8]>) -> Set<[UInt8]> {
    Set(keys.map { key in key.map(ASCII.lowercased) })
  }
}
