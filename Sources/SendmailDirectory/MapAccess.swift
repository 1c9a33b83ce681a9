internal import SendmailConfig
internal import SendmailMaps
internal import SystemSupport

extension MapContents {
  /// How many pairs the text gives to the map, the marker not counted.
  var entryCount: Int { conventions.marker ? count - 1 : count }
}

extension MailDirectoryError {
  /// Wraps what libdb says of a map.
  init(_ error: MapError, map: String) {
    guard !error.isMissing else {
      self.init(.missing, "\(map): there is no such map yet; build it with mailcfg build")
      return
    }
    let code: Code = error.isPermission ? .permission : error.isInputOutput ? .inputOutput : .badData
    self.init(code, "\(map): \(error.message)")
  }
}

extension TableLocation.MapLocation {
  /// Opens the map for reading.
  ///
  /// - Parameters:
  ///   - verifies: Whether its structure is checked first, all of it.
  ///   - cacheBytes: The size of libdb's cache in bytes; nil for its default.
  func open(verifies: Bool = true, cacheBytes: Int? = nil) throws(MapError) -> MapReader {
    try MapReader(
      path: path, type: type, foldsCase: conventions.foldsCase, verifies: verifies, cacheBytes: cacheBytes)
  }

  /// Compares the map with what it should hold.
  func comparison(with contents: MapContents, limit: Int = .max) throws(MapError) -> MapComparison {
    try MapComparison(contents, with: open(), limit: limit)
  }

  /// Sees that what lies in the map's place may be replaced: a database of its type, or a file without a byte in it.
  ///
  /// - Parameter wait: For how many seconds to wait for a program of sendmail that is just writing it.
  func checkReplaceable(wait: Double) throws(MailDirectoryError) {
    // That it is such a database is enough to know: it is not read, but replaced.
    if let map = try? open(verifies: false), !map.listsDatabases { return }
    // makemap and newaliases empty it before they fill it, under its lock.
    let file: Descriptor?
    do throws(SystemError) {
      file = try? FileLocation(path).opened()
      try file?.waitForFlock(shared: true, wait: wait)
    } catch {
      throw MailDirectoryError(error)
    }
    defer { withExtendedLifetime(file) {} }
    do throws(MapError) {
      guard try open(verifies: false).listsDatabases else { return }
    } catch {
      if error.isEmptyFile { return }
      var failure = MailDirectoryError(error, map: path)
      failure.message += "; nothing was changed"
      if failure.code == .badData, !error.isNotRegular {
        failure.message += ". If it is to be replaced: mailcfg build --force"
      }
      throw failure
    }
    throw MailDirectoryError(
      .badData,
      "\(path): there are databases of other names in this file; nothing was changed. If it is to be replaced: "
        + "mailcfg build --force")
  }
}

extension MapComparison {
  /// Whether sendmail finds in the map what the text says.
  ///
  /// It takes keys with and without NUL, but waits for the marker.
  var isUpToDate: Bool { saysTheSame && !lacksMarker }
}

extension MailDirectory {
  /// The keys that stand twice in a text, at the line that does not count.
  static func duplicates(_ contents: MapContents, in location: TableLocation) -> [Diagnostic] {
    let isAlias = location.table == .alias
    return contents.duplicates.map { duplicate in
      let counted = contents.pairs.pairs[Int(duplicate.counted)]
      let ignored = contents.pairs.pairs[Int(duplicate.ignored)]
      return Diagnostic.duplicate(
        ByteString(contents.pairs.key(ignored)), line: Int(ignored.line), counted: Int(counted.line), isAlias: isAlias)
    }
  }

  /// What was done about a change that an earlier run had left unfinished.
  static func notices(_ recovery: Recovery) -> [String] {
    if !recovery.isCompleted { return ["an earlier change that was stopped half-way was taken back"] }
    let completed = recovery.completed.joined(separator: ", ")
    return (completed.isEmpty ? [] : ["an earlier change that was stopped half-way was completed: \(completed)"])
      + recovery.superseded.map { "\($0): somebody else has replaced it since; it was left alone" }
      + recovery.elsewhere.map { "\($0): begun in the directory of which this is a copy, and left alone" }
      + (recovery.unrecorded.map { ["\($0): it is not what it was; there is no record of that change in it"] } ?? [])
  }
}
