public import SendmailConfig
public import SendmailMaps
internal import SystemSupport

/// A table of a mail directory and the state of its map.
public struct TableStatus: Sendable {
  /// The table.
  public var table: MailTable
  /// The path of the text.
  public var path: String
  /// The path of the map; nil for a class file.
  public var mapPath: String?
  /// The type of the map: `hash` or `btree`.
  public var mapType: String?
  /// How many entries the text gives to its map; for a class file its words.
  public var entries: Int
  /// Whether the map holds what the text says; true for a class file, nil where it cannot be told.
  public var agrees: Bool?
  /// Why not.
  public var reason: String?
}

/// The map of a table, open for look-ups; not for use from several threads at a time.
public final class OpenMap {
  private var lookup: MapLookup

  init(_ lookup: consuming MapLookup) { self.lookup = lookup }

  /// Looks many keys up, as sendmail does, in the map that is in its place now.
  ///
  /// - Parameters:
  ///   - bytes: The bytes of all keys.
  ///   - keys: Where each key is in them.
  ///   - answer: Is called for each key, in their order, with its number and its value; nil where there is none.
  /// - Throws: ``MailDirectoryError`` where the map cannot be read; nothing was answered then.
  public func lookUp(
    _ bytes: Span<UInt8>, keys: [Range<Int>], _ answer: (_ number: Int, _ value: Span<UInt8>?) -> Void
  ) throws(MailDirectoryError) {
    do throws(MapError) {
      try lookup.reopenIfChanged()
      try lookup.lookUp(bytes, keys: keys, answer)
    } catch {
      throw MailDirectoryError(error, map: lookup.path)
    }
  }
}

extension MailDirectory {
  /// Every table that is here, and whether its map holds what its text says.
  ///
  /// - Throws: ``MailDirectoryError`` where a text cannot be read.
  public func status() throws(MailDirectoryError) -> [TableStatus] {
    let present = try presentTables
    guard !present.isEmpty else {
      throw noTables()
    }
    var result: [TableStatus] = []
    for table in MailTable.allCases where !present.contains(table) {
      // A map that is not in the configuration is not looked at; one that mailcfg cannot look at is told.
      if let map = try locations.knownLocation(of: table)?.map, locations.mayBeThere(map.path) {
        result.append(
          TableStatus(
            table: table, path: path(of: table), mapPath: map.path, mapType: map.type.rawValue, entries: 0,
            agrees: false,
            reason: "the text is gone; bring it back, or remove the map"))
      } else if let problem = locations.problem(of: table) {
        result.append(TableStatus(table: table, path: path(of: table), entries: 0, agrees: nil, reason: problem))
      }
    }
    for table in present {
      let opened = try open([table], mayBeMissing: false)
      guard let location = opened.files[table]?.location else { continue }
      guard let map = location.map, let pairs = opened.tables.pairs(table) else {
        let words = opened.tables.hosts.members.count
        result.append(TableStatus(table: table, path: location.path, entries: words, agrees: true))
        continue
      }
      let contents = MapContents(pairs, conventions: map.conventions)
      var status = TableStatus(
        table: table, path: location.path, mapPath: map.path, mapType: map.type.rawValue, entries: contents.entryCount,
        agrees: false)
      do throws(MapError) {
        let comparison = try map.comparison(with: contents, limit: 0)
        let count = comparison.missing + comparison.changed + comparison.onlyInMap
        status.agrees = comparison.isUpToDate
        if count > 0 {
          status.reason = "\(count) \(count == 1 ? "entry differs" : "entries differ"); run mailcfg build"
        } else if status.agrees == false {
          status.reason = "the record @ is missing, and sendmail waits for it (AliasWait); run mailcfg build"
        }
      } catch {
        status.reason =
          switch error {
          case _ where error.isMissing || error.isEmptyFile: "not built yet; run mailcfg build"
          case _ where error.isPermission: "\(error.message); run it as root"
          case _ where error.isNotRegular: "\(error.message); move it away, and run mailcfg build"
          default: "\(error.message); to replace it: mailcfg build --force \(table)"
          }
      }
      result.append(status)
    }
    return result.sorted { $0.table < $1.table }
  }

  /// Where a map differs from its text, entry by entry: what only the map has by key, then the rest by line of the text.
  ///
  /// - Throws: ``MailDirectoryError`` where one of them cannot be read.
  public func differences(_ table: MailTable) throws(MailDirectoryError) -> [MapDifference] {
    let map = try requireMap(table)
    let pairs = try open([table], mayBeMissing: false).tables.pairs(table) ?? MapPairs()
    let contents = MapContents(pairs, conventions: map.conventions)
    do throws(MapError) {
      return try map.comparison(with: contents).differences.sorted { left, right in
        let lines = (left.line ?? 0, right.line ?? 0)
        return lines.0 == lines.1 ? left.key.lexicographicallyPrecedes(right.key) : lines.0 < lines.1
      }
    } catch {
      throw MailDirectoryError(error, map: map.path)
    }
  }

  /// Looks keys up in a built map, as sendmail does.
  ///
  /// - Returns: A value for each key; nil where the map has none.
  /// - Throws: ``MailDirectoryError`` where the map is not there or cannot be read.
  public func lookup(_ keys: [ByteString], in table: MailTable) throws(MailDirectoryError) -> [ByteString?] {
    var values: [ByteString?] = []
    let bytes = keys.flatMap(\.bytes)
    var start = 0
    let places = keys.map { key in
      defer { start += key.bytes.count }
      return start..<start + key.bytes.count
    }
    try openMap(of: table).lookUp(bytes.span, keys: places) { _, value in
      if let value { values.append(ByteString(copying: value)) } else { values.append(nil) }
    }
    return values
  }

  /// Opens the map of a table for look-ups, however many.
  ///
  /// - Throws: ``MailDirectoryError`` where the map is not there or cannot be read.
  public func openMap(of table: MailTable) throws(MailDirectoryError) -> OpenMap {
    let map = try requireMap(table)
    do throws(MapError) {
      return OpenMap(try MapLookup(path: map.path, type: map.type, foldsCase: map.conventions.foldsCase))
    } catch {
      throw MailDirectoryError(error, map: map.path)
    }
  }

  /// All pairs of a built map, by key, without the convention's NUL and marker.
  ///
  /// - Throws: ``MailDirectoryError`` where the map is not there or cannot be read.
  public func dump(_ table: MailTable) throws(MailDirectoryError) -> [(key: ByteString, value: ByteString)] {
    let map = try requireMap(table)
    do throws(MapError) {
      var pairs: [(key: ByteString, value: ByteString)] = []
      try map.open().forEachPair { key, value in
        pairs.append((ByteString(copying: key), ByteString(copying: value)))
        return true
      }
      return pairs.sorted { $0.key < $1.key }
    } catch {
      throw MailDirectoryError(error, map: map.path)
    }
  }

  private func requireMap(_ table: MailTable) throws(MailDirectoryError) -> TableLocation.MapLocation {
    guard let map = try locations.location(of: table).map else {
      throw MailDirectoryError(.usage, "\(path(of: table)): a class file has no map; sendmail reads it when it starts")
    }
    return map
  }
}
