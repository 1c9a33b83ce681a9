internal import CSystemSupport
internal import Glibc

/// Writes a new hash database from pairs that come bucket by bucket, page after page, without libdb.
///
/// libdb looks each key up before it stores it, and its pages pass through a cache; that is most of the time that a map takes.
/// Whoever has all pairs, and has them in order, lays the pages out at once. libdb reads, verifies and changes the result like
/// a file of its own; whoever puts one to use has libdb read its pairs back first.
///
/// The file is laid out as ``HashFile`` describes it, in the byte order of the machine, as libdb 5.3 does it: the header, a
/// page for each bucket, behind them the pages on which buckets and large values go on. Of a page for a large value, the
/// length is at byte 22.
///
/// Nothing is certain to be in the file before ``finish(waitsForDisk:)`` returned; a file that is not finished stays where it
/// is, and is no database.
public struct HashFileWriter: ~Copyable {
  /// The size of a page in bytes: what libdb takes on the usual file systems, whose blocks are as large.
  public static let pageSize = 4096
  /// The length in bytes of the longest key that can be written; libdb has longer ones on pages of their own.
  public static let longestKey = largestItem

  /// What is longer than a quarter of a page is put on pages of its own.
  private static let largestItem = pageSize / 4
  /// How many bytes are written at a time.
  private static let chunk = 64 << 10

  /// The path as it was given.
  public let path: String
  /// How many pairs were added.
  public private(set) var count = 0

  /// -1 once it is closed.
  private var descriptor: Int32
  private let buckets: Int

  /// The page that is being filled.
  private let page: ByteBuffer
  /// Its bucket.
  private var bucket = 0
  /// Its number.
  private var number = 1
  /// How many entries it has: keys and values.
  private var entries = 0
  /// Where its lowest entry begins.
  private var lowest = HashFileWriter.pageSize
  /// The last key on it, as stored.
  private var lastKey = 0..<0

  /// Pages of buckets that are to be written next, and the offset in the file at which.
  private var ready: [UInt8] = []
  private var offset = HashFileWriter.pageSize
  /// Pages behind those of the buckets that are to be written next, and the number of the first.
  private var tail: [UInt8] = []
  private var tailStart: Int

