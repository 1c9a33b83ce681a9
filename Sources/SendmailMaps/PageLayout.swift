/// How pairs fill the pages of a hash.
enum PageLayout {
  /// The page size in bytes for which buckets are counted: the block size of the usual file systems.
  static let pageSize = 4096
  /// The bytes of a page that are its header's.
  private static let headerSize = 26
  /// How full pages are to be at most, in the mean, in percent.
  ///
  /// Keys spread unevenly: beyond, too many pages overflow.
  private static let fill = 75

  /// What a pair takes of a page: both items with their type byte and their place, a large item only a reference.
  @inline(__always)
  static func size(key: UInt16, value: UInt16, includesNul: Bool) -> Int {
    let nul = includesNul ? 1 : 0
    let (key, value) = (Int(key) + nul, Int(value) + nul)
    return 6 + (key > pageSize / 4 ? 12 : key) + (value > pageSize / 4 ? 12 : value)
  }

  /// The power of two of buckets for pairs of so many bytes together.
  static func buckets(totalSize: Int) -> Int {
    let wanted = totalSize * 100 / ((pageSize - headerSize) * fill)
    var buckets = 1
    while buckets <= wanted, buckets < 1 << 26 { buckets *= 2 }
    return buckets
  }
}
