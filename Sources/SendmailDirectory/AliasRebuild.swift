internal import Glibc
package import SendmailConfig
internal import SendmailMaps
internal import SystemSupport

/// Builds the maps of the aliases files that a sendmail.cf names, with the messages and the exit status of `newaliases(1)`.
///
/// What a map holds, which file is not trusted, and what is said about it all are sendmail's; the map itself is made beside
/// the old one and takes its place in one step.
package struct AliasRebuild {
  /// The options that were set on the command line; they come before those of sendmail.cf.
  package var options: [ConfigurationOption] = []
  /// Whether a queue directory that cannot be entered is an error, as it is to sendmail.
  package var needsQueueDirectory = false
  /// The names of the machine; nil asks the system.
  package var machine: MachineNames?
  /// Whether remarks of ours are printed.
  package var isVerbose = false
  /// Is called now and then with the file that is built, how many pairs are written, and how many there are.
  package var progress: (ByteString, Int, Int) -> Void = { _, _, _ in }

  private let path: String
  private let say: ([UInt8]) -> Void
  private let remark: ([UInt8]) -> Void
  private var status: Int32 = 0

  /// Makes a rebuild.
  ///
  /// - Parameters:
  ///   - configuration: The path of sendmail.cf.
  ///   - say: Gets each line that newaliases prints on standard output, without its LF.
  ///   - remark: Gets each line for standard error.
  package init(
    configuration: String, say: @escaping ([UInt8]) -> Void, remark: @escaping ([UInt8]) -> Void
  ) {
    path = configuration
    self.say = say
    self.remark = remark
  }

  /// Does it.
  ///
  /// - Returns: The exit status: that of the first error.
  package mutating func run() -> Int32 {
    var site = AliasSite(path: path, options: options, machine: machine)
    let isUsable = site.read { line in
      print(line)
    } remark: {
      remark($0)
    }
    status = site.status
    guard isUsable, status == 0 else { return status }
    for failure in site.unmetNeeds { fail(Array(failure.utf8), 78) }
    if status == 0, let failure = site.runAs.take() { fail(Array(failure.utf8), 71) }
    if status == 0, needsQueueDirectory { for failure in site.queueDirectoryFailure { fail(failure, 78) } }
    guard status == 0 else { return status }
    for (source, number) in site.sourcesInOrder {
      guard let type = MapType(makemapName: source.mapClass.description) else { continue }
      build(AliasSource(source, number: number, type: type, in: site), site)
    }
    // A failure for now is one to sendmail only while it runs.
    return status == EX_TEMPFAIL ? EX_OK : status
  }

  private func print(_ line: [UInt8]) { say(AliasReading.printed(line)) }

  private mutating func fail(_ line: [UInt8], _ code: Int32) {
    print(line)
    if status == 0 { status = code }
  }

  private mutating func cannotCreate(_ source: AliasSource) {
    fail(Array("Cannot create database for alias file ".utf8) + source.name, 70)
  }

  /// Says that the map of a file is not safe.
  private mutating func refuse(_ source: AliasSource, _ reason: String) {
    if source.isImplicit {
      print(Array("WARNING: cannot open alias database ".utf8) + source.name)
      cannotCreate(source)
    } else if source.isOptional {
      fail(Array("Cannot create database for alias file ".utf8) + source.name + Array(": \(reason)".utf8), 71)
    } else {
      fail(source.refusal(reason), 71)
      cannotCreate(source)
    }
  }

  /// Builds the map of one file.
  private mutating func build(_ source: AliasSource, _ site: AliasSite) {
    let text: LockedText
    do throws(AliasFileSafety.Refusal) {
      let locking = try site.safety.checkAliases(source.path) { print(Array("WARNING: ".utf8) + $0.pathBytes) }
      if locking == .unlocked {
        // What sendmail says of the reason is always this.
        print(Array("warning: cannot lock ".utf8) + source.name + Array(": Success".utf8))
      }
      guard let locked = try source.lock(isNeeded: locking == .locked) else {
        return print(Array("Alias file ".utf8) + source.name + Array(" is locked (maybe being rebuilt)".utf8))
      }
      text = locked
    } catch {
      if source.isOptional { return }
      return print(
        Array("newaliases: cannot open ".utf8) + source.name + Array(": \(error.reason)".utf8))
    }
    defer { withExtendedLifetime(text) {} }
    guard source.path != source.mapPath else {
      remark(source.name + Array(": is the aliases file, and would be its map".utf8))
      return cannotCreate(source)
    }
    do throws(AliasFileSafety.Refusal) {
      try site.safety.checkMap(source.mapPath) { print(Array("WARNING: ".utf8) + $0.pathBytes) }
    } catch {
      refuse(source, error.reason)
      return
    }

    var file = AliasesFile(text.contents.bytes, hosts: site.hosts)
    file.rules = site.rules
    if isVerbose { for finding in file.diagnostics where finding.severity == .warning { remark(source.note(finding)) } }
    let reading = AliasReading(file, checksValues: site.checksValues)
    let contents = MapContents(reading.pairs, conventions: source.conventions)
    tell(reading, contents, source)
    let statistics: MapStatistics
    do {
      statistics = try source.build(contents, owner: site.mapOwner) { [progress] done in
        progress(ByteString(source.name), done, contents.count)
        return true
      }
    } catch {
      remark(Array("\(error)".utf8))
      return cannotCreate(source)
    }
    print(
      source.name
        + Array(
          ": \(statistics.pairs) aliases, longest \(statistics.longestValue) bytes, \(statistics.totalBytes) bytes total"
            .utf8))
  }

  /// Says what there is to say about the lines of a file, in their order.
  private mutating func tell(_ reading: AliasReading, _ contents: MapContents, _ source: AliasSource) {
    var duplicates = source.conventions.duplicates == .keepLast ? contents.laterDuplicates[...] : []
    func duplicate(upTo line: Int) -> AliasReading.Message? {
      guard let number = duplicates.first else { return nil }
      let message = reading.duplicate(Int(number))
      guard message.line <= line else { return nil }
      duplicates.removeFirst()
      return message
    }
    for message in reading.messages {
      while let earlier = duplicate(upTo: message.line - 1) { say(earlier.line(of: source.name)) }
      say(message.line(of: source.name))
      if status == 0, let code = message.exitStatus { status = code }
    }
    while let later = duplicate(upTo: .max) { say(later.line(of: source.name)) }
  }
}

