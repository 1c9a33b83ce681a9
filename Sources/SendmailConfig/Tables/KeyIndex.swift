/// Where the keys of a table stand: 8 to 16 bytes a key.
///
/// Keys are asked for by a hash of their folded bytes and compared where they stand.
@usableFromInline
package struct KeyIndex: Sendable {
  /// A hash of bytes as they come, their case folded.
  @usableFromInline
  package struct Hash: Sendable {
    @usableFromInline package var value: UInt64 = 0xCBF2_9CE4_8422_2325

    /// The hash of nothing.
    @inlinable package init() {}

    /// Takes one byte more.
    @inlinable @inline(__always)
    package mutating func add(_ byte: UInt8) {
      value = (value ^ UInt64(ASCII.lowercased(byte))) &* 0x0000_0100_0000_01B3
    }

    /// The hash of some bytes behind others.
    @inlinable package func adding(_ bytes: some Sequence<UInt8>) -> Hash {
      var hash = self
      for byte in bytes { hash.add(byte) }
      return hash
    }

    /// The bits that a table is made with.
    @inlinable @inline(__always)
    package var mixed: UInt64 {
      var mixed = value ^ (value >> 32)
      mixed = mixed &* 0x9E37_79B9_7F4A_7C15
      return mixed ^ (mixed >> 29)
    }
  }

  /// The upper half of a hash, and the number of the entry plus one; 0 is an empty slot.
  @usableFromInline package var slots: [UInt64]
  @usableFromInline package let mask: Int

  /// Makes room for so many keys.
  @inlinable package init(capacity: Int) {
    var size = 64
    while size < capacity * 2 { size *= 2 }
    slots = [UInt64](repeating: 0, count: size)
    mask = size - 1
  }

  /// A key that is to be added.
  @usableFromInline
  package struct Waiting: Sendable {
    @usableFromInline package var hash: Hash
    @usableFromInline package var number: Int

    /// Makes one of the hash of the key and the number of its entry.
    @inlinable package init(_ hash: Hash, number: Int) {
      self.hash = hash
      self.number = number
    }
  }

  /// How many keys are best added at a time: the slots of a large index are all over the memory, and come sooner together.
  @inlinable package static var batch: Int { 64 }

  /// Adds entries, and takes them from the list.
  ///
  /// - Parameters:
  ///   - waiting: The entries.
  ///   - replaces: Whether one takes the place of an earlier one with the same key.
  ///   - isEqual: Whether two entries have the same key.
  ///   - twice: Gets each entry whose key another one has, and that one.
  @inlinable @inline(__always)
  package mutating func insert(
    _ waiting: inout [Waiting], replaces: Bool, isEqual: (Int, Int) -> Bool, twice: (Int, _ earlier: Int) -> Void
  ) {
    var touched: UInt64 = 0
    for key in waiting { touched &+= slots[Int(truncatingIfNeeded: key.hash.mixed) & mask] }
    withExtendedLifetime(touched) {}
    for key in waiting {
      if let earlier = insert(key.hash, number: key.number, replaces: replaces, isEqual: { isEqual($0, key.number) }) {
        twice(key.number, earlier)
      }
    }
    waiting.removeAll(keepingCapacity: true)
  }

  /// Adds an entry.
  ///
  /// - Parameters:
  ///   - hash: The hash of its key.
  ///   - number: Its number.
  ///   - replaces: Whether it takes the place of an earlier one with the same key.
  ///   - isEqual: Whether the entry with that number has the same key.
  /// - Returns: The entry that had the key before; nil where there was none.
  @inlinable @inline(__always)
  package mutating func insert(_ hash: Hash, number: Int, replaces: Bool, isEqual: (Int) -> Bool) -> Int? {
    let mixed = hash.mixed
    let head = mixed & 0xFFFF_FFFF_0000_0000
    var position = Int(truncatingIfNeeded: mixed) & mask
    while true {
      let slot = slots[position]
      if slot == 0 {
        slots[position] = head | UInt64(number + 1)
        return nil
      }
      if slot & 0xFFFF_FFFF_0000_0000 == head {
        let other = Int(slot & 0xFFFF_FFFF) - 1
        if isEqual(other) {
          if replaces { slots[position] = head | UInt64(number + 1) }
          return other
        }
      }
      position = (position + 1) & mask
    }
  }

  /// The entry with a key; nil where there is none.
  @inlinable @inline(__always)
  package func find(_ hash: Hash, isEqual: (Int) -> Bool) -> Int? {
    let mixed = hash.mixed
    let head = mixed & 0xFFFF_FFFF_0000_0000
    var position = Int(truncatingIfNeeded: mixed) & mask
    while true {
      let slot = slots[position]
      if slot == 0 { return nil }
      if slot & 0xFFFF_FFFF_0000_0000 == head {
        let other = Int(slot & 0xFFFF_FFFF) - 1
        if isEqual(other) { return other }
      }
      position = (position + 1) & mask
    }
  }
}
