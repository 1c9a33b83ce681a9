internal import CBerkeleyDB
internal import Glibc

/// What libdb counted in a database.
public struct DatabaseStatistics: Sendable, Hashable {
  /// Hash or btree.
  public var type: DatabaseType
  /// The version of the type's format.
  public var version: Int
  /// How many different keys there are.
  public var keys: Int
  /// How many pairs there are: more than keys only where duplicates are allowed.
  public var pairs: Int
  /// The page size in bytes.
  public var pageSize: Int
  /// How many pages the file has.
  public var pages: Int
  /// Hash only: how many buckets the table has; 0 for a btree.
  public var buckets: Int
  /// Hash only: the fill factor it was created with, 0 when none was given; 0 for a btree.
  public var fillFactor: Int
}

extension Database {
  /// Counts what is in the database, reading all of it (`DB->stat`).
  /// - Throws: ``BerkeleyDBError`` when a page cannot be read or is damaged.
  /// - Complexity: O(*n*) in pages.
  public mutating func statistics() throws(BerkeleyDBError) -> DatabaseStatistics {
    var memory: UnsafeMutableRawPointer?
    try check(unsafe CBerkeleyDB_stat(handle, &memory, 0), "DB->stat")
    guard let memory = unsafe memory else { throw failure(BerkeleyDBError.Code.EINVAL.rawValue, "DB->stat") }
    defer { unsafe free(memory) }
    if type == .hash {
      let hash = unsafe memory.load(as: DB_HASH_STAT.self)
      return DatabaseStatistics(
        type: type, version: Int(hash.hash_version), keys: Int(hash.hash_nkeys), pairs: Int(hash.hash_ndata),
        pageSize: Int(hash.hash_pagesize), pages: Int(hash.hash_pagecnt), buckets: Int(hash.hash_buckets),
        fillFactor: Int(hash.hash_ffactor))
    }
    let btree = unsafe memory.load(as: DB_BTREE_STAT.self)
    return DatabaseStatistics(
      type: type, version: Int(btree.bt_version), keys: Int(btree.bt_nkeys), pairs: Int(btree.bt_ndata),
      pageSize: Int(btree.bt_pagesize), pages: Int(btree.bt_pagecnt), buckets: 0, fillFactor: 0)
  }

  /// Checks the structure of the database in a file, every page of it, without opening it (`DB->verify`).
  ///
  /// For a file that somebody else wrote, or that may be damaged: what passes can be read to the end.
  /// - Throws: ``BerkeleyDBError``: what ``DatabaseHeader/init(path:)`` throws, or `DB_VERIFY_BAD`.
  /// - Complexity: O(*n*) in pages, several times slower than reading them.
  public static func verify(path: String) throws(BerkeleyDBError) {
    try PageCheck(try DatabaseHeader(path: path)).check(path: path)
    try uninterrupted { () throws(BerkeleyDBError) in
      let handle = try unsafe makeHandle(path: path)
      // libdb keeps what it knows of each page in databases of its own, and in 256 KiB they spill to /var/tmp.
      _ = unsafe CBerkeleyDB_set_cachesize(handle, 16 << 20)
      let result = unsafe CBerkeleyDB_verify(handle, path)
      guard result == 0 else {
        throw BerkeleyDBError(BerkeleyDBError.Code(rawValue: result), operation: "DB->verify", path: path)
      }
    }
  }
}
