/// Where the keys of a table stand: 8 to 16 bytes a key.
///
/// Keys are asked for by a hash of their folded bytes and compared where they stand.
package struct KeyIndex: Sendable {
  /// A hash of bytes as they come, their case folded.
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

  /// Reads the slot that a hash leads to, so that it is at hand a little later.
  @inlinable @inline(__always)
  package func touch(_ hash: Hash) -> UInt64 { slots[Int(truncatingIfNeeded: hash.mixed) & mask] }

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
