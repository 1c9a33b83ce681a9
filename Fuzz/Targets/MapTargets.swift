internal import BerkeleyDB
internal import SendmailConfig
internal import SendmailMaps

extension FuzzTarget {
  /// Hostile database files: what passes the verification is read to its end, twice the same; all else is an error.
  static let mapReading = FuzzTarget("map-reading", longest: 32_768) { input throws(FuzzFailure) in
    let choice = input.choice(of: SampleMaps.all.count + 1)
    var bytes: [UInt8]
    if choice == 0 {
      bytes = input.rest()
    } else {
      bytes = SampleMaps.all[choice - 1]
      // Bytes changed: half of them at the head of a page, where they do most harm.
      while !input.isEmpty, !bytes.isEmpty {
        let place = Int(input.choice()) << 8 | Int(input.choice())
        let value = input.choice()
        if place == 0xFFFF {
          bytes.removeLast(min(bytes.count, Int(value) << 6))
        } else {
          bytes[place % bytes.count] = value
        }
      }
    }
    try readMap(Scratch.write("map.db", bytes), size: bytes.count)
  }

  private static func readMap(_ path: String, size: Int) throws(FuzzFailure) {
    let result: Result<(Int, Int), MapError> = Result { () throws(MapError) in try account(of: path, limit: size) }
    switch result {
    case .success(let (seen, entries)):
      try require(seen <= size, "\(seen) pairs in \(size) bytes")
      try require(entries == seen, "\(entries) entries of \(seen) pairs")
    case .failure(let error): try require(!"\(error)".isEmpty, "an error without a message")
    }
  }

  /// Reads a map in every way: how many pairs there are when one goes through them, and how many are counted.
  private static func account(of path: String, limit: Int) throws(MapError) -> (Int, Int) {
    let reader = try MapReader(path: path)
    var keys: [[UInt8]] = []
    var seen = 0
    try reader.forEachStoredPair { key, _ in
      seen += 1
      if keys.count < 50 { keys.append(key.indices.map { key[$0] }) }
      return seen <= limit
    }
    guard seen <= limit else { return (seen, seen) }
    for key in keys {
      _ = try reader.storedValue(forKey: key)
      _ = try reader.value(forKey: key)
    }
    _ = try reader.value(forKey: Array("no such key".utf8))
    _ = try MapComparison(MapContents(MapPairs()), with: reader)
    let summary = try reader.summary()
    return (seen, summary.plain + summary.nulTerminated)
  }

  /// Maps of hostile pairs hold what their conventions say, and nothing else.
  static let mapBuilding = FuzzTarget("map-building", longest: 16_384) { input throws(FuzzFailure) in
    let type: MapType = input.pick([.hash, .btree])
    let duplicates = input.pick([MapConventions.Duplicates.keepFirst, .keepLast, .keepAll, .mergeNewestFirst])
    let bits = input.choice()
    let conventions = MapConventions(
      foldsCase: bits & 1 == 0, includesNul: bits & 2 != 0, marker: bits & 4 != 0 && duplicates != .keepAll,
      duplicates: duplicates)
    var pairs = MapPairs()
    var line = 1
    // A byte says how often a pair comes, so that a short input makes a table of many pages.
    while !input.isEmpty, pairs.pairs.count < 2000 {
      let times = input.choice()
      var key = input.string()
      // A NUL behind a key is a convention of the map: no text has it.
      while key.last == 0 { key.removeLast() }
      let value = input.string()
      for number in 0..<(times < 0xF0 ? 1 : Int(times) - 0xE0) {
        let suffix = number == 0 ? [] : Array("\(number)".utf8)
        pairs.append(key: key + suffix, value: value, line: line)
        line += 1
      }
    }
    let contents = MapContents(pairs, conventions: conventions)
    Scratch.remove("built.db")
    let path = "\(Scratch.path)/built.db"
    var found: [StoredRecord] = []
    do throws(MapError) {
      try MapBuilder(type: type).build(contents, at: path)
      let reader = try MapReader(path: path, foldsCase: conventions.foldsCase)
      try reader.forEachStoredPair { key, value in
        found.append(StoredRecord(key: key.indices.map { key[$0] }, value: value.indices.map { value[$0] }))
        return true
      }
      let comparison = try MapComparison(contents, with: reader)
      guard comparison.agrees else { throw MapError(.cancelled, path: "the map does not agree with its contents") }
    } catch {
      // Of a hash with keys on pages of their own, libdb does not find every key that it has stored itself, and the builder
      // sees that. No table of sendmail's has keys as long.
      if error.code == .readBack, type == .hash, pairs.pairs.contains(where: { $0.keyLength >= 1024 }) { return }
      throw FuzzFailure(description: "\(error)")
    }
    let expected = records(pairs, conventions)
    try require(found.count == contents.count, "\(found.count) pairs stored, \(contents.count) counted")
    try require(found.sorted() == expected.sorted(), "the map holds other pairs than the text has")
  }

