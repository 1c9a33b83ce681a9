internal import BerkeleyDB
internal import Glibc
internal import SendmailConfig

/// Builds a map in a new file, and reads it back.
///
/// Nothing that is there is touched: the file must not exist, and whoever wants to replace a map gives a path beside it, and
/// exchanges the two.
public struct MapBuilder: Sendable {
  /// The kind of database.
  public var type: MapType
  /// The mode of the file, less the process's umask; makemap(8) gives 0640.
  public var permissions: UInt16
  /// Whether the map is on the disk when it is built.
  ///
  /// libdb waits for the disk three times. Off for whoever does that himself, once, before the map is put to use.
  public var waitsForDisk: Bool
  /// Whether a hash of up to ``fewPairs`` is laid out as makemap(8) does it: pair by pair, growing as it goes.
  ///
  /// sendmail notes a map's time after it has let go of the lock under which it read the first page. Where a makemap writes to
  /// the map in between, the session goes on with that page, unaware; it finds all keys nevertheless if the pages are where they
  /// were. This takes longer, so it is for few pairs, and for maps that sendmail and makemap use beside.
  public var growsAsMakemap: Bool

  /// Makes a builder.
  public init(
    type: MapType = .hash, permissions: UInt16 = 0o640, waitsForDisk: Bool = true, growsAsMakemap: Bool = false
  ) {
    self.type = type
    self.permissions = permissions
    self.waitsForDisk = waitsForDisk
    self.growsAsMakemap = growsAsMakemap
  }

  /// Builds a map that holds exactly what makemap(8) or newaliases(1) would store.
  /// - Parameters:
  ///   - contents: the pairs, after the map's conventions.
  ///   - path: where; there must be nothing. When the build fails, there is nothing again.
  ///   - progress: is called now and then with the number of pairs written, and returns whether to go on.
  /// - Returns: what was counted.
  /// - Throws: ``MapError``: `database` for what libdb or the system says, `unsupportedType`, `cancelled`, `readBack`.
  @discardableResult
  public func build(
    _ contents: MapContents, at path: String, progress: ((_ pairs: Int) -> Bool)? = nil
  ) throws(MapError) -> MapStatistics {
    guard let databaseType = type.databaseType else { throw MapError(.unsupportedType, path: path) }
    let isComplete = try throwingMapError { () throws(BerkeleyDBError) in
      if type == .hash, contents.fitsHashPages, !isLaidOutAsByMakemap(contents) {
        return try writePages(contents, at: path, progress: progress)
      }
      func create() throws(BerkeleyDBError) -> Bool {
        let database = try Database(
          creating: path, type: databaseType, layout: layout(contents), permissions: permissions)
        return try write(contents, to: database, path: path, progress: progress)
      }
      return try waitsForDisk ? create() : Database.withoutSyncing(create)
    }
    guard isComplete else { throw MapError(.cancelled, path: path) }
    var agrees = false
    defer { if !agrees { _ = unsafe unlink(path) } }
    agrees = try isReadBack(contents, at: path)
    guard agrees else { throw MapError(.readBack, path: path) }
    return MapStatistics(contents)
  }

  /// Whether libdb reads from a map what it is to hold: all pairs in their order, and some by their keys.
  private func isReadBack(_ contents: MapContents, at path: String) throws(MapError) -> Bool {
    let map = try MapReader(
      path: path, type: type, foldsCase: false, verifies: false, cacheBytes: MapBuilder.readCache)
    guard try MapComparison(contents, with: map, limit: 0).agrees else { return false }
    let end = contents.terminator.map { [$0] } ?? []
    let count = contents.entries.count
    for position in stride(from: 0, to: count, by: max(1, count / MapBuilder.keysLookedUp)) {
      guard let value = try map.storedValue(forKey: contents.key(at: position) + end) else { return false }
      if contents.conventions.duplicates != .keepAll, value != contents.value(at: position) + end { return false }
    }
    return true
  }

  /// The cache for reading back in bytes: each page is wanted once.
  private static let readCache = 64 << 10
  /// How many keys are looked up in a new map: what is laid out wrongly is hardly so in one place.
  private static let keysLookedUp = 8

  // MARK: Page after page

  /// Writes the pages of a hash, each once; the file is removed when that fails or was stopped.
  /// - Returns: whether all is written.
  private func writePages(
    _ contents: MapContents, at path: String, progress: ((Int) -> Bool)?
  ) throws(BerkeleyDBError) -> Bool {
    var writer = try HashFileWriter(creating: path, buckets: contents.buckets, permissions: permissions)
    var isComplete = false
    defer { if !isComplete { _ = unsafe unlink(path) } }
    let terminator = contents.terminator
    let isWritten = try contents.forEachPair(
      in: nil, markerAt: contents.markerPosition, progress
    ) { (key, value, hash) throws(BerkeleyDBError) in
      let bucket = HashFunction.bucket(ofHash: hash, buckets: contents.buckets)
      try writer.append(key: key, value: value, terminator: terminator, bucket: bucket)
    }
    guard isWritten else { return false }
    try writer.finish(waitsForDisk: waitsForDisk)
    isComplete = true
    return true
  }

