internal import SendmailConfig
internal import SendmailMaps
internal import SystemSupport

/// `makemap`, as sendmail's own program of that name.
enum Makemap {
  /// What the command line asks for.
  struct Options {
    var configuration = ProgramConfiguration.usualPath
    var conventions = MapConventions.makemap
    var grammar = TableGrammar()
    var lines = MakemapReading.Lines.whole
    var allowsDuplicates = false
    var replaces = false
    var fallbackType: [UInt8]?
    var appends = false
    var allowsLinks = false
    var dumps = false
    var isVerbose = false
    var separator: UInt8?
  }

  static let usage = """
    Usage: makemap [-C cffile] [-N] [-c cachesize] [-D commentchar]
                   [-d] [-e] [-f] [-i type] [-l] [-o] [-r] [-s] [-t delimiter]
                   [-u] [-v] type mapname
    """

  /// The option that sendmail's program does not have.
  static let exactOption = Array("--sendmail-exact".utf8)

  /// Does what the command line asks for.
  ///
  /// - Returns: The exit status.
  static func run(_ call: ProgramCall) -> Int32 {
    var call = call
    var options = Options()
    if let place = call.arguments.dropFirst().firstIndex(of: exactOption) {
      call.arguments.remove(at: place)
      options.lines = .pieces
    }
    let scan = call.scan("C:D:Nc:defi:lLorst:uvx")
    for finding in scan.findings {
      guard case .option(let letter, let argument) = finding else {
        call.complain(refused: finding)
        return refuseUsage(call)
      }
      switch Character(Unicode.Scalar(letter)) {
      case "C": options.configuration = argument
      case "N": options.conventions.includesNul = true
      // libdb's cache: the order in which pairs are written needs none.
      case "c": break
      case "d": options.allowsDuplicates = true
      case "D": options.grammar.comment = argument.first
      case "e": options.grammar.allowsEmptyValues = true
      case "f": options.conventions.foldsCase = false
      case "i": options.fallbackType = argument
      case "l": return list(["hash", "btree", "implicit"], call)
      case "L": return list(["cf", "CF", "hash", "btree", "implicit"], call)
      case "o": options.appends = true
      case "r": options.replaces = true
      case "s": options.allowsLinks = true
      case "t":
        if let byte = argument.first {
          options.separator = byte
        } else {
          call.errors.line("Invalid separator")
        }
      case "u": options.dumps = true
      case "v": options.isVerbose = true
      default: return list(["hash:db", "btree:db", "implicit:"], call)
      }
    }
    guard scan.operands.count == 2 else { return refuseUsage(call) }
    options.grammar.separator = options.separator
    options.conventions.duplicates =
      options.allowsDuplicates ? .keepAll : options.replaces ? .keepLast : .keepFirst
    return run(options, type: scan.operands[0], name: scan.operands[1], call)
  }

  private static func list(_ types: [String], _ call: ProgramCall) -> Int32 {
    for type in types { call.output.line(type) }
    return 0
  }

  private static func refuseUsage(_ call: ProgramCall) -> Int32 {
    call.errors.line(usage)
    return ExitStatus.usage
  }

  private static func run(_ options: Options, type: [UInt8], name: [UInt8], _ call: ProgramCall) -> Int32 {
    var type = ByteString(type)
    let shownName = ByteString(name)
    let configured = ProgramConfiguration.read(options.configuration, needed: isConfigured(type), call)
    guard let configured else { return ExitStatus.noInput }
    if isConfigured(type) {
      // The empty type stands for what is in no sendmail.cf: only -i tells what it is.
      let found = type.isEmpty ? nil : configured.file.mapType(of: shownName, by: type == "cf" ? .path : .name)
      if let found {
        type = found
      } else {
        let what = ByteString("mapfile ") + shownName + ": not found in " + ByteString(options.configuration)
        guard let fallback = options.fallbackType, !fallback.isEmpty else {
          call.complain(what)
          return ExitStatus.badData
        }
        type = ByteString(fallback)
        if options.isVerbose { call.complain(what + ", using fallback " + type) }
      }
    }
    if let missing = ProgramConfiguration.missingType(type) {
      call.complain(missing)
      return ExitStatus.cannotCreate
    }
    func refuse(_ reason: String) -> Int32 {
      call.complain(ByteString("error opening type ") + type + " map " + shownName + ": " + ByteString(reason))
      return ExitStatus.cannotCreate
    }
    let mapType = MapType(makemapName: type.description)
    guard mapType != nil else { return refuse(MapFileError.unknownType) }
    let map = MapFile(
      path: name, type: type == "implicit" ? nil : mapType, needsDuplicates: options.allowsDuplicates,
      trustedUser: configured.trustedUser, allowsLinks: options.allowsLinks)
    do throws(MapFileError) {
      try ProgramConfiguration.check(map, for: options.dumps ? .reading : options.appends ? .changing : .building, call)
      if options.dumps {
        call.output.mustBeOpen = true
        try dump(map, separator: options.separator ?? ASCII.tab, call)
        return 0
      }
    } catch {
      return refuse(error.reason)
    }
    return build(map, options, name: shownName, refuse: refuse, call)
  }

