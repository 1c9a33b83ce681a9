/// Sorts the pairs of one part after the other, from a copy that the processor's cache holds.
@unsafe
struct PartSorter {
  private let work: PartArranger
  private var keys: KeySorter
  /// The part's bytes, with room behind them, and its entries, as they were copied.
  private var bytes: [UInt8] = []
  private var entries: [ArrangedPairs.Entry] = []
  /// The places of the entries by bucket, and where the next of each bucket goes.
  private var order: [UInt32] = []
  private var next: [Int]
  /// The pairs of the last part that do not count.
  private(set) var equalKeys: [ArrangedPairs.EqualKeys] = []

  init(_ work: PartArranger) {
    unsafe self.work = work
    // On a page the longer of two keys is first, of which one begins the other; with a NUL behind, it is never so.
    unsafe keys = KeySorter(longerFirst: !work.conventions.includesNul)
    unsafe next = [Int](repeating: 0, count: (1 << work.parts.shift) + 1)
  }

  /// Sorts a part.
  /// - Returns: how many of its pairs count.
  mutating func sort(_ part: Int) -> Int {
    let (first, firstByte) = unsafe (work.parts.firstEntry[part], work.parts.firstByte[part])
    let count = unsafe work.parts.firstEntry[part + 1] - first
    unsafe takeCopy(first, count, firstByte, unsafe work.parts.firstByte[part + 1] - firstByte)
    unsafe equalKeys = []
    unsafe orderByBucket(count)
    let firstBucket = unsafe part << work.parts.shift
    var begin = 0
    var kept = 0
    var end = firstByte
    var scratch = unsafe (order: order, entries: entries, bytes: bytes)
    unsafe (order, entries, bytes) = ([], [], [])
    unsafe scratch.order.withUnsafeMutableBufferPointer { order in
      unsafe scratch.entries.withUnsafeBufferPointer { entries in
        unsafe scratch.bytes.withUnsafeBufferPointer { bytes in
          for bucket in unsafe 0..<next.count - 1 {
            unsafe work.bucketStarts[firstBucket + bucket] = UInt32(truncatingIfNeeded: first + kept)
            let indices = unsafe UnsafeMutableBufferPointer(rebasing: order[begin..<next[bucket]])
            unsafe begin = next[bucket]
            unsafe keys.sort(indices, entries, bytes)
            let counted = unsafe keys.foundEqualKeys ? leaveOut(indices, entries, bytes) : indices.count
            for place in 0..<counted {
              var entry = unsafe entries[Int(indices[place])]
              let length = Int(entry.keyLength) + Int(entry.valueLength)
              unsafe (work.bytes.baseAddress.unsafelyUnwrapped + end).update(
                from: bytes.baseAddress.unsafelyUnwrapped + Int(entry.offset), count: length)
              entry.offset = UInt32(truncatingIfNeeded: end)
              unsafe work.entries[first + kept] = entry
              end += length
              kept += 1
            }
          }
        }
      }
    }
    unsafe (order, entries, bytes) = scratch
    return kept
  }

  /// Takes a copy of the part, over which the sorted pairs are written.
  private mutating func takeCopy(_ first: Int, _ count: Int, _ firstByte: Int, _ byteCount: Int) {
    let needed = byteCount + KeySorter.padding
    if unsafe bytes.count < needed { unsafe bytes = [UInt8](repeating: 0, count: needed + needed / 8) }
    unsafe bytes.withUnsafeMutableBufferPointer { copy in
      guard byteCount > 0 else { return }
      let source = unsafe UnsafeBufferPointer(rebasing: work.bytes[firstByte..<firstByte + byteCount])
      _ = unsafe copy.update(fromContentsOf: source)
    }
    unsafe entries.removeAll(keepingCapacity: true)
    unsafe entries.append(contentsOf: UnsafeBufferPointer(rebasing: work.entries[first..<first + count]))
  }

  /// Orders the entries by bucket, in a bucket as they are.
  private mutating func orderByBucket(_ count: Int) {
    for bucket in unsafe next.indices { unsafe next[bucket] = 0 }
    let mask = unsafe UInt32((1 << work.parts.shift) - 1)
    if unsafe order.count < count { unsafe order = [UInt32](repeating: 0, count: count + count / 8) }
    unsafe entries.withUnsafeBufferPointer { entries in
      unsafe next.withUnsafeMutableBufferPointer { next in
        unsafe order.withUnsafeMutableBufferPointer { order in
          for place in 0..<count { unsafe next[Int(entries[place].hash & mask) + 1] += 1 }
          for bucket in 1..<next.count { unsafe next[bucket] += next[bucket - 1] }
          for place in 0..<count {
            let bucket = unsafe Int(entries[place].hash & mask)
            unsafe order[next[bucket]] = UInt32(truncatingIfNeeded: place)
            unsafe next[bucket] += 1
          }
        }
      }
    }
  }

  /// Moves the pairs of a sorted bucket that count to its front, and notes the others.
  /// - Returns: how many count.
  private mutating func leaveOut(
    _ indices: UnsafeMutableBufferPointer<UInt32>, _ entries: UnsafeBufferPointer<ArrangedPairs.Entry>,
    _ bytes: UnsafeBufferPointer<UInt8>
  ) -> Int {
    guard unsafe work.conventions.duplicates != .keepAll else { return indices.count }
    let keepsFirst = unsafe work.conventions.duplicates == .keepFirst
    var kept = 0
    var begin = 0
    while begin < indices.count {
      var end = begin + 1
      let entry = unsafe entries[Int(indices[begin])]
      while end < indices.count, unsafe KeySorter.areEqual(entry, entries[Int(indices[end])], bytes) { end += 1 }
      if end - begin > 1 {
        var numbers = unsafe indices[begin..<end].map { unsafe entries[Int($0)].number }
        let counted = keepsFirst ? numbers.removeFirst() : numbers.removeLast()
        unsafe equalKeys.append(ArrangedPairs.EqualKeys(counted: counted, others: numbers))
      }
      unsafe indices[kept] = indices[keepsFirst ? begin : end - 1]
      kept += 1
      begin = end
    }
    return kept
  }
}
