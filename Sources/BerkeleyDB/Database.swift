internal import CBerkeleyDB
internal import Glibc

/// A Berkeley DB 5.3 database in a file: pairs of keys and values, both of any bytes.
///
/// One owner at a time: a value may move between threads but is never shared, so libdb needs no locks. What libdb lends
/// (a value, a pair) is seen inside a closure only, and is gone with the next call. No process but this one is kept out;
/// whoever needs a lock takes one.
///
/// What was written is in the file only after ``close()`` returned: it reports write errors, which a value that just
/// goes out of scope cannot.
///
/// See also: the Berkeley DB Reference Guide, <https://docs.oracle.com/cd/E17076_05/html/index.html>.
@safe
public struct Database: ~Copyable, @unchecked Sendable {
  /// Keeps libdb's handle open as long as this value lives.
  private let owner: HandleOwner
  /// The path as it was given.
  public let path: String
  /// Hash or btree.
  public let type: DatabaseType
  /// Whether a key may have several values.
  public let allowsDuplicates: Bool
  /// Whether its pairs are the names of other databases in the file, and where those begin.
  public private(set) var listsDatabases = false

  /// How an existing database is opened.
  public enum Access: Sendable {
    /// `DB_RDONLY`.
    case readOnly
    /// For look-ups and changes.
    case readWrite
  }

