/// What sendmail's tools do to a text's pairs when they store them.
public struct MapConventions: Sendable, Hashable {
  /// What becomes of a key that the text has more than once.
  public enum Duplicates: Sendable, Hashable {
    /// The first line counts: `makemap` without an option.
    case keepFirst
    /// The last line counts: `newaliases`, `makemap -r`.
    case keepLast
    /// All lines are stored, in their order: `makemap -d`. sendmail finds the first.
    case keepAll
    /// The values are joined with commas, the newest first (`new,old`): the flag `-A` of an alias map.
    case mergeNewestFirst
  }

  /// Whether ASCII A–Z of keys become lower case.
  ///
  /// Values never change. The option `-f` of makemap(8) turns it off.
  public var foldsCase: Bool
  /// Whether a NUL byte is stored behind each key and each value: `makemap -N`, and `newaliases` for a plain path.
  public var includesNul: Bool
  /// Whether the record `@` with the value `@` is added, by which sendmail sees that an alias map is complete.
  public var marker: Bool
  /// What becomes of a key that the text has more than once.
  public var duplicates: Duplicates

  /// Makes conventions; without an argument, those of `makemap` without an option.
  public init(
    foldsCase: Bool = true, includesNul: Bool = false, marker: Bool = false, duplicates: Duplicates = .keepFirst
  ) {
    self.foldsCase = foldsCase
    self.includesNul = includesNul
    self.marker = marker
    self.duplicates = duplicates
  }

  /// What `makemap` does without an option.
  public static let makemap = MapConventions()
  /// What `newaliases` does for an AliasFile that is a plain path; for `hash:/path` it stores no NUL.
  public static let newaliases = MapConventions(includesNul: true, marker: true, duplicates: .keepLast)
}

/// The bytes that sendmail's tools treat in a way of their own.
enum MapByte {
  /// Ends keys and values of a map with the NUL convention.
  static let nul: UInt8 = 0
  /// Key and value of the marker record.
  static let marker = UInt8(ascii: "@")
  /// Joins merged values.
  static let comma = UInt8(ascii: ",")

  /// ASCII A–Z as lower case, any other byte as it is.
  @inline(__always)
  static func folded(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

  /// A byte of a key as it is stored.
  @inline(__always)
  static func stored(_ byte: UInt8, _ foldsCase: Bool) -> UInt8 { foldsCase ? folded(byte) : byte }

  /// Copies a key into a buffer that is large enough, folded where that is the convention.
  @inline(__always)
  static func copy(_ key: Span<UInt8>, to buffer: inout [UInt8], at offset: Int, foldsCase: Bool) {
    var target = buffer.mutableSpan
    if foldsCase {
      for index in key.indices { target[offset + index] = folded(key[index]) }
    } else {
      for index in key.indices { target[offset + index] = key[index] }
    }
  }
}
