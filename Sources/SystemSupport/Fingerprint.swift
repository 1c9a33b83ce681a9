/// What tells the contents of one file from those of another: 128 bits, made with a key.
///
/// Two different contents have one fingerprint with a chance of about 2⁻⁶⁴ for whoever does not know the key: enough for
/// accidents of every kind, and for others' files as long as the key is kept in a file that only its owner can read. It is no
/// cryptographic hash: who knows the key can make contents to fit.
package struct Fingerprint: Hashable, Sendable {
  /// The halves.
  package var first: UInt64
  package var second: UInt64

  /// Makes a fingerprint from its halves.
  package init(first: UInt64, second: UInt64) {
    self.first = first
    self.second = second
  }

  /// The fingerprint of some bytes.
  package init(_ bytes: Span<UInt8>, key: FingerprintKey) {
    var stream = FingerprintStream(key: key)
    stream.append(bytes)
    self = stream.fingerprint
  }
}

/// A key that fingerprints are made with.
package struct FingerprintKey: Hashable, Sendable {
  package var first: UInt64
  package var second: UInt64

  /// Makes a key from its halves.
  package init(first: UInt64, second: UInt64) {
    self.first = first
    self.second = second
  }

  /// A new key, by the system's source of randomness.
  package static func random() -> FingerprintKey {
    var random = SystemRandomNumberGenerator()
    return FingerprintKey(first: random.next(), second: random.next())
  }
}

/// Makes a fingerprint of bytes that come piece by piece; where they are cut makes no difference.
///
/// 32 bytes at a time, as four words: each half multiplies two of them, combined with the key and with what came before, to
/// 128 bits and folds those to 64. Both halves run side by side, at the speed of memory. Blocks of nothing but zeros are only
/// counted, so that the holes of a file need not be read.
package struct FingerprintStream: Sendable {
  private let keys: (UInt64, UInt64, UInt64, UInt64)
  private var first: UInt64
  private var second: UInt64
  private var count = 0
  /// Blocks of zeros that nothing else has followed yet.
  private var zeroBlocks = 0
  /// Bytes at the end that are no whole block yet.
  private var rest: [UInt8] = []

  /// The size of a block in bytes.
  static let block = 4096
  private static let stripe = 32

  /// Begins.
  package init(key: FingerprintKey) {
    func mixed(_ value: UInt64, _ number: UInt64) -> UInt64 {
      FingerprintStream.product(value ^ (number &* 0x9E37_79B9_7F4A_7C15), value | 1 << 63) ^ value
    }
    keys = (mixed(key.first, 1), mixed(key.second, 2), mixed(key.first, 3), mixed(key.second, 4))
    first = mixed(key.second, 5)
    second = mixed(key.first, 6)
  }

  @inline(__always)
  private static func product(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let (high, low) = left.multipliedFullWidth(by: right)
    return high ^ low
  }

  /// Takes more bytes.
  /// - Complexity: O(*n*) in bytes.
  package mutating func append(_ bytes: Span<UInt8>) {
    count += bytes.count
    var start = 0
    if !rest.isEmpty {
      start = min(bytes.count, FingerprintStream.block - rest.count)
      for index in 0..<start { rest.append(bytes[index]) }
      guard rest.count == FingerprintStream.block else { return }
      let whole = rest
      unsafe take(block: whole.span.bytes)
      rest.removeAll(keepingCapacity: true)
    }
    while start + FingerprintStream.block <= bytes.count {
      unsafe take(block: bytes.extracting(start..<start + FingerprintStream.block).bytes)
      start += FingerprintStream.block
    }
    for index in start..<bytes.count { rest.append(bytes[index]) }
  }

  /// Takes so many zeros, where whole blocks were taken so far; a multiple of ``block``.
  mutating func appendZeros(_ zeros: Int) {
    precondition(rest.isEmpty && zeros % FingerprintStream.block == 0)
    count += zeros
    zeroBlocks += zeros / FingerprintStream.block
  }

  /// Takes a block.
  private mutating func take(block bytes: RawSpan) {
    if FingerprintStream.isZero(bytes) {
      zeroBlocks += 1
      return
    }
    if zeroBlocks > 0 {
      first = FingerprintStream.product(first ^ UInt64(zeroBlocks), keys.3)
      second = FingerprintStream.product(second ^ UInt64(zeroBlocks), keys.1)
      zeroBlocks = 0
    }
    take(bytes)
  }

  private static func isZero(_ bytes: RawSpan) -> Bool {
    var offset = 0
    while offset < bytes.byteCount {
      if unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self) != 0 { return false }
      offset += 8
    }
    return true
  }

  /// Takes whole stripes.
  private mutating func take(_ bytes: RawSpan) {
    var (one, two) = (first, second)
    var offset = 0
    @inline(__always)
    func word(_ number: Int) -> UInt64 {
      unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset + 8 * number, as: UInt64.self))
    }
    while offset < bytes.byteCount {
      one = FingerprintStream.product(word(0) ^ keys.0, word(1) ^ one) &+ keys.1
      two = FingerprintStream.product(word(2) ^ keys.2, word(3) ^ two) &+ keys.3
      offset += FingerprintStream.stripe
    }
    (first, second) = (one, two)
  }

  /// The fingerprint of all that was taken.
  package var fingerprint: Fingerprint {
    var last = self
    let padding = FingerprintStream.stripe - rest.count % FingerprintStream.stripe
    let padded = rest + [UInt8](repeating: 0, count: padding)
    unsafe last.take(padded.span.bytes)
    let (length, zeros) = (UInt64(count), UInt64(zeroBlocks))
    let one = FingerprintStream.product(last.first ^ keys.2 ^ zeros, last.second ^ length ^ keys.3)
    let two = FingerprintStream.product(last.second ^ keys.0 ^ length, last.first ^ zeros ^ keys.1)
    return Fingerprint(first: one, second: two ^ last.first)
  }
}

extension Descriptor {
  /// The fingerprint of the whole file, read from its beginning, and how many bytes that were.
  ///
  /// - Throws: What the system says.
  package func fingerprint(_ key: FingerprintKey) throws(SystemError) -> (Fingerprint, size: Int) {
    var stream = FingerprintStream(key: key)
    var size = 0
    try forEachPiece { offset, piece throws(SystemError) in
      stream.appendZeros(offset - size)
      stream.append(piece)
      size = offset + piece.count
    }
    return (stream.fingerprint, size)
  }
}
