internal import SendmailConfig
internal import SendmailEvaluator
internal import SendmailMaps
internal import Synchronization
internal import SystemSupport

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

    init(path: String, type: MapType, foldsCase: Bool, convention: MapFlags.NULConvention) {
      self.path = path
      self.type = type
      self.foldsCase = foldsCase
      self.convention = convention
    }

    /// A map whose text is, or would be, at a path; nil for one that is no database.
    init?(_ map: MapDefinition, text path: String) {
      guard let type = MapType(makemapName: map.declaration.mapClass.description) else { return nil }
      let flags = map.declaration.flags
      self.init(
        path: TableLocation.mapPath(path), type: type, foldsCase: flags.foldsCase, convention: flags.nulConvention)
    }
  }

  /// The maps by how they are asked, and those that cannot be read.
  private let maps = Mutex<[Use: Result<OpenMap, ClosedMap>]>([:])
  private let check: @Sendable (String) throws(AliasFileSafety.Refusal) -> Void

  /// `check` sees that sendmail would open the file at a path, whatever is in it.
  init(check: @escaping @Sendable (String) throws(AliasFileSafety.Refusal) -> Void = { _ in }) { self.check = check }

  /// Answers a rule's question to a map whose text is, or would be, at a path; nil for a map that is no database.
  func answer(_ map: MapDefinition, _ key: ByteString, text path: String?) -> MapAnswer? {
    guard let path, let type = MapType(makemapName: map.declaration.mapClass.description) else { return nil }
    let flags = map.declaration.flags
    switch value(of: key, in: TableLocation.mapPath(path), type, flags.nulConvention, foldsCase: flags.foldsCase) {
    case .found(let value): return .found(value, line: nil)
    case .notFound: return .notFound
    case .unreadable: return flags.isOptional ? .notFound : .temporaryFailure
    case .damaged(let reason): return .damaged(reason: ByteString(reason))
    }
  }

  /// Whether sendmail does not pass a map over: it does so with an optional one (`-o`) that it cannot open; nil for a map that is no
  /// database.
  func isOpen(_ map: MapDefinition, text path: String?) -> Bool? {
    guard let path, let use = Use(map, text: path) else { return nil }
    guard map.declaration.flags.isOptional else { return true }
    return maps.withLock { (try? open(use, &$0).get()) != nil }
  }

  /// What sendmail says of a map that it cannot open.
  func complaint(_ map: MapDefinition, text path: String?) -> ByteString? {
    guard let path, let use = Use(map, text: path) else { return nil }
    do throws(ClosedMap) {
      _ = try maps.withLock { open(use, &$0) }.get()
      return nil
    } catch { return error.complaint(of: map) }
  }

  func value(
    of key: ByteString, in path: String, _ type: MapType, _ convention: MapFlags.NULConvention, foldsCase: Bool
  ) -> Found {
    maps.withLock { maps in
      let use = Use(path: path, type: type, foldsCase: foldsCase, convention: convention)
      guard let map = try? open(use, &maps).get() else { return .unreadable }
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

  private func open(_ use: Use, _ maps: inout [Use: Result<OpenMap, ClosedMap>]) -> Result<OpenMap, ClosedMap> {
    if let known = maps[use] { return known }
    let form: MapReader.KeyForm =
      switch use.convention {
      case .always: .nulTerminated
      case .never: .plain
      case .either, .neither: .either
      }
    var result: Result<OpenMap, ClosedMap>
    do throws(AliasFileSafety.Refusal) {
      try check(use.path)
      do throws(MapError) {
        let lookup = try MapLookup(path: use.path, type: use.type, foldsCase: use.foldsCase, keyForm: form)
        result = .success(OpenMap(lookup))
      } catch { result = .failure(ClosedMap(error)) }
    } catch { result = .failure(ClosedMap(error)) }
    maps[use] = result
    return result
  }
}
