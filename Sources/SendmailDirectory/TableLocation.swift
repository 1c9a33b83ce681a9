internal import Glibc
internal import SendmailConfig
internal import SendmailMaps
internal import SystemSupport

/// Where a table and its map are, and how sendmail reads them.
struct TableLocation: Sendable {
  /// The table.
  var table: MailTable
  /// The path of the text.
  var path: String
  /// The map; nil for a class file.
  var map: MapLocation?
  /// The format of a class file's `F` line.
  var classFormat = ClassFileFormat.firstWord

  /// A map and its conventions.
  struct MapLocation: Sendable {
    var path: String
    var type: MapType
    var conventions: MapConventions
  }

  /// The path of the map that is named by a path, which may have its extension already.
  static func mapPath(_ path: String) -> String { path.hasSuffix(".db") ? path : path + ".db" }

  /// A map beside its text, as sendmail's tools name it.
  init(_ table: MailTable, path: String, type: MapType = .hash, conventions: MapConventions? = nil) {
    self.table = table
    let stem = path.hasSuffix(".db") ? String(path.dropLast(3)) : path
    self.path = table == .host ? path : stem
    guard table != .host else { return }
    map = MapLocation(
      path: stem + ".db", type: type, conventions: conventions ?? (table == .alias ? .newaliases : .makemap))
  }
}

/// The places of the tables of a mail directory.
struct TableLocations: Sendable {
  /// The directory's path as it was given.
  let directory: String
  /// The configuration that decides; nil where there is none.
  let configuration: ConfigurationFile?
  let configurationPath: String?
  /// What messages call sendmail.cf.
  var configurationName: String { configurationPath ?? "sendmail.cf" }
  /// The directory that the configuration was written for, where it is another one: this one is a copy of it.
  let home: String?
  /// The directory's path without links.
  let realDirectory: String
  /// What belongs to other users of the configuration and the way to it.
  let foreigners: [Foreign]

  /// Finds out where tables are.
  ///
  /// A `sendmail.cf` that lies in the directory and names another one for its tables belongs to a copy of that other
  /// directory: its paths are then read as paths in the copy, so that a trial never touches the live files. One that was
  /// named is taken at its word, as far as its owner may lead us.
  ///
  /// - Throws: ``MailDirectoryError``, ``MailDirectoryError/Code/permission`` where it is another user's, and names files that are
  ///   not his.
  init(directory: String, configurationPath named: String?) throws(MailDirectoryError) {
    self.directory = directory.count > 1 && directory.hasSuffix("/") ? String(directory.dropLast()) : directory
    do throws(SystemError) {
      let opened = try Directory(directory)
      realDirectory = opened.path
      let path = named ?? self.directory + "/sendmail.cf"
      let place = try FileLocation(path)
      if named == nil, try place.status() == nil {
        configuration = nil
        configurationPath = nil
        home = nil
        foreigners = []
        return
      }
      let contents = try FileContents(place)
      let configuration = ConfigurationFile(contents.bytes)
      foreigners = try TableLocations.foreigners(at: place, contents.status, configuration)
      self.configuration = configuration
      configurationPath = path
      home = named == nil ? TableLocations.foreignHome(of: configuration, in: opened) : nil
    } catch {
      var failure = MailDirectoryError(error)
      if error.errno == ENOENT, error.path == directory {
        failure.message = "\(directory): there is no such directory; mailcfg --mail-dir DIR names another"
      }
      throw failure
    }
    try checkNamedPaths()
  }

  /// The directory of the tables that a configuration names, if none of them is in `directory`.
  private static func foreignHome(of configuration: ConfigurationFile, in directory: Directory) -> String? {
    let paths =
      ["access", "virtuser"].compactMap { configuration.map(named: ByteString($0))?.file?.description }
      + configuration.classSources(of: "w").map(\.path.description)
    let parents = paths.filter { $0.hasPrefix("/") }.map(parent)
    for path in parents {
      if let named = try? Directory(path), named.path == directory.path { return nil }
    }
    return parents.first
  }

