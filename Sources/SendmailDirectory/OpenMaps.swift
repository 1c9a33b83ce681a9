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
    /// The map is not there, or no map, or one that sendmail does not open.
    case unreadable
    /// The map is damaged where the key leads to; why, in words.
    case damaged(String)
  }

  /// How a file is asked: maps of sendmail.cf that have one file in common may differ in their flags.
  private struct Use: Hashable {
    var path: String
    var type: MapType
    var foldsCase: Bool
    var convention: MapFlags.NULConvention
  }

  /// The maps by how they are asked; nil for one that cannot be read.
  private let maps = Mutex<[Use: OpenMap?]>([:])
  private let isRefused: @Sendable (String) -> Bool

  /// `isRefused` says whether sendmail would not open the file at a path, whatever is in it.
  init(isRefused: @escaping @Sendable (String) -> Bool = { _ in false }) { self.isRefused = isRefused }

  /// Answers a rule's question to a map whose text is, or would be, at a path; nil for a map that is no database.
  func answer(_ map: MapDefinition, _ key: ByteString, text path: String?) -> MapAnswer? {
    guard let path, let type = MapType(makemapName: map.declaration.mapClass.description) else { return nil }
    let flags = map.declaration.flags
    switch value(of: key, in: TableLocation.mapPath(path), type, flags, foldsCase: flags.foldsCase) {
    case .found(let value): return .found(value, line: nil)
    case .notFound: return .notFound
    case .unreadable: return flags.isOptional ? .notFound : .temporaryFailure
    case .damaged(let reason): return .damaged(reason: ByteString(reason))
    }
  }

  /// Whether sendmail does not pass a map over: it does so with an optional one (`-o`) that it cannot open; nil for a map that is no
  /// database.
  func isOpen(_ map: MapDefinition, text path: String?) -> Bool? {
    guard let path, let type = MapType(makemapName: map.declaration.mapClass.description) else { return nil }
    let flags = map.declaration.flags
    guard flags.isOptional else { return true }
    let use = Use(
      path: TableLocation.mapPath(path), type: type, foldsCase: flags.foldsCase, convention: flags.nulConvention)
    return maps.withLock { open(use, &$0) != nil }
  }

  func value(of key: ByteString, in path: String, _ type: MapType, _ flags: MapFlags, foldsCase: Bool) -> Found {
    maps.withLock { maps in
      let use = Use(path: path, type: type, foldsCase: foldsCase, convention: flags.nulConvention)
      guard let map = open(use, &maps) else { return .unreadable }
      guard use.convention != .neither else { return .notFound }
      var result = Found.notFound
      do throws(MailDirectoryError) {
        try map.lookUp(key.bytes.span, keys: [0..<key.bytes.count]) { _, value in
          if let value { result = .found(ByteString(copying: value)) }
        }
      } catch { return .damaged(error.message) }
      return result
    }
  }

  private func open(_ use: Use, _ maps: inout [Use: OpenMap?]) -> OpenMap? {
    if let known = maps[use] { return known }
    let form: MapReader.KeyForm =
      switch use.convention {
      case .always: .nulTerminated
      case .never: .plain
      case .either, .neither: .either
      }
    var map: OpenMap?
    if !isRefused(use.path) {
      do throws(MapError) {
        map = OpenMap(try MapLookup(path: use.path, type: use.type, foldsCase: use.foldsCase, keyForm: form))
      } catch { map = nil }
    }
    maps[use] = .some(map)
    return map
  }
}
