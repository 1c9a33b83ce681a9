internal import Glibc

/// A hash database that is only looked into: pages are read and checked when a key leads to them, without libdb.
///
/// Nothing in the file is believed: every place is checked before it is followed, chains end, and what does not fit is an
/// error, so no verification of the whole file has to come first. A file that libdb alone should read (duplicates, the other
/// byte order, page checksums) is left to it: see ``init(path:cacheBytes:)``; so are keys of more than a quarter of a page.
///
/// The file (`HMETA` and `PAGE` in libdb's db_page.h): behind what ``DatabaseHeader`` names, at byte 72 of the first page the
/// last bucket's number, 88 the number of pairs, 92 the hash of a fixed string, from 96 on 32 page numbers, one for each
/// doubling of the table: a bucket's page is its own number and the one of its doubling together. A bucket is a chain of
/// pages: next page number at byte 16, number of entries 20, type 25, from byte 26 the offsets of the entries, which stand at
/// the end of the page, each before the one that was added before it, keys and values in turns. An entry is a type byte and
/// data; or, for one that is too large, type, three bytes, page number (4), length (4).
public struct HashFile: ~Copyable {
  /// The path as it was given.
  public let path: String
  /// How many buckets the table has.
  public let buckets: Int
  /// How many pages the file has.
  public let pages: Int

  private let descriptor: Int32
  /// What the file was when it was opened.
  private let status: stat
  private let pageSize: Int
  /// For each doubling, what is added to a bucket's number.
  private let spares: [UInt32]
  /// As many pages as are kept, page *n* in the place *n* modulo their number.
  private var cache: [UInt8]
  /// Which page is in a place; 0, the header's, for none.
  private var held: [UInt32]
  /// How many pages are read at a time.
  private var readAhead = 1
  /// A value that is on pages of its own.
  private var large: [UInt8] = []

