internal import Glibc
internal import SendmailConfig
internal import SendmailEvaluator
internal import SendmailMaps
internal import Synchronization
internal import SystemSupport

extension AliasSite {
  /// sendmail.cf, compiled, with the options of the command line behind its own.
  ///
  /// - Parameter bytes: The bytes of sendmail.cf.
  func compiled(_ bytes: [UInt8]) -> Configuration {
    var text = bytes
    for option in options {
      text += Array("\nO \(option.name)=".utf8) + option.value.bytes
    }
    return Configuration(text, host: machine.facts(mode: "i")) { source in
      guard source.kind == .file else { return .unknown }
      if let known = classTexts[source.path] { return .text(known) }
      do throws(AliasFileSafety.Refusal) {
        let file = String(path: source.path.bytes)
        try safety.checkClass(file)
        return .text(try AliasFileSafety.contents(file).bytes)
      } catch { return .missing(reason: error.reason) }
    }
  }

  /// Answers from the maps that are built, as newaliases gets them.
  ///
  /// Hosts and the domain name system are not asked: a name at a host that only they know is not a local one.
  func lookups(_ configuration: Configuration) -> Lookups {
    let tables = EvaluatedTables(configuration, showsSecrets: true) { $0.declaration.file?.description }
    let maps = OpenMaps { [safety] (path) throws(AliasFileSafety.Refusal) in
      try safety.checkLookUps(path, countsModes: true)
    }
    var lookups = Lookups(
      table: { map, key in
        maps.answer(map, key, text: map.declaration.file.map { String(path: $0.bytes) }) ?? tables.answer(map, key)
      },
      account: MailDirectory.account)
    let told = Mutex<Set<ByteString>>([])
    lookups.complaint = { map in
      guard told.withLock({ $0.insert(map.name).inserted }) else { return nil }
      return maps.complaint(map, text: map.declaration.file.map { String(path: $0.bytes) })
    }
    return lookups
  }
}