  /// Creates a database in a new file; a file that is there is an error and is left alone.
  ///
  /// The corresponding C function is `DB->open` with `DB_CREATE` and `DB_EXCL`. A failure after the file was made removes
  /// it again.
  /// - Parameters:
  ///   - path: where, as in open(2).
  ///   - type: hash or btree.
  ///   - layout: page size, expected size, duplicates, cache.
  ///   - permissions: the mode of the file, less the process's umask.
  /// - Throws: ``BerkeleyDBError``, with `EEXIST` when there is something at `path`.
  public init(
    creating path: String, type: DatabaseType, layout: DatabaseLayout = DatabaseLayout(), permissions: UInt16 = 0o640
  ) throws(BerkeleyDBError) {
    try Database.checkPath(path)
    // libdb would look first and create then; this way nobody can put a file or a link between.
    let descriptor = uninterrupted {
      unsafe Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(permissions))
    }
    guard descriptor >= 0 else {
      throw BerkeleyDBError(BerkeleyDBError.Code(rawValue: errno), operation: "open", path: path)
    }
    _ = Glibc.close(descriptor)
    do {
      try self.init(
        path: path, type: type, layout: layout, flags: CBerkeleyDB_DB_CREATE | UInt32(DB_TRUNCATE),
        permissions: permissions)
    } catch {
      _ = unsafe unlink(path)
      throw error
    }
  }

  /// Opens the database in a file.
  ///
  /// The header is checked first (see ``DatabaseHeader``), so that a file that is no database is an error with a name.
  /// The pages behind it are trusted: for a file that may be damaged, call ``verify(path:)`` before.
  /// - Parameters:
  ///   - path: the file, as in open(2).
  ///   - access: for look-ups only, or for changes too.
  ///   - type: the type it must have; `nil`: whatever it has.
  ///   - cacheBytes: the size of the cache in bytes; `nil`: libdb's default of 256 KiB.
  /// - Throws: ``BerkeleyDBError``; the codes of ``DatabaseHeader/init(path:)``, `wrongType`, and what `DB->open` returns.
  public init(
    opening path: String, access: Access = .readOnly, type: DatabaseType? = nil, cacheBytes: Int? = nil
  ) throws(BerkeleyDBError) {
    let header = try DatabaseHeader(path: path)
    if let type, type != header.type { throw BerkeleyDBError(.wrongType, operation: "open", path: path) }
    try self.init(
      path: path, type: header.type,
      layout: DatabaseLayout(allowsDuplicates: header.allowsDuplicates, cacheBytes: cacheBytes), flags: access.flags,
      permissions: 0)
    listsDatabases = header.hasSubdatabases
  }

  private init(
    path: String, type: DatabaseType, layout: DatabaseLayout, flags: UInt32, permissions: UInt16
  ) throws(BerkeleyDBError) {
    owner = unsafe HandleOwner(
      try uninterrupted { () throws(BerkeleyDBError) in
        try unsafe Database.open(path: path, type: type, layout: layout, flags: flags, permissions: permissions)
      })
    self.path = path
    self.type = type
    allowsDuplicates = layout.allowsDuplicates
  }

  /// Makes a handle, sets it up and opens it.
  private static func open(
    path: String, type: DatabaseType, layout: DatabaseLayout, flags: UInt32, permissions: UInt16
  ) throws(BerkeleyDBError) -> UnsafeMutablePointer<DB> {
    let handle = try unsafe makeHandle(path: path)
    let isNew = flags & CBerkeleyDB_DB_CREATE != 0
    var result: Int32 = 0
    var operation = ""
    func attempt(_ name: String, _ call: () -> Int32) {
      guard result == 0 else { return }
      operation = name
      result = call()
    }
    if let bytes = layout.cacheBytes {
      attempt("DB->set_cachesize") { unsafe CBerkeleyDB_set_cachesize(handle, UInt64(max(0, bytes))) }
    }
    if isNew {
      if let bytes = layout.pageSize {
        attempt("DB->set_pagesize") { unsafe CBerkeleyDB_set_pagesize(handle, UInt32(clamping: bytes)) }
      }
      if type == .hash, let factor = layout.fillFactor {
        attempt("DB->set_h_ffactor") { unsafe CBerkeleyDB_set_h_ffactor(handle, UInt32(clamping: factor)) }
      }
      if type == .hash, let elements = layout.elements {
        attempt("DB->set_h_nelem") { unsafe CBerkeleyDB_set_h_nelem(handle, UInt32(clamping: elements)) }
      }
      if layout.allowsDuplicates {
        attempt("DB->set_flags") { unsafe CBerkeleyDB_set_flags(handle, CBerkeleyDB_DB_DUP) }
      }
    }
    // Without a mapping: a file that somebody truncates under us is then an error, not a SIGBUS.
    let openFlags = flags | UInt32(DB_NOMMAP)
    attempt("DB->open") {
      unsafe CBerkeleyDB_open(handle, path, DBTYPE(rawValue: type.rawValue), openFlags, Int32(permissions))
    }
    guard result == 0 else {
      _ = unsafe CBerkeleyDB_close(handle, CBerkeleyDB_DB_NOSYNC)
      throw BerkeleyDBError(BerkeleyDBError.Code(rawValue: result), operation: operation, path: path)
    }
    return unsafe handle
  }

  /// Writes what is in memory to the file and to the disk (`DB->sync`).
  /// - Throws: ``BerkeleyDBError`` with what `write` or `fdatasync` reported.
  public mutating func sync() throws(BerkeleyDBError) {
    try check(unsafe CBerkeleyDB_sync(handle), "DB->sync")
  }

  /// Writes what is in memory to the file and to the disk, and closes it (`DB->close`).
  /// - Throws: ``BerkeleyDBError`` with what `write` or `fdatasync` reported; the database is closed all the same, and
  ///   what the file holds is not to be relied on.
  public consuming func close() throws(BerkeleyDBError) {
    let path = path
    let result = owner.close()
    guard result == 0 else {
      throw BerkeleyDBError(BerkeleyDBError.Code(rawValue: result), operation: "DB->close", path: path)
    }
  }

  // MARK: Inside the module

  /// libdb's handle; only for a call.
  var handle: UnsafeMutablePointer<DB> { unsafe owner.handle }

  /// Throws what a call returned, unless it is 0.
  func check(_ result: Int32, _ operation: String) throws(BerkeleyDBError) {
    guard result == 0 else { throw failure(result, operation) }
  }

  /// The error of a call.
  func failure(_ result: Int32, _ operation: String) -> BerkeleyDBError {
    BerkeleyDBError(BerkeleyDBError.Code(rawValue: result), operation: operation, path: path)
  }

  /// A handle that prints nothing.
  static func makeHandle(path: String) throws(BerkeleyDBError) -> UnsafeMutablePointer<DB> {
    usesOwnCalls
    var handle: UnsafeMutablePointer<DB>?
    let result = unsafe CBerkeleyDB_create(&handle)
    guard result == 0, let handle = unsafe handle else {
      throw BerkeleyDBError(BerkeleyDBError.Code(rawValue: result), operation: "db_create", path: path)
    }
    return unsafe handle
  }

  /// Refuses a path that a C string cannot carry, or that means "in memory" to libdb.
  static func checkPath(_ path: String) throws(BerkeleyDBError) {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw BerkeleyDBError(.badPath, operation: "open", path: path)
    }
  }
}

/// Owns a handle, and closes it without writing when nobody closed it properly.
///
/// Not private: a class of another module that holds a database refers to this type's metadata.
@safe
struct HandleOwner: ~Copyable {
  let handle: UnsafeMutablePointer<DB>

  init(_ handle: UnsafeMutablePointer<DB>) { unsafe self.handle = handle }

  /// Writes and closes, and returns what `DB->close` returned.
  consuming func close() -> Int32 {
    let result = unsafe CBerkeleyDB_close(handle, 0)
    discard self
    return result
  }

  deinit { _ = unsafe CBerkeleyDB_close(handle, CBerkeleyDB_DB_NOSYNC) }
}

extension Database.Access {
  /// The flags of `DB->open`.
  fileprivate var flags: UInt32 {
    switch self {
    case .readOnly: CBerkeleyDB_DB_RDONLY
    case .readWrite: 0
    }
  }
}
