internal import SendmailConfig
internal import SendmailMaps
internal import SystemSupport

/// `praliases`, as sendmail's own program of that name.
enum Praliases {
  private static let usage = "usage: praliases [-C cffile] [-f aliasfile] [key ...]"

  /// Does what the command line asks for.
  ///
  /// - Returns: The exit status: 0 even where there is no map, or no such key.
  static func run(_ call: ProgramCall) -> Int32 {
    var configuration = ProgramConfiguration.usualPath
    var named: [UInt8]?
    let scan = call.scan("C:f:")
    for finding in scan.findings {
      guard case .option(let letter, let argument) = finding else {
        call.complain(refused: finding)
        call.errors.line(usage)
        return ExitStatus.usage
      }
      if letter == UInt8(ascii: "C") { configuration = argument } else { named = argument }
    }
    if let named {
      print(PraliasesSource(named[...]), keys: scan.operands, call)
      return 0
    }
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try FileContents.anyBytes(of: String(path: configuration))
    } catch {
      say(ByteString(configuration), SafeFile.Refusal.system(error.errno).description, call)
      return ExitStatus.noInput
    }
    for source in PraliasesSource.sources(of: bytes) { print(source, keys: scan.operands, call) }
    return 0
  }

  private static func say(_ subject: ByteString, _ reason: String, _ call: ProgramCall) {
    call.errors.write(
      Array("praliases: ".utf8) + subject.bytes + Array(": \(reason)".utf8) + [ASCII.lineFeed])
  }

  /// Prints the aliases of one map, or those of the keys.
  private static func print(_ source: PraliasesSource, keys: [[UInt8]], _ call: ProgramCall) {
    var type: MapType?
    switch source.mapClass {
    case nil, "": break
    case "hash": type = .hash
    case "btree": type = .btree
    case let other?:
      return call.errors.write(
        Array("praliases: Skipping non-file based alias type ".utf8) + other.bytes + [ASCII.lineFeed])
    }
    guard !source.path.isEmpty, source.mapClass != "" else {
      return call.errors.write(
        Array("praliases: illegal alias specification: ".utf8) + source.text.bytes + [ASCII.lineFeed])
    }
    let map = MapFile(path: source.path.bytes, type: type, allowsLinks: true)
    let outcome = map.readAliases { reader throws(MapError) in
      if keys.isEmpty { try printAll(reader, call) } else { try printValues(of: keys, reader, call) }
    }
    // Root is warned, and nobody else.
    if CurrentProcess.realUser == 0 {
      for _ in 0..<outcome.checks { for warning in map.warnings { call.errors.line(warning) } }
    }
    guard let error = outcome.error else { return }
    // What was printed before the fault comes before it.
    call.output.flush()
    let isOpening = error.moment == .opening
    say(source.path, "\(isOpening ? "open" : "get value at cursor"): \(error.reason)", call)
  }

  private static func printAll(_ reader: MapReader, _ call: ProgramCall) throws(MapError) {
    try reader.forEachStoredPair { key, value in
      write(ByteString(copying: key).bytes, ByteString(copying: value).bytes, call)
      return true
    }
  }

  private static func printValues(
    of keys: [[UInt8]], _ reader: MapReader, _ call: ProgramCall
  ) throws(MapError) {
    for key in keys {
      var value = try reader.storedValue(forKey: key)
      if value == nil { value = try reader.storedValue(forKey: key + [ASCII.nul]) }
      if let value {
        write(key, value, call)
      } else {
        call.output.write(key + Array(": No such key\n".utf8))
      }
    }
  }

  /// Prints a pair, each part up to its first NUL.
  private static func write(_ key: [UInt8], _ value: [UInt8], _ call: ProgramCall) {
    call.output.write(
      key.prefix { $0 != ASCII.nul } + [ASCII.colon] + value.prefix { $0 != ASCII.nul } + [ASCII.lineFeed])
  }
}
