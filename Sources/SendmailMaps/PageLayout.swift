internal import BerkeleyDB

/// How pairs fill the pages of a hash.
enum PageLayout {
  /// The page size in bytes for which buckets are counted.
  static let pageSize = HashFileWriter.pageSize
  /// The bytes of a page that are its header's.
  private static let headerSize = 26
  /// How full the buckets' pages are to be at most, in the mean, in percent.
  ///
  /// Keys spread unevenly: of pages of some eighty pairs a third then goes on on another. That is still far fewer pages than
  /// with twice as many buckets.
  private static let fill = 95

  /// What a pair takes of a page: both items with their type byte and their place, a large item only a reference.
  @inline(__always)
  static func size(key: UInt16, value: UInt16, includesNul: Bool) -> Int {
    let nul = includesNul ? 1 : 0
    let (key, value) = (Int(key) + nul, Int(value) + nul)
    return 6 + (key > pageSize / 4 ? 12 : key) + (value > pageSize / 4 ? 12 : value)
  }

  /// The power of two of buckets, two at least, for pairs of so many bytes together.
  static func buckets(totalSize: Int) -> Int {
    let wanted = totalSize * 100 / ((pageSize - headerSize) * fill)
    var buckets = 2
    while buckets <= wanted, buckets < 1 << 26 { buckets *= 2 }
    return buckets
  }
}
