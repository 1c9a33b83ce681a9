internal import SendmailConfig
internal import SendmailEvaluator
internal import SendmailMaps
internal import Synchronization

/// Built maps that look-ups go to, each opened when it is first asked and open from then on.
final class OpenMaps: Sendable {
  /// What a look-up finds.
  enum Found {
    case found(ByteString)
    case notFound
    /// The map is not there, or no map.
    case unreadable
    /// The map is damaged where the key leads to; why, in words.
    case damaged(String)
  }

  /// The maps by their paths; nil for one that cannot be read.
  private let maps = Mutex<[String: OpenMap?]>([:])

  /// Answers a rule's question to a map whose text is, or would be, at a path; nil for a map that is no database.
  func answer(_ map: MapDefinition, _ key: ByteString, text path: String?) -> MapAnswer? {
    guard let path, let type = MapType(makemapName: map.declaration.mapClass.description) else { return nil }
    let flags = map.declaration.flags
    switch value(of: key, in: TableLocation.mapPath(path), type, foldsCase: flags.foldsCase) {
    case .found(let value): return .found(value, line: nil)
    case .notFound: return .notFound
    case .unreadable: return flags.isOptional ? .notFound : .temporaryFailure
    case .damaged(let reason): return .damaged(reason: ByteString(reason))
    }
  }

  func value(of key: ByteString, in path: String, _ type: MapType, foldsCase: Bool) -> Found {
    maps.withLock { maps in
      let map: OpenMap?
      if let known = maps[path] {
        map = known
      } else {
        do { map = OpenMap(try MapLookup(path: path, type: type, foldsCase: foldsCase)) } catch { map = nil }
        maps[path] = .some(map)
      }
      guard let map else { return .unreadable }
      var result = Found.notFound
      do throws(MailDirectoryError) {
        try map.lookUp(key.bytes.span, keys: [0..<key.bytes.count]) { _, value in
          if let value { result = .found(ByteString(copying: value)) }
        }
      } catch { return .damaged(error.message) }
      return result
    }
  }
}
