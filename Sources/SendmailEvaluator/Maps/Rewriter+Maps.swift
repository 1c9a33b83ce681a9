internal import SendmailConfig

/// What a map gives to a rule.
struct MapResult {
  var value: [UInt8]?
  var status: Int32 = Rewriter.Status.done
  /// Whether a temporary failure becomes that of the rule set (no `-t`).
  var defers = true
  var tableLine: Int?
  /// What sendmail says while it looks.
  var message: ByteString?

  static let notFound = MapResult()
  /// How sendmail begins to say that a map is damaged where a key leads to.
  static let readFailure: ByteString = "db_map_lookup: get ("
}

extension Rewriter {
  /// Asks a map, and notes that it was asked.
  mutating func lookUp(
    _ map: CompiledMap?, named name: ArraySlice<UInt8>, key: [UInt8], arguments: [[UInt8]], rule: Rule
  ) -> MapResult {
    guard let map else {
      report(Array("rewrite: map ".utf8) + Array(name) + Array(" not found".utf8))
      return .notFound
    }
    if map.kind == .table, !lookups.isOpen(map.definition) { return .notFound }
    let key = map.keepsQuotes ? key : Unquoting.strip(key)
    var result = find(key, in: map, arguments, depth: 0)
    let found = result.value
    if result.status == Status.temporaryFailure, let suffix = map.failureSuffix {
      result.value = key + suffix
    }
    result.defers = map.defers
    if let message = result.message { note(message) }
    if level >= .lookups {
      events.append(
        .lookedUp(
          MapLookup(
            map: ByteString(name), key: ByteString(key), arguments: arguments.map { ByteString($0) },
            value: found.map { ByteString($0) }, status: result.status, ruleLine: rule.line,
            tableLine: result.tableLine,
            failureValue: found == nil ? result.value.map { ByteString($0) } : nil, defers: map.defers,
            message: result.message)))
    }
    return result
  }

  mutating func find(_ name: [UInt8], in map: CompiledMap, _ arguments: [[UInt8]], depth: Int) -> MapResult {
    if map.cannotOpen { return MapResult(status: Status.temporaryFailure) }
    switch map.kind {
    case .table:
      let wanted = map.foldsCase ? name.map(ASCII.lowercased) : name
      return value(
        lookups.table(map.definition, ByteString(wanted)), of: map, name, arguments,
        missing: map.isText ? Status.noHost : Status.done)
    case .arith: return arithmetic(name, map, arguments)
    case .macro:
      setMacro(MapArguments.macroName(name), arguments.first)
      return MapResult(value: [])
    case .dequote:
      return MapResult(value: Unquoting.dequoted(name, blank: map.definition.dequotedBlank).map { $0 + map.suffix })
    case .null: return MapResult(status: Status.noHost)
    case .regex: return matched(name, map, arguments)
    case .sequence: return sequence(map.definition.members, name, arguments, depth)
    case .serviceSwitch:
      let service = map.definition.declaration.file ?? ""
      guard let places = lookups.service(service) else {
        unknowns.append(UnknownAnswer(map: map.definition.name, key: ByteString(name)))
        return MapResult(status: Status.noHost)
      }
      guard !places.isEmpty else { return MapResult(status: Status.temporaryFailure) }
      let members = places.map { ByteString(map.definition.name.bytes + [0x2E] + $0.bytes).folded }
      return sequence(members, name, arguments, depth)
    case .host:
      // Of an address in brackets nothing behind them counts.
      var host = name
      if name.first == 0x5B {
        guard let closing = name.firstIndex(of: 0x5D) else { return MapResult(status: Status.noHost) }
        host = Array(name[...closing])
      }
      let answer = lookups.host(ByteString(host))
      if answer == .unknown, assumesHosts, name.first != 0x5B {
        unknowns.append(UnknownAnswer(map: map.definition.name, key: ByteString(name)))
        return value(.found(ByteString(host), line: nil), of: map, name, arguments)
      }
      return value(answer, of: map, name, arguments, missing: Status.noHost)
    case .dns:
      // Without a type nothing is asked for, and nothing is there.
      guard !map.definition.recordType.isEmpty else { return MapResult(status: Status.noHost) }
      let asked = ByteString(name + map.definition.recordDomain.bytes)
      return value(
        lookups.record(map.definition.recordType, asked), of: map, name, arguments, missing: Status.noHost)
    case .bestMX: return value(lookups.record("MX", ByteString(name)), of: map, name, arguments)
    case .user:
      var answer = lookups.account(ByteString(name))
      if answer == .notFound { answer = lookups.account(ByteString(name).folded) }
      if case .found(let entry, _) = answer {
        answer = AccountEntry(entry)[map.definition.accountColumn].map { .found($0, line: nil) } ?? .unknown
      }
      return value(answer, of: map, name, arguments, missing: Status.noUser)
    case .other:
      unknowns.append(UnknownAnswer(map: map.definition.name, key: ByteString(name)))
      return .notFound
    }
  }

