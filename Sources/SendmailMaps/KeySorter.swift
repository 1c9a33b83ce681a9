/// Sorts keys as libdb keeps them on its pages, so that it can add each pair behind the others.
///
/// The order is by bytes. Of two keys of which one begins the other, the shorter is first in a btree, but the longer on a page
/// of a hash; a NUL byte behind every key makes the shorter first again.
struct KeySorter {
  /// A key, by its first bytes, which decide most comparisons.
  private struct Item {
    /// The first sixteen bytes as two numbers; behind a shorter key what makes a difference decide rightly.
    var high: UInt64
    var low: UInt64
    /// What was sorted: the index of the entry.
    var index: UInt32
  }

  private let longerFirst: Bool
  private var items: [Item] = []
  /// Whether two of the keys that were sorted last were equal.
  private(set) var foundEqualKeys = false

  /// Makes a sorter.
  init(longerFirst: Bool) { self.longerFirst = longerFirst }

  /// The bytes that must be readable behind every key.
  static let padding = 16

  /// Sorts ascending indices by the keys that they stand for; equal keys stay in their order.
  /// - Parameters:
  ///   - indices: what is to be sorted.
  ///   - entries: where the key of an index is.
  ///   - bytes: what the entries point into; ``padding`` bytes more can be read.
  mutating func sort(
    _ indices: UnsafeMutableBufferPointer<UInt32>, _ entries: UnsafeBufferPointer<ArrangedPairs.Entry>,
    _ bytes: UnsafeBufferPointer<UInt8>
  ) {
    foundEqualKeys = false
    guard indices.count > 1 else { return }
    items.removeAll(keepingCapacity: true)
    items.reserveCapacity(indices.count)
    for place in 0..<indices.count {
      let index = unsafe indices[place]
      unsafe items.append(item(index, entries[Int(index)], bytes))
    }
    if items.count <= 128 { unsafe insertionSort(entries, bytes) } else { unsafe largeSort(entries, bytes) }
    for place in items.indices { unsafe indices[place] = items[place].index }
  }

  /// Whether two keys are equal.
  static func areEqual(
    _ left: ArrangedPairs.Entry, _ right: ArrangedPairs.Entry, _ bytes: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    guard left.keyLength == right.keyLength else { return false }
    for place in 0..<Int(left.keyLength) {
      if unsafe bytes[Int(left.offset) + place] != bytes[Int(right.offset) + place] { return false }
    }
    return true
  }

  @inline(__always)
  private func item(_ index: UInt32, _ entry: ArrangedPairs.Entry, _ bytes: UnsafeBufferPointer<UInt8>) -> Item {
    let key = UnsafeRawBufferPointer(bytes)
    let offset = Int(entry.offset)
    let length = Int(entry.keyLength)
    var high = unsafe UInt64(bigEndian: key.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    var low = unsafe UInt64(bigEndian: key.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
    // The bytes behind the end: greater than any where the longer key is first, else smaller.
    let behindHigh = UInt64.max >> UInt64(8 * min(length, 8))
    let behindLow = UInt64.max >> UInt64(8 * max(0, min(length - 8, 8)))
    if longerFirst {
      high |= behindHigh
      low |= behindLow
    } else {
      high &= ~behindHigh
      low &= ~behindLow
    }
    return Item(high: high, low: low, index: index)
  }

  /// Negative, zero or positive, as the left key is before, equal to or behind the right one.
  @inline(__always)
  private func compare(
    _ left: Item, _ right: Item, _ entries: UnsafeBufferPointer<ArrangedPairs.Entry>,
    _ bytes: UnsafeBufferPointer<UInt8>
  ) -> Int {
    if left.high != right.high { return left.high < right.high ? -1 : 1 }
    if left.low != right.low { return left.low < right.low ? -1 : 1 }
    return unsafe compareWhole(entries[Int(left.index)], entries[Int(right.index)], bytes)
  }

  private func compareWhole(
    _ left: ArrangedPairs.Entry, _ right: ArrangedPairs.Entry, _ bytes: UnsafeBufferPointer<UInt8>
  ) -> Int {
    for place in 0..<Int(min(left.keyLength, right.keyLength)) {
      let a = unsafe bytes[Int(left.offset) + place]
      let b = unsafe bytes[Int(right.offset) + place]
      if a != b { return a < b ? -1 : 1 }
    }
    let order = Int(left.keyLength) - Int(right.keyLength)
    return longerFirst ? -order : order
  }

  /// For the usual bucket of some dozens of pairs.
  private mutating func insertionSort(
    _ entries: UnsafeBufferPointer<ArrangedPairs.Entry>, _ bytes: UnsafeBufferPointer<UInt8>
  ) {
    var foundEqual = false
    let count = items.count
    var sorted: [Item] = []
    swap(&sorted, &items)
    unsafe sorted.withUnsafeMutableBufferPointer { items in
      for index in 1..<count {
        let item = unsafe items[index]
        // Equal keys stay in their order: the place is behind all that are not greater. Which half is next cannot be
        // foretold, so the loop chooses it without a branch.
        var place = 0
        var rest = index
        while rest > 0 {
          let half = rest / 2
          let middle = unsafe items[place + half]
          var isBehind = middle.high < item.high || middle.high == item.high && middle.low < item.low
          if middle.high == item.high, middle.low == item.low {
            let order = unsafe compareWhole(entries[Int(middle.index)], entries[Int(item.index)], bytes)
            if order == 0 { foundEqual = true }
            isBehind = order <= 0
          }
          place = isBehind ? place + half + 1 : place
          rest = isBehind ? rest - half - 1 : half
        }
        let here = unsafe items.baseAddress.unsafelyUnwrapped + place
        unsafe (here + 1).update(from: here, count: index - place)
        unsafe here.pointee = item
      }
    }
    swap(&sorted, &items)
    foundEqualKeys = foundEqual
  }

  /// For a btree, and for a bucket that is full of equal keys, or of keys that were made to collide.
  private mutating func largeSort(
    _ entries: UnsafeBufferPointer<ArrangedPairs.Entry>, _ bytes: UnsafeBufferPointer<UInt8>
  ) {
    var sorted = items
    items = []
    sorted.sort { left, right in
      let order = unsafe compare(left, right, entries, bytes)
      return order == 0 ? left.index < right.index : order < 0
    }
    items = sorted
    for index in 1..<items.count where unsafe compare(items[index - 1], items[index], entries, bytes) == 0 {
      foundEqualKeys = true
      return
    }
  }
}
