internal import SendmailConfig
internal import SendmailMaps
internal import Synchronization

/// Built maps that look-ups go to, each opened when it is first asked and open from then on.
final class OpenMaps: Sendable {
  /// What a look-up finds.
  enum Found {
    case found(ByteString)
    case notFound
    /// The map is not there, or is damaged.
    case unreadable
  }

  /// The maps by their paths; nil for one that cannot be read.
  private let maps = Mutex<[String: OpenMap?]>([:])

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
      do {
        try map.lookUp(key.bytes.span, keys: [0..<key.bytes.count]) { _, value in
          if let value { result = .found(ByteString(copying: value)) }
        }
      } catch { return .unreadable }
      return result
    }
  }
}
