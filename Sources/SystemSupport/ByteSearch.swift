internal import Glibc

/// The first place of a byte in a part of some bytes, which is inside them; nil where it is not in that part.
///
/// Many times faster than a loop: `memchr` looks at a whole vector of bytes at a time.
package func firstIndex(of byte: UInt8, in bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
  guard !range.isEmpty else { return nil }
  return unsafe bytes.extracting(range).withUnsafeBytes { part in
    guard let start = part.baseAddress, let found = unsafe memchr(start, Int32(byte), part.count) else { return nil }
    return unsafe range.lowerBound + (UnsafeRawPointer(found) - start)
  }
}
