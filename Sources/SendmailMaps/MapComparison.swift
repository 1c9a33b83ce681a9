internal import BerkeleyDB
internal import SendmailConfig

/// Whether a map holds what its text says, and where it does not.
public struct MapComparison: Sendable {
  /// How many pairs the map should hold, the marker not counted.
  public private(set) var expected: Int
  /// How many pairs the map holds, the marker not counted.
  public private(set) var found = 0
  /// How many keys of the text are not in the map.
  public private(set) var missing = 0
  /// How many keys have another value in the map.
  public private(set) var changed = 0
  /// How many pairs are only in the map.
  public private(set) var onlyInMap = 0
  /// How many pairs agree but for the NUL byte that they have and should not have, or the other way round.
  public private(set) var inOtherForm = 0
  /// Whether the record `@` should be there and is not.
  public private(set) var lacksMarker: Bool
  /// The differences: what is in the map in its order, then what is missing in the order of the text.
  public private(set) var differences: [MapDifference] = []

  /// Whether the map holds exactly what its text says, byte for byte.
  public var agrees: Bool { saysTheSame && inOtherForm == 0 && !lacksMarker }

  /// Whether every key has the value of the text, in whichever form, and there is no other.
  public var saysTheSame: Bool { missing == 0 && changed == 0 && onlyInMap == 0 }

  /// Compares all pairs.
  /// - Parameters:
  ///   - contents: what the map should hold.
  ///   - map: the map.
  ///   - limit: how many differences are listed; all are counted.
  /// - Throws: ``MapError`` when the map cannot be read or is damaged.
  /// - Complexity: O(*n*) in bytes of both.
  public init(_ contents: MapContents, with map: MapReader, limit: Int = .max) throws(MapError) {
    expected = contents.entries.count
    lacksMarker = contents.conventions.marker
    var seen = [UInt64](repeating: 0, count: (contents.entries.count + 63) / 64)
    var walk = self
    var next = 0
    try map.forEachStoredPair { key, value in
      walk.take(key, value, contents, &seen, &next, limit)
      return true
    }
    self = walk
    noteMissing(contents, seen, limit)
  }

  /// Looks at a pair of the map.
  private mutating func take(
    _ key: Span<UInt8>, _ value: Span<UInt8>, _ contents: MapContents, _ seen: inout [UInt64], _ next: inout Int,
    _ limit: Int
  ) {
    let pair = StoredPair(key: key, value: value)
    let form = pair.hasNul == contents.conventions.includesNul
    if contents.conventions.marker, pair.isMarker(key, value) {
      lacksMarker = false
      if !form { inOtherForm += 1 }
      return
    }
    found += 1
    let ownKey = key.extracting(first: pair.keyCount)
    let ownValue = value.extracting(first: pair.valueCount)
    guard let position = contents.unseenPosition(ofKey: ownKey, near: next, seen) else {
      onlyInMap += 1
      if differences.count < limit {
        differences.append(
          MapDifference(key: Array(copying: ownKey), expected: nil, found: Array(copying: ownValue), line: nil))
      }
      return
    }
    seen[position / 64] |= 1 << UInt64(position % 64)
    next = position + 1
    if contents.hasValue(ownValue, at: position) {
      if !form { inOtherForm += 1 }
      return
    }
    changed += 1
    if differences.count < limit {
      differences.append(
        MapDifference(
          key: Array(copying: ownKey), expected: contents.value(at: position), found: Array(copying: ownValue),
          line: contents.line(at: position)))
    }
  }

  /// Lists what no pair of the map was taken for.
  private mutating func noteMissing(_ contents: MapContents, _ seen: [UInt64], _ limit: Int) {
    var positions: [Int] = []
    for position in 0..<contents.entries.count where seen[position / 64] & (1 << UInt64(position % 64)) == 0 {
      missing += 1
      positions.append(position)
    }
    guard !positions.isEmpty, differences.count < limit else { return }
    positions.sort { contents.entries[$0].number < contents.entries[$1].number }
    for position in positions.prefix(limit - differences.count) {
      differences.append(
        MapDifference(
          key: contents.key(at: position), expected: contents.value(at: position), found: nil,
          line: contents.line(at: position)))
    }
  }
}

/// A key that a text and its map do not agree on.
public struct MapDifference: Sendable, Hashable {
  /// The key as stored, without the NUL of the convention.
  public var key: [UInt8]
  /// The value that the text gives; `nil`: the key is only in the map.
  public var expected: [UInt8]?
  /// The value that the map has; `nil`: the key is missing in it.
  public var found: [UInt8]?
  /// The 1-based line of the text; `nil`: the key is only in the map.
  public var line: Int?

  /// Makes a difference.
  public init(key: [UInt8], expected: [UInt8]?, found: [UInt8]?, line: Int?) {
    self.key = key
    self.expected = expected
    self.found = found
    self.line = line
  }
}

extension MapContents {
  /// Where the first pair with a key stands that was not seen yet.
  /// - Parameters:
  ///   - key: the key as stored, without NUL.
  ///   - guess: a position to try first: pairs of a map come in nearly the same order.
  ///   - seen: a bit for each position.
  fileprivate func unseenPosition(ofKey key: Span<UInt8>, near guess: Int, _ seen: [UInt64]) -> Int? {
    func isSeen(_ position: Int) -> Bool { seen[position / 64] & (1 << UInt64(position % 64)) != 0 }
    if guess < entries.count, hasKey(key, at: guess), !isSeen(guess) {
      // Of several pairs with this key, the first unseen one: the guess, when the one before it is another or seen.
      if guess == 0 || isSeen(guess - 1) || !hasKey(key, at: guess - 1) { return guess }
    }
    guard var position = position(ofKey: key, hash: storedHash(ofFoldedKey: key)) else { return nil }
    while isSeen(position) {
      position += 1
      guard position < entries.count, hasKey(key, at: position) else { return nil }
    }
    return position
  }

  /// The hash of a key as stored, which is given without NUL.
  private func storedHash(ofFoldedKey key: Span<UInt8>) -> UInt32 {
    let hash = HashFunction.hash(key)
    return conventions.includesNul ? HashFunction.step(hash, MapByte.nul) : hash
  }
}

extension [UInt8] {
  /// A copy of bytes that are only lent.
  init(copying bytes: Span<UInt8>) {
    self = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
  }
}
