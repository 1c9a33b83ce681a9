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
  private var buffer: ByteBuffer
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
    buffer = ByteBuffer(count: max(1024, bufferBytes & ~3))
    back = buffer.count - 4
  }

  /// Adds a pair.
  /// - Parameters:
  ///   - key: the key's bytes.
  ///   - value: the value's bytes.
  ///   - terminator: a byte to store behind both, such as a C string's NUL.
  /// - Throws: ``BerkeleyDBError`` of storing earlier pairs, or `pairTooLarge`.
  public mutating func append(
    key: Span<UInt8>, value: Span<UInt8>, terminator: UInt8? = nil
  ) throws(BerkeleyDBError) {
    let ends = terminator == nil ? 0 : 1
    let (keyLength, valueLength) = (key.count + ends, value.count + ends)
    // Four integers for this pair, one for the end.
    if front + keyLength + valueLength + 20 > back + 4 { try makeRoom(for: keyLength + valueLength) }
    let keyOffset = front
    copy(key, terminator)
    let valueOffset = front
    copy(value, terminator)
    place(keyOffset, keyLength, valueOffset, valueLength)
    count += 1
  }

  /// Stores what is left and gives the database back.
  /// - Throws: ``BerkeleyDBError``; the database is then gone, and its file is not to be used.
  public consuming func finish() throws(BerkeleyDBError) -> Database {
    try flush()
    return database
  }

  /// Empties the buffer, and takes a larger one for a pair that it cannot hold.
  private mutating func makeRoom(for size: Int) throws(BerkeleyDBError) {
    try flush()
    guard size + 24 > buffer.count else { return }
    guard size <= Database.largestItem else {
      throw database.failure(BerkeleyDBError.Code.pairTooLarge.rawValue, "DB->put")
    }
    buffer = ByteBuffer(count: (size + 1024) & ~3)
    back = buffer.count - 4
  }

  /// Hands the buffer's pairs to libdb.
  private mutating func flush() throws(BerkeleyDBError) {
    guard front > 0 || back < buffer.count - 4 else { return }
    buffer.store(-1, as: Int32.self, at: back)
    try database.check(
      unsafe CBerkeleyDB_put_bulk(database.handle, buffer.bytes.baseAddress, UInt32(buffer.count), 0), "DB->put")
    front = 0
    back = buffer.count - 4
  }

  /// Copies bytes, and the byte behind them, to the front.
  @inline(__always)
  private mutating func copy(_ bytes: Span<UInt8>, _ terminator: UInt8?) {
    buffer.copy(bytes, to: front)
    front += bytes.count
    if let terminator {
      unsafe buffer.bytes[front] = terminator
      front += 1
    }
  }

  /// Writes a pair's places at the back.
  @inline(__always)
  private mutating func place(_ keyOffset: Int, _ keyLength: Int, _ valueOffset: Int, _ valueLength: Int) {
    buffer.store(keyOffset, as: Int32.self, at: back)
    buffer.store(keyLength, as: Int32.self, at: back - 4)
    buffer.store(valueOffset, as: Int32.self, at: back - 8)
    buffer.store(valueLength, as: Int32.self, at: back - 12)
    back -= 16
  }
}