  // MARK: Through libdb

  /// How many pairs are few.
  public static let fewPairs = 2000

  /// The layout that lets pairs be written in the order of the contents, page after page; or that of makemap.
  private func layout(_ contents: MapContents) -> DatabaseLayout {
    var layout = DatabaseLayout(allowsDuplicates: contents.conventions.duplicates == .keepAll)
    // Pages are written one after the other, so few of them need be in memory.
    let size = contents.meanPairSize * contents.entries.count * 2
    if size > 128 << 10 { layout.cacheBytes = min(size + (1 << 20), MapBuilder.largestCache) }
    if isLaidOutAsByMakemap(contents) {
      // What makemap expects; without a fill factor no bucket is made for it.
      layout.elements = 4096
    } else if type == .hash, contents.buckets > 2 {
      // libdb makes as many buckets as it takes for this many pairs on a page, and more when there are more on one: as many as
      // fit twice, so that only a page that is really full makes the table grow.
      let factor = max(1, 2 * PageLayout.pageSize / contents.meanPairSize)
      layout.fillFactor = factor
      layout.elements = contents.buckets * factor
    }
    return layout
  }

  private func isLaidOutAsByMakemap(_ contents: MapContents) -> Bool {
    type == .hash && growsAsMakemap && contents.entries.count <= MapBuilder.fewPairs
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
    // A hash is in its own order already.
    let order =
      isLaidOutAsByMakemap(contents)
      ? contents.positionsByNumber() : type == .hash ? nil : contents.positionsByKey()
    let terminator = contents.terminator
    let isWritten = try contents.forEachPair(
      in: order, markerAt: contents.entries.count, progress
    ) { (key, value, _) throws(BerkeleyDBError) in
      try writer.append(key: key, value: value, terminator: terminator)
    }
    guard isWritten else { return false }
    try writer.finish().close()
    isComplete = true
    return true
  }
}

extension MapContents {
  /// The byte that is stored behind keys and values.
  fileprivate var terminator: UInt8? { conventions.includesNul ? MapByte.nul : nil }

  /// Whether ``HashFileWriter`` can write these pairs as a hash.
  fileprivate var fitsHashPages: Bool {
    let longest = HashFileWriter.longestKey - (conventions.includesNul ? 1 : 0)
    return conventions.duplicates != .keepAll && entries.allSatisfy { $0.keyLength <= longest }
  }

  /// Before which position of a hash the marker belongs.
  fileprivate var markerPosition: Int {
    let hash = MapContents.hash([MapByte.marker].span, conventions)
    let bucket = HashFunction.bucket(ofHash: hash, buckets: buckets)
    let positions = Int(arranged.bucketStarts[bucket])..<Int(arranged.bucketStarts[bucket + 1])
    return positions.first { !key(at: $0).lexicographicallyPrecedes([MapByte.marker]) } ?? positions.upperBound
  }

  /// Calls `body` with each pair as it is stored, without the terminator, and with its key's hash.
  /// - Parameters:
  ///   - order: the positions in the order in which they are wanted; `nil`: as they are.
  ///   - marker: how many pairs come before the marker, if there is one.
  ///   - progress: is called now and then with the number of pairs, and returns whether to go on.
  /// - Returns: whether all were gone through.
  fileprivate func forEachPair(
    in order: [UInt32]?, markerAt marker: Int, _ progress: ((Int) -> Bool)?,
    _ body: (Span<UInt8>, Span<UInt8>, _ hash: UInt32) throws(BerkeleyDBError) -> Void
  ) throws(BerkeleyDBError) -> Bool {
    let entries = entries.span
    let text = arranged.bytes.span
    func storeMarker() throws(BerkeleyDBError) {
      guard conventions.marker else { return }
      let bytes = [MapByte.marker]
      try body(bytes.span, bytes.span, MapContents.hash(bytes.span, conventions))
    }
    for position in 0..<entries.count {
      if let progress, position % 128 == 0, !progress(position) { return false }
      if position == marker { try storeMarker() }
      let place = order.map { Int($0[position]) } ?? position
      let entry = entries[place]
      let key = text.extracting(entry.key)
      if isMerged(entry.number) {
        try body(key, value(at: place).span, entry.hash)
      } else {
        try body(key, text.extracting(entry.value), entry.hash)
      }
    }
    if marker == entries.count { try storeMarker() }
    return progress?(entries.count) ?? true
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
