internal import SendmailConfig
internal import SendmailEvaluator
internal import Synchronization
internal import SystemSupport

/// The texts of the tables that sendmail.cf declares, as look-ups in them are answered.
///
/// Each is read when it is first asked: most questions need few of them, and one may have a million entries.
final class EvaluatedTables: Sendable {
  private enum Contents: Sendable {
    case pairs(IndexedPairs)
    case columns(TextMapFile)
    /// There is none, and sendmail does without it.
    case absent
    /// There is none, or none to be read, and sendmail cannot do without it.
    case closed(ClosedMap)
  }

  private let tables = Mutex<[ByteString: Contents]>([:])
  /// The paths of the texts, by the names of the maps in lower case.
  let paths: [ByteString: String]
  private let showsSecrets: Bool

  /// `path` says where the text of a map is.
  init(_ configuration: Configuration, showsSecrets: Bool, _ path: (MapDefinition) -> String?) {
    self.showsSecrets = showsSecrets
    var paths: [ByteString: String] = [:]
    for map in configuration.maps where map.kind == .table { paths[map.name.folded] = path(map) }
    self.paths = paths
  }

  private func contents(of map: MapDefinition) -> Contents {
    tables.withLock { tables in
      let name = map.name.folded
      if let known = tables[name] { return known }
      let contents = read(map)
      tables[name] = contents
      return contents
    }
  }

  private func read(_ map: MapDefinition) -> Contents {
    let declaration = map.declaration
    guard let path = paths[map.name.folded] else { return declaration.flags.isOptional ? .absent : .closed(.missing) }
    let contents: FileContents
    do throws(SystemError) { contents = try FileContents(path) } catch {
      return declaration.flags.isOptional ? .absent : .closed(ClosedMap(errno: error.errno))
    }
    switch declaration.mapClass {
    case "text": return .columns(TextMapFile(contents.bytes, declaration.flags))
    // The last of each name counts, as newaliases keeps it.
    case "stab": return .pairs(IndexedPairs(AliasesFile(contents.bytes).pairs, keepsLast: true))
    // The first of each key counts, as makemap keeps it.
    default: return .pairs(IndexedPairs(Table(contents.bytes).pairs, foldsCase: declaration.flags.foldsCase))
    }
  }

  func isOpen(_ map: MapDefinition) -> Bool {
    if case .absent = contents(of: map) { return false }
    return true
  }

  func answer(_ map: MapDefinition, _ key: ByteString) -> MapAnswer {
    switch contents(of: map) {
    case .pairs(let pairs):
      pairs.pair(storedAs: key).map { .found($0.value.shown(of: key, showingSecrets: showsSecrets), line: $0.line) }
        ?? .notFound
    case .columns(let file): file[key]
    case .absent: .notFound
    case .closed: .temporaryFailure
    }
  }

  /// What sendmail says of a table that it cannot open, were its map in the state of the text.
  func complaint(_ map: MapDefinition) -> ByteString? {
    if case .closed(let reason) = contents(of: map) { return reason.complaint(of: map) }
    return nil
  }
}