  /// Creates the file; one that is there is an error and is left alone.
  /// - Parameters:
  ///   - path: where, as in open(2).
  ///   - buckets: how many buckets the table has, a power of two, at least 2.
  ///   - permissions: the mode of the file, less the process's umask.
  /// - Throws: ``BerkeleyDBError``, with `EEXIST` when there is something at `path`.
  public init(creating path: String, buckets: Int, permissions: UInt16 = 0o640) throws(BerkeleyDBError) {
    precondition(buckets >= 2 && buckets & (buckets - 1) == 0, "not a power of two")
    try Database.checkPath(path)
    let descriptor = uninterrupted {
      unsafe Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(permissions))
    }
    guard descriptor >= 0 else {
      throw BerkeleyDBError(BerkeleyDBError.Code(rawValue: errno), operation: "open", path: path)
    }
    self.init(descriptor, path, buckets)
  }

  private init(_ descriptor: Int32, _ path: String, _ buckets: Int) {
    self.descriptor = descriptor
    self.path = path
    self.buckets = buckets
    tailStart = 1 + buckets
    page = ByteBuffer(count: HashFileWriter.pageSize)
    ready.reserveCapacity(min(HashFileWriter.chunk, buckets * HashFileWriter.pageSize))
    begin(page: 1, behind: 0)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Adds a pair.
  ///
  /// Pairs come in the order of their buckets (``HashFunction/bucket(ofHash:buckets:)``). In a bucket they come by key, as
  /// bytes, of two of which one begins the other the longer one first: a key that is out of this order is put on a page more.
  /// - Parameters:
  ///   - key: the key's bytes, with the terminator ``longestKey`` at most; it must not have been added.
  ///   - value: the value's bytes.
  ///   - terminator: a byte to store behind both, such as a C string's NUL.
  ///   - bucket: the key's bucket, with the terminator: not before that of the pair before.
  /// - Throws: ``BerkeleyDBError`` of writing earlier pairs.
  public mutating func append(
    key: Span<UInt8>, value: Span<UInt8>, terminator: UInt8? = nil, bucket: Int
  ) throws(BerkeleyDBError) {
    precondition(bucket >= self.bucket && bucket < buckets, "a bucket before the last one")
    while self.bucket < bucket { try nextBucket() }
    let ends = terminator == nil ? 0 : 1
    let (keyLength, valueLength) = (key.count + ends, value.count + ends)
    precondition(keyLength <= HashFileWriter.longestKey, "a key for pages of its own")
    let isLarge = valueLength > HashFileWriter.largestItem
    let size = 1 + keyLength + (isLarge ? HashEntry.largeSize : 1 + valueLength)
    if Page.headerSize + 2 * (entries + 2) + size > lowest || !isBehindLast(key, terminator) { continueBucket() }
    let end = lowest
    store(key, terminator, length: keyLength)
    lastKey = lowest + 1..<end
    if isLarge {
      storeLarge(value, terminator, length: valueLength)
    } else {
      store(value, terminator, length: valueLength)
    }
    count += 1
  }

  /// Writes what is left, and the header.
  /// - Parameter waitsForDisk: whether the file is on the disk when this returns.
  /// - Throws: ``BerkeleyDBError`` with what `pwrite` or `fdatasync` reported; the file is then not to be used.
  public consuming func finish(waitsForDisk: Bool) throws(BerkeleyDBError) {
    while bucket < buckets - 1 { try nextBucket() }
    endPage()
    try write(ready, at: offset)
    try write(tail, at: tailStart * HashFileWriter.pageSize)
    try write(header(), at: 0)
    let descriptor = descriptor
    if waitsForDisk {
      guard uninterrupted({ fdatasync(descriptor) }) == 0 else { throw failure("fdatasync") }
    } else {
      // Whoever waits for the disk later has less to wait for.
      system_start_writing(descriptor, 0, 0)
    }
    self.descriptor = -1
    guard close(descriptor) == 0 else { throw failure("close") }
  }

  // MARK: Pages

  /// The number of the next page behind those of the buckets.
  private var nextTailPage: Int { tailStart + tail.count / HashFileWriter.pageSize }

  /// Begins a page of a bucket.
  private mutating func begin(page number: Int, behind previous: Int) {
    self.number = number
    entries = 0
    lowest = HashFileWriter.pageSize
    lastKey = 0..<0
    page.beginPage(type: Page.hash, number: number, behind: previous)
  }

  /// Ends the page and puts it where it belongs.
  private mutating func endPage() {
    page.store(entries, as: UInt16.self, at: 20)
    page.store(lowest, as: UInt16.self, at: 22)
    let bytes = unsafe UnsafeRawBufferPointer(page.bytes)
    guard number > buckets else { return unsafe ready.append(contentsOf: bytes) }
    let start = (number - tailStart) * HashFileWriter.pageSize
    unsafe tail.withUnsafeMutableBytes { unsafe $0[start..<start + bytes.count].copyBytes(from: bytes) }
  }

  /// Goes on to the next bucket.
  private mutating func nextBucket() throws(BerkeleyDBError) {
    endPage()
    if ready.count >= HashFileWriter.chunk {
      try write(ready, at: offset)
      offset += ready.count
      ready.removeAll(keepingCapacity: true)
    }
    if tail.count >= HashFileWriter.chunk {
      try write(tail, at: tailStart * HashFileWriter.pageSize)
      tailStart = nextTailPage
      tail.removeAll(keepingCapacity: true)
    }
    bucket += 1
    begin(page: 1 + bucket, behind: 0)
  }

  /// Goes on to one more page of the bucket.
  private mutating func continueBucket() {
    let next = nextTailPage
    tail.append(contentsOf: repeatElement(0, count: HashFileWriter.pageSize))
    page.store(next, as: UInt32.self, at: 16)
    endPage()
    begin(page: next, behind: number)
  }

  // MARK: Entries

  /// Whether a key belongs behind the last one of the page.
  private func isBehindLast(_ key: Span<UInt8>, _ terminator: UInt8?) -> Bool {
    let last = unsafe UnsafeRawBufferPointer(rebasing: page.bytes[lastKey])
    guard unsafe !last.isEmpty else { return entries == 0 }
    let length = key.count + (terminator == nil ? 0 : 1)
    var order: Int32 = 0
    let common = min(key.count, last.count)
    unsafe key.withUnsafeBytes { key in
      if common > 0, let bytes = key.baseAddress, let lastBytes = last.baseAddress {
        unsafe order = memcmp(lastBytes, bytes, common)
      }
    }
    if order == 0, let terminator, key.count < last.count {
      unsafe order = Int32(last[key.count]) - Int32(terminator)
    }
    return order == 0 ? last.count > length : order < 0
  }

  /// Stores a key or value on the page.
  @inline(__always)
  private mutating func store(_ bytes: Span<UInt8>, _ terminator: UInt8?, length: Int) {
    beginEntry(type: HashEntry.data, size: 1 + length)
    page.copy(bytes, to: lowest + 1)
    if let terminator { page.store(Int(terminator), as: UInt8.self, at: lowest + length) }
  }

  /// Stores a value on pages of its own, and on the page where they begin.
  private mutating func storeLarge(_ bytes: Span<UInt8>, _ terminator: UInt8?, length: Int) {
    beginEntry(type: HashEntry.large, size: HashEntry.largeSize)
    page.store(nextTailPage, as: UInt32.self, at: lowest + 4)
    page.store(length, as: UInt32.self, at: lowest + 8)
    var value = unsafe bytes.withUnsafeBytes { unsafe Array($0) }
    if let terminator { value.append(terminator) }
    let room = HashFileWriter.pageSize - Page.headerSize
    let buffer = ByteBuffer(count: HashFileWriter.pageSize)
    for start in stride(from: 0, to: length, by: room) {
      let end = min(length, start + room)
      let number = nextTailPage
      buffer.beginPage(type: Page.overflow, number: number, behind: start == 0 ? 0 : number - 1)
      if end < length { buffer.store(number + 1, as: UInt32.self, at: 16) }
      // How many refer to it.
      buffer.store(1, as: UInt16.self, at: 20)
      buffer.store(end - start, as: UInt16.self, at: 22)
      buffer.copy(value.span.extracting(start..<end), to: Page.headerSize)
      unsafe tail.append(contentsOf: UnsafeRawBufferPointer(buffer.bytes))
    }
  }

  /// Makes room for an entry, and notes where it begins.
  @inline(__always)
  private mutating func beginEntry(type: UInt8, size: Int) {
    lowest -= size
    page.store(lowest, as: UInt16.self, at: Page.headerSize + 2 * entries)
    page.store(Int(type), as: UInt8.self, at: lowest)
    entries += 1
  }

  // MARK: The file

  /// The first page.
  private func header() -> [UInt8] {
    let header = ByteBuffer(count: HashFileWriter.pageSize)
    header.beginPage(type: Page.hashMeta, number: 0, behind: 0)
    func store(_ value: some BinaryInteger, _ offset: Int) { header.store(Int(value), as: UInt32.self, at: offset) }
    store(DatabaseHeader.Magic.hash, 12)
    store(9, 16)
    store(HashFileWriter.pageSize, 20)
    store(nextTailPage - 1, 32)
    // What tells one file from another in a cache.
    for offset in stride(from: 52, to: 68, by: 8) {
      header.store(Int.random(in: .min ... .max), as: UInt64.self, at: offset)
    }
    store(buckets - 1, 72)
    // The masks of a hash for all buckets, and for those before the last doubling.
    store(buckets - 1, 76)
    store(buckets / 2 - 1, 80)
    // With how many pairs on a page libdb would add buckets stays 0: when it is full, as in makemap's files.
    store(count, 88)
    store(HashFile.hashOfFixedString, 92)
    // All doublings so far lie one behind the other.
    for doubling in 0...buckets.trailingZeroBitCount { store(1, 96 + 4 * doubling) }
    return unsafe Array(header.bytes)
  }

  /// Writes bytes at an offset.
  private func write(_ bytes: [UInt8], at offset: Int) throws(BerkeleyDBError) {
    let descriptor = descriptor
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { bytes in
        uninterrupted {
          unsafe pwrite(
            descriptor, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done, offset + done)
        }
      }
      if count < 0 { throw failure("pwrite") }
      if count == 0 { throw BerkeleyDBError(BerkeleyDBError.Code(rawValue: ENOSPC), operation: "pwrite", path: path) }
      done += count
    }
  }

  private func failure(_ operation: String) -> BerkeleyDBError {
    BerkeleyDBError(BerkeleyDBError.Code(rawValue: errno), operation: operation, path: path)
  }
}

extension ByteBuffer {
  /// Clears the buffer and stores what the header of each page has.
  fileprivate func beginPage(type: UInt8, number: Int, behind previous: Int) {
    clear()
    // The place in a log where there is none.
    store(1, as: UInt32.self, at: 4)
    store(number, as: UInt32.self, at: 8)
    store(previous, as: UInt32.self, at: 12)
    store(Int(type), as: UInt8.self, at: 25)
  }
}