  private static func parent(_ path: String) -> String {
    let end = path.utf8.lastIndex(of: 0x2F) ?? path.utf8.startIndex
    return end == path.utf8.startIndex ? "/" : String(path[..<end])
  }

  /// Where a table is.
  ///
  /// - Throws: ``MailDirectoryError/Code/configuration`` where sendmail.cf has no such table, or one that is no file.
  func location(of table: MailTable) throws(MailDirectoryError) -> TableLocation {
    guard let configuration, let configurationPath else { return TableLocation(table, path: try usualPath(of: table)) }
    func missing(_ what: String, _ remedy: String) -> MailDirectoryError {
      MailDirectoryError(.configuration, "\(configurationPath): \(what); \(remedy)")
    }
    switch table {
    case .access, .virtmap:
      let name = table == .access ? "access" : "virtuser"
      let feature = table == .access ? "access_db" : "virtusertable"
      guard let map = configuration.map(named: ByteString(name)) else {
        throw missing("there is no map \(name)", "add FEATURE(`\(feature)') to its .mc file and build it again")
      }
      guard let file = map.file, let type = MapType(makemapName: map.mapClass.description) else {
        throw missing(
          "line \(map.line): the map \(name) is of type \(map.mapClass), not hash or btree",
          "change it there, with a program that knows that type")
      }
      var conventions = MapConventions.makemap
      conventions.foldsCase = map.flags.foldsCase
      conventions.includesNul = map.flags.includesNUL
      return TableLocation(table, path: try rebased(file.description), type: type, conventions: conventions)
    case .alias:
      let files = configuration.aliasFiles.filter { MapType(makemapName: $0.mapClass.description) != nil }
      // sendmail looks into one after the other; the first that is there is the one to change.
      let present = try first(of: files) { (file) throws(MailDirectoryError) in
        try ifConfigured { () throws(MailDirectoryError) in try isThere(rebased(file.path.description)) } ?? false
      }
      guard let file = present ?? files.first, let type = MapType(makemapName: file.mapClass.description) else {
        throw missing("option AliasFile names no file of type hash, btree or implicit", "set it there")
      }
      var conventions = MapConventions.newaliases
      conventions.includesNul = file.includesNUL
      if file.appends { conventions.duplicates = .mergeNewestFirst }
      return TableLocation(table, path: try rebased(file.path.description), type: type, conventions: conventions)
    case .host:
      guard let source = configuration.classSources(of: "w").first(where: { $0.kind == .file }) else {
        throw missing("class w is read from no file", "add FEATURE(`use_cw_file') to its .mc file and build it again")
      }
      var location = TableLocation(table, path: try rebased(source.path.description))
      location.classFormat = source.format
      return location
    }
  }

  /// Why a table that the configuration has cannot be read or built here; nil where it can, and where there is none.
  func problem(of table: MailTable) -> String? {
    guard let configuration else { return nil }
    let isDeclared =
      switch table {
      case .access: configuration.map(named: "access") != nil
      case .virtmap: configuration.map(named: "virtuser") != nil
      case .alias: !configuration.aliasFiles.isEmpty
      case .host: configuration.classSources(of: "w").contains { $0.kind == .file }
      }
    guard isDeclared else { return nil }
    do throws(MailDirectoryError) {
      let location = try location(of: table)
      return try isThere(location.path) ? nil : "\(location.path): there is no such file"
    } catch {
      return error.message
    }
  }

  /// Where a table is; nil where the configuration has no such table, or none that is a file here.
  func knownLocation(of table: MailTable) throws(MailDirectoryError) -> TableLocation? {
    try ifConfigured { () throws(MailDirectoryError) in try location(of: table) }
  }

