internal import SendmailConfig

/// The pairs of a text, to be found by their keys; nothing of the text is copied.
struct IndexedPairs: Sendable {
  private let pairs: MapPairs
  private let foldsCase: Bool
  private let index: KeyIndex

  /// Notes where each key stands.
  ///
  /// - Parameters:
  ///   - pairs: The pairs.
  ///   - foldsCase: Whether keys are stored in lower case.
  ///   - keepsLast: Whether the last of some pairs with the same key counts; else the first.
  /// - Complexity: O(*n*) in bytes of the keys.
  init(_ pairs: MapPairs, foldsCase: Bool = true, keepsLast: Bool = false) {
    self.pairs = pairs
    self.foldsCase = foldsCase
    var index = KeyIndex(capacity: pairs.pairs.count)
    var waiting: [KeyIndex.Waiting] = []
    waiting.reserveCapacity(KeyIndex.batch)
    let bytes = pairs.bytes.span
    func haveSameKey(_ one: Int, _ other: Int) -> Bool {
      let (one, other) = (pairs.pairs[one], pairs.pairs[other])
      guard one.keyLength == other.keyLength else { return false }
      for offset in 0..<Int(one.keyLength) {
        let left = bytes[Int(one.keyOffset) + offset]
        let right = bytes[Int(other.keyOffset) + offset]
        if left != right, !foldsCase || ASCII.lowercased(left) != ASCII.lowercased(right) { return false }
      }
      return true
    }
    for (number, pair) in pairs.pairs.enumerated() {
      var hash = KeyIndex.Hash()
      for place in Int(pair.keyOffset)..<Int(pair.keyOffset) + Int(pair.keyLength) { hash.add(bytes[place]) }
      waiting.append(KeyIndex.Waiting(hash, number: number))
      if waiting.count == KeyIndex.batch || number + 1 == pairs.pairs.count {
        index.insert(&waiting, replaces: keepsLast, isEqual: haveSameKey) { _, _ in }
      }
    }
    self.index = index
  }

  /// The pair whose key, as it is stored, is this one; nil where there is none.
  func pair(storedAs key: ByteString) -> (value: ByteString, line: Int)? {
    let found = index.find(KeyIndex.Hash().adding(key.bytes)) { number in
      let other = pairs.key(pairs.pairs[number])
      guard other.count == key.bytes.count else { return false }
      return zip(other, key.bytes).allSatisfy { (foldsCase ? ASCII.lowercased($0) : $0) == $1 }
    }
    return found.map { (ByteString(pairs.value(pairs.pairs[$0])), Int(pairs.pairs[$0].line)) }
  }
}
