internal import BerkeleyDB
public import SendmailConfig
package import SystemSupport

/// One map by its path, built, changed and read as makemap(8) and editmap(8) do it, and more safely.
///
/// Whatever changes the map makes a new file beside it, puts it on the disk and exchanges the two in one step, under the lock
/// that sendmail takes for a look-up: no reader waits for more than that moment, none sees a map that is empty or half
/// written, and what interrupts the work leaves the map as it was. No directory has to belong to mailcfg for that, and no
/// file of its own stays in it.
///
/// Where the file cannot be replaced, because it has more names (hard links) or because its directory or its owner forbid
/// it, it is written in place under that lock, as sendmail's programs always do.
public struct MapFile: Sendable {
  /// The path, its extension included.
  package var path: String
  /// Hash or btree; nil for what is there, and else a hash (`implicit`).
  public var type: MapType?
  /// Whether a map that is there must be one that may hold a key several times (`makemap -d`).
  public var needsDuplicates: Bool
  /// Which files are taken for a map.
  package var rules: SafeFile

  /// Names a map.
  ///
  /// - Parameters:
  ///   - path: Its path in bytes, without or with the extension `.db`.
  ///   - type: Hash or btree; nil for what is there, and else a hash (`implicit`).
  ///   - needsDuplicates: Whether a map that is there must be one that may hold a key several times (`makemap -d`).
  ///   - trustedUser: The user to whom root gives the map (`O TrustedUser`), a user id; nil or 0 for nobody.
  ///   - allowsLinks: Whether symbolic and hard links are taken.
  public init(
    path: [UInt8], type: MapType?, needsDuplicates: Bool = false, trustedUser: UInt32? = nil, allowsLinks: Bool = false
  ) {
    let suffix = Array(".db".utf8)
    self.path = String(path: path.suffix(3).elementsEqual(suffix) ? path : path + suffix)
    self.type = type
    self.needsDuplicates = needsDuplicates
    rules = SafeFile(
      allowsLinks: allowsLinks, trustedUser: CurrentProcess.effectiveUser == 0 ? trustedUser ?? 0 : 0)
  }

  /// What is to be done with the map.
  public enum Use: Sendable {
    /// Looking up, dumping.
    case reading
    /// Adding to one that is there.
    case changing
    /// Changing one that is there, or making it.
    case editing
    /// Building it anew, or making it.
    case building
  }

  /// Sees that the file may be used, as sendmail's programs do before they read a line of input: by what is known of it from
  /// outside, and by opening it; where no type is named, as a hash and then as a btree.
  ///
  /// - Parameters:
  ///   - use: What is to be done.
  ///   - look: Is called before each look at the file.
  /// - Throws: ``MapFileError`` with their words.
  public func check(for use: Use, look: () -> Void = {}) throws(MapFileError) {
    guard type == nil else { return try checkOnce(for: use, look) }
    for type in [MapType.hash, .btree] {
      var map = self
      map.type = type
      do throws(MapFileError) {
        return try map.checkOnce(for: use, look)
      } catch {
        guard MapFile.isVague(error.reason) else { throw error }
      }
    }
    throw MapFileError(.opening, reason: MapFileError.unknownType)
  }

  private func checkOnce(for use: Use, _ look: () -> Void) throws(MapFileError) {
    look()
    let found: FileStatus?
    do throws(SafeFile.Refusal) {
      found = try rules.check(path, for: use.ofFile)
      look()
      if use != .reading { try rules.checkWriting(path, found) }
    } catch {
      throw MapFileError(.opening, reason: error.description)
    }
    // What is in a file does not matter where it is built anew, and one that was never built is made.
    guard let found, use != .building, use != .editing || found.size > 0 else { return }
    let file = try opening { () throws(SystemError) in try location().opened() }
    _ = try existingType(of: file.pathForLibraries)
  }

