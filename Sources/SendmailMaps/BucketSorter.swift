internal import SendmailConfig

/// Sorts pairs by their stored keys, in the order of libdb's pages, so that it can add each pair behind the others.
///
/// The order is by bytes. Of two keys of which one begins the other, the shorter is first in a btree, but the longer on a page
/// of a hash.
struct BucketSorter {
  /// A key in the buffer: its first bytes behind what all keys of the bucket have in common decide most comparisons.
  private struct Entry {
    var prefix: UInt64
    var offset: UInt32
    var length: UInt32
    var number: UInt32
    /// Whether the key has that many: an end decides otherwise than a byte.
    var isWhole: Bool
  }

  private let pairs: MapPairs
  private let foldsCase: Bool
  private let longerFirst: Bool
  private var keys: [UInt8] = []
  private var entries: [Entry] = []
  private var sources: [Int] = []
  /// Whether two keys of the last bucket were equal.
  private(set) var foundEqualKeys = false

  /// Makes a sorter for the pairs of a text.
  init(_ pairs: MapPairs, foldsCase: Bool, longerFirst: Bool) {
    self.pairs = pairs
    self.foldsCase = foldsCase
    self.longerFirst = longerFirst
  }

  /// Sorts the numbers in a range; pairs with equal keys in the order of the text.
  mutating func sort(_ order: inout [UInt32], _ range: Range<Int>) {
    foundEqualKeys = false
    guard range.count > 1 else { return }
    gather(order, range)
    BucketSorter.setPrefixes(&entries, keys)
    if entries.count <= 256 { insertionSort() } else { largeSort() }
    for index in entries.indices { order[range.lowerBound + index] = entries[index].number }
  }

  /// Whether two keys of the last bucket, by their place in it, are equal.
  func isEqual(_ left: Int, to right: Int) -> Bool { compare(entries[left], entries[right]) == 0 }

  /// Copies the keys of the bucket, folded, one behind the other.
  private mutating func gather(_ order: [UInt32], _ range: Range<Int>) {
    let bytes = pairs.bytes
    let text = bytes.span
    entries.removeAll(keepingCapacity: true)
    sources.removeAll(keepingCapacity: true)
    var end = 0
    for position in range {
      let pair = pairs.pairs[Int(order[position])]
      entries.append(
        Entry(
          prefix: 0, offset: UInt32(end), length: UInt32(pair.keyLength), number: order[position], isWhole: false))
      sources.append(Int(pair.keyOffset))
      end += Int(pair.keyLength)
    }
    if keys.count < end { keys = [UInt8](repeating: 0, count: end * 2) }
    for index in entries.indices {
      let length = Int(entries[index].length)
      let source = text.extracting(sources[index]..<sources[index] + length)
      MapByte.copy(source, to: &keys, at: Int(entries[index].offset), foldsCase: foldsCase)
    }
  }

  /// Gives each entry the eight bytes of its key that follow what all keys begin with.
  private static func setPrefixes(_ entries: inout [Entry], _ keys: [UInt8]) {
    let bytes = keys.span
    let first = entries[0]
    var common = Int(first.length)
    for entry in entries {
      var length = 0
      let most = min(common, Int(entry.length))
      while length < most, bytes[Int(first.offset) + length] == bytes[Int(entry.offset) + length] { length += 1 }
      common = length
    }
    for index in entries.indices {
      var prefix: UInt64 = 0
      let entry = entries[index]
      for place in common..<common + 8 {
        prefix <<= 8
        if place < Int(entry.length) { prefix |= UInt64(bytes[Int(entry.offset) + place]) }
      }
      entries[index].prefix = prefix
      entries[index].isWhole = Int(entry.length) >= common + 8
    }
  }

  /// Negative, zero or positive, as the left key is before, equal to or behind the right one.
  private func compare(_ left: Entry, _ right: Entry) -> Int {
    if left.isWhole, right.isWhole, left.prefix != right.prefix { return left.prefix < right.prefix ? -1 : 1 }
    let bytes = keys.span
    for place in 0..<Int(min(left.length, right.length)) {
      let (a, b) = (bytes[Int(left.offset) + place], bytes[Int(right.offset) + place])
      if a != b { return a < b ? -1 : 1 }
    }
    let order = Int(left.length) - Int(right.length)
    return longerFirst ? -order : order
  }

  /// For the usual bucket of some dozens of pairs.
  private mutating func insertionSort() {
    for index in 1..<entries.count {
      let entry = entries[index]
      // Equal keys stay in the order of the text: the place is behind all that are not greater.
      var low = 0
      var high = index
      while low < high {
        let middle = (low + high) / 2
        let order = compare(entries[middle], entry)
        if order == 0 { foundEqualKeys = true }
        if order <= 0 { low = middle + 1 } else { high = middle }
      }
      var place = index
      while place > low {
        entries[place] = entries[place - 1]
        place -= 1
      }
      entries[low] = entry
    }
  }

  /// For a bucket that is full of equal keys, or of keys that were made to collide.
  private mutating func largeSort() {
    var sorted = entries
    sorted.sort { left, right in
      let order = compare(left, right)
      return order == 0 ? left.number < right.number : order < 0
    }
    entries = sorted
    for index in 1..<entries.count where compare(entries[index - 1], entries[index]) == 0 {
      foundEqualKeys = true
      return
    }
  }
}

/// How pairs fill the pages of a hash.
enum PageLayout {
  /// The page size in bytes for which buckets are counted: the block size of the usual file systems.
  static let pageSize = 4096
  /// The bytes of a page that are its header's.
  private static let headerSize = 26
  /// How full pages are to be at most, in the mean, in percent.
  ///
  /// Keys spread unevenly: beyond, too many pages overflow.
  private static let fill = 90

  /// What a pair takes of a page: both items with their type byte and their place, a large item only a reference.
  @inline(__always)
  static func size(key: UInt16, value: UInt16, includesNul: Bool) -> Int {
    let nul = includesNul ? 1 : 0
    let (key, value) = (Int(key) + nul, Int(value) + nul)
    return 6 + (key > pageSize / 4 ? 12 : key) + (value > pageSize / 4 ? 12 : value)
  }

  /// The power of two of buckets for pairs of so many bytes together.
  static func buckets(totalSize: Int) -> Int {
    let wanted = totalSize * 100 / ((pageSize - headerSize) * fill)
    var buckets = 1
    while buckets <= wanted, buckets < 1 << 26 { buckets *= 2 }
    return buckets
  }
}
