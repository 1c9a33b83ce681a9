internal import SendmailConfig

/// Copies the pairs of some parts out of a text and sorts each part; several may do so at a time for parts of their own.
@unsafe
struct PartArranger: @unchecked Sendable {
  /// The text's bytes, its pairs and the hash of each.
  let text: UnsafeBufferPointer<UInt8>
  let list: UnsafeBufferPointer<MapPairs.Pair>
  let hashes: UnsafeBufferPointer<UInt32>
  let parts: PairParts
  let conventions: MapConventions
  /// What is written: all of it, not initialized.
  let bytes: UnsafeMutableBufferPointer<UInt8>
  let entries: UnsafeMutableBufferPointer<ArrangedPairs.Entry>
  /// What is written: where the buckets of the parts begin, as long as every pair counts.
  let bucketStarts: UnsafeMutableBufferPointer<UInt32>

  /// A part of which not every pair counts.
  struct ShrunkPart: Sendable {
    var part: Int
    /// How many pairs count; they are the first of the part's entries.
    var kept: Int
    var equalKeys: [ArrangedPairs.EqualKeys]
  }

  /// Writes the entries and bytes of some parts.
  /// - Returns: the parts of which not every pair counts, in their order.
  func arrange(_ range: Range<Int>) -> [ShrunkPart] {
    unsafe copy(range)
    var sorter = unsafe PartSorter(self)
    var shrunk: [ShrunkPart] = []
    for part in range {
      let count = unsafe parts.firstEntry[part + 1] - parts.firstEntry[part]
      let kept = unsafe sorter.sort(part)
      if kept < count { unsafe shrunk.append(ShrunkPart(part: part, kept: kept, equalKeys: sorter.equalKeys)) }
    }
    return shrunk
  }

  /// Copies each pair behind those of its part, keys folded; the offset of an entry counts from the part's first byte.
  private func copy(_ range: Range<Int>) {
    var nextEntry = unsafe parts.firstEntry
    var nextByte = unsafe parts.firstByte
    let isAll = unsafe range.count == parts.count
    let foldsCase = unsafe conventions.foldsCase
    unsafe nextEntry.withUnsafeMutableBufferPointer { nextEntry in
      unsafe nextByte.withUnsafeMutableBufferPointer { nextByte in
        for number in unsafe list.indices {
          let hash = unsafe hashes[number]
          let part = unsafe parts.part(ofHash: hash)
          guard isAll || range.contains(part) else { continue }
          let pair = unsafe list[number]
          let offset = unsafe nextByte[part]
          let (keyLength, valueLength) = (Int(pair.keyLength), Int(pair.valueLength))
          let key = unsafe bytes.baseAddress.unsafelyUnwrapped + offset
          let source = unsafe text.baseAddress.unsafelyUnwrapped
          if foldsCase {
            let from = unsafe source + Int(pair.keyOffset)
            for place in 0..<keyLength { unsafe key[place] = MapByte.folded(from[place]) }
          } else {
            unsafe key.update(from: source + Int(pair.keyOffset), count: keyLength)
          }
          unsafe (key + keyLength).update(from: source + Int(pair.valueOffset), count: valueLength)
          unsafe entries.initializeElement(
            at: nextEntry[part],
            to: ArrangedPairs.Entry(
              hash: hash, number: UInt32(truncatingIfNeeded: number),
              offset: UInt32(truncatingIfNeeded: offset - parts.firstByte[part]), keyLength: pair.keyLength,
              valueLength: pair.valueLength))
          unsafe nextEntry[part] += 1
          unsafe nextByte[part] = offset + keyLength + valueLength
        }
      }
    }
  }
}
