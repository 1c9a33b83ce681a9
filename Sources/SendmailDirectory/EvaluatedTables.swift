internal import SendmailConfig
internal import SendmailEvaluator
internal import SystemSupport

/// The texts of the tables that sendmail.cf declares, as look-ups in them are answered.
struct EvaluatedTables: Sendable {
  private enum Contents: Sendable {
    case pairs([ByteString: (value: ByteString, line: Int)])
    case columns(TextMapFile)
    /// There is none, and sendmail does without it.
    case absent
  }

  private var tables: [ByteString: Contents] = [:]
  /// The paths of the texts, by the names of the maps in lower case.
  private(set) var paths: [ByteString: String] = [:]
  private let showsSecrets: Bool

  /// Reads the texts; `path` says where that of a map is.
  init(_ configuration: Configuration, showsSecrets: Bool, _ path: (MapDefinition) -> String?) {
    self.showsSecrets = showsSecrets
    for map in configuration.maps where map.kind == .table {
      let declaration = map.declaration
      let path = path(map)
      paths[map.name.folded] = path
      guard let path, let contents = try? FileContents(path) else {
        if declaration.flags.isOptional { tables[map.name.folded] = .absent }
        continue
      }
      tables[map.name.folded] =
        switch declaration.mapClass {
        case "text": .columns(TextMapFile(contents.bytes, declaration.flags))
        case "stab": .pairs(EvaluatedTables.aliases(contents.bytes))
        default: .pairs(EvaluatedTables.pairs(contents.bytes, foldsCase: declaration.flags.foldsCase))
        }
    }
  }

  func isOpen(_ map: MapDefinition) -> Bool {
    if case .absent = tables[map.name.folded] { return false }
    return true
  }

  func answer(_ map: MapDefinition, _ key: ByteString) -> MapAnswer {
    switch tables[map.name.folded] {
    case .pairs(let pairs):
      pairs[key].map { .found($0.value.shown(of: key, showingSecrets: showsSecrets), line: $0.line) } ?? .notFound
    case .columns(let file): file[key]
    case .absent: .notFound
    case nil: .temporaryFailure
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
