internal import SendmailConfig
internal import SendmailMaps
internal import SystemSupport

/// `editmap`, as sendmail's own program of that name.
enum Editmap {
  /// What is to be done with the key.
  enum Task {
    case query, update, remove
  }

  static let usage = "Usage: editmap [-C cffile] [-N] [-f] [-q|-u|-x] maptype mapname key [ \"value ...\" ]"

  /// Does what the command line asks for.
  ///
  /// - Returns: The exit status.
  static func run(_ call: ProgramCall) -> Int32 {
    var configuration = ProgramConfiguration.usualPath
    var conventions = MapConventions.makemap
    var tasks: [Task] = []
    let scan = call.scan("C:fquxN")
    for finding in scan.findings {
      guard case .option(let letter, let argument) = finding else {
        call.complain(refused: finding)
        return refuseUsage(call)
      }
      switch Character(Unicode.Scalar(letter)) {
      case "C": configuration = argument
      case "f": conventions.foldsCase = false
      case "N": conventions.includesNul = true
      case "q": tasks.append(.query)
      case "u": tasks.append(.update)
      default: tasks.append(.remove)
      }
    }
    // What is behind the value of an update is not looked at.
    let isComplete = tasks.first == .update ? scan.operands.count >= 4 : scan.operands.count == 3
    guard tasks.count == 1, isComplete else { return refuseUsage(call) }
    guard let configured = ProgramConfiguration.read(configuration, needed: true, call) else {
      return ExitStatus.noInput
    }
    let type = ByteString(scan.operands[0])
    let name = ByteString(scan.operands[1])
    if let missing = ProgramConfiguration.missingType(type) {
      call.complain(missing)
      return ExitStatus.cannotCreate
    }
    func refuse(_ reason: String) -> Int32 {
      call.complain(ByteString("error opening type ") + type + " map " + name + ": " + ByteString(reason))
      return ExitStatus.cannotCreate
    }
    let mapType = MapType(makemapName: type.description)
    guard mapType != nil else { return refuse(MapFileError.unknownType) }
    let map = MapFile(path: name.bytes, type: type == "implicit" ? nil : mapType, trustedUser: configured.trustedUser)
    do throws(MapFileError) {
      try ProgramConfiguration.check(map, for: tasks[0] == .query ? .reading : .editing, call)
      let key = Array(scan.operands[2])
      let value = scan.operands.count > 3 ? scan.operands[3] : nil
      return try run(tasks[0], map, conventions, name: name, key: key, value: value, call)
    } catch {
      if error.moment == .opening { return refuse(error.reason) }
      call.complain(ByteString("close(") + name + "): " + ByteString(error.reason))
      return ExitStatus.inputOutput
    }
  }

  private static func refuseUsage(_ call: ProgramCall) -> Int32 {
    call.errors.line(usage)
    return ExitStatus.usage
  }

  private static func run(
    _ task: Task, _ map: MapFile, _ conventions: MapConventions, name: ByteString, key: [UInt8], value: [UInt8]?,
    _ call: ProgramCall
  ) throws(MapFileError) -> Int32 {
    let stored = conventions.storedKey(key)
    let shown = ByteString(stored.prefix { $0 != ASCII.nul })
    func complain(notGiven reason: String) {
      // editmap ends no line here.
      call.errors.write(Array("WARNING: ownership change on ".utf8) + name.bytes + Array(" failed \(reason)".utf8))
    }
    switch task {
    case .query:
      let found = try map.read(notGiven: complain) { reader throws(MapError) in try reader.storedValue(forKey: stored) }
      guard let found else {
        call.complain("couldn't find key " + shown + " in map " + name)
        return ExitStatus.unavailable
      }
      call.output.write(found.prefix { $0 != ASCII.nul } + [ASCII.lineFeed])
    case .update: try map.set(key: stored, value: conventions.storedValue(value ?? []))
    case .remove:
      guard try map.remove(key: stored, notGiven: complain) else {
        call.complain("key " + shown + " doesn't exist in map " + name)
        return 0
      }
    }
    return 0
  }
}