  /// What the conventions say, word for word.
  private static func records(_ pairs: MapPairs, _ conventions: MapConventions) -> [StoredRecord] {
    let nul: [UInt8] = conventions.includesNul ? [0] : []
    var order: [[UInt8]] = []
    var values: [[UInt8]: [[UInt8]]] = [:]
    for pair in pairs.pairs {
      let written = Array(pairs.key(pair))
      let key = conventions.foldsCase ? ByteString(written).folded.bytes : written
      if values[key] == nil { order.append(key) }
      values[key, default: []].append(Array(pairs.value(pair)))
    }
    var result: [StoredRecord] = []
    for key in order {
      let all = values[key] ?? []
      let kept: [[UInt8]]
      switch conventions.duplicates {
      case .keepFirst: kept = Array(all.prefix(1))
      case .keepLast: kept = Array(all.suffix(1))
      case .keepAll: kept = all
      case .mergeNewestFirst:
        // An empty old value leaves no comma.
        let first = all.firstIndex { !$0.isEmpty } ?? all.count - 1
        kept = [Array(all[first...].reversed().joined(separator: [0x2C]))]
      }
      for value in kept { result.append(StoredRecord(key: key + nul, value: value + nul)) }
    }
    if conventions.marker {
      result.removeAll { $0.key == [0x40] + nul }
      result.append(StoredRecord(key: [0x40] + nul, value: [0x40] + nul))
    }
    return result
  }
}

/// A key and its value.
private struct StoredRecord: Comparable {
  var key: [UInt8]
  var value: [UInt8]

  static func < (left: Self, right: Self) -> Bool {
    left.key == right.key
      ? left.value.lexicographicallyPrecedes(right.value) : left.key.lexicographicallyPrecedes(right.key)
  }
}

/// Databases to damage: hash and btree, small and large pages, values over several pages, keys with many values.
private enum SampleMaps {
  static let all: [[UInt8]] = {
    var result: [[UInt8]] = []
    for type in [DatabaseType.hash, .btree] {
      for (pageSize, pairs, large, allowsDuplicates) in [
        (512, 12, 0, false), (512, 40, 1, false), (512, 30, 0, true), (4096, 20, 1, false), (512, 120, 0, true),
      ] {
        Scratch.remove("sample.db")
        let path = "\(Scratch.path)/sample.db"
        do throws(BerkeleyDBError) {
          let layout = DatabaseLayout(pageSize: pageSize, allowsDuplicates: allowsDuplicates)
          try write(type, layout, pairs, large, path)
        } catch {
          fatalError("\(error)")
        }
        result.append(Scratch.read(path) ?? [])
      }
    }
    return result
  }()

  private static func write(
    _ type: DatabaseType, _ layout: DatabaseLayout, _ pairs: Int, _ large: Int, _ path: String
  ) throws(BerkeleyDBError) {
    var database = try Database(creating: path, type: type, layout: layout)
    for number in 0..<pairs {
      let key = layout.allowsDuplicates ? Array("key\(number % 3)".utf8) : Array("key\(number)\0".utf8)
      try database.put(key: key.span, value: Array("the value of \(number)".utf8).span)
    }
    for number in 0..<large {
      let bytes = [UInt8](repeating: UInt8(0x41 + number), count: 2000)
      try database.put(key: bytes.span.extracting(first: 600), value: bytes.span)
    }
    try database.close()
  }
}
