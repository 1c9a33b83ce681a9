internal import SendmailConfig

/// The hash of some bytes with the case of ASCII letters folded (FNV-1a), a byte at a time.
struct FoldedHash {
  private(set) var value: UInt32 = 0x811C_9DC5

  @inline(__always)
  mutating func add(_ byte: UInt8) { value = (value ^ UInt32(ASCII.lowercased(byte))) &* 0x0100_0193 }

  @inline(__always)
  static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var hash = FoldedHash()
    for byte in bytes { hash.add(byte) }
    return hash.value
  }
}

/// A set of words, the case of ASCII letters aside; each has a number, in the order in which they came.
///
/// The words lie one behind the other in one buffer: a million of them are no million allocations.
struct WordSet: Sendable {
  private var slots: [Int32] = Array(repeating: -1, count: 8)
  private var hashes: [UInt32] = []
  private var ends: [UInt32] = []
  private var pool: [UInt8] = []
  /// The length of the longest word in bytes.
  private(set) var longest = 0

  var count: Int { ends.count }
  var isEmpty: Bool { ends.isEmpty }

  /// The word of a number, as it was first written.
  subscript(number: Int) -> ArraySlice<UInt8> { pool[place(number)] }

  private func place(_ number: Int) -> Range<Int> {
    (number == 0 ? 0 : Int(ends[number - 1]))..<Int(ends[number])
  }

  /// Adds a word where it is new.
  ///
  /// - Returns: Its number.
  @discardableResult
  mutating func insert(_ word: some Collection<UInt8>) -> Int {
    let hash = FoldedHash.of(word)
    var slot = Int(hash) & (slots.count - 1)
    while slots[slot] >= 0 {
      let number = Int(slots[slot])
      if hashes[number] == hash, isSame(word, place(number)) { return number }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = Int32(ends.count)
    hashes.append(hash)
    pool.append(contentsOf: word)
    ends.append(UInt32(pool.count))
    longest = max(longest, word.count)
    if ends.count * 2 > slots.count { grow() }
    return ends.count - 1
  }

  /// The number of a word whose hash is known; nil where it is none.
  @inline(__always)
  func number(of bytes: Span<UInt8>, from start: Int, to end: Int, hash: UInt32) -> Int? {
    var slot = Int(hash) & (slots.count - 1)
    while slots[slot] >= 0 {
      let number = Int(slots[slot])
      if hashes[number] == hash {
        let place = place(number)
        if place.count == end - start, isSame(bytes, start, place) { return number }
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// The number of a word; nil where it is none.
  func number(of word: [UInt8]) -> Int? {
    number(of: word.span, from: 0, to: word.count, hash: FoldedHash.of(word))
  }

  /// Whether there is a word of this hash.
  @inline(__always)
  func mayContain(_ hash: UInt32) -> Bool {
    var slot = Int(hash) & (slots.count - 1)
    while slots[slot] >= 0 {
      if hashes[Int(slots[slot])] == hash { return true }
      slot = (slot + 1) & (slots.count - 1)
    }
    return false
  }

  private func isSame(_ bytes: Span<UInt8>, _ start: Int, _ place: Range<Int>) -> Bool {
    var index = start
    for position in place {
      if ASCII.lowercased(bytes[index]) != ASCII.lowercased(pool[position]) { return false }
      index += 1
    }
    return true
  }

  private func isSame(_ word: some Collection<UInt8>, _ place: Range<Int>) -> Bool {
    word.count == place.count
      && word.elementsEqual(pool[place], by: { ASCII.lowercased($0) == ASCII.lowercased($1) })
  }

  private mutating func grow() {
    slots = Array(repeating: -1, count: slots.count * 2)
    for (number, hash) in hashes.enumerated() {
      var slot = Int(hash) & (slots.count - 1)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(number)
    }
  }
}

/// A set of words that is complete: shared without being copied.
final class FrozenWords: Sendable {
  let words: WordSet
  let longest: Int

  init(_ words: WordSet) {
    self.words = words
    longest = words.longest
  }

  @inline(__always)
  func mayContain(_ hash: UInt32) -> Bool { words.mayContain(hash) }
}