  /// The type of a map that is there, if it is one that is asked for.
  private func existingType(of path: String) throws(MapFileError) -> MapType {
    do throws(BerkeleyDBError) {
      let header = try DatabaseHeader(path: path)
      if let type, header.type != type.databaseType {
        throw BerkeleyDBError(.wrongType, operation: "open", path: path)
      }
      guard let found = MapType(header.type), header.allowsDuplicates || !needsDuplicates else {
        throw BerkeleyDBError(.EINVAL, operation: "open", path: path)
      }
      return found
    } catch {
      throw failure(.opening, reason: MapFileError(.opening, error).reason)
    }
  }

  /// An error in the words of sendmail's programs, which try all types where none is named, and know no more of it then.
  private func failure(_ moment: MapFileError.Moment, reason: String) -> MapFileError {
    MapFileError(moment, reason: type == nil && MapFile.isVague(reason) ? MapFileError.unknownType : reason)
  }

  /// Whether the next type is tried for this reason.
  private static func isVague(_ reason: String) -> Bool {
    [BerkeleyDBError.Code.ENOENT, .EINVAL].contains { $0.message == reason }
  }

  /// Gives the map to the TrustedUser, where there is one, and tells what keeps from it.
  private func give(_ file: Descriptor, _ failed: (String) -> Void) {
    guard rules.trustedUser != 0 else { return }
    do throws(SystemError) {
      try file.give(to: rules.trustedUser)
    } catch { failed(MapFileError(.opening, error).reason) }
  }

  /// The directories on the map's path into which others may write, in the words of sendmail's programs, which warn of them.
  public var warnings: [String] { SafeFile.warnings(of: path) }

  // MARK: Writing

  /// Builds the map anew.
  ///
  /// - Parameters:
  ///   - contents: What it is to hold.
  ///   - progress: Is called now and then with the number of pairs written, and returns whether to go on.
  /// - Throws: ``MapFileError``; the map is as it was.
  public func replace(
    with contents: MapContents, progress: ((_ pairs: Int) -> Bool)? = nil
  ) throws(MapFileError) {
    let replacement = try opening { () throws(SystemError) in
      try FileReplacement(location(), attributes: attributes)
    }
    let path = try opening { () throws(SystemError) in try replacement.path() }
    do throws(MapError) {
      // The replacement waits for the disk, once.
      try MapBuilder(type: type ?? .hash, waitsForDisk: false).build(contents, at: path, progress: progress)
    } catch {
      throw MapFileError(.closing, error)
    }
    do throws(SystemError) { try replacement.publish() } catch { throw MapFileError(.closing, error) }
  }

  /// Changes a copy of the map and puts it in the map's place.
  ///
  /// - Parameters:
  ///   - makesIt: Whether a map that is not there, or is an empty file, is made.
  ///   - cacheBytes: The size of libdb's cache in bytes.
  ///   - notGiven: Where given, the TrustedUser gets a map that is not changed, too; called with what keeps from it.
  ///   - body: Changes the copy; called again where somebody else has changed the map meanwhile. It returns whether there is
  ///     anything to put into place.
  func edit(
    makesIt: Bool, cacheBytes: Int? = nil, notGiven: ((String) -> Void)? = nil,
    _ body: (inout Database) throws(BerkeleyDBError) -> Bool
  ) throws(MapFileError) {
    while true {
      let replacement = try opening { () throws(SystemError) in
        try FileReplacement(location(), attributes: attributes)
      }
      let old = try opening { () throws(SystemError) in
        if makesIt, try replacement.location.status() == nil { return nil as FileStatus? }
        return try replacement.copyOld()
      }
      let isNew = makesIt && (old?.size ?? 0) == 0
      let isDone = try Database.withoutSyncing { () throws(MapFileError) in
        try change(replacement, isNew: isNew, cacheBytes, body)
      }
      guard isDone || isNew else {
        if let notGiven { give(try opening { () throws(SystemError) in try location().opened() }, notGiven) }
        return
      }
      do throws(SystemError) {
        return try replacement.publish(expecting: old.map { .contents($0) } ?? .nothing)
      } catch {
        guard error.isChanged else { throw MapFileError(.closing, error) }
      }
    }
  }

