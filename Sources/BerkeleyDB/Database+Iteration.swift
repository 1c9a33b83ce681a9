internal import CBerkeleyDB

extension Database {
  /// Lends every pair, once, in the order of the file: a hash by bucket, a btree by key.
  ///
  /// The corresponding C function is `DBC->get` with `DB_NEXT` and `DB_MULTIPLE_KEY`: pairs are copied out of the
  /// database many at a time, which is several times faster than one by one. A key with several values comes once for
  /// each of them.
  /// - Parameters:
  ///   - bufferBytes: how many bytes of pairs are fetched at once; raised when one pair needs more.
  ///   - body: is given the bytes of a key and of its value, and returns whether to go on.
  /// - Throws: ``BerkeleyDBError`` when a page cannot be read or is damaged.
  /// - Complexity: O(*n*) in bytes of the file.
  public mutating func forEachPair(
    bufferBytes: Int = 256 << 10, _ body: (_ key: Span<UInt8>, _ value: Span<UInt8>) -> Bool
  ) throws(BerkeleyDBError) {
    var cursor: UnsafeMutablePointer<DBC>?
    try check(unsafe CBerkeleyDB_cursor(handle, &cursor), "DB->cursor")
    guard let cursor = unsafe cursor else { throw failure(BerkeleyDBError.Code.EINVAL.rawValue, "DB->cursor") }
    defer { _ = unsafe CBerkeleyDB_cursor_close(cursor) }
    // libdb wants a multiple of 1024, and at least a page; a page is at most 64 KiB.
    var size = max(128 << 10, (bufferBytes + 1023) & ~1023)
    // Not cleared: of a small database, libdb touches a small part.
    var buffer = ByteBuffer(count: size)
    while true {
      var needed: UInt32 = 0
      var result: Int32 = 0
      var goesOn = true
      if buffer.count != size { buffer = ByteBuffer(count: size) }
      result = unsafe CBerkeleyDB_cursor_next_bulk(cursor, buffer.bytes.baseAddress, UInt32(size), &needed)
      if result == DB_NOTFOUND { return }
      if result == DB_BUFFER_SMALL, Int(needed) > size, Int(needed) <= 2 * Database.largestItem {
        size = (Int(needed) + 1023) & ~1023
        continue
      }
      try check(result, "DBC->get")
      let filled = unsafe Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(buffer.bytes))
      guard Database.readBulk(filled, goesOn: &goesOn, body) else {
        throw failure(BerkeleyDBError.Code.DB_VERIFY_BAD.rawValue, "DBC->get")
      }
      guard goesOn else { return }
    }
  }

  /// Lends the pairs of a buffer that a bulk get filled.
  ///
  /// The data stands at the front. From the end towards the front come four 32-bit integers a pair, each one before the
  /// one it follows: the key's offset and length, the value's offset and length; then -1.
  /// - Returns: whether every offset was inside the buffer.
  private static func readBulk(
    _ buffer: Span<UInt8>, goesOn: inout Bool, _ body: (Span<UInt8>, Span<UInt8>) -> Bool
  ) -> Bool {
    let integers = unsafe buffer.bytes
    var place = buffer.count - 4
    func next() -> Int {
      guard place >= 0 else { return -1 }
      defer { place -= 4 }
      return Int(unsafe integers.unsafeLoad(fromByteOffset: place, as: Int32.self))
    }
    while true {
      let keyOffset = next()
      if keyOffset == -1 { return place >= -4 }
      let keyLength = next()
      let valueOffset = next()
      let valueLength = next()
      guard keyOffset >= 0, keyLength >= 0, valueOffset >= 0, valueLength >= 0,
        keyOffset + keyLength <= buffer.count, valueOffset + valueLength <= buffer.count
      else { return false }
      let key = buffer.extracting(keyOffset..<keyOffset + keyLength)
      let value = buffer.extracting(valueOffset..<valueOffset + valueLength)
      guard body(key, value) else {
        goesOn = false
        return true
      }
    }
  }
}
