internal import CBerkeleyDB

extension Database {
  /// What happens to a key that is there already.
  public enum PutMode: Sendable {
    /// The value is replaced; in a database with duplicates, the new value is added behind the others.
    case overwrite
    /// Nothing is stored (`DB_NOOVERWRITE`).
    case keepExisting
  }

  /// Looks a key up and lends its value; of several values, the first.
  ///
  /// The corresponding C function is `DB->get`.
  /// - Parameters:
  ///   - key: all bytes of the key.
  ///   - body: is given the value's bytes, which are libdb's own and gone with the next call.
  /// - Returns: what `body` returned, or `nil` when the key is not there.
  /// - Throws: ``BerkeleyDBError`` for anything but `DB_NOTFOUND`.
  public mutating func withValue<Result>(
    forKey key: Span<UInt8>, _ body: (Span<UInt8>) -> Result
  ) throws(BerkeleyDBError) -> Result? {
    var value: UnsafeRawPointer?
    var size: UInt32 = 0
    let keySize = try checkedSize(key)
    let result = unsafe key.withUnsafeBufferPointer { key in
      unsafe CBerkeleyDB_get(handle, key.baseAddress, keySize, &value, &size)
    }
    if result == DB_NOTFOUND { return nil }
    try check(result, "DB->get")
    let bytes = unsafe UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : Int(size))
    return unsafe bytes.withMemoryRebound(to: UInt8.self) { unsafe body(Span(_unsafeElements: $0)) }
  }

  /// A copy of the value of a key; of several values, the first; `nil` when the key is not there.
  /// - Throws: ``BerkeleyDBError`` for anything but `DB_NOTFOUND`.
  public mutating func value(forKey key: Span<UInt8>) throws(BerkeleyDBError) -> [UInt8]? {
    try withValue(forKey: key) { value in unsafe value.withUnsafeBufferPointer { unsafe Array($0) } }
  }

  /// Stores a pair.
  ///
  /// The corresponding C function is `DB->put`.
  /// - Returns: whether the pair was stored: `false` when the key was there and `mode` is `keepExisting`.
  /// - Throws: ``BerkeleyDBError`` for anything but `DB_KEYEXIST`.
  @discardableResult
  public mutating func put(
    key: Span<UInt8>, value: Span<UInt8>, mode: PutMode = .overwrite
  ) throws(BerkeleyDBError) -> Bool {
    let keySize = try checkedSize(key)
    let valueSize = try checkedSize(value)
    let flags = mode == .keepExisting ? CBerkeleyDB_DB_NOOVERWRITE : 0
    let result = unsafe key.withUnsafeBufferPointer { key in
      unsafe value.withUnsafeBufferPointer { value in
        unsafe CBerkeleyDB_put(handle, key.baseAddress, keySize, value.baseAddress, valueSize, flags)
      }
    }
    if result == DB_KEYEXIST, mode == .keepExisting { return false }
    try check(result, "DB->put")
    return true
  }

  /// Removes a key with all its values.
  ///
  /// The corresponding C function is `DB->del`.
  /// - Returns: whether the key was there.
  /// - Throws: ``BerkeleyDBError`` for anything but `DB_NOTFOUND`.
  @discardableResult
  public mutating func delete(key: Span<UInt8>) throws(BerkeleyDBError) -> Bool {
    let keySize = try checkedSize(key)
    let result = unsafe key.withUnsafeBufferPointer { unsafe CBerkeleyDB_del(handle, $0.baseAddress, keySize) }
    if result == DB_NOTFOUND { return false }
    try check(result, "DB->del")
    return true
  }

  /// The size of a key or value, which must be one that a page count can carry.
  private func checkedSize(_ bytes: Span<UInt8>) throws(BerkeleyDBError) -> UInt32 {
    guard bytes.count <= Database.largestItem else {
      throw failure(BerkeleyDBError.Code.pairTooLarge.rawValue, "DB->put")
    }
    return UInt32(bytes.count)
  }

  /// The largest key or value in bytes: 1 GiB.
  static let largestItem = 1 << 30
}
