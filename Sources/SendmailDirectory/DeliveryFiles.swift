internal import Glibc
internal import SendmailConfig
internal import SendmailEvaluator
internal import Synchronization
internal import SystemSupport

/// What deliveries depend on beside rules: the texts of the aliases, files of addresses, accounts.
///
/// The aliases are read when somebody first asks for one.
final class DeliveryFiles: Sendable {
  private let locations: TableLocations
  private let queueDirectory: String?
  private let defaultUser: UserRights?
  private let lists: AliasFileSafety
  private let forwards: AliasFileSafety
  private let trustedUsers: Set<ByteString>
  private let hostNames: Set<[UInt8]>
  private let state = Mutex<State>(State())

  private struct State {
    var sources: [Source]?
    var shells: Set<ByteString>?
  }

  /// One file of `O AliasFile`.
  private enum Source {
    case text([ByteString: (value: ByteString, line: Int)], path: ByteString, AliasFileSpecification?)
    /// Of class `text`.
    case columns(TextMapFile, path: ByteString, AliasFileSpecification)
    /// Not there, and sendmail does without it.
    case none
    /// Not there, or not to be read.
    case missing
    /// Of a class that is not read here.
    case foreign
  }

  init(_ locations: TableLocations, classes configuration: Configuration) {
    self.locations = locations
    let file = locations.configuration
    queueDirectory = file?.option(named: "QueueDirectory")?.value.description
    defaultUser = DeliveryFiles.defaultUser(file?.option(named: "DefaultUser")?.value)
    let words = file?.notBlamed ?? []
    lists = AliasFileSafety(DeliveryFiles.leniency(words, kind: "include"))
    forwards = AliasFileSafety(DeliveryFiles.leniency(words, kind: "forward"))
    trustedUsers = Set(configuration.members(ofClass: "t"))
    hostNames = Set(configuration.members(ofClass: "w").map(\.folded.bytes))
  }

  // MARK: Aliases

  /// The alias that the first file with that name has.
  func alias(_ name: ByteString) -> AliasAnswer {
    var isUnavailable = false
    for source in sources {
      switch DeliveryFiles.alias(name, source, isBuilt: true) {
      case .notFound: break
      case .unavailable: isUnavailable = true
      case let answer: return answer
      }
    }
    return isUnavailable ? .unavailable : .notFound
  }

  /// The alias that sendmail finds in the text of one file, counted as in sendmail.cf.
  func alias(_ name: ByteString, ofFile number: Int) -> AliasAnswer {
    DeliveryFiles.alias(name, sources[number], isBuilt: false)
  }

  /// - Parameter isBuilt: Whether it is looked up in the map that would be built of the text.
  private static func alias(_ name: ByteString, _ source: Source, isBuilt: Bool) -> AliasAnswer {
    // sendmail looks for the postmaster in lower case, whatever the map does.
    let name = name.folded == "postmaster" ? name.folded : name
    switch source {
    case .text(let aliases, let path, let file):
      guard let alias = aliases[file?.flags.foldsCase ?? true ? name.folded : name] else { return .notFound }
      let place = TextPlace(file: path, line: alias.line)
      guard let file else { return .found(alias.value, place) }
      let hasNUL = isBuilt && file.includesNUL && file.mapClass != "stab"
      return .found(file.answer(alias.value, to: name, hasNUL: hasNUL), place)
    case .columns(let columns, let path, let file):
      guard case .found(let value, let line) = columns[name] else { return .notFound }
      return .found(file.answer(value, to: name, hasNUL: false), line.map { TextPlace(file: path, line: $0) })
    case .none: return .notFound
    case .missing: return .unavailable
    case .foreign: return .unknown
    }
  }

  private var sources: [Source] {
    state.withLock { state in
      let sources = state.sources ?? readSources()
      state.sources = sources
      return sources
    }
  }

  private func readSources() -> [Source] {
    guard let configuration = locations.configuration else {
      guard let location = try? locations.location(of: .alias), locations.mayBeThere(location.path) else { return [] }
      return [read(location.path, nil)]
    }
    return configuration.aliasFiles.map { file in
      guard ["implicit", "hash", "btree", "dbm", "cdb", "stab", "text"].contains(file.mapClass) else {
        return file.mapClass == "null" ? .none : .foreign
      }
      guard let path = try? locations.rebased(file.path.description), locations.mayBeThere(path) else {
        return file.isOptional ? .none : .missing
      }
      return read(path, file)
    }
  }

  private func read(_ path: String, _ file: AliasFileSpecification?) -> Source {
    guard let contents = try? FileContents(path) else { return .missing }
    if let file, file.mapClass == "text" {
      return .columns(TextMapFile(contents.bytes, file.flags), path: ByteString(path.pathBytes), file)
    }
    let pairs = AliasesFile(contents.bytes, hosts: LocalHosts(exactly: hostNames)).pairs
    var aliases: [ByteString: (value: ByteString, line: Int)] = [:]
    aliases.reserveCapacity(pairs.pairs.count)
    for pair in pairs.pairs {
      let key = ByteString(pairs.key(pair))
      var value = ByteString(pairs.value(pair))
      if file?.appends ?? false, let earlier = aliases[key] {
        value = ByteString(value.bytes + [ASCII.comma] + earlier.value.bytes)
      }
      aliases[key] = (value, Int(pair.line))
    }
    return .text(aliases, path: ByteString(path.pathBytes), file)
  }