  private func change(
    _ replacement: FileReplacement, isNew: Bool, _ cacheBytes: Int?,
    _ body: (inout Database) throws(BerkeleyDBError) -> Bool
  ) throws(MapFileError) -> Bool {
    var database = try open(replacement, isNew: isNew, cacheBytes)
    do throws(BerkeleyDBError) {
      let isDone = try body(&database)
      try database.close()
      return isDone
    } catch {
      throw MapFileError(.closing, error)
    }
  }

  private func open(
    _ replacement: FileReplacement, isNew: Bool, _ cacheBytes: Int?
  ) throws(MapFileError) -> Database {
    let path = try opening { () throws(SystemError) in
      let path = try replacement.path()
      if isNew { try replacement.removeCopy() }
      return path
    }
    let found = isNew ? type ?? .hash : try existingType(of: path)
    do throws(BerkeleyDBError) {
      guard let databaseType = found.databaseType else {
        throw BerkeleyDBError(.EINVAL, operation: "open", path: path)
      }
      return isNew
        ? try Database(
          creating: path, type: databaseType,
          layout: DatabaseLayout(cacheBytes: cacheBytes))
        : try Database(opening: path, access: .readWrite, type: databaseType, cacheBytes: cacheBytes)
    } catch {
      throw failure(.opening, reason: MapFileError(.opening, error).reason)
    }
  }

  /// Adds pairs to a map that is there (`makemap -o`).
  ///
  /// - Parameters:
  ///   - pairs: The pairs, in the order in which they are stored.
  ///   - conventions: How they are stored; `keepFirst` keeps what is in the map.
  /// - Returns: The numbers of the pairs whose key was there, and that were not stored.
  /// - Throws: ``MapFileError``; the map is as it was.
  public func add(_ pairs: MapPairs, conventions: MapConventions) throws(MapFileError) -> [Int] {
    var refused: [Int] = []
    let mode: Database.PutMode = conventions.duplicates == .keepFirst ? .keepExisting : .overwrite
    try edit(makesIt: false, cacheBytes: 16 << 20) { (database) throws(BerkeleyDBError) in
      refused = []
      for (number, pair) in pairs.pairs.enumerated() {
        let key = conventions.storedKey(pairs.key(pair))
        let value = conventions.storedValue(pairs.value(pair))
        if try !database.put(key: key.span, value: value.span, mode: mode) { refused.append(number) }
      }
      return true
    }
    return refused
  }

  /// Stores one pair (`editmap -u`), over the value that the key has; in a map that may hold a key several times, beside it.
  ///
  /// A map that is not there is made.
  ///
  /// - Parameters:
  ///   - key: The key's bytes as stored.
  ///   - value: The value's bytes as stored.
  /// - Throws: ``MapFileError``; the map is as it was.
  public func set(key: [UInt8], value: [UInt8]) throws(MapFileError) {
    try edit(makesIt: true) { (database) throws(BerkeleyDBError) in
      try database.put(key: key.span, value: value.span)
      return true
    }
  }

  /// Removes a key with all its values (`editmap -x`).
  ///
  /// A map that is not there is made; one that lacks the key is not written.
  ///
  /// - Parameters:
  ///   - key: The key's bytes as stored.
  ///   - notGiven: As for ``read(notGiven:_:)``.
  /// - Returns: Whether the key was there.
  /// - Throws: ``MapFileError``; the map is as it was.
  public func remove(key: [UInt8], notGiven: ((String) -> Void)? = nil) throws(MapFileError) -> Bool {
    var wasThere = false
    try edit(makesIt: true, notGiven: notGiven) { (database) throws(BerkeleyDBError) in
      wasThere = try database.delete(key: key.span)
      return wasThere
    }
    return wasThere
  }

