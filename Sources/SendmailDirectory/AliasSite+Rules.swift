internal import Glibc
internal import SendmailConfig
internal import SendmailEvaluator
internal import SendmailMaps
internal import Synchronization
internal import SystemSupport

extension AliasSite {
  /// The rule sets of the site as judges of alias names, which ask the maps that are built, as newaliases does.
  ///
  /// Hosts and the domain name system are not asked: a name at a host that only they know is not a local one.
  ///
  /// - Parameter bytes: The bytes of sendmail.cf.
  func rules(of bytes: [UInt8]) -> SiteAddressRules {
    var text = bytes
    for option in options {
      text += Array("\nO \(option.name)=".utf8) + option.value.bytes
    }
    let host = HostFacts(name: ByteString(hostName), otherNames: ["[127.0.0.1]"], operationMode: "i")
    let configuration = Configuration(text, host: host) { source in
      guard source.kind == .file else { return .unknown }
      do throws(AliasFileSafety.Refusal) {
        let file = String(path: source.path.bytes)
        try safety.checkClass(file)
        return .text(try AliasFileSafety.contents(file).bytes)
      } catch { return .missing(reason: error.reason) }
    }
    let tables = EvaluatedTables(configuration, showsSecrets: true) { $0.declaration.file?.description }
    let maps = OpenMaps()
    var lookups = Lookups(
      table: { map, key in
        guard let (path, type) = AliasSite.built(map) else { return tables.answer(map, key) }
        let flags = map.declaration.flags
        switch maps.value(of: key, in: path, type, foldsCase: flags.foldsCase) {
        case .found(let value): return .found(value, line: nil)
        case .notFound: return .notFound
        case .unreadable: return flags.isOptional ? .notFound : .temporaryFailure
        }
      },
      account: MailDirectory.account)
    let told = Mutex<Set<ByteString>>([])
    lookups.complaint = { map in
      guard let (path, _) = AliasSite.built(map), told.withLock({ $0.insert(map.name).inserted }) else { return nil }
      var message = Array("\(map.declaration.mapClass) map \"\(map.name)\": missing map file ".utf8)
      do throws(SystemError) { _ = try FileContents(path) } catch {
        message += path.pathBytes + Array(": ".utf8) + Array((unsafe String(cString: strerror(error.errno))).utf8)
      }
      return ByteString(message)
    }
    return SiteAddressRules(configuration, lookups)
  }

  /// Where a map is built, and of which type; nil for one that is no database.
  private static func built(_ map: MapDefinition) -> (path: String, type: MapType)? {
    guard let type = MapType(makemapName: map.declaration.mapClass.description), let file = map.declaration.file else {
      return nil
    }
    return (TableLocation.mapPath(String(path: file.bytes)), type)
  }
}
