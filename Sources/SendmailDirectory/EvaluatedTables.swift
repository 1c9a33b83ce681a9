internal import SendmailConfig
internal import SendmailEvaluator
internal import Synchronization
internal import SystemSupport

/// The texts of the tables that sendmail.cf declares, as look-ups in them are answered.
///
/// Each is read when it is first asked: most questions need few of them, and one may have a million entries.
final class EvaluatedTables: Sendable {
  private enum Contents: Sendable {
    case pairs([ByteString: (value: ByteString, line: Int)])
    case columns(TextMapFile)
    /// There is none, and sendmail does without it.
    case absent
    /// There is none, and sendmail cannot do without it.
    case missing
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
    guard let path = paths[map.name.folded], let contents = try? FileContents(path) else {
      return declaration.flags.isOptional ? .absent : .missing
    }
    switch declaration.mapClass {
    case "text": return .columns(TextMapFile(contents.bytes, declaration.flags))
    case "stab": return .pairs(EvaluatedTables.aliases(contents.bytes))
    default: return .pairs(EvaluatedTables.pairs(contents.bytes, foldsCase: declaration.flags.foldsCase))
    }
  }

  func isOpen(_ map: MapDefinition) -> Bool {
    if case .absent = contents(of: map) { return false }
    return true
  }

  func answer(_ map: MapDefinition, _ key: ByteString) -> MapAnswer {
    switch contents(of: map) {
    case .pairs(let pairs):
      pairs[key].map { .found($0.value.shown(of: key, showingSecrets: showsSecrets), line: $0.line) } ?? .notFound
    case .columns(let file): file[key]
    case .absent: .notFound
    case .missing: .temporaryFailure
    }
  }

  /// The values by their keys, the first of each key, as makemap keeps it.
  private static func pairs(_ bytes: [UInt8], foldsCase: Bool) -> [ByteString: (value: ByteString, line: Int)] {
    let pairs = Table(bytes).pairs
    var result: [ByteString: (value: ByteString, line: Int)] = [:]
    result.reserveCapacity(pairs.pairs.count)
    for pair in pairs.pairs {
      let written = ByteString(pairs.key(pair))
      let key = foldsCase ? written.folded : written
      if result[key] == nil { result[key] = (ByteString(pairs.value(pair)), Int(pair.line)) }
    }
    return result
  }

  /// The values of aliases by their names, the last of each name, as newaliases keeps it.
  private static func aliases(_ bytes: [UInt8]) -> [ByteString: (value: ByteString, line: Int)] {
    let pairs = AliasesFile(bytes).pairs
    var result: [ByteString: (value: ByteString, line: Int)] = [:]
    for pair in pairs.pairs {
      result[ByteString(pairs.key(pair)).folded] = (ByteString(pairs.value(pair)), Int(pair.line))
    }
    return result
  }
}
