internal import BerkeleyDB
public import SendmailConfig

/// What a map of a text holds: its pairs after the map's conventions, in the order in which a hash stores them.
///
/// Both sides of the work need it: whoever builds a map writes it fastest in this order, and whoever compares one looks
/// its pairs up here. Nothing of the text is copied; beside it stand eight bytes a pair.
public struct MapContents: Sendable {
  /// The text's pairs, those that do not count included.
  public let pairs: MapPairs
  /// The conventions by which they were taken.
  public let conventions: MapConventions
  /// The keys that the text has more than once, in the order of the later line; empty where all values are kept.
  public private(set) var duplicates: [MapDuplicate] = []

  /// The numbers of the pairs that count, by bucket, in a bucket by key, for one key in the order of the text.
  private(set) var order: [UInt32] = []
  /// libdb's hash of the stored key of each pair in ``order``.
  private(set) var hashes: [UInt32] = []
  /// Where each bucket begins in ``order``, and the end.
  private(set) var bucketStarts: [UInt32] = []
  /// How many buckets there are: a power of two.
  let buckets: Int
  /// The merged older pairs, newest first, by the number of the newest.
  private(set) var older: [UInt32: [UInt32]] = [:]
  /// The mean size of a pair on a page, in bytes.
  let meanPairSize: Int

  /// Arranges the pairs of a text.
  /// - Complexity: O(*n*) in bytes, and *b* log *b* in the pairs of a bucket.
  public init(_ pairs: MapPairs, conventions: MapConventions = .makemap) {
    self.pairs = pairs
    self.conventions = conventions
    let bytes = pairs.bytes
    let list = pairs.pairs
    var unordered = [UInt32](repeating: 0, count: list.count)
    var size = 0
    let places = list.span
    let text = bytes.span
    for number in places.indices {
      let place = places[number]
      let key = text.extracting(Int(place.keyOffset)..<Int(place.keyOffset) + Int(place.keyLength))
      unordered[number] = MapContents.hash(key, conventions)
      size += PageLayout.size(key: place.keyLength, value: place.valueLength, includesNul: conventions.includesNul)
    }
    meanPairSize = list.isEmpty ? 1 : max(1, size / list.count)
    buckets = PageLayout.buckets(totalSize: size)
    arrange(unordered)
    if conventions.marker { dropMarker() }
  }

  /// How many pairs a map of this holds, the marker included.
  public var count: Int { order.count + (conventions.marker ? 1 : 0) }

  /// The hash of a key as it is stored.
  @inline(__always)
  static func hash(_ key: Span<UInt8>, _ conventions: MapConventions) -> UInt32 {
    var hash: UInt32 = 0
    if conventions.foldsCase {
      for index in key.indices { hash = HashFunction.step(hash, MapByte.folded(key[index])) }
    } else {
      for index in key.indices { hash = HashFunction.step(hash, key[index]) }
    }
    return conventions.includesNul ? HashFunction.step(hash, MapByte.nul) : hash
  }

  // MARK: Arranging

  /// Sorts by bucket, then each bucket by key, and leaves out what does not count.
  private mutating func arrange(_ unordered: [UInt32]) {
    let mask = UInt32(buckets - 1)
    var starts = [UInt32](repeating: 0, count: buckets + 1)
    for hash in unordered { starts[Int(hash & mask) + 1] += 1 }
    for bucket in 0..<buckets { starts[bucket + 1] += starts[bucket] }
    var next = starts
    order = [UInt32](repeating: 0, count: unordered.count)
    for number in unordered.indices {
      let bucket = Int(unordered[number] & mask)
      order[Int(next[bucket])] = UInt32(number)
      next[bucket] += 1
    }
    next = []
    var sorter = BucketSorter(pairs, foldsCase: conventions.foldsCase, longerFirst: true)
    var kept = 0
    var fetched = 0
    var touched: UInt8 = 0
    defer { withExtendedLifetime(touched) {} }
    for bucket in 0..<buckets {
      let range = Int(starts[bucket])..<Int(starts[bucket + 1])
      starts[bucket] = UInt32(kept)
      guard !range.isEmpty else { continue }
      if range.upperBound > fetched {
        fetched = range.upperBound + 4 * MapContents.batchSize
        touched &+= fetch(range.lowerBound..<fetched)
      }
      sorter.sort(&order, range)
      guard sorter.foundEqualKeys else {
        if kept != range.lowerBound {
          for position in range { order[kept + position - range.lowerBound] = order[position] }
        }
        kept += range.count
        continue
      }
      var run = range.lowerBound
      while run < range.upperBound {
        var end = run + 1
        while end < range.upperBound, sorter.isEqual(end - range.lowerBound, to: run - range.lowerBound) { end += 1 }
        keep(run..<end, &kept)
        run = end
      }
    }
    starts[buckets] = UInt32(kept)
    order.removeSubrange(kept...)
    bucketStarts = starts
    hashes = order.map { unordered[Int($0)] }
    duplicates.sort { max($0.counted, $0.ignored) < max($1.counted, $1.ignored) }
  }

  /// Moves the pairs of a run of equal keys that count down to `kept`, and notes the others.
  private mutating func keep(_ run: Range<Int>, _ kept: inout Int) {
    let numbers = Array(order[run])
    switch conventions.duplicates {
    case .keepAll:
      for number in numbers {
        order[kept] = number
        kept += 1
      }
    case .keepFirst:
      order[kept] = numbers[0]
      kept += 1
      for number in numbers.dropFirst() { duplicates.append(MapDuplicate(counted: numbers[0], ignored: number)) }
    case .keepLast:
      let last = numbers[numbers.count - 1]
      order[kept] = last
      kept += 1
      for number in numbers.dropLast() { duplicates.append(MapDuplicate(counted: last, ignored: number)) }
    case .mergeNewestFirst:
      let last = numbers[numbers.count - 1]
      order[kept] = last
      kept += 1
      if numbers.count > 1 { older[last] = numbers.dropLast().reversed() }
    }
  }

