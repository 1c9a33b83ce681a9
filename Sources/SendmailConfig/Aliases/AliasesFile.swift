/// An editable aliases file (aliases(5)), read as newaliases reads it.
///
/// Parsing never fails: what newaliases would refuse is kept as it is and named in ``diagnostics``. An edit changes the lines
/// of its own alias; an alias over several lines keeps its shape when a destination comes or goes.
public struct AliasesFile: Sendable {
  /// The text, edits included.
  public package(set) var text: Text
  /// The hosts whose names may stand behind an alias name: class w.
  public var hosts: LocalHosts
  /// The rules of the site, where they decide which names are local; otherwise those of a standard sendmail.cf do.
  package var rules: (any AddressRules)?

  /// Whose rules judge names.
  var judge: AddressJudge { rules.map { .site($0) } ?? .standard(hosts, blank: UInt8(ascii: ".")) }

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - bytes: The bytes of the file.
  ///   - hosts: The names of this host.
  /// - Complexity: O(*n*) in bytes.
  public init(_ bytes: [UInt8] = [], hosts: LocalHosts = LocalHosts()) {
    text = Text(bytes)
    self.hosts = hosts
  }

  /// What a logical line is.
  enum Kind {
    /// A comment or nothing at all.
    case nothing
    /// An alias; sendmail's messages about its name are warnings.
    case alias(AliasEntry, [AddressMessage])
    /// A line that begins with a blank and continues none.
    case indented
    /// More bytes than sendmail's buffer holds, or a NUL byte.
    case tooLong
    /// A name without a value; sendmail's messages about the name.
    case noValue([AddressMessage])
    /// A name that newaliases refuses: what its address parser says, and why it gives the line up.
    case refused([AddressMessage], AddressMessage?)
  }

  /// Calls `body` with each logical line, in order, until it answers false.
  func forEachLine(_ body: (AliasLine, Kind) -> Bool) {
    var index = 0
    while index < text.lineCount {
      let first = text.buffer[text.lines[index].range.lowerBound]
      if first == ASCII.numberSign || first == ASCII.lineFeed, text.isWholeLogicalLine(index) {
        index += 1
        continue
      }
      let line = AliasLine(text, from: index)
      index = line.lines.upperBound
      if !body(line, kind(line)) { return }
    }
  }

  func kind(_ line: AliasLine) -> Kind {
    if line.isTooLong { return .tooLong }
    guard let first = line.joined.first, first != ASCII.numberSign else { return .nothing }
    if ASCII.isBlank(first) { return .indented }
    let name = AliasName.parse(line.joined.span, by: judge)
    guard let key = name.storedKey(in: line.joined.span), let valueStart = name.valueOffset else {
      return .refused(name.messages, name.refusal)
    }
    guard line.joined[valueStart...].contains(where: { !ASCII.isSpace($0) }) else {
      return .noValue(name.messages)
    }
    return .alias(AliasEntry(line: line, key: key, valueStart: valueStart), name.messages)
  }

  /// Calls `body` with each alias, in order.
  func forEachAlias(_ body: (AliasEntry) -> Void) {
    forEachLine { line, kind in
      if case .alias(let entry, _) = kind { body(entry) }
      return true
    }
  }

  /// The aliases that newaliases stores, in the order of the file; earlier ones of a name that stands twice are among them.
  public var aliases: [Alias] {
    var result: [Alias] = []
    forEachAlias { result.append(Alias($0, hosts)) }
    return result
  }

  /// The alias that counts for a name: the last one (newaliases(1)).
  ///
  /// - Parameter name: The name, in any case of ASCII letters.
  /// - Complexity: O(*n*) in bytes.
  public func alias(named name: ByteString) -> Alias? { find(name).map { Alias($0, hosts) } }

  /// The last alias of a name.
  func find(_ name: ByteString) -> AliasEntry? {
    var found: AliasEntry?
    let key = key(of: name)
    forEachAlias { if $0.key == key { found = $0 } }
    return found
  }

  /// The stored key of a name that a person writes; where it is no name, its bytes folded, which nothing has for a key.
  func key(of name: ByteString) -> [UInt8] {
    let bytes = name.bytes + [ASCII.colon]
    let parsed = AliasName.parse(bytes.span, by: judge)
    let isWhole = parsed.nameEnd == name.bytes.count && parsed.valueOffset == bytes.count
    guard isWhole, !ASCII.isBlank(bytes[0]) else { return name.folded.bytes }
    return parsed.storedKey(in: bytes.span) ?? name.folded.bytes
  }

  /// The pairs of the map, in the order of the file; the last of a key counts.
  public var pairs: MapPairs {
    var pairs = MapPairs()
    pairs.bytes.reserveCapacity(text.byteCount)
    forEachAlias { pairs.append(key: $0.key, value: $0.value, line: $0.line.lines.lowerBound + 1) }
    return pairs
  }
}

/// An alias in its logical line.
struct AliasEntry {
  /// The line.
  var line: AliasLine
  /// The key as stored.
  var key: [UInt8]
  /// Where the value begins in the joined line.
  var valueStart: Int
  /// The value as stored: to the end of the line, trailing blanks included.
  var value: ArraySlice<UInt8> { line.joined[valueStart...] }
}

/// An alias: a name and where its mail goes.
public struct Alias: Sendable, Equatable {
  /// The 1-based lines.
  public var lines: Range<Int>
  /// The name as it is stored and looked up.
  public var name: ByteString
  /// The value as it is stored: lines joined, blanks between them kept.
  public var value: ByteString
  /// Where the mail goes, in the order of the value.
  public var destinations: [AliasDestination]

  init(_ entry: AliasEntry, _ hosts: LocalHosts) {
    lines = entry.line.lines.lowerBound + 1..<entry.line.lines.upperBound + 1
    name = ByteString(entry.key)
    value = ByteString(entry.value)
    destinations = AliasDestination.parse(entry.value, hosts: hosts)
  }
}
