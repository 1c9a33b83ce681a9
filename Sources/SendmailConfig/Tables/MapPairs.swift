/// The pairs that a map of a text holds, in the order of the text, as places in one buffer.
///
/// Nothing is copied for a table in makemap's grammar: the buffer is the text's own. Keys stand as written; whoever
/// builds or compares folds them. Duplicates are still in it: which of them counts is the map's convention
/// (`makemap(8)` keeps the first, `newaliases(1)` the last).
public struct MapPairs: Sendable {
  /// One pair: offsets and lengths in bytes into ``MapPairs/bytes``, and the 1-based line it came from.
  public struct Pair: Sendable, Equatable {
    /// Offset of the key's first byte.
    public var keyOffset: UInt32
    /// Offset of the value's first byte.
    public var valueOffset: UInt32
    /// The 1-based line of the text on which the pair begins.
    public var line: UInt32
    /// Length of the key in bytes.
    public var keyLength: UInt16
    /// Length of the value in bytes.
    public var valueLength: UInt16

    /// Makes a pair from its places.
    public init(keyOffset: UInt32, keyLength: UInt16, valueOffset: UInt32, valueLength: UInt16, line: UInt32) {
      self.keyOffset = keyOffset
      self.valueOffset = valueOffset
      self.line = line
      self.keyLength = keyLength
      self.valueLength = valueLength
    }
  }

  /// The bytes that the pairs point into.
  public var bytes: [UInt8]
  /// The pairs, in the order of the text.
  public var pairs: [Pair]

  /// Makes a list of pairs over `bytes`.
  public init(bytes: [UInt8] = [], pairs: [Pair] = []) {
    self.bytes = bytes
    self.pairs = pairs
  }

  /// The bytes of a pair's key, as written.
  public func key(_ pair: Pair) -> ArraySlice<UInt8> {
    bytes[Int(pair.keyOffset)..<Int(pair.keyOffset) + Int(pair.keyLength)]
  }

  /// The bytes of a pair's value.
  public func value(_ pair: Pair) -> ArraySlice<UInt8> {
    bytes[Int(pair.valueOffset)..<Int(pair.valueOffset) + Int(pair.valueLength)]
  }

  /// Adds a pair whose bytes are not in the buffer yet.
  public mutating func append(key: some Collection<UInt8>, value: some Collection<UInt8>, line: Int) {
    let keyOffset = bytes.count
    bytes.append(contentsOf: key)
    let valueOffset = bytes.count
    bytes.append(contentsOf: value)
    pairs.append(
      Pair(
        keyOffset: UInt32(keyOffset), keyLength: UInt16(key.count), valueOffset: UInt32(valueOffset),
        valueLength: UInt16(value.count), line: UInt32(line)))
  }
}