  /// What `body` finds; nil where the configuration does not have it.
  private func ifConfigured<Result>(
    _ body: () throws(MailDirectoryError) -> Result
  ) throws(MailDirectoryError) -> Result? {
    do {
      return try body()
    } catch {
      guard error.code == .configuration else { throw error }
      return nil
    }
  }

  private func first<Element>(
    of elements: [Element], where isWanted: (Element) throws(MailDirectoryError) -> Bool
  ) throws(MailDirectoryError) -> Element? {
    for element in elements where try isWanted(element) { return element }
    return nil
  }

  /// The first of the usual names that is there; else the first of them.
  private func usualPath(of table: MailTable) throws(MailDirectoryError) -> String {
    var paths = table.fileNames.map { "\(directory)/\($0)" }
    if table == .alias { paths += table.fileNames.map { "\(directory)/../\($0)" } }
    return try first(of: paths, where: isThere) ?? paths[0]
  }

  /// A path of the configuration, as it is to be read here.
  ///
  /// - Throws: ``MailDirectoryError/Code/permission`` where the configuration is another user's, and the file is not.
  func rebased(_ path: String) throws(MailDirectoryError) -> String {
    let place = try placed(path)
    try checkOwner(of: place)
    return place
  }

  private func placed(_ path: String) throws(MailDirectoryError) -> String {
    guard let home, path.hasPrefix("/") else { return path.hasPrefix("/") ? path : "\(directory)/\(path)" }
    let parent = TableLocations.parent(path)
    let name = String(path.dropFirst(parent == "/" ? 1 : parent.count + 1))
    if parent == home { return "\(directory)/\(name)" }
    if parent == TableLocations.parent(home) {
      let inside = "\(directory)/\(name)"
      let beside = "\(directory)/../\(name)"
      if try isThere(inside) { return inside }
      return try isThere(beside) ? beside : inside
    }
    throw MailDirectoryError(
      .configuration,
      "\(configurationName) was written for \(home) and names \(path), which is not in \(directory); "
        + "give --cf to take its paths as they are")
  }

  /// Whether something is at a path.
  ///
  /// - Throws: ``MailDirectoryError`` where that cannot be told.
  func isThere(_ path: String) throws(MailDirectoryError) -> Bool {
    do throws(SystemError) {
      return try FileLocation.isThere(path)
    } catch {
      throw MailDirectoryError(error)
    }
  }

  /// Whether something is at a path, or may be: for those who open it then, and are told the reason.
  func mayBeThere(_ path: String) -> Bool { (try? isThere(path)) ?? true }

  /// Who is to own a new map: the TrustedUser of the configuration, where root makes it.
  var mapOwner: UInt32? {
    guard CurrentProcess.effectiveUser == 0, let user = configuration?.trustedUserForMakemap else { return nil }
    return TableLocations.number(of: user)
  }

  /// The number of the TrustedUser of the configuration, as sendmail reads it; nil where there is none.
  var trustedUser: UInt32? { configuration?.trustedUser.flatMap(TableLocations.number) }

  /// The number of a user, who may be given by it or by his name.
  static func number(of user: ByteString) -> UInt32? {
    if let number = UInt32(user.description) { return number }
    return Account(named: user.bytes)?.user
  }
}

extension MailTables {
  /// Takes the bytes of a table's file.
  mutating func set(
    _ table: MailTable, _ bytes: [UInt8], _ location: TableLocation, _ locations: TableLocations
  ) {
    switch table {
    case .access:
      let isCompressed = locations.configuration?.usesCompressedIPv6Addresses ?? false
      access = AccessTable(bytes, ipv6Form: isCompressed ? .compressed : .uncompressed)
    case .virtmap: virtualUsers = VirtualUserTable(bytes)
    case .alias: aliases = AliasesFile(bytes, hosts: LocalHosts(exactly: locations.hostNames))
    case .host: hosts = ClassFile(bytes, format: location.classFormat)
    }
  }
}
