internal import Glibc

/// What the first bytes of a database file say about it, read without libdb.
///
/// libdb answers a file that is no database with `EINVAL` at best. Looking first gives each kind of wrong file an error
/// of its own, and keeps files out that libdb should not be shown. It says nothing about the pages behind the header:
/// for those there is ``Database/verify(path:)``.
///
/// The generic metadata page of Berkeley DB 2 and later (`DBMETA` in libdb's db_page.h), integers in the byte order of
/// the machine that wrote it: page number at byte 8, magic 12, version 16, page size 20, encryption 24, page type 25,
/// checksums 26, last page number 32, number of partitions 36, flags 48.
public struct DatabaseHeader: Sendable, Hashable {
  /// Hash or btree.
  public var type: DatabaseType
  /// The version of the type's format; libdb 5.3 writes 9 for both.
  public var version: Int
  /// The page size in bytes.
  public var pageSize: Int
  /// The number of pages, this one included.
  public var pages: Int
  /// Whether the integers are big-endian.
  public var isBigEndian: Bool
  /// Whether a key may have several values.
  public var allowsDuplicates: Bool
  /// Whether each page has a checksum.
  public var hasChecksums: Bool
  /// Whether the file is a list of databases by their names, which are in it, too.
  public var hasSubdatabases: Bool

  /// Reads and checks the header of the file at `path`.
  /// - Throws: ``BerkeleyDBError`` with an `errno` when the file cannot be read; ``BerkeleyDBError/Code/emptyFile``,
  ///   `textFile`, `notADatabase`, `truncatedFile`, `version185`, `newerVersion`, `wrongType`, `badHeader` or
  ///   `notARegularFile` when it is no database that libdb 5.3 can be given.
  public init(path: String) throws(BerkeleyDBError) {
    try Database.checkPath(path)
    let (bytes, size) = try DatabaseHeader.readFirstBytes(of: path)
    do {
      self = try DatabaseHeader(bytes: bytes, fileSize: size)
    } catch {
      throw BerkeleyDBError(error, operation: "open", path: path)
    }
  }

  /// Reads a header from a file's first bytes, 512 or as many as there are.
  init(bytes: [UInt8], fileSize: Int) throws(BerkeleyDBError.Code) {
    guard fileSize > 0, !bytes.isEmpty else { throw .emptyFile }
    func integer(_ offset: Int, bigEndian: Bool) -> UInt32 {
      var value: UInt32 = 0
      guard offset + 4 <= bytes.count else { return 0 }
      for index in 0..<4 { value |= UInt32(bytes[offset + index]) << (8 * UInt32(bigEndian ? 3 - index : index)) }
      return value
    }
    guard let big = [false, true].first(where: { Magic.all.contains(integer(12, bigEndian: $0)) }) else {
      for big in [false, true] where [Magic.hash, Magic.btree].contains(integer(0, bigEndian: big)) {
        throw .version185
      }
      throw bytes.allSatisfy(DatabaseHeader.isTextByte) ? .textFile : .notADatabase
    }
    let magic = integer(12, bigEndian: big)
    guard magic == Magic.hash || magic == Magic.btree else { throw .wrongType }
    guard bytes.count >= 512 else { throw .truncatedFile }
    type = magic == Magic.hash ? .hash : .btree
    isBigEndian = big
    version = Int(integer(16, bigEndian: big))
    guard version <= 9 else { throw .newerVersion }
    guard version >= 7 else { throw .DB_OLD_VERSION }
    pageSize = Int(integer(20, bigEndian: big))
    guard (512...65_536).contains(pageSize), pageSize & (pageSize - 1) == 0 else { throw .badHeader }
    let pageType = bytes[25]
    guard bytes[24] == 0, pageType == (type == .hash ? 8 : 9), integer(8, bigEndian: big) == 0 else {
      throw .badHeader
    }
    // Partitions would have libdb open other files.
    guard integer(36, bigEndian: big) == 0 else { throw .badHeader }
    let flags = integer(48, bigEndian: big)
    // Of a btree: DB_DUP 0x01, DB_RECNO 0x02, subdatabases 0x20, DB_DUPSORT 0x40, compression 0x80. Of a hash: DB_DUP 0x01,
    // one of the databases of such a file 0x02, DB_DUPSORT 0x04.
    guard flags & 0x02 == 0 else { throw .wrongType }
    // Compression needs functions that are not in the file. So may duplicates that are sorted; libdb takes its own then.
    guard type == .hash || flags & 0x80 == 0 else { throw .badHeader }
    allowsDuplicates = flags & 0x01 != 0
    hasChecksums = bytes[26] & 0x01 != 0
    hasSubdatabases = type == .btree && flags & 0x20 != 0
    pages = Int(integer(32, bigEndian: big)) + 1
    guard pages * pageSize <= fileSize, fileSize % pageSize == 0 else { throw .truncatedFile }
  }

  /// The size of a page's header in bytes: behind it the checksum takes four, and two before them are not used.
  var pageHeaderSize: Int { hasChecksums ? Page.headerSize + 6 : Page.headerSize }

  /// The numbers that tell the types apart.
  enum Magic {
    static let hash: UInt32 = 0x061561
    static let btree: UInt32 = 0x053162
    static let queue: UInt32 = 0x042253
    static let heap: UInt32 = 0x074582
    static let all = [hash, btree, queue, heap]
  }

  /// Whether a byte is one that text has: no control byte but white space.
  private static func isTextByte(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || (0x09...0x0D).contains(byte) }

  /// The first 512 bytes of a file, and its size.
  private static func readFirstBytes(of path: String) throws(BerkeleyDBError) -> (bytes: [UInt8], size: Int) {
    let descriptor = uninterrupted { unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { throw BerkeleyDBError(Code(rawValue: errno), operation: "open", path: path) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw BerkeleyDBError(Code(rawValue: errno), operation: "fstat", path: path)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      let code: Code = status.st_mode & S_IFMT == S_IFDIR ? .EISDIR : .notARegularFile
      throw BerkeleyDBError(code, operation: "open", path: path)
    }
    var count = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 512) { buffer, initialized in
      count = uninterrupted { unsafe pread(descriptor, buffer.baseAddress, 512, 0) }
      initialized = max(0, count)
    }
    guard count >= 0 else { throw BerkeleyDBError(Code(rawValue: errno), operation: "read", path: path) }
    return (bytes, Int(status.st_size))
  }

  private typealias Code = BerkeleyDBError.Code
}