  // MARK: Reading

  /// Opens the map for reading and calls `body` with it, while no program of sendmail changes it.
  ///
  /// - Parameters:
  ///   - notGiven: Where given, the TrustedUser gets the map (`editmap -q`); called with what keeps from it.
  ///   - body: Reads.
  /// - Returns: What `body` does.
  /// - Throws: ``MapFileError``.
  public func read<Result>(
    notGiven: ((String) -> Void)? = nil, _ body: (MapReader) throws(MapError) -> Result
  ) throws(MapFileError) -> Result {
    let file = try opening { () throws(SystemError) in try location().opened() }
    try opening { () throws(SystemError) in try file.waitForFlock(shared: true) }
    let reader: MapReader
    let found = try existingType(of: file.pathForLibraries)
    do throws(MapError) {
      reader = try MapReader(path: file.pathForLibraries, type: found)
    } catch {
      throw MapFileError(.opening, error)
    }
    if let notGiven { give(file, notGiven) }
    do throws(MapError) {
      return try body(reader)
    } catch {
      throw MapFileError(.reading, error)
    }
  }

  // MARK: Places

  private func location() throws(SystemError) -> FileLocation {
    // Without links nothing may lead elsewhere, one that was laid since the check neither.
    rules.allowsLinks
      ? try FileLocation(path) : FileLocation(path.pathName, in: try Directory(path.pathParent))
  }

  private var attributes: NewFileAttributes {
    var attributes = NewFileAttributes(mode: 0o640, owner: rules.trustedUser == 0 ? nil : rules.trustedUser)
    attributes.ownsOldToo = true
    return attributes
  }

  private func opening<Result>(_ body: () throws(SystemError) -> Result) throws(MapFileError) -> Result {
    do { return try body() } catch { throw failure(.opening, reason: MapFileError(.opening, error).reason) }
  }
}

extension MapFile.Use {
  /// The same for any file.
  fileprivate var ofFile: SafeFile.Use {
    switch self {
    case .reading: .reading
    case .changing: .changing
    case .editing, .building: .building
    }
  }
}

/// Why a map could not be built, changed or read, in the words of sendmail's programs.
public struct MapFileError: Error, Sendable, Equatable {
  /// When it was found.
  public enum Moment: Sendable {
    /// Before anything was done.
    case opening
    /// While pairs were read.
    case reading
    /// While the new map was written, synced or put into place.
    case closing
  }

  /// The reason where a type is none that can be built.
  public static let unknownType = "Unknown database type"

  /// When it was found.
  public var moment: Moment
  /// The reason, such as `Permission denied`.
  public var reason: String

  /// Makes an error.
  public init(_ moment: Moment, reason: String) {
    self.moment = moment
    self.reason = reason
  }

  init(_ moment: Moment, _ error: SystemError) {
    self.init(moment, reason: error.problem?.description ?? SafeFile.Refusal.system(error.errno).description)
  }

  init(_ moment: Moment, _ error: MapError) {
    if let underlying = error.underlying {
      self.init(moment, underlying)
    } else {
      self.init(moment, reason: error.message)
    }
  }

  init(_ moment: Moment, _ error: BerkeleyDBError) {
    let code = error.code.rawValue
    // Reasons that sendmail's programs have no word for: libdb itself says no more.
    let isOurs = code < 0 && code > -100
    self.init(moment, reason: isOurs ? BerkeleyDBError.Code.EINVAL.message : error.message)
  }
}

extension MapConventions {
  /// A key as stored.
  public func storedKey(_ key: some Sequence<UInt8>) -> [UInt8] {
    (foldsCase ? key.map { MapByte.folded($0) } : Array(key)) + (includesNul ? [MapByte.nul] : [])
  }

  /// A value as stored.
  public func storedValue(_ value: some Sequence<UInt8>) -> [UInt8] {
    Array(value) + (includesNul ? [MapByte.nul] : [])
  }
}