  // MARK: Lists

  /// Reads a file of addresses.
  func list(_ path: ByteString, _ reader: ListReader) -> ListAnswer {
    guard !path.bytes.contains(0) else { return .refused(reason: "No such file or directory") }
    // sendmail works in its queue directory.
    guard path.bytes.first == 0x2F || queueDirectory != nil else { return .unknown }
    let place = path.bytes.first == 0x2F ? path.bytes : Array("\(queueDirectory ?? "")/".utf8) + path.bytes
    let rights: UserRights
    var safety = lists
    var mustOwn = false
    let isForward = path.bytes.split(separator: 0x2F).last?.starts(with: ".forward".utf8) ?? false
    switch reader {
    case .defaultUser:
      guard let defaultUser else { return .unknown }
      rights = defaultUser
    case .account(let name):
      guard let account = UserRights(account: name.bytes) else { return .unknown }
      rights = account
      mustOwn = isForward
    case .owner(let owner):
      rights = UserRights(user: owner.user, groups: [owner.group])
      mustOwn = isForward && owner.name != nil
    }
    if mustOwn { safety = forwards }
    let name = String(path: place)
    do throws(AliasFileSafety.Refusal) {
      let (status, isUnsafe) = try safety.checkList(name, as: rights, mustOwn: mustOwn)
      guard let contents = try? FileContents(name) else { return .unknown }
      return .text(contents.bytes, owner: owner(status.owner, group: status.group), isUnsafe: isUnsafe)
    } catch {
      return .refused(reason: ByteString(error.reason))
    }
  }

  private func owner(_ number: UInt32, group: UInt32) -> ListOwner {
    let name = Account(user: number).map { ByteString($0.name) }
    return ListOwner(
      user: number, group: group, name: name, hasShell: name.flatMap { facts(of: $0) }?.hasShell ?? false,
      isDefaultUser: number == defaultUser?.user)
  }

  /// The user on whose behalf lists are read (`O DefaultUser`): names or numbers, the group behind a colon or a dot.
  private static func defaultUser(_ value: ByteString?) -> UserRights? {
    guard let value, !value.isEmpty else {
      for name in ["mailnull", "sendmail", "daemon"] {
        if let rights = UserRights(account: Array(name.utf8)) { return rights }
      }
      return UserRights(user: 1, groups: [1])
    }
    let parts = value.bytes.split(maxSplits: 1) { $0 == ASCII.colon || $0 == 0x2E }
    guard let first = parts.first?.trimming(while: ASCII.isSpace) else { return nil }
    var rights: UserRights
    if let account = UserRights(account: Array(first)) {
      rights = account
    } else if let number = UInt32(String(decoding: first, as: UTF8.self)) {
      rights = UserRights(user: number, groups: [number])
    } else {
      return nil
    }
    if parts.count > 1 {
      let name = parts[1].trimming(while: ASCII.isSpace)
      if let group = UInt32(String(decoding: name, as: UTF8.self)) ?? Account.group(named: name) {
        rights.groups.insert(group, at: 0)
      }
    }
    return rights
  }

  private static func leniency(_ words: Set<ByteString>, kind: String) -> AliasFileSafety.Leniency {
    let names: [(String, AliasFileSafety.Leniency)] = [
      ("truststickybit", .trustStickyBit), ("groupwritabledirpathsafe", .groupWritableDirectory),
      ("groupwritable\(kind)file", .groupWritableList), ("worldwritable\(kind)file", .worldWritableList),
      // The words with "safe" let nothing be read: they trust what another word lets be read.
      ("groupwritable\(kind)filesafe", .safeGroupWritableList),
      ("\(kind)fileinunsafedirpath", [.listInUnsafeDirectory, .listInGroupWritableDirectory]),
      ("\(kind)fileinunsafedirpathsafe", .safeListInUnsafeDirectory),
      ("\(kind)fileingroupwritabledirpath", .listInGroupWritableDirectory),
      ("linked\(kind)fileinwritabledir", .linkedList),
    ]
    return names.reduce(into: []) { if words.contains(ByteString($1.0)) { $0.formUnion($1.1) } }
  }

  // MARK: Accounts

  /// The home directory of an account, and whether its shell counts.
  func facts(of name: ByteString) -> AccountFacts? {
    guard let account = Account(named: name.bytes) else { return nil }
    let shell = ByteString(account.shell)
    return AccountFacts(
      home: ByteString(account.home),
      hasShell: shell.isEmpty || trustedUsers.contains(name) || shells.contains(shell),
      isDefaultUser: account.user == defaultUser?.user)
  }

  /// The shells of `/etc/shells`; without that file the usual ones.
  private var shells: Set<ByteString> {
    state.withLock { state in
      if let known = state.shells { return known }
      var shells: Set<ByteString> = []
      if let contents = try? FileContents("/etc/shells") {
        for line in contents.bytes.split(separator: ASCII.lineFeed) where line.first == 0x2F {
          shells.insert(ByteString(line.prefix { !ASCII.isSpace($0) && $0 != ASCII.numberSign }))
        }
      } else {
        shells = ["/bin/sh", "/usr/bin/sh", "/bin/csh", "/usr/bin/csh", "/bin/ksh", "/usr/bin/ksh", "/bin/bash"]
      }
      state.shells = shells
      return shells
    }
  }
}
