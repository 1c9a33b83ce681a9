internal import BerkeleyDB
internal import SendmailConfig
internal import SystemSupport

/// Pairs as they are stored, copied out of a text one behind the other, in the order of a hash's pages.
///
/// A text of a million lines does not fit the processor's cache, and a hash takes its pairs from all over it. So the text is
/// read once from front to end and each pair is copied to one of some parts, each a range of buckets; each part, small enough
/// for the cache, is sorted for itself. From then on everybody reads from front to end.
struct ArrangedPairs: Sendable {
  /// One pair.
  struct Entry: Sendable {
    /// libdb's hash of the key as it is stored.
    var hash: UInt32
    /// The number of the pair in the text's pairs.
    var number: UInt32
    /// The offset of the key in the bytes; the value is behind it.
    var offset: UInt32
    /// The length of the key in bytes.
    var keyLength: UInt16
    /// The length of the value in bytes.
    var valueLength: UInt16

    /// The place of the key in the bytes.
    @inline(__always)
    var key: Range<Int> { Int(offset)..<Int(offset) + Int(keyLength) }
    /// The place of the value in the bytes.
    @inline(__always)
    var value: Range<Int> { key.upperBound..<key.upperBound + Int(valueLength) }
  }

  /// Pairs with one key, of which one alone is stored.
  struct EqualKeys: Sendable {
    /// The number of the pair that counts.
    var counted: UInt32
    /// The numbers of the others, in the order of the text.
    var others: [UInt32]
  }

  /// The pairs that count, by bucket, in a bucket by key, for one key in the order of the text.
  private(set) var entries: [Entry] = []
  /// Keys, folded where that is the convention, and values, both without the NUL of the convention.
  private(set) var bytes: [UInt8] = []
  /// Where each bucket begins in ``entries``, and the end.
  private(set) var bucketStarts: [UInt32]
  /// Which pairs are not among the entries because of another with the same key.
  private(set) var equalKeys: [EqualKeys] = []

  /// Arranges pairs.
  /// - Parameters:
  ///   - pairs: the pairs of a text, each of which lies inside its bytes.
  ///   - hashes: the hash of each.
  ///   - buckets: how many there are, a power of two.
  ///   - conventions: whether keys are folded, and which of several pairs with one key counts.
  /// - Complexity: O(*n*) in bytes, and *b* log *b* in the pairs of a bucket.
  init(_ pairs: MapPairs, hashes: [UInt32], buckets: Int, conventions: MapConventions) {
    bucketStarts = [UInt32](repeating: 0, count: buckets + 1)
    let parts = PairParts(pairs, hashes, buckets: buckets)
    precondition(parts.byteCount <= UInt32.max, "more than 4 GiB of keys and values")
    let list = pairs.pairs
    var entries: [Entry] = []
    var starts = bucketStarts
    var shrunk: [PartArranger.ShrunkPart] = []
    bytes = unsafe [UInt8](unsafeUninitializedCapacity: parts.byteCount) { bytes, byteCount in
      unsafe entries = [Entry](unsafeUninitializedCapacity: list.count) { entries, entryCount in
        unsafe starts.withUnsafeMutableBufferPointer { starts in
          unsafe pairs.bytes.withUnsafeBufferPointer { text in
            unsafe list.withUnsafeBufferPointer { list in
              unsafe hashes.withUnsafeBufferPointer { hashes in
                let arranger = unsafe PartArranger(
                  text: text, list: list, hashes: hashes, parts: parts, conventions: conventions, bytes: bytes,
                  entries: entries, bucketStarts: starts)
                let middle = parts.middle
                if list.count < MapContents.pairsForTwoThreads || middle == parts.count {
                  unsafe shrunk = arranger.arrange(0..<parts.count)
                } else {
                  let halves = concurrently(
                    { unsafe arranger.arrange(0..<middle) }, { unsafe arranger.arrange(middle..<parts.count) })
                  shrunk = halves.0 + halves.1
                }
              }
            }
          }
        }
        entryCount = list.count
      }
      byteCount = parts.byteCount
    }
    self.entries = entries
    starts[buckets] = UInt32(list.count)
    bucketStarts = starts
    if !shrunk.isEmpty { closeGaps(shrunk, parts) }
  }

