internal import CBerkeleyDB

/// The access method of a database: how its file is organised.
public struct DatabaseType: RawRepresentable, Sendable, Hashable {
  /// libdb's own number of the type (`DBTYPE` in db.h).
  public var rawValue: UInt32

  /// Makes a type from libdb's number.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `DB_HASH`: extended linear hashing.
  public static let hash = DatabaseType(rawValue: UInt32(DB_HASH.rawValue))
  /// `DB_BTREE`: a sorted, balanced tree.
  public static let btree = DatabaseType(rawValue: UInt32(DB_BTREE.rawValue))
}

/// How a new database is laid out; everything unset is libdb's own default.
public struct DatabaseLayout: Sendable, Hashable {
  /// The page size in bytes, a power of two from 512 to 65,536; `nil`: the block size of the file system.
  public var pageSize: Int?
  /// Hash only: pairs in a bucket after which the table grows; `nil`: grow when a page is full.
  public var fillFactor: Int?
  /// Hash only: how many pairs are expected, so that the buckets are there from the start.
  ///
  /// With a fill factor, libdb makes the smallest power of two of buckets that is at least `elements / fillFactor`.
  public var elements: Int?
  /// Whether a key may have several values (`DB_DUP`, unsorted).
  public var allowsDuplicates: Bool
  /// The size of the cache in bytes; `nil`: libdb's default of 256 KiB.
  public var cacheBytes: Int?

  /// Makes a layout.
  public init(
    pageSize: Int? = nil, fillFactor: Int? = nil, elements: Int? = nil, allowsDuplicates: Bool = false,
    cacheBytes: Int? = nil
  ) {
    self.pageSize = pageSize
    self.fillFactor = fillFactor
    self.elements = elements
    self.allowsDuplicates = allowsDuplicates
    self.cacheBytes = cacheBytes
  }
}
