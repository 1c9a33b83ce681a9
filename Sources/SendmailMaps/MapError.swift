public import BerkeleyDB

/// Why a map could not be built or read.
public struct MapError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kind of failure; an open set.
  public struct Code: RawRepresentable, Sendable, Hashable {
    /// A stable name.
    public var rawValue: String

    /// Makes a code from its name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// libdb or the system could not do it; ``MapError/underlying`` says what.
    public static let database = Code(rawValue: "database")
    /// The map's type is none that can be built.
    public static let unsupportedType = Code(rawValue: "unsupported-type")
    /// The caller stopped the build.
    public static let cancelled = Code(rawValue: "cancelled")
    /// What was read back from a new map is not what was written.
    public static let readBack = Code(rawValue: "read-back")
  }

  /// What kind of failure it is.
  public var code: Code
  /// The path of the map, as it was given.
  public var path: String
  /// What libdb or the system said.
  public var underlying: BerkeleyDBError?

  /// Makes an error.
  public init(_ code: Code, path: String, underlying: BerkeleyDBError? = nil) {
    self.code = code
    self.path = path
    self.underlying = underlying
  }

  /// Makes the error of a call of libdb.
  init(_ error: BerkeleyDBError) { self.init(.database, path: error.path, underlying: error) }

  /// What is wrong.
  public var message: String {
    if let underlying { return underlying.message }
    return switch code {
    case .unsupportedType: "this map type is not supported"
    case .cancelled: "the build was stopped"
    case .readBack: "what was read back from the new map is not what was written; the disk or its memory may be damaged"
    default: code.rawValue
    }
  }

  /// `path: message`.
  public var description: String { underlying?.description ?? "\(path): \(message)" }
}

/// Runs calls of libdb, and turns their error into a map's.
func throwingMapError<Result: ~Copyable>(
  _ body: () throws(BerkeleyDBError) -> Result
) throws(MapError) -> Result {
  do { return try body() } catch { throw MapError(error) }
}
