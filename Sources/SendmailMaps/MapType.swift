internal import BerkeleyDB

/// The kind of database that a map is compiled into: makemap's TYPE.
public struct MapType: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
  /// The name that `makemap -l` prints.
  public var rawValue: String

  /// Makes a type from its name, whether it can be built or not.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// `hash`: a Berkeley DB hash, in a file with the extension `.db`.
  public static let hash = MapType(rawValue: "hash")
  /// `btree`: a Berkeley DB btree, in a file with the extension `.db`.
  public static let btree = MapType(rawValue: "btree")

  /// The types that can be built and read, in the order of `makemap -l`.
  public static let supported: [MapType] = [.hash, .btree]

  /// The type that `makemap TYPE` means; `nil` for one that cannot be built.
  ///
  /// Case counts, as in makemap(8): `HASH` is unknown. `implicit` is the first type that makemap was built with, a hash.
  public init?(makemapName name: String) {
    switch name {
    case "hash", "implicit": self = .hash
    case "btree": self = .btree
    default: return nil
    }
  }

  /// The name.
  public var description: String { rawValue }

  /// libdb's type; `nil` for a type that is none of libdb's.
  var databaseType: DatabaseType? {
    switch self {
    case .hash: .hash
    case .btree: .btree
    default: nil
    }
  }

  /// The type of a database, if it is one of ours.
  init?(_ type: DatabaseType) {
    switch type {
    case .hash: self = .hash
    case .btree: self = .btree
    default: return nil
    }
  }
}