  /// Opens a database.
  /// - Parameters:
  ///   - path: the file, as in open(2).
  ///   - cacheBytes: how much of the file is kept in memory, at most; nothing is read before it is needed.
  /// - Returns: `nil` for a database that libdb has to read.
  /// - Throws: ``BerkeleyDBError``; the codes of ``DatabaseHeader/init(path:)``, or `DB_VERIFY_BAD`.
  public init?(path: String, cacheBytes: Int = 256 << 20) throws(BerkeleyDBError) {
    guard try HashFile.isReadable(DatabaseHeader(path: path)) else { return nil }
    let descriptor = uninterrupted { unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else {
      throw BerkeleyDBError(BerkeleyDBError.Code(rawValue: errno), operation: "open", path: path)
    }
    do throws(BerkeleyDBError.Code) {
      // The name may lead to another file by now.
      var status = stat()
      guard unsafe fstat(descriptor, &status) == 0 else { throw BerkeleyDBError.Code(rawValue: errno) }
      var first = [UInt8](repeating: 0, count: 512)
      let count = HashFile.read(descriptor, into: &first, at: 0, count: first.count, from: 0)
      let header = try DatabaseHeader(bytes: Array(first[..<max(0, count)]), fileSize: Int(status.st_size))
      let meta = first.span
      let last = Int(meta.integer(72))
      guard HashFile.isReadable(header), meta.integer(92) == HashFile.hashOfFixedString, last < header.pages else {
        throw BerkeleyDBError.Code.DB_VERIFY_BAD
      }
      // Pages with checksums have their entries elsewhere.
      guard meta[26] == 0 else {
        close(descriptor)
        return nil
      }
      buckets = last + 1
      pages = header.pages
      self.status = status
      pageSize = header.pageSize
      spares = (0..<32).map { first.span.integer(96 + 4 * $0) }
    } catch {
      close(descriptor)
      throw BerkeleyDBError(error, operation: "open", path: path)
    }
    self.path = path
    self.descriptor = descriptor
    let slots = max(16, min(pages, cacheBytes / pageSize))
    // Memory that nobody looks at costs nothing.
    let size = slots * pageSize
    cache = unsafe [UInt8](unsafeUninitializedCapacity: size) { _, count in count = size }
    held = [UInt32](repeating: 0, count: slots)
  }

  /// Whether this type can read such a database.
  private static func isReadable(_ header: DatabaseHeader) -> Bool {
    header.type == .hash && !header.isBigEndian && !header.allowsDuplicates
  }

  deinit { close(descriptor) }

  /// The hash of the string that every hash database has in its header, the NUL behind it included.
  static let hashOfFixedString = HashFunction.hash((Array("%$sniglet^&".utf8) + [0]).span)

  /// Says that so many keys will be looked up, in the order of their buckets: pages are then read several at a time.
  public mutating func expect(keys: Int) { readAhead = keys >= pages / 4 ? 16 : 1 }

  /// Whether the open file was written to since, or its time was moved on because another has taken its place.
  public var hasChanged: Bool {
    var now = stat()
    guard unsafe fstat(descriptor, &now) == 0 else { return true }
    return now.st_size != status.st_size || now.st_mtim.tv_sec != status.st_mtim.tv_sec
      || now.st_mtim.tv_nsec != status.st_mtim.tv_nsec
  }

  /// Looks a key up and adds its value to other bytes.
  /// - Parameters:
  ///   - bytes: bytes among which the key is.
  ///   - place: where it is in them.
  ///   - hash: its ``HashFunction/hash(_:)``.
  ///   - values: what the value is added to.
  /// - Returns: whether the key is there.
  /// - Throws: ``BerkeleyDBError`` `DB_VERIFY_BAD` for a page that is damaged, an `errno` for one that cannot be read,
  ///   `largeKey` for one that only libdb reads.
  public mutating func appendValue(
    forKey bytes: [UInt8], _ place: Range<Int>, hash: UInt32, to values: inout [UInt8]
  ) throws(BerkeleyDBError) -> Bool {
    let key = bytes.span.extracting(place)
    let bucket = HashFunction.bucket(ofHash: hash, buckets: buckets)
    var number = Int(spares[Int.bitWidth - bucket.leadingZeroBitCount]) + bucket
    var seen = 0
    repeat {
      guard number > 0, number < pages, seen < pages else { throw damaged }
      let start = try load(number, isBucket: true)
      let (found, next) = find(key, inPageAt: start)
      if let found {
        try append(found, to: &values)
        return true
      }
      number = next
      seen += 1
    } while number != 0
    return false
  }

  private var damaged: BerkeleyDBError { BerkeleyDBError(.DB_VERIFY_BAD, operation: "read", path: path) }

  /// Adds the value whose entry is at a place of the cache.
  @inline(__always)
  private mutating func append(_ place: Range<Int>, to values: inout [UInt8]) throws(BerkeleyDBError) {
    guard cache[place.lowerBound] != HashEntry.data else {
      return values.append(contentsOf: cache[place.lowerBound + 1..<place.upperBound])
    }
    let page = Int(cache.span.integer(place.lowerBound + 4))
    try gather(page: page, length: Int(cache.span.integer(place.lowerBound + 8)))
    values.append(contentsOf: large)
  }

  /// Looks for a key in a page that was checked: the place of its value in the cache, and the next page of the bucket.
  @inline(__always)
  private func find(_ key: Span<UInt8>, inPageAt start: Int) -> (value: Range<Int>?, next: Int) {
    let page = cache.span.extracting(start..<start + pageSize)
    let next = Int(page.integer(16))
    let entries = page.short(20)
    var end = pageSize
    var place = Page.headerSize
    while place < Page.headerSize + 2 * entries {
      let own = page.short(place)
      let value = page.short(place + 2)
      if end - own == key.count + 1, page[own] == HashEntry.data, page.isEqual(key, at: own + 1) {
        return (start + value..<start + own, next)
      }
      end = value
      place += 4
    }
    return (nil, next)
  }

  // MARK: Reading pages

  /// Sees that a page is in the cache, and sound, and says where.
  private mutating func load(_ number: Int, isBucket: Bool) throws(BerkeleyDBError) -> Int {
    let slot = number % held.count
    if held[slot] != UInt32(number) {
      let wanted = min(isBucket ? readAhead : 1, pages - number, held.count - slot)
      for index in slot..<slot + wanted { held[index] = 0 }
      let bytes = HashFile.read(
        descriptor, into: &cache, at: slot * pageSize, count: wanted * pageSize, from: number * pageSize)
      guard bytes >= pageSize else {
        throw BerkeleyDBError(
          bytes < 0 ? BerkeleyDBError.Code(rawValue: errno) : .truncatedFile, operation: "read", path: path)
      }
      for index in 0..<bytes / pageSize {
        let start = (slot + index) * pageSize
        // A page that was read along is looked at when it is asked for.
        switch state(cache.span.extracting(start..<start + pageSize), number + index) {
        case .sound: held[slot + index] = UInt32(number + index)
        case .damaged: if index == 0 { throw damaged }
        case .largeKeys:
          if index == 0 { throw BerkeleyDBError(.largeKey, operation: "read", path: path) }
        }
      }
    }
    let type = cache[slot * pageSize + 25]
    guard isBucket == (type != Page.overflow) else { throw damaged }
    return slot * pageSize
  }

  /// What is found of a page before it is used.
  private enum PageState {
    case sound, damaged
    /// There is a key on pages of its own, among which libdb searches in a way of its own, and not always finds.
    case largeKeys
  }

  /// Whether a page is one of a bucket, or of a large value, and all that it holds is inside it.
  private func state(_ page: Span<UInt8>, _ number: Int) -> PageState {
    let entries = page.short(20)
    switch page[25] {
    // A page that was never used.
    case Page.invalid: return entries == 0 && page.integer(16) == 0 ? .sound : .damaged
    case Page.overflow:
      let isSound = page.integer(8) == UInt32(number) && page.short(22) <= pageSize - Page.headerSize
      return isSound ? .sound : .damaged
    case Page.hash, Page.unsortedHash: break
    default: return .damaged
    }
    let start = Page.headerSize + 2 * entries
    guard page.integer(8) == UInt32(number), entries % 2 == 0, start <= pageSize else { return .damaged }
    var state = PageState.sound
    var end = pageSize
    for entry in 0..<entries {
      let offset = page.short(Page.headerSize + 2 * entry)
      guard offset >= start, offset < end else { return .damaged }
      let type = page[offset]
      guard type == HashEntry.data || type == HashEntry.large && end - offset >= HashEntry.largeSize else {
        return .damaged
      }
      if entry % 2 == 0, type == HashEntry.large { state = .largeKeys }
      end = offset
    }
    return state
  }

  /// Collects a value that is on pages of its own.
  private mutating func gather(page first: Int, length: Int) throws(BerkeleyDBError) {
    large.removeAll(keepingCapacity: true)
    var number = first
    guard length <= pages * pageSize else { throw damaged }
    while large.count < length {
      guard number > 0, number < pages else { throw damaged }
      let start = try load(number, isBucket: false)
      let count = cache.span.short(start + 22)
      guard count > 0, large.count + count <= length else { throw damaged }
      large.append(contentsOf: cache[start + Page.headerSize..<start + Page.headerSize + count])
      number = Int(cache.span.integer(start + 16))
    }
    guard number == 0 else { throw damaged }
  }

  /// Reads until so many bytes are there or the file ends.
  /// - Returns: how many bytes were read; -1, with `errno`, when none could be.
  private static func read(
    _ descriptor: Int32, into buffer: inout [UInt8], at start: Int, count: Int, from offset: Int
  ) -> Int {
    unsafe buffer.withUnsafeMutableBytes { bytes in
      var done = 0
      while done < count {
        let got = unsafe pread(
          descriptor, bytes.baseAddress.map { unsafe $0 + start + done }, count - done, offset + done)
        if got < 0, errno == EINTR { continue }
        if got < 0, done == 0 { return -1 }
        if got <= 0 { break }
        done += got
      }
      return done
    }
  }
}

/// The types of an entry.
enum HashEntry {
  static let data: UInt8 = 1
  static let large: UInt8 = 3
  /// The size in bytes of one that is on pages of its own.
  static let largeSize = 12
}

extension Span<UInt8> {
  /// A 16-bit little-endian integer.
  @inline(__always)
  fileprivate func short(_ offset: Int) -> Int { Int(self[offset]) | Int(self[offset + 1]) << 8 }

  /// A 32-bit little-endian integer.
  @inline(__always)
  fileprivate func integer(_ offset: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: short(offset)) | UInt32(truncatingIfNeeded: short(offset + 2)) << 16
  }

  /// Whether these bytes stand at an offset.
  @inline(__always)
  fileprivate func isEqual(_ other: Span<UInt8>, at offset: Int) -> Bool {
    // The ends of keys differ more often than their beginnings.
    var index = other.count
    while index > 0 {
      index -= 1
      if self[offset + index] != other[index] { return false }
    }
    return true
  }
}
