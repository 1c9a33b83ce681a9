internal import BerkeleyDB

/// A map that is open for reading, as sendmail reads it.
///
/// Not for use from several threads at a time. No lock is taken: whoever reads a map that is replaced in one step needs
/// none, and whoever reads one that makemap(8) rewrites in place holds a shared lock on the file meanwhile.
public final class MapReader {
  /// Which form of a key is tried: with a NUL byte behind it, or without.
  public enum KeyForm: Sendable, Hashable {
    /// Without, then with; the first form that ever hits is the only one from then on, as in a process of sendmail.
    case either
    /// Only without: the flag `-O` of a map.
    case plain
    /// Only with: the flag `-N` of a map.
    case nulTerminated
  }

  /// The path as it was given.
  public let path: String
  /// Hash or btree.
  public let type: MapType
  /// Whether ASCII A–Z of a key are folded before it is looked up; off by a map's flag `-f`.
  public let foldsCase: Bool
  /// Whether it is a list of databases by their names, which are in the same file; sendmail's programs read it like any other.
  public let listsDatabases: Bool
  /// The form of keys that the next look-up tries.
  public private(set) var keyForm: KeyForm
  private var database: Database

  /// sendmail cuts a key to this many bytes before it looks it up (`MAXNAME`).
  public static let longestKey = 256

  /// Opens a map.
  /// - Parameters:
  ///   - path: the file, its extension included.
  ///   - type: the type it must have; `nil`: whatever it has.
  ///   - foldsCase: whether keys are folded before they are looked up.
  ///   - keyForm: which form of a key is tried.
  ///   - verifies: whether the structure of the file is checked first, all of it. Without, a damaged file may give wrong
  ///     answers, or worse: only for a file that is known to be whole.
  ///   - cacheBytes: the size of the cache in bytes; `nil`: libdb's default of 256 KiB. For many look-ups, the size of the file.
  /// - Throws: ``MapError`` `database`, with the codes of `Database.init(opening:)` and `Database.verify(path:)`.
  public init(
    path: String, type: MapType? = nil, foldsCase: Bool = true, keyForm: KeyForm = .either, verifies: Bool = true,
    cacheBytes: Int? = nil
  ) throws(MapError) {
    if verifies { try throwingMapError { () throws(BerkeleyDBError) in try Database.verify(path: path) } }
    let wanted = type?.databaseType
    if type != nil, wanted == nil { throw MapError(.unsupportedType, path: path) }
    let database = try throwingMapError { () throws(BerkeleyDBError) in
      try Database(opening: path, type: wanted, cacheBytes: cacheBytes)
    }
    guard let found = MapType(database.type) else { throw MapError(.unsupportedType, path: path) }
    self.path = path
    self.type = found
    listsDatabases = database.listsDatabases
    self.foldsCase = foldsCase
    self.keyForm = keyForm
    self.database = database
  }

  /// Looks a key up as sendmail does: cut to 256 bytes, folded, in the forms that ``keyForm`` says.
  /// - Returns: the value, without the NUL that the form has; of several values the first; `nil` when there is none.
  /// - Throws: ``MapError`` when the file cannot be read or is damaged.
  public func value(forKey key: some Collection<UInt8>) throws(MapError) -> [UInt8]? {
    var bytes = Array(key.prefix(MapReader.longestKey))
    if foldsCase { for index in bytes.indices { bytes[index] = MapByte.folded(bytes[index]) } }
    if keyForm != .nulTerminated, let value = try storedValue(forKey: bytes) {
      keyForm = .plain
      return value
    }
    if keyForm != .plain, var value = try storedValue(forKey: bytes + [MapByte.nul]) {
      keyForm = .nulTerminated
      if value.last == MapByte.nul { value.removeLast() }
      return value
    }
    return nil
  }

  /// Looks a key up byte for byte.
  /// - Returns: the value as stored; of several values the first; `nil` when there is none.
  /// - Throws: ``MapError`` when the file cannot be read or is damaged.
  public func storedValue(forKey key: [UInt8]) throws(MapError) -> [UInt8]? {
    try throwingMapError { () throws(BerkeleyDBError) in try database.value(forKey: key.span) }
  }

  /// Lends every pair as stored, NUL bytes included, in the order of the file; the marker is among them.
  ///
  /// The closure returns whether to go on. It must not use this reader.
  /// - Throws: ``MapError`` when the file cannot be read or is damaged.
  public func forEachStoredPair(
    _ body: (_ key: Span<UInt8>, _ value: Span<UInt8>) -> Bool
  ) throws(MapError) {
    try throwingMapError { () throws(BerkeleyDBError) in try database.forEachPair(body) }
  }

  /// Lends every pair without the NUL bytes of the convention, and without the marker, in the order of the file.
  ///
  /// The closure returns whether to go on. It must not use this reader.
  /// - Throws: ``MapError`` when the file cannot be read or is damaged.
  public func forEachPair(_ body: (_ key: Span<UInt8>, _ value: Span<UInt8>) -> Bool) throws(MapError) {
    try forEachStoredPair { key, value in
      let pair = StoredPair(key: key, value: value)
      return pair.isMarker(key, value)
        ? true : body(key.extracting(first: pair.keyCount), value.extracting(first: pair.valueCount))
    }
  }

  /// Counts the pairs and sees which conventions they follow.
  /// - Throws: ``MapError`` when the file cannot be read or is damaged.
  /// - Complexity: O(*n*) in bytes of the file.
  public func summary() throws(MapError) -> MapSummary {
    var summary = MapSummary()
    try forEachStoredPair { key, value in
      let pair = StoredPair(key: key, value: value)
      if pair.isMarker(key, value) { summary.hasMarker = true } else { summary.entries += 1 }
      if pair.hasNul { summary.nulTerminated += 1 } else { summary.plain += 1 }
      return true
    }
    return summary
  }
}

/// What a map holds, and in which form.
public struct MapSummary: Sendable, Hashable {
  /// How many pairs there are, the marker not counted.
  public var entries = 0
  /// How many keys end in NUL, the marker's included.
  public var nulTerminated = 0
  /// How many keys do not.
  public var plain = 0
  /// Whether the record `@` is there, by which sendmail sees that an alias map is complete.
  public var hasMarker = false

  /// Whether both forms are in the map, so that sendmail sees only one of them, whichever it meets first.
  public var mixesForms: Bool { plain > 0 && nulTerminated > 0 }

  /// Makes the summary of an empty map.
  public init() {}
}

/// A pair as stored, and what of it is the text's.
struct StoredPair {
  /// Whether the key ends in a NUL byte, which no text can have in it.
  let hasNul: Bool
  /// The key's length without it.
  let keyCount: Int
  /// The value's length without the NUL of the convention.
  let valueCount: Int

  /// Looks at a pair.
  @inline(__always)
  init(key: Span<UInt8>, value: Span<UInt8>) {
    hasNul = !key.isEmpty && key[key.count - 1] == MapByte.nul
    keyCount = hasNul ? key.count - 1 : key.count
    valueCount = hasNul && !value.isEmpty && value[value.count - 1] == MapByte.nul ? value.count - 1 : value.count
  }

  /// Whether it is the record `@` with the value `@`.
  @inline(__always)
  func isMarker(_ key: Span<UInt8>, _ value: Span<UInt8>) -> Bool {
    keyCount == 1 && valueCount == 1 && key[0] == MapByte.marker && value[0] == MapByte.marker
  }
}
