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
    for number in pairs.pairs.indices {
      let key = pairs.key(pairs.pairs[number])
      _ = index.insert(KeyIndex.Hash().adding(key), number: number, replaces: keepsLast) { other in
        let earlier = pairs.key(pairs.pairs[other])
        guard earlier.count == key.count else { return false }
        return foldsCase
          ? zip(earlier, key).allSatisfy { ASCII.lowercased($0) == ASCII.lowercased($1) } : earlier == key
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