/// One aliases file and its map.
struct AliasSource {
  /// The file as sendmail.cf has it.
  let name: [UInt8]
  /// Where it is.
  let path: String
  /// Where its map is.
  let mapPath: String
  let type: MapType
  let conventions: MapConventions
  let isOptional: Bool
  private let mapClass: ByteString
  private let number: Int

  init(_ source: AliasFileSpecification, number: Int, type: MapType, in site: AliasSite) {
    name = source.path.bytes
    path = site.path(of: source.path)
    mapPath = TableLocation.mapPath(path)
    self.type = type
    self.number = number
    mapClass = source.mapClass
    isOptional = source.isOptional
    var conventions = MapConventions.newaliases
    conventions.includesNul = source.includesNUL
    if source.appends { conventions.duplicates = .mergeNewestFirst }
    self.conventions = conventions
  }

  /// Locks and reads the file; nil where another program has it locked.
  ///
  /// - Parameter isNeeded: Whether it is not read then.
  func lock(isNeeded: Bool) throws(AliasFileSafety.Refusal) -> LockedText? {
    do throws(SystemError) {
      return try LockedText(path, isNeeded: isNeeded)
    } catch { throw AliasFileSafety.Refusal(error) }
  }

  /// Whether no class is named, or `implicit`.
  var isImplicit: Bool { mapClass == "implicit" }

  /// What is said of a map that is not safe, where its class is named.
  func refusal(_ reason: String) -> [UInt8] {
    let map = mapPath == path ? name : name + Array(".db".utf8)
    // That is found only when it is opened.
    if ["File exists", "Read-only file system", "Operation not permitted"].contains(reason) {
      return Array("db_map_open: cannot pre-open database ".utf8) + map + Array(": \(reason)".utf8)
    }
    return Array("\(mapClass) map \"Alias\(number)\": unsafe map file ".utf8) + map + Array(": \(reason)".utf8)
  }

  /// A finding of ours, as `mailcfg check` prints it.
  func note(_ finding: Diagnostic) -> [UInt8] { Array(finding.text(path: ByteString(name).escaped).utf8) }

  /// Builds the map and puts it into place.
  func build(
    _ contents: MapContents, owner: UInt32?, progress: @escaping (Int) -> Bool
  ) throws -> MapStatistics {
    var attributes = NewFileAttributes(mode: 0o640, owner: owner)
    attributes.ownsOldToo = true
    let replacement = try FileReplacement(FileLocation(mapPath), attributes: attributes)
    let statistics = try MapBuilder(type: type, waitsForDisk: false, growsAsMakemap: true)
      .build(contents, at: replacement.path(), progress: progress)
    try replacement.publish()
    return statistics
  }
}
