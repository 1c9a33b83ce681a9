internal import BerkeleyDB
internal import Glibc
internal import SendmailConfig

/// Builds a map in a new file.
///
/// Nothing that is there is touched: the file must not exist, and whoever wants to replace a map gives a path beside it,
/// checks the result (``MapComparison``) and exchanges the two.
public struct MapBuilder: Sendable {
  /// The kind of database.
  public var type: MapType
  /// The mode of the file, less the process's umask; makemap(8) gives 0640.
  public var permissions: UInt16
  /// Whether the map is on the disk when it is built.
  ///
  /// libdb waits for the disk three times. Off for whoever does that himself, once, before the map is put to use.
  public var waitsForDisk: Bool

  /// Makes a builder.
  public init(type: MapType = .hash, permissions: UInt16 = 0o640, waitsForDisk: Bool = true) {
    self.type = type
    self.permissions = permissions
    self.waitsForDisk = waitsForDisk
  }

  /// Builds a map that holds exactly what makemap(8) or newaliases(1) would store.
  /// - Parameters:
  ///   - contents: the pairs, after the map's conventions.
  ///   - path: where; there must be nothing. When the build fails, there is nothing again.
  ///   - progress: is called now and then with the number of pairs written, and returns whether to go on.
  /// - Returns: what was counted.
  /// - Throws: ``MapError``: `database` for what libdb or the system says, `unsupportedType`, `cancelled`.
  @discardableResult
  public func build(
    _ contents: MapContents, at path: String, progress: ((_ pairs: Int) -> Bool)? = nil
  ) throws(MapError) -> MapStatistics {
    guard let databaseType = type.databaseType else { throw MapError(.unsupportedType, path: path) }
    let layout = layout(contents)
    let isComplete = try throwingMapError { () throws(BerkeleyDBError) in
      func create() throws(BerkeleyDBError) -> Bool {
        let database = try Database(creating: path, type: databaseType, layout: layout, permissions: permissions)
        return try write(contents, to: database, path: path, progress: progress)
      }
      return try waitsForDisk ? create() : Database.withoutSyncing(create)
    }
    guard isComplete else { throw MapError(.cancelled, path: path) }
    return MapStatistics(contents)
  }

  /// The layout that lets pairs be written in the order of the contents, page after page.
  private func layout(_ contents: MapContents) -> DatabaseLayout {
    var layout = DatabaseLayout(allowsDuplicates: contents.conventions.duplicates == .keepAll)
    // Pages are written one after the other, so few of them need be in memory.
    let size = contents.meanPairSize * contents.entries.count * 2
    if size > 128 << 10 { layout.cacheBytes = min(size + (1 << 20), MapBuilder.largestCache) }
    if type == .hash, contents.buckets > 2 {
      // As many as fit twice: only a page that is really full makes the table grow.
      let factor = max(1, 2 * PageLayout.pageSize / contents.meanPairSize)
      layout.fillFactor = factor
      layout.elements = contents.buckets * factor
    }
    return layout
  }

  /// The largest cache in bytes.
  static let largestCache = 4 << 20

  /// Writes to a new database and closes it; its file is removed when that fails or was stopped.
  /// - Returns: whether all is written.
  private func write(
    _ contents: MapContents, to database: consuming Database, path: String, progress: ((Int) -> Bool)?
  ) throws(BerkeleyDBError) -> Bool {
    var isComplete = false
    defer { if !isComplete { _ = unsafe unlink(path) } }
    var writer = BulkWriter(database, bufferBytes: contents.bulkBufferSize)
    guard try write(contents, to: &writer, progress: progress) else { return false }
    try writer.finish().close()
    isComplete = true
    return true
  }

  /// Writes all pairs.
  /// - Returns: whether all are written: `false` when the caller stopped it.
  private func write(
    _ contents: MapContents, to writer: inout BulkWriter, progress: ((Int) -> Bool)?
  ) throws(BerkeleyDBError) -> Bool {
    // A hash is in its own order already.
    let order = type == .hash ? nil : contents.positionsByKey()
    let terminator: UInt8? = contents.conventions.includesNul ? MapByte.nul : nil
    let entries = contents.entries.span
    let text = contents.arranged.bytes.span
    for position in 0..<entries.count {
      if let progress, position % 128 == 0, !progress(position) { return false }
      let place = order.map { Int($0[position]) } ?? position
      let entry = entries[place]
      let key = text.extracting(entry.key)
      if contents.isMerged(entry.number) {
        try writer.append(key: key, value: contents.value(at: place).span, terminator: terminator)
      } else {
        try writer.append(key: key, value: text.extracting(entry.value), terminator: terminator)
      }
    }
    if contents.conventions.marker {
      let marker = [MapByte.marker]
      try writer.append(key: marker.span, value: marker.span, terminator: terminator)
    }
    if let progress, !progress(entries.count) { return false }
    return true
  }
}

/// What was counted while a map was built.
public struct MapStatistics: Sendable, Hashable {
  /// How many pairs the map holds, the marker included.
  public var stored: Int
  /// How many pairs the text has, those that do not count included.
  public var pairs: Int
  /// The longest value of the text in bytes.
  public var longestValue: Int
  /// The bytes of all keys and values of the text, without NUL.
  public var totalBytes: Int
  /// The keys that the text has more than once.
  public var duplicates: [MapDuplicate]

  /// Counts.
  init(_ contents: MapContents) {
    stored = contents.count
    pairs = contents.pairs.pairs.count
    longestValue = 0
    totalBytes = 0
    duplicates = contents.duplicates
    for pair in contents.pairs.pairs {
      longestValue = max(longestValue, Int(pair.valueLength))
      totalBytes += Int(pair.keyLength) + Int(pair.valueLength)
    }
  }
}
