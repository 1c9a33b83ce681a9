internal import SendmailConfig
internal import SendmailEvaluator
internal import SendmailMaps
internal import SystemSupport

/// Answers from built maps: what a running sendmail finds now.
final class BuiltMaps: Sendable {
  private let texts: MailDirectory.Evaluated
  private let showsSecrets: Bool
  private let delivery: DeliveryFiles
  private let aliasFiles: [AliasFile]
  private let maps: OpenMaps

  private struct AliasFile: Sendable {
    /// The path of the map; nil for a kind that is not read here.
    var path: String?
    var type: MapType?
    var specification: AliasFileSpecification
  }

  init(
    _ locations: TableLocations, _ texts: MailDirectory.Evaluated, _ delivery: DeliveryFiles, showsSecrets: Bool
  ) {
    self.texts = texts
    self.delivery = delivery
    self.showsSecrets = showsSecrets
    let safety = MapSafety(locations)
    maps = OpenMaps { (path) throws(AliasFileSafety.Refusal) in try safety.check(path) }
    aliasFiles = (locations.configuration?.aliasFiles ?? []).map { file in
      let type = MapType(makemapName: file.mapClass.description)
      let path = type == nil ? nil : (try? locations.rebased(file.path.description)).map(TableLocation.mapPath)
      return AliasFile(path: path, type: type, specification: file)
    }
  }

  /// The texts' rules and files, with the maps in the place of the tables.
  var evaluated: MailDirectory.Evaluated {
    var result = texts
    result.lookups.table = { self.table($0, $1) }
    result.lookups.isOpen = { map in
      self.maps.isOpen(map, text: self.texts.paths[map.name.folded]) ?? self.texts.lookups.isOpen(map)
    }
    result.lookups.complaint = { map in
      MapType(makemapName: map.declaration.mapClass.description) == nil
        ? self.texts.lookups.complaint(map) : self.maps.complaint(map, text: self.texts.paths[map.name.folded])
    }
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
    for number in aliasFiles.indices {
      switch alias(name, inFile: number) {
      case .notFound: break
      case .unavailable: isUnavailable = true
      case let answer: return answer
      }
    }
    return isUnavailable ? .unavailable : .notFound
  }

  private func alias(_ name: ByteString, inFile number: Int) -> AliasAnswer {
    let file = aliasFiles[number]
    let specification = file.specification
    // What is never built is answered from the text.
    guard let path = file.path, let type = file.type else { return delivery.alias(name, ofFile: number) }
    switch maps.value(of: name, in: path, type, specification.flags.nulConvention, foldsCase: true) {
    case .found(let stored):
      let answer = specification.answer(stored, to: name, hasNUL: hasNUL(name, in: path, type, specification.flags))
      if case .found(answer, let place) = texts.lookups.alias(name) { return .found(answer, place) }
      return .found(answer, nil)
    case .notFound: return .notFound
    // Of this class sendmail reads the text where it cannot open the map.
    case .unreadable where specification.mapClass == "implicit": return delivery.alias(name, ofFile: number)
    case .unreadable, .damaged: return specification.isOptional ? .notFound : .unavailable
    }
  }

  /// Whether a name that a map has stands there with a NUL; only asked where it counts.
  private func hasNUL(_ name: ByteString, in path: String, _ type: MapType, _ flags: MapFlags) -> Bool {
    guard flags.suffix != nil else { return false }
    if case .found = maps.value(of: name, in: path, type, .never, foldsCase: true) { return false }
    return true
  }
}
