internal import CBerkeleyDB

/// What libdb could not do: which call, on which file, and its own words for the reason.
///
/// Two errors are equal when code, operation and path are; the message follows from the code.
public struct BerkeleyDBError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The reason, as a number: an `errno`, one of libdb's own, or one of this library's.
  public var code: Code
  /// The call that failed, such as `DB->open`.
  public var operation: String
  /// The path of the database, as it was given.
  public var path: String

  /// Makes the error of a call.
  public init(_ code: Code, operation: String, path: String) {
    self.code = code
    self.operation = operation
    self.path = path
  }

  /// What is wrong: libdb's own text, or this library's for a file that libdb was never shown.
  public var message: String { code.message }

  /// `path: message (operation)`.
  public var description: String { "\(path): \(message) (\(operation))" }
}

extension BerkeleyDBError {
  /// The reason of a failure; an open set, since libdb passes on any `errno`.
  public struct Code: RawRepresentable, Error, Sendable, Hashable {
    /// The number: positive an `errno`, from -30,999 to -30,800 libdb's own, from -1 to -99 this library's.
    public var rawValue: Int32

    /// Makes a code from a number that libdb returned.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    // MARK: errno

    /// `ENOENT`: no such file or directory.
    public static let ENOENT = Code(rawValue: CBerkeleyDB.ENOENT)
    /// `EACCES`: permission denied.
    public static let EACCES = Code(rawValue: CBerkeleyDB.EACCES)
    /// `EEXIST`: the file that was to be created is there.
    public static let EEXIST = Code(rawValue: CBerkeleyDB.EEXIST)
    /// `EINVAL`: what libdb says for a bad argument and for most bad files.
    public static let EINVAL = Code(rawValue: CBerkeleyDB.EINVAL)
    /// `ENOSPC`: no space left on the device.
    public static let ENOSPC = Code(rawValue: CBerkeleyDB.ENOSPC)
    /// `EFBIG`: the file would be larger than the file size limit.
    public static let EFBIG = Code(rawValue: CBerkeleyDB.EFBIG)
    /// `EISDIR`: a directory, not a file.
    public static let EISDIR = Code(rawValue: CBerkeleyDB.EISDIR)

    // MARK: libdb's own, with the names of db.h

    /// `DB_BUFFER_SMALL`: the memory given is too small for what was to be returned.
    public static let DB_BUFFER_SMALL = Code(rawValue: CBerkeleyDB.DB_BUFFER_SMALL)
    /// `DB_KEYEXIST`: the key is there, and was not to be overwritten.
    public static let DB_KEYEXIST = Code(rawValue: CBerkeleyDB.DB_KEYEXIST)
    /// `DB_NOTFOUND`: the key is not there, or there are no more pairs.
    public static let DB_NOTFOUND = Code(rawValue: CBerkeleyDB.DB_NOTFOUND)
    /// `DB_OLD_VERSION`: written by an older Berkeley DB, whose format this one does not read.
    public static let DB_OLD_VERSION = Code(rawValue: CBerkeleyDB.DB_OLD_VERSION)
    /// `DB_PAGE_NOTFOUND`: a page that is referred to is not in the file.
    public static let DB_PAGE_NOTFOUND = Code(rawValue: CBerkeleyDB.DB_PAGE_NOTFOUND)
    /// `DB_RUNRECOVERY`: libdb gave up after an error that it cannot recover from.
    public static let DB_RUNRECOVERY = Code(rawValue: CBerkeleyDB.DB_RUNRECOVERY)
    /// `DB_VERIFY_BAD`: the file's structure is damaged.
    public static let DB_VERIFY_BAD = Code(rawValue: CBerkeleyDB.DB_VERIFY_BAD)

    // MARK: this library's, found before libdb sees the file

    /// The file holds no byte.
    public static let emptyFile = Code(rawValue: -1)
    /// The file is no Berkeley DB database: its magic number is none of a hash or btree.
    public static let notADatabase = Code(rawValue: -2)
    /// The file looks like text, not like a database.
    public static let textFile = Code(rawValue: -3)
    /// The file is shorter than its own header says, or than a header.
    public static let truncatedFile = Code(rawValue: -4)
    /// A Berkeley DB 1.85 or 1.86 file, which libdb 5.3 does not read.
    public static let version185 = Code(rawValue: -5)
    /// The file was written by a newer Berkeley DB than 5.3.
    public static let newerVersion = Code(rawValue: -6)
    /// The file is a database of another type than the one that was asked for.
    public static let wrongType = Code(rawValue: -7)
    /// The file's header contradicts itself or asks for what is not supported: encryption, partitions, subdatabases.
    public static let badHeader = Code(rawValue: -8)
    /// Not a regular file: a directory, a pipe, a device.
    public static let notARegularFile = Code(rawValue: -9)
    /// The path is empty or has a NUL byte in it.
    public static let badPath = Code(rawValue: -10)
    /// A key or value, or both together, are larger than a bulk buffer can take (1 GiB).
    public static let pairTooLarge = Code(rawValue: -11)

    /// A key that is too large for a page is in the way; ``Database`` reads such a file.
    public static let largeKey = Code(rawValue: -12)

    /// What the code means, in libdb's own words where it has some.
    public var message: String {
      switch self {
      case .emptyFile: "the file is empty, which is no valid database"
      case .notADatabase: "not a Berkeley DB hash or btree database"
      case .textFile: "this is a text file, not a Berkeley DB database"
      case .truncatedFile: "the database is cut short"
      case .version185: "a database of Berkeley DB 1.85, which must be built anew from its text"
      case .newerVersion: "a database of a newer version of Berkeley DB than 5.3"
      case .wrongType: "a Berkeley DB database of another type"
      case .badHeader: "the database's header is damaged or asks for an unsupported feature"
      case .notARegularFile: "not a regular file"
      case .badPath: "the path is empty or has a NUL byte in it"
      case .pairTooLarge: "a key and its value are too large to store"
      case .largeKey: "a key that is too large for a page is in the way"
      default: unsafe String(cString: db_strerror(rawValue))
      }
    }
  }
}
