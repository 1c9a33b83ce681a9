/// The pairs of a text that an edit may have changed: what a map that fitted the text before has to be told.
///
/// What a map holds for a key depends on the pairs of that key and their order, and edits never reorder lines. So only keys
/// of pairs that came or went are touched, and their pairs in the whole new text say all there is to say of them.
package struct TouchedPairs: Sendable {
  /// The keys of pairs that came or went, as written.
  package var keys: Set<[UInt8]>
  /// All pairs of the new text with these keys, and with further ones that were asked for.
  package var pairs: MapPairs
}

extension Table {
  /// The keys that edits touch.
  ///
  /// - Parameter others: Further keys, folded, whose pairs are wanted.
  /// - Complexity: O(*n*) in bytes.
  package func touchedPairs(and others: Set<[UInt8]>) -> TouchedPairs {
    var keys: Set<[UInt8]> = []
    let bytes = text.buffer.span
    func note(_ line: Range<Int>) {
      guard !line.isEmpty else { return }
      let terminated = bytes[line.upperBound - 1] == ASCII.lineFeed
      let content = terminated ? line.lowerBound..<line.upperBound - 1 : line
      if case .entry(let fields) = grammar.classify(bytes, content, terminated: terminated) {
        keys.insert(Array(text.buffer[fields.key]))
      }
    }
    for change in text.changedRanges {
      for line in change.removed { note(line) }
      for line in change.added { note(line) }
    }
    return TouchedPairs(keys: keys, pairs: pairs(of: others.union(keys.map { $0.map(ASCII.lowercased) })))
  }

  /// The pairs with one of some keys, which are given folded.
  package func pairs(of keys: Set<[UInt8]>) -> MapPairs {
    var result = MapPairs(bytes: text.buffer)
    guard !keys.isEmpty else { return result }
    forEachEntry(withKeyIn: KeyFilter(keys.map { ByteString($0) })) { index, fields in
      guard keys.contains(text.buffer[fields.key].map(ASCII.lowercased)) else { return true }
      result.pairs.append(
        MapPairs.Pair(
          keyOffset: UInt32(truncatingIfNeeded: fields.key.lowerBound),
          keyLength: UInt16(truncatingIfNeeded: fields.key.count),
          valueOffset: UInt32(truncatingIfNeeded: fields.value.lowerBound),
          valueLength: UInt16(truncatingIfNeeded: fields.value.count), line: UInt32(truncatingIfNeeded: index + 1)))
      return true
    }
    return result
  }
}

extension AliasesFile {
  /// The keys that edits touch: those of pairs between the longest parts at both ends in which old and new text agree.
  ///
  /// - Parameter others: Further keys, folded, whose pairs are wanted.
  /// - Complexity: O(*n*) in bytes.
  package func touchedPairs(and others: Set<[UInt8]>) -> TouchedPairs {
    let old = AliasesFile(Array(text.originalBytes), hosts: hosts).pairs
    let new = pairs
    func agree(_ left: MapPairs.Pair, _ right: MapPairs.Pair) -> Bool {
      old.key(left) == new.key(right) && old.value(left) == new.value(right)
    }
    let shorter = min(old.pairs.count, new.pairs.count)
    var start = 0
    while start < shorter, agree(old.pairs[start], new.pairs[start]) { start += 1 }
    var end = 0
    while end < shorter - start, agree(old.pairs[old.pairs.count - 1 - end], new.pairs[new.pairs.count - 1 - end]) {
      end += 1
    }
    var keys: Set<[UInt8]> = []
    for pair in old.pairs[start..<old.pairs.count - end] { keys.insert(Array(old.key(pair))) }
    for pair in new.pairs[start..<new.pairs.count - end] { keys.insert(Array(new.key(pair))) }
    return TouchedPairs(keys: keys, pairs: new.only(others.union(keys.map { $0.map(ASCII.lowercased) })))
  }

  /// The pairs with one of some keys, which are given folded.
  package func pairs(of keys: Set<[UInt8]>) -> MapPairs { pairs.only(keys) }
}

extension MapPairs {
  /// The pairs with one of some keys, which are given folded.
  fileprivate func only(_ keys: Set<[UInt8]>) -> MapPairs {
    MapPairs(bytes: bytes, pairs: pairs.filter { keys.contains(key($0).map(ASCII.lowercased)) })
  }
}
