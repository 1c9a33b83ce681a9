internal import CBerkeleyDB

/// Stores pairs in a database many at a time.
///
/// Pairs are gathered in a buffer in libdb's own form and handed over when it is full. A key that is there already gets
/// the new value (in a database with duplicates: one more value); there is no way to keep the first, so whoever wants
/// that leaves later ones out. Pairs are stored fastest in the order of the file: for a hash, by bucket
/// (``HashFunction``) and then by key, for a btree by key.
///
/// Nothing is certain to be in the database before ``finish()`` gave it back.
public struct BulkWriter: ~Copyable {
  private var database: Database
  /// The buffer; its last quarter may be used by places alone.
  private var buffer: [UInt8]
  /// Bytes used at the front.
  private var front = 0
  /// The offset of the next place, from the end.
  private var back: Int
  /// How many pairs were added.
  public private(set) var count = 0

  /// Starts writing to a database, which the writer owns until it is finished.
  /// - Parameters:
  ///   - database: where to.
  ///   - bufferBytes: the size of the buffer in bytes, a multiple of 4.
  public init(_ database: consuming Database, bufferBytes: Int = 8 << 20) {
    self.database = database
    buffer = [UInt8](repeating: 0, count: max(1024, bufferBytes & ~3))
    back = buffer.count - 4
  }

  /// Adds a pair.
  /// - Parameters:
  ///   - key: the key's bytes.
  ///   - value: the value's bytes.
  ///   - terminator: a byte to store behind the value, such as a C string's NUL.
  /// - Throws: ``BerkeleyDBError`` of storing earlier pairs, or `pairTooLarge`.
  public mutating func append(
    key: Span<UInt8>, value: Span<UInt8>, terminator: UInt8? = nil
  ) throws(BerkeleyDBError) {
    let valueLength = value.count + (terminator == nil ? 0 : 1)
    let needed = key.count + valueLength
    // Four integers for this pair, one for the end.
    if front + needed + 20 > back + 4 {
      try flush()
      if needed + 24 > buffer.count {
        guard needed <= Database.largestItem else {
          throw database.failure(BerkeleyDBError.Code.pairTooLarge.rawValue, "DB->put")
        }
        buffer = [UInt8](repeating: 0, count: (needed + 1024) & ~3)
        back = buffer.count - 4
      }
    }
    let keyOffset = front
    copy(key)
    let valueOffset = front
    copy(value)
    if let terminator {
      buffer[front] = terminator
      front += 1
    }
    place(keyOffset, key.count, valueOffset, valueLength)
    count += 1
  }

  /// Stores what is left and gives the database back.
  /// - Throws: ``BerkeleyDBError``; the database is then gone, and its file is not to be used.
  public consuming func finish() throws(BerkeleyDBError) -> Database {
    try flush()
    return database
  }

  /// Hands the buffer's pairs to libdb.
  private mutating func flush() throws(BerkeleyDBError) {
    guard front > 0 || back < buffer.count - 4 else { return }
    let size = buffer.count
    store(-1, at: back)
    let result = unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe CBerkeleyDB_put_bulk(database.handle, bytes.baseAddress, UInt32(size), 0)
    }
    try database.check(result, "DB->put")
    front = 0
    back = size - 4
  }

  /// Copies bytes to the front.
  private mutating func copy(_ bytes: Span<UInt8>) {
    let start = front
    unsafe buffer.withUnsafeMutableBytes { target in
      unsafe bytes.withUnsafeBytes { source in
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[start..<start + source.count]).copyMemory(from: source)
      }
    }
    front += bytes.count
  }

  /// Writes a pair's places at the back.
  private mutating func place(_ keyOffset: Int, _ keyLength: Int, _ valueOffset: Int, _ valueLength: Int) {
    store(Int32(keyOffset), at: back)
    store(Int32(keyLength), at: back - 4)
    store(Int32(valueOffset), at: back - 8)
    store(Int32(valueLength), at: back - 12)
    back -= 16
  }

  /// Writes an integer in the machine's byte order.
  private mutating func store(_ value: Int32, at offset: Int) {
    unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe bytes.storeBytes(of: value, toByteOffset: offset, as: Int32.self)
    }
  }
}
