internal import BerkeleyDB
internal import Glibc
public import SendmailConfig
internal import SystemSupport

/// What a map of a text holds: its pairs after the map's conventions, in the order in which a hash stores them.
///
/// Both sides of the work need it: whoever builds a map writes it fastest in this order, and whoever compares one looks
/// its pairs up here. The keys and values are copied, one behind the other in that order; beside them stand sixteen bytes a
/// pair.
public struct MapContents: Sendable {
  /// The text's pairs, those that do not count included.
  public let pairs: MapPairs
  /// The conventions by which they were taken.
  public let conventions: MapConventions
  /// The keys that the text has more than once, in the order of the later line; empty where all values are kept.
  public private(set) var duplicates: [MapDuplicate] = []

  /// The pairs that count, as they are stored.
  private(set) var arranged: ArrangedPairs
  /// How many buckets there are: a power of two.
  private(set) var buckets: Int
  /// The merged older pairs, newest first, by the number of the newest.
  private(set) var older: [UInt32: [UInt32]] = [:]
  /// The mean size of a pair on a page, in bytes.
  let meanPairSize: Int

  /// Arranges the pairs of a text.
  /// - Complexity: O(*n*) in bytes, and *b* log *b* in the pairs of a bucket.
  public init(_ pairs: MapPairs, conventions: MapConventions = .makemap) {
    self.pairs = pairs
    self.conventions = conventions
    let count = pairs.pairs.count
    let hashes: [UInt32]
    let size: Int
    if count < MapContents.pairsForTwoThreads {
      (hashes, size) = MapContents.hashes(of: 0..<count, in: pairs, conventions)
    } else {
      let halves = concurrently(
        { MapContents.hashes(of: 0..<count / 2, in: pairs, conventions) },
        { MapContents.hashes(of: count / 2..<count, in: pairs, conventions) })
      hashes = halves.0.hashes + halves.1.hashes
      size = halves.0.size + halves.1.size
    }
    meanPairSize = count == 0 ? 1 : max(1, size / count)
    buckets = PageLayout.buckets(totalSize: size)
    arranged = ArrangedPairs(pairs, hashes: hashes, buckets: buckets, conventions: conventions)
    // Where most pairs do not count, most of the buckets would be empty.
    if arranged.entries.count < count / 2 {
      buckets = PageLayout.buckets(totalSize: meanPairSize * arranged.entries.count)
      arranged = ArrangedPairs(pairs, hashes: hashes, buckets: buckets, conventions: conventions)
    }
    noteEqualKeys()
    if conventions.marker { dropMarker() }
  }

  /// From how many pairs on a second thread is worth its making.
  static let pairsForTwoThreads = 20_000

  /// How many pairs a map of this holds, the marker included.
  public var count: Int { entries.count + (conventions.marker ? 1 : 0) }

  /// The pairs that count, by bucket, in a bucket by key, for one key in the order of the text.
  var entries: [ArrangedPairs.Entry] { arranged.entries }

  /// Notes which pairs do not count, or are merged into another.
  private mutating func noteEqualKeys() {
    for equal in arranged.equalKeys {
      if conventions.duplicates == .mergeNewestFirst {
        older[equal.counted] = equal.others.reversed()
      } else {
        for number in equal.others { duplicates.append(MapDuplicate(counted: equal.counted, ignored: number)) }
      }
    }
    duplicates.sort { max($0.counted, $0.ignored) < max($1.counted, $1.ignored) }
  }

  /// Leaves out a key `@` of the text: the marker is stored last, over it.
  private mutating func dropMarker() {
    let hash = MapContents.hash([MapByte.marker].span, conventions)
    while let position = position(ofKey: [MapByte.marker].span, hash: hash) { arranged.remove(at: position) }
  }

  // MARK: Looking up

