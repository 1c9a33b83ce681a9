internal import BerkeleyDB
internal import SendmailConfig

extension MapContents {
  /// The hashes of some pairs' keys as they are stored, and the size of the pairs on pages.
  static func hashes(
    of numbers: Range<Int>, in pairs: MapPairs, _ conventions: MapConventions
  ) -> (hashes: [UInt32], size: Int) {
    var size = 0
    let hashes = unsafe [UInt32](unsafeUninitializedCapacity: numbers.count) { hashes, count in
      let places = pairs.pairs.span
      unsafe pairs.bytes.withUnsafeBufferPointer { text in
        func key(_ index: Int) -> UnsafeBufferPointer<UInt8> {
          let place = places[numbers.lowerBound + index]
          let keyEnd = Int(place.keyOffset) + Int(place.keyLength)
          precondition(max(keyEnd, Int(place.valueOffset) + Int(place.valueLength)) <= text.count, "not in its text")
          size += PageLayout.size(key: place.keyLength, value: place.valueLength, includesNul: conventions.includesNul)
          return unsafe UnsafeBufferPointer(rebasing: text[Int(place.keyOffset)..<keyEnd])
        }
        var index = 0
        while index + 4 <= numbers.count {
          let four = unsafe fourHashes(key(index), key(index + 1), key(index + 2), key(index + 3), conventions)
          for lane in 0..<4 { unsafe hashes.initializeElement(at: index + lane, to: four[lane]) }
          index += 4
        }
        while index < numbers.count {
          unsafe hashes.initializeElement(at: index, to: hash(key(index), from: 0, 0, conventions))
          index += 1
        }
      }
      count = numbers.count
    }
    return (hashes, size)
  }

  /// The hashes of four keys as they are stored.
  ///
  /// Each step of a hash waits for the one before it; the steps of four do not wait for each other.
  @inline(__always)
  private static func fourHashes(
    _ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>, _ c: UnsafeBufferPointer<UInt8>,
    _ d: UnsafeBufferPointer<UInt8>, _ conventions: MapConventions
  ) -> SIMD4<UInt32> {
    let common = min(a.count, b.count, c.count, d.count)
    let folds = conventions.foldsCase
    var (first, second, third, fourth) = (UInt32(0), UInt32(0), UInt32(0), UInt32(0))
    for index in 0..<common {
      unsafe first = HashFunction.step(first, MapByte.stored(a[index], folds))
      unsafe second = HashFunction.step(second, MapByte.stored(b[index], folds))
      unsafe third = HashFunction.step(third, MapByte.stored(c[index], folds))
      unsafe fourth = HashFunction.step(fourth, MapByte.stored(d[index], folds))
    }
    return unsafe SIMD4(
      hash(a, from: common, first, conventions), hash(b, from: common, second, conventions),
      hash(c, from: common, third, conventions), hash(d, from: common, fourth, conventions))
  }

  /// The hash of a key as it is stored.
  static func hash(_ key: Span<UInt8>, _ conventions: MapConventions) -> UInt32 {
    unsafe key.withUnsafeBufferPointer { unsafe hash($0, from: 0, 0, conventions) }
  }

  /// Goes on with the hash of a key.
  @inline(__always)
  private static func hash(
    _ key: UnsafeBufferPointer<UInt8>, from start: Int, _ hash: UInt32, _ conventions: MapConventions
  ) -> UInt32 {
    var hash = hash
    for index in start..<key.count {
      unsafe hash = HashFunction.step(hash, MapByte.stored(key[index], conventions.foldsCase))
    }
    return conventions.includesNul ? HashFunction.step(hash, MapByte.nul) : hash
  }
}