  /// Moves entries down to where those were that do not count.
  ///
  /// The bytes of those stay: nobody reads them.
  private mutating func closeGaps(_ shrunk: [PartArranger.ShrunkPart], _ parts: PairParts) {
    var kept = 0
    var next = shrunk.makeIterator()
    var gap = next.next()
    for part in 0..<parts.count {
      let first = parts.firstEntry[part]
      var count = parts.firstEntry[part + 1] - first
      let moved = UInt32(first - kept)
      if let found = gap, found.part == part {
        count = found.kept
        equalKeys += found.equalKeys
        gap = next.next()
      }
      if moved > 0 {
        for index in 0..<count { entries[kept + index] = entries[first + index] }
        for bucket in part << parts.shift..<(part + 1) << parts.shift { bucketStarts[bucket] -= moved }
      }
      kept += count
    }
    entries.removeSubrange(kept...)
    bucketStarts[bucketStarts.count - 1] = UInt32(kept)
  }

  /// Removes the entry at a position.
  mutating func remove(at position: Int) {
    entries.remove(at: position)
    for bucket in bucketStarts.indices where bucketStarts[bucket] > UInt32(position) { bucketStarts[bucket] -= 1 }
  }

  /// The positions of the entries by key: the order of a btree.
  func positionsByKey() -> [UInt32] {
    var positions = (0..<UInt32(entries.count)).map { $0 }
    let padded = bytes + [UInt8](repeating: 0, count: KeySorter.padding)
    var sorter = KeySorter(longerFirst: false)
    unsafe positions.withUnsafeMutableBufferPointer { positions in
      unsafe entries.withUnsafeBufferPointer { entries in
        unsafe padded.withUnsafeBufferPointer { bytes in unsafe sorter.sort(positions, entries, bytes) }
      }
    }
    return positions
  }
}

/// The parts of the pairs of a map: each has the same number of buckets, one behind the other.
struct PairParts: Sendable {
  /// How many there are, a power of two.
  let count: Int
  /// The two's logarithm of the buckets of a part.
  let shift: Int
  /// How many pairs are in the parts before each, and in all.
  let firstEntry: [Int]
  /// How many bytes of keys and values are in the parts before each, and in all.
  let firstByte: [Int]
  private let mask: UInt32

  /// The bytes of a part that fit the second level of a processor's cache, with their entries and a copy of both.
  private static let size = 128 << 10
  /// So many parts can be written to at a time without missing the processor's table of pages.
  private static let most = 1024

  /// Counts the pairs.
  init(_ pairs: MapPairs, _ hashes: [UInt32], buckets: Int) {
    var total = 0
    for pair in pairs.pairs { total += Int(pair.keyLength) + Int(pair.valueLength) }
    var count = 1
    while count < buckets, count < PairParts.most, count * PairParts.size < total { count *= 2 }
    let shift = (buckets / count).trailingZeroBitCount
    let mask = UInt32(buckets - 1)
    var entries = [Int](repeating: 0, count: count + 1)
    var bytes = entries
    for (pair, hash) in zip(pairs.pairs, hashes) {
      let part = Int((hash & mask) >> UInt32(shift))
      entries[part + 1] += 1
      bytes[part + 1] += Int(pair.keyLength) + Int(pair.valueLength)
    }
    for part in 0..<count {
      entries[part + 1] += entries[part]
      bytes[part + 1] += bytes[part]
    }
    self.count = count
    self.shift = shift
    self.mask = mask
    firstEntry = entries
    firstByte = bytes
  }

  /// The part that a hash belongs to.
  @inline(__always)
  func part(ofHash hash: UInt32) -> Int { Int((hash & mask) >> UInt32(truncatingIfNeeded: shift)) }

  /// The bytes of keys and values.
  var byteCount: Int { firstByte[count] }

  /// Behind which part half of the bytes are.
  var middle: Int { (0..<count).first { firstByte[$0] >= byteCount / 2 } ?? count }
}
