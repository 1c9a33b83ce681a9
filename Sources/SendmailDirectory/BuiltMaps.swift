internal import SendmailConfig
internal import SendmailEvaluator
internal import SendmailMaps

/// Answers from built maps: what a running sendmail finds now.
final class BuiltMaps: Sendable {
  private let texts: MailDirectory.Evaluated
  private let showsSecrets: Bool
  private let aliasFiles: [AliasFile]
  private let maps = OpenMaps()

  private struct AliasFile: Sendable {
    /// The path of the map; nil for a kind that is not read here.
    var path: String?
    var type: MapType?
    var isOptional: Bool
  }

  init(_ locations: TableLocations, _ texts: MailDirectory.Evaluated, showsSecrets: Bool) {
    self.texts = texts
    self.showsSecrets = showsSecrets
    aliasFiles = (locations.configuration?.aliasFiles ?? []).filter { $0.mapClass != "null" }.map { file in
      let type = MapType(makemapName: file.mapClass.description)
      let path = type == nil ? nil : (try? locations.rebased(file.path.description)).map(TableLocation.mapPath)
      return AliasFile(path: path, type: type, isOptional: file.isOptional)
    }
  }

  /// The texts' rules and files, with the maps in the place of the tables.
  var evaluated: MailDirectory.Evaluated {
    var result = texts
    result.lookups.table = { self.table($0, $1) }
    result.lookups.alias = { self.alias($0) }
    return result
  }

  private func table(_ map: MapDefinition, _ key: ByteString) -> MapAnswer {
    guard let answer = maps.answer(map, key, text: texts.paths[map.name.folded]) else {
      return texts.lookups.table(map, key)
    }
    if case .damaged = answer { return map.declaration.flags.isOptional ? .notFound : .temporaryFailure }
    guard case .found(let stored, _) = answer else { return answer }
    let value = stored.shown(of: key, showingSecrets: showsSecrets)
    if case .found(value, let line) = texts.lookups.table(map, key) { return .found(value, line: line) }
    return .found(value, line: nil)
  }

  private func alias(_ name: ByteString) -> AliasAnswer {
    var isUnavailable = false
    for file in aliasFiles {
      guard let path = file.path, let type = file.type else { return .unknown }
      switch maps.value(of: name, in: path, type, foldsCase: true) {
      case .found(let value):
        if case .found(value, let place) = texts.lookups.alias(name) { return .found(value, place) }
        return .found(value, nil)
      case .notFound: break
      case .unreadable, .damaged: isUnavailable = isUnavailable || !file.isOptional
      }
    }
    return isUnavailable ? .unavailable : .notFound
  }
}