  /// Where the first pair with this key stands in ``entries``.
  /// - Parameters:
  ///   - key: the key as stored, without the NUL of the convention.
  ///   - hash: the hash of the key as stored, with it.
  func position(ofKey key: Span<UInt8>, hash: UInt32) -> Int? {
    let bucket = Int(hash & UInt32(buckets - 1))
    for position in Int(arranged.bucketStarts[bucket])..<Int(arranged.bucketStarts[bucket + 1])
    where entries[position].hash == hash && hasKey(key, at: position) {
      return position
    }
    return nil
  }

  /// Whether the pair at a position has this key, which is given as stored, without NUL.
  @inline(__always)
  func hasKey(_ key: Span<UInt8>, at position: Int) -> Bool {
    arranged.bytes.span.extracting(entries[position].key).hasBytes(of: key)
  }

  /// Whether the pair at a position has this value, which is given without NUL.
  @inline(__always)
  func hasValue(_ value: Span<UInt8>, at position: Int) -> Bool {
    let entry = entries[position]
    if isMerged(entry.number) { return self.value(at: position).span.hasBytes(of: value) }
    return arranged.bytes.span.extracting(entry.value).hasBytes(of: value)
  }

  /// The key of the pair at a position as stored, without NUL.
  func key(at position: Int) -> [UInt8] { Array(arranged.bytes[entries[position].key]) }

  /// The value of the pair at a position as stored, without NUL: merged where pairs are merged.
  func value(at position: Int) -> [UInt8] {
    let entry = entries[position]
    let own = Array(arranged.bytes[entry.value])
    guard var others = older[entry.number] else { return own }
    func value(_ number: UInt32) -> ArraySlice<UInt8> { pairs.value(pairs.pairs[Int(number)]) }
    // An empty old value leaves no comma: sendmail takes the new one instead.
    while let oldest = others.last, value(oldest).isEmpty { others.removeLast() }
    return others.reduce(into: own) { merged, number in
      merged.append(MapByte.comma)
      merged.append(contentsOf: value(number))
    }
  }

  /// The 1-based line of the pair at a position.
  func line(at position: Int) -> Int { Int(pairs.pairs[Int(entries[position].number)].line) }

  /// Whether the value of a pair that counts is made of several.
  @inline(__always)
  func isMerged(_ number: UInt32) -> Bool { !older.isEmpty && older[number] != nil }

  // MARK: Writing

  /// The positions of the pairs by key: the order of a btree.
  func positionsByKey() -> [UInt32] { arranged.positionsByKey() }

  /// The positions of the pairs by their place in the text.
  func positionsByNumber() -> [UInt32] {
    (0..<UInt32(entries.count)).sorted { entries[Int($0)].number < entries[Int($1)].number }
  }

  /// The keys as stored, without the NUL of the convention and without the marker, in the order in which they are written.
  package func storedKeys(for type: MapType) -> [[UInt8]] {
    (type == .hash ? Array(0..<UInt32(entries.count)) : positionsByKey()).map { key(at: Int($0)) }
  }

  /// A buffer size for writing, in bytes: for a small map no more than it needs.
  var bulkBufferSize: Int {
    min(256 << 10, max(4096, (meanPairSize + 32) * entries.count + 1024))
  }
}

extension Span<UInt8> {
  /// Whether two spans have the same bytes.
  @inline(__always)
  func hasBytes(of other: Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    return unsafe withUnsafeBytes { own in
      unsafe other.withUnsafeBytes { other in
        guard let left = own.baseAddress, let right = other.baseAddress else { return true }
        return unsafe memcmp(left, right, own.count) == 0
      }
    }
  }
}

/// A key that a text has twice: the pair that counts and one that does not, by their numbers in the text's pairs.
public struct MapDuplicate: Sendable, Hashable {
  /// The number of the pair that counts: an index into `MapPairs.pairs`.
  public var counted: UInt32
  /// The number of a pair that is not stored.
  public var ignored: UInt32

  /// Makes a duplicate.
  public init(counted: UInt32, ignored: UInt32) {
    self.counted = counted
    self.ignored = ignored
  }
}
