/// Memory of a fixed size that is written to at offsets.
@safe
struct ByteBuffer: ~Copyable {
  let bytes: UnsafeMutableRawBufferPointer

  init(count: Int) { unsafe bytes = .allocate(byteCount: count, alignment: 16) }

  deinit { unsafe bytes.deallocate() }

  var count: Int { unsafe bytes.count }

  /// Fills the buffer with zeros.
  func clear() { unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0) }

  /// Copies bytes; there must be room for them.
  @inline(__always)
  func copy(_ source: Span<UInt8>, to offset: Int) {
    precondition(offset >= 0 && offset + source.count <= count)
    unsafe source.withUnsafeBytes { source in
      if let from = source.baseAddress {
        unsafe (bytes.baseAddress.unsafelyUnwrapped + offset).copyMemory(from: from, byteCount: source.count)
      }
    }
  }

  /// Writes an integer in the machine's byte order; there must be room for it.
  @inline(__always)
  func store<Integer: FixedWidthInteger>(_ value: Int, as type: Integer.Type, at offset: Int) {
    precondition(offset >= 0 && offset + MemoryLayout<Integer>.size <= count)
    unsafe bytes.storeBytes(of: Integer(truncatingIfNeeded: value), toByteOffset: offset, as: Integer.self)
  }
}