  /// Whether the type is to be found in sendmail.cf; an empty one is where root, for whom it is read anyway, gives it.
  private static func isConfigured(_ type: ByteString) -> Bool {
    type.isEmpty ? CurrentProcess.effectiveUser == 0 : type.folded == "cf"
  }

  // MARK: Dumping

  private static func dump(_ map: MapFile, separator: UInt8, _ call: ProgramCall) throws(MapFileError) {
    try map.read { reader throws(MapError) in
      try reader.forEachStoredPair { key, value in
        var line: [UInt8] = []
        line.reserveCapacity(key.count + value.count + 2)
        for index in key.indices {
          guard key[index] != ASCII.nul else { break }
          line.append(key[index])
        }
        line.append(separator)
        for index in value.indices {
          guard value[index] != ASCII.nul else { break }
          line.append(value[index])
        }
        line.append(ASCII.lineFeed)
        call.output.write(line)
        return true
      }
    }
  }

  // MARK: Building

  private static func build(
    _ map: MapFile, _ options: Options, name: ByteString, refuse: (String) -> Int32, _ call: ProgramCall
  ) -> Int32 {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try call.input()
    } catch {
      call.complain(ByteString("\(error)"))
      return ExitStatus.inputOutput
    }
    let reading = MakemapReading(bytes, grammar: options.grammar, lines: options.lines)
    func complain(_ duplicates: [Int]) {
      Makemap.complain(reading, duplicates, options, name, call)
      if options.isVerbose { remark(reading, options, name, call) }
    }
    do throws(MapFileError) {
      var duplicates: [Int] = []
      if options.appends {
        duplicates = try map.add(reading.pairs, conventions: options.conventions)
      } else {
        let contents = MapContents(reading.pairs, conventions: options.conventions)
        if options.conventions.duplicates == .keepFirst { duplicates = contents.duplicates.map { Int($0.ignored) } }
        let (progress, title, total) = (Progress(), name.escaped, contents.count)
        try map.replace(with: contents) { pairs in
          progress?.update(title, pairs, of: total)
          return true
        }
      }
      complain(duplicates)
      return reading.refusals.isEmpty && duplicates.isEmpty ? 0 : ExitStatus.badData
    } catch {
      if error.moment == .opening { return refuse(error.reason) }
      complain([])
      call.complain(ByteString("close(") + name + "): " + ByteString(error.reason))
      return ExitStatus.inputOutput
    }
  }

  /// Names the lines that are not in the map, in their order; with `-v`, between them, each pair that was to be stored.
  private static func complain(
    _ reading: MakemapReading, _ duplicates: [Int], _ options: Options, _ name: ByteString, _ call: ProgramCall
  ) {
    var folding = options.conventions
    folding.includesNul = false
    var refusals = reading.refusals[...]
    func say(_ line: Int, _ what: ByteString) { call.complain(name + ByteString(": line \(line): ") + what) }
    func sayRefusals(before line: Int) {
      while let next = refusals.first, next.line < line {
        refusals = refusals.dropFirst()
        switch next.reason {
        case .tooLong: say(next.line, "line too long (1024 bytes max)")
        case .leadingSpace: say(next.line, "syntax error (leading space)")
        case .noValue: say(next.line, "no RHS for LHS " + ByteString(folding.storedKey(next.key.bytes)))
        }
      }
    }
    func sayDuplicate(_ number: Int) {
      let pair = reading.pairs.pairs[number]
      sayRefusals(before: Int(pair.line))
      say(Int(pair.line), "key " + ByteString(folding.storedKey(reading.pairs.key(pair))) + ": duplicate key")
    }
    var rest = duplicates[...]
    if options.isVerbose {
      for (number, pair) in reading.pairs.pairs.enumerated() {
        sayRefusals(before: Int(pair.line))
        call.output.write(
          Array("key=`".utf8) + folding.storedKey(reading.pairs.key(pair)) + Array("', val=`".utf8)
            + reading.pairs.value(pair) + Array("'\n".utf8))
        if rest.first == number {
          sayDuplicate(number)
          rest = rest.dropFirst()
        }
      }
    }
    for number in rest { sayDuplicate(number) }
    sayRefusals(before: .max)
  }

  /// Says what was hardly meant so.
  private static func remark(
    _ reading: MakemapReading, _ options: Options, _ name: ByteString, _ call: ProgramCall
  ) {
    let pairs = reading.pairs
    func say(_ line: Int, _ what: String) { call.complain(name + ByteString(": line \(line): note: \(what)")) }
    if pairs.bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      say(1, "a byte-order mark is part of the first line")
    }
    if let pair = pairs.pairs.first(where: { pairs.value($0).last == ASCII.carriageReturn }) {
      say(Int(pair.line), "the line ends in CR LF, and the CR is part of the value (first of such lines)")
    }
    if options.lines == .pieces, let refusal = reading.refusals.first(where: { $0.reason == .tooLong }) {
      say(refusal.line, "what is behind the first 1023 bytes is read as another line (--sendmail-exact)")
    }
  }
}
