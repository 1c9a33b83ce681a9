/// An editable aliases file (aliases(5)), read as newaliases reads it.
///
/// Parsing never fails: what newaliases would refuse is kept as it is and named in ``diagnostics``. An edit changes the lines
/// of its own alias; an alias over several lines keeps its shape when a destination comes or goes.
public struct AliasesFile: Sendable {
  /// The text, edits included.
  public internal(set) var text: Text
  /// The hosts whose names may stand behind an alias name: class w.
  public var hosts: LocalHosts

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
    case nothing
    case alias(AliasName)
    case indented
    case tooLong
    case refused(AliasName.Refusal)
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

  private func kind(_ line: AliasLine) -> Kind {
    if line.isTooLong { return .tooLong }
    guard let first = line.joined.first, first != ASCII.numberSign else { return .nothing }
    if ASCII.isBlank(first) { return .indented }
    switch AliasName.parse(line.joined[...], hosts: hosts) {
    case .success(let name): return .alias(name)
    case .failure(let refusal): return .refused(refusal)
    }
  }

  /// The aliases that newaliases stores, in the order of the file; earlier ones of a name that stands twice are among them.
  public var aliases: [Alias] {
    var result: [Alias] = []
    forEachLine { line, kind in
      if case .alias(let name) = kind { result.append(Alias(line, name)) }
      return true
    }
    return result
  }

  /// The alias that counts for a name: the last one (newaliases(1)).
  ///
  /// - Parameter name: The name, in any case of ASCII letters.
  /// - Complexity: O(*n*) in bytes.
  public func alias(named name: ByteString) -> Alias? { find(name).map { Alias($0.line, $0.name) } }

  /// The last logical line that gives the name.
  func find(_ name: ByteString) -> (line: AliasLine, name: AliasName)? {
    var found: (AliasLine, AliasName)?
    let key = AliasesFile.key(of: name, hosts)
    forEachLine { line, kind in
      if case .alias(let other) = kind, other.key == key { found = (line, other) }
      return true
    }
    return found
  }

  /// The pairs of the map, in the order of the file; the last of a key counts.
  public var pairs: MapPairs {
    var pairs = MapPairs()
    pairs.bytes.reserveCapacity(text.byteCount)
    forEachLine { line, kind in
      if case .alias(let name) = kind {
        pairs.append(
          key: name.key, value: line.joined[name.valueStart...], line: line.lines.lowerBound + 1)
      }
      return true
    }
    return pairs
  }
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
  public var destinations: [AliasDestination] { AliasDestination.split(value.bytes) }

  init(_ line: AliasLine, _ name: AliasName) {
    lines = line.lines.lowerBound + 1..<line.lines.upperBound + 1
    self.name = ByteString(name.key)
    value = ByteString(line.joined[name.valueStart...])
  }
}
