internal import BerkeleyDB

/// What a map has to be told so that it fits its text again after a few lines were changed.
///
/// For a copy of a map that is known to hold what the text gave before: nothing of it is checked but what is changed.
public struct MapAmendment: Sendable {
  /// The pairs of the keys that were touched, and what is stored of them.
  private let contents: MapContents
  /// The keys, as stored, without the NUL of the convention.
  private let keys: [[UInt8]]

  /// Makes out what is to be stored.
  /// - Parameters:
  ///   - keys: the keys whose pairs came, went or changed, as written.
  ///   - contents: all pairs that the text has with these keys now; others may be among them.
  /// - Returns: `nil` where only building anew is certain to be right: where all values of a key are kept, or the marker is
  ///   touched.
  public init?(keys: Set<[UInt8]>, contents: MapContents) {
    let conventions = contents.conventions
    guard conventions.duplicates != .keepAll else { return nil }
    let stored = conventions.foldsCase ? Set(keys.map { key in key.map { MapByte.folded($0) } }) : keys
    guard !conventions.marker || !stored.contains([MapByte.marker]) else { return nil }
    self.contents = contents
    self.keys = stored.sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// Makes the change in a map that nobody else uses, syncs it to the disk, and looks every key up in it again.
  /// - Parameters:
  ///   - path: the map, which is known to be whole.
  ///   - type: its type.
  /// - Returns: how many pairs the map holds more than before.
  /// - Throws: ``MapError``; the map is not to be used then.
  public func apply(to path: String, type: MapType) throws(MapError) -> Int {
    guard let databaseType = type.databaseType else { throw MapError(.unsupportedType, path: path) }
    do throws(BerkeleyDBError) {
      var database = try Database(opening: path, access: .readWrite, type: databaseType)
      var difference = 0
      for key in keys {
        let stored = ended(key)
        let wasThere = try database.withValue(forKey: stored.span) { _ in true } ?? false
        if let value = value(of: key) {
          try database.put(key: stored.span, value: value.span)
          if !wasThere { difference += 1 }
        } else if wasThere {
          try database.delete(key: stored.span)
          difference -= 1
        }
      }
      try database.close()
      guard try isMade(path, databaseType) else {
        throw BerkeleyDBError(.DB_VERIFY_BAD, operation: "DB->get", path: path)
      }
      return difference
    } catch {
      throw MapError(error)
    }
  }

  /// Whether each key has its value, or none, in the file as it is now.
  private func isMade(_ path: String, _ type: DatabaseType) throws(BerkeleyDBError) -> Bool {
    var database = try Database(opening: path, type: type)
    for key in keys where try database.value(forKey: ended(key).span) != value(of: key) { return false }
    // And not through libdb, which has written it, where there is another way.
    guard var file = try type == .hash ? HashFile(path: path, cacheBytes: 1 << 20) : nil else { return true }
    do throws(BerkeleyDBError) {
      for key in keys {
        let stored = ended(key)
        var found: [UInt8] = []
        let hash = HashFunction.hash(stored.span)
        let isThere = try file.appendValue(forKey: stored, stored.indices, hash: hash, to: &found)
        guard (isThere ? found : nil) == value(of: key) else { return false }
      }
    } catch {
      if error.code != .largeKey { throw error }
    }
    return true
  }

  /// The value to be stored for a key; `nil` for none.
  private func value(of key: [UInt8]) -> [UInt8]? {
    let hash = HashFunction.hash(ended(key).span)
    return contents.position(ofKey: key.span, hash: hash).map { ended(contents.value(at: $0)) }
  }

  /// A key or value as it is stored.
  private func ended(_ bytes: [UInt8]) -> [UInt8] { contents.conventions.includesNul ? bytes + [MapByte.nul] : bytes }
}