  /// Asks one map after the other; a temporary failure counts only where none of the others has the key.
  private mutating func sequence(
    _ members: [ByteString], _ name: [UInt8], _ arguments: [[UInt8]], _ depth: Int
  ) -> MapResult {
    var status = Status.noHost
    // A map may be a member of itself.
    guard depth < 10 else { return MapResult(status: status) }
    for member in members {
      guard let number = configuration.mapNumbers[member] else { continue }
      let map = configuration.compiledMaps[number]
      if map.kind == .table, !lookups.isOpen(map.definition) { continue }
      let result = find(name, in: map, arguments, depth: depth + 1)
      if result.value != nil { return result }
      if result.status == Status.temporaryFailure { status = result.status }
    }
    return MapResult(status: status)
  }

  private mutating func value(
    _ answer: MapAnswer, of map: CompiledMap, _ name: [UInt8], _ arguments: [[UInt8]],
    missing: Int32 = Status.done
  ) -> MapResult {
    switch answer {
    case .found(let text, let line):
      var bytes = map.matchesOnly ? name : text.bytes
      if !map.matchesOnly, bytes.contains(0x25) { bytes = MapArguments.substituted(bytes, [name] + arguments) }
      if !map.suffix.isEmpty { bytes += map.suffix }
      return MapResult(value: bytes, tableLine: line)
    case .notFound: return MapResult(status: missing)
    case .temporaryFailure:
      let message = reportsClosedTables ? lookups.complaint(map.definition) : nil
      return MapResult(status: Status.temporaryFailure, message: message)
    case .damaged(let reason):
      let words = MapResult.readFailure.bytes + name + Array("): ".utf8) + reason.bytes
      return MapResult(status: missing, message: ByteString(words))
    case .unknown:
      unknowns.append(UnknownAnswer(map: map.definition.name, key: ByteString(name)))
      return MapResult(status: missing)
    }
  }

  private func matched(_ name: [UInt8], _ map: CompiledMap, _ arguments: [[UInt8]]) -> MapResult {
    guard let expression = map.definition.expression else { return .notFound }
    let parts: [[UInt8]]
    do throws(RegularExpression.Defect) {
      guard let found = try expression.parts(of: name, arguments.first) else { return .notFound }
      parts = found
    } catch {
      return MapResult(status: Status.configuration, message: error.message)
    }
    let suffix = map.suffix
    if map.matchesOnly { return MapResult(value: name + suffix) }
    let text = Array(parts.joined(separator: expression.separator))
    return MapResult(value: MapArguments.substituted(text, [name] + arguments) + suffix)
  }

  /// `$(arith operator $@ left $@ right $)`.
  private mutating func arithmetic(_ name: [UInt8], _ map: CompiledMap, _ arguments: [[UInt8]]) -> MapResult {
    guard let sign = name.first, arguments.count >= 2 else { return MapResult(status: Status.configuration) }
    let (left, right) = (MapArguments.number(arguments[0]), MapArguments.number(arguments[1]))
    let result: String
    switch sign {
    case UInt8(ascii: "+"): result = "\(left &+ right)"
    case UInt8(ascii: "-"): result = "\(left &- right)"
    case UInt8(ascii: "*"): result = "\(left &* right)"
    case UInt8(ascii: "/"):
      guard right != 0 else { return .notFound }
      result = "\(left.dividedReportingOverflow(by: right).partialValue)"
    case UInt8(ascii: "%"):
      // sendmail dies of the smallest number modulo -1.
      guard right != 0 else { return .notFound }
      result = "\(left.remainderReportingOverflow(dividingBy: right).partialValue)"
    case UInt8(ascii: "|"): result = "\(left | right)"
    case UInt8(ascii: "&"): result = "\(left & right)"
    case UInt8(ascii: "l"): result = left < right ? "TRUE" : "FALSE"
    case UInt8(ascii: "="): result = left == right ? "TRUE" : "FALSE"
    case UInt8(ascii: "r"):
      // A random number: any of them is right, and none is known.
      unknowns.append(UnknownAnswer(map: map.definition.name, key: ByteString(name)))
      result = "\(left)"
    default: return MapResult(status: Status.configuration)
    }
    // sendmail has room for fifteen bytes.
    return MapResult(value: Array(result.utf8.prefix(15)) + map.suffix)
  }
}