  /// Leaves out a key `@` of the text: the marker is stored last, over it.
  private mutating func dropMarker() {
    let hash = MapContents.hash([MapByte.marker].span, conventions)
    while let position = position(ofKey: [MapByte.marker].span, hash: hash) {
      order.remove(at: position)
      hashes.remove(at: position)
      for bucket in bucketStarts.indices where bucketStarts[bucket] > UInt32(position) { bucketStarts[bucket] -= 1 }
    }
  }

  // MARK: Looking up

  /// Where the first pair with this key stands in ``order``.
  /// - Parameters:
  ///   - key: the key as stored, without the NUL of the convention.
  ///   - hash: the hash of the key as stored, with it.
  func position(ofKey key: Span<UInt8>, hash: UInt32) -> Int? {
    let bucket = Int(hash & UInt32(buckets - 1))
    for position in Int(bucketStarts[bucket])..<Int(bucketStarts[bucket + 1])
    where hashes[position] == hash && hasKey(key, at: position) {
      return position
    }
    return nil
  }

  /// Whether the pair at a position has this key, which is given as stored, without NUL.
  @inline(__always)
  func hasKey(_ key: Span<UInt8>, at position: Int) -> Bool {
    let pair = pairs.pairs[Int(order[position])]
    guard Int(pair.keyLength) == key.count else { return false }
    let bytes = pairs.bytes.span
    let own = bytes.extracting(Int(pair.keyOffset)..<Int(pair.keyOffset) + key.count)
    if conventions.foldsCase {
      for index in key.indices where MapByte.folded(own[index]) != key[index] { return false }
    } else {
      for index in key.indices where own[index] != key[index] { return false }
    }
    return true
  }

  /// Whether the pair at a position has this value, which is given without NUL.
  @inline(__always)
  func hasValue(_ value: Span<UInt8>, at position: Int) -> Bool {
    if isMerged(order[position]) {
      let merged = self.value(at: position)
      guard merged.count == value.count else { return false }
      for index in value.indices where merged[index] != value[index] { return false }
      return true
    }
    let pair = pairs.pairs[Int(order[position])]
    guard Int(pair.valueLength) == value.count else { return false }
    let bytes = pairs.bytes.span
    let own = bytes.extracting(Int(pair.valueOffset)..<Int(pair.valueOffset) + value.count)
    return unsafe own.withUnsafeBufferPointer { own in
      unsafe value.withUnsafeBufferPointer { value in unsafe own.elementsEqual(value) }
    }
  }

  /// The key of the pair at a position as stored, without NUL.
  func key(at position: Int) -> [UInt8] {
    let key = pairs.key(pairs.pairs[Int(order[position])])
    return conventions.foldsCase ? key.map { MapByte.folded($0) } : Array(key)
  }

  /// The value of the pair at a position as stored, without NUL.
  func value(at position: Int) -> [UInt8] { value(ofNumber: order[position]) }

  /// The value of a pair that counts, by its number, as stored, without NUL: merged where pairs are merged.
  func value(ofNumber number: UInt32) -> [UInt8] {
    func own(_ number: UInt32) -> ArraySlice<UInt8> { pairs.value(pairs.pairs[Int(number)]) }
    guard var others = older[number] else { return Array(own(number)) }
    // An empty old value leaves no comma: sendmail takes the new one instead.
    while let oldest = others.last, own(oldest).isEmpty { others.removeLast() }
    return others.reduce(into: Array(own(number))) { merged, number in
      merged.append(MapByte.comma)
      merged.append(contentsOf: own(number))
    }
  }

  /// Whether the value of a pair that counts is made of several.
  @inline(__always)
  func isMerged(_ number: UInt32) -> Bool { !older.isEmpty && older[number] != nil }

  /// Reads one byte of the text of each pair at some positions.
  ///
  /// Pairs of one bucket are all over the text. Asked for one after the other, with work between, each is waited for; asked
  /// for together, many are fetched at a time.
  func fetch(_ positions: Range<Int>) -> UInt8 {
    let bytes = pairs.bytes
    let list = pairs.pairs
    var sum: UInt8 = 0
    for position in positions.clamped(to: order.indices) {
      let pair = list[Int(order[position])]
      // Most pairs are on two lines of the cache.
      if Int(pair.valueOffset) < bytes.count { sum &+= bytes[Int(pair.keyOffset)] &+ bytes[Int(pair.valueOffset)] }
    }
    return sum
  }

  /// How many pairs are fetched together; their text fits the processor's cache.
  static let batchSize = 128

  // MARK: Writing

  /// The numbers of the pairs that count, by key: the order of a btree.
  func orderByKey() -> [UInt32] {
    var sorter = BucketSorter(pairs, foldsCase: conventions.foldsCase, longerFirst: false)
    var result = order
    sorter.sort(&result, 0..<result.count)
    return result
  }

  /// The keys as stored, without the NUL of the convention and without the marker, in the order in which they are written.
  package func storedKeys(for type: MapType) -> [[UInt8]] {
    (type == .hash ? order : orderByKey()).map { number in
      let key = pairs.key(pairs.pairs[Int(number)])
      return conventions.foldsCase ? key.map { MapByte.folded($0) } : Array(key)
    }
  }

  /// A buffer size for writing, in bytes: for a small map no more than it needs.
  var bulkBufferSize: Int {
    min(1 << 20, max(4096, (meanPairSize + 32) * order.count + 1024))
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
