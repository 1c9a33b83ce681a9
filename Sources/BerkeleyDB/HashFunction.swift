/// The hash function that libdb uses by default in hash databases since format version 5.
///
/// Fowler, Noll and Vo's hash with their 32-bit prime and an initial value of 0 (`__ham_func5` of libdb): for each byte,
/// multiply by 16,777,619, then exclusive-or. Every hash database holds this function's value of a fixed string in its
/// header, so libdb refuses a file that was made with another one.
public enum HashFunction {
  /// The hash after one more byte; the hash of no byte is 0.
  @inlinable
  public static func step(_ hash: UInt32, _ byte: UInt8) -> UInt32 { (hash &* 16_777_619) ^ UInt32(byte) }

  /// The hash of some bytes.
  /// - Complexity: O(*n*) in bytes.
  public static func hash(_ bytes: Span<UInt8>) -> UInt32 {
    var hash: UInt32 = 0
    for index in bytes.indices { hash = step(hash, bytes[index]) }
    return hash
  }

  /// The 0-based bucket in which a key with this hash is, in a table of so many buckets.
  ///
  /// A table starts with a power of two of buckets and grows one by one; between two powers, buckets that are not there
  /// yet are folded onto their lower half.
  @inlinable
  public static func bucket(ofHash hash: UInt32, buckets: Int) -> Int {
    guard buckets > 1 else { return 0 }
    let mask = (1 << (Int.bitWidth - (buckets - 1).leadingZeroBitCount)) - 1
    let bucket = Int(hash) & mask
    return bucket < buckets ? bucket : bucket & (mask >> 1)
  }
}
