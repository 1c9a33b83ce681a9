internal import Glibc

/// Looks at every page of a database file before libdb verifies it.
///
/// libdb's own verification believes an item's length when it marks what the item covers, and writes behind its memory when
/// the item reaches over the end of its page; and it walks down a tree for ever that bites its own tail. So each item must be
/// found inside its page first, and each page above its children (``PageTree``). A page that is no header and says that it is
/// one can have libdb count down through all 32-bit numbers, for half a minute. All else is left to libdb.
///
/// A page (`PAGE` in libdb's db_page.h), integers in the byte order of the file: page number at byte 8, number of entries 20,
/// lowest byte in use 22 (of an overflow page: its length), page type 25; from byte 26 the 16-bit offsets of the entries, behind
/// the page's checksum where there is one.
struct PageCheck {
  private let header: DatabaseHeader
  private let pageSize: Int

  /// Makes a check for the pages of a file with this header.
  init(_ header: DatabaseHeader) {
    self.header = header
    pageSize = header.pageSize
  }

  /// Reads the file and checks each page.
  /// - Throws: ``BerkeleyDBError`` with `DB_VERIFY_BAD`, or an `errno` when the file cannot be read.
  func check(path: String) throws(BerkeleyDBError) {
    let descriptor = uninterrupted { unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else {
      throw BerkeleyDBError(BerkeleyDBError.Code(rawValue: errno), operation: "open", path: path)
    }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: max(pageSize, 256 << 10))
    var tree = PageTree()
    var isSound = true
    var number = 0
    while isSound {
      let count = try PageCheck.fill(&buffer, from: descriptor, path: path)
      var start = 0
      while isSound, start + pageSize <= count {
        let page = Page(
          buffer: buffer, start: start, isBigEndian: header.isBigEndian, headerSize: header.pageHeaderSize)
        isSound = self.isSound(page, number)
        if isSound { tree.append(page) }
        start += pageSize
        number += 1
      }
      if count < buffer.count { break }
    }
    guard isSound, tree.isSound(pageSize: pageSize) else {
      throw BerkeleyDBError(.DB_VERIFY_BAD, operation: "DB->verify", path: path)
    }
  }

  /// Reads until the buffer is full or the file ends.
  private static func fill(
    _ buffer: inout [UInt8], from descriptor: Int32, path: String
  ) throws(BerkeleyDBError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let wanted = buffer.count - filled
      let count = unsafe buffer.withUnsafeMutableBytes { bytes in
        unsafe read(descriptor, bytes.baseAddress.map { unsafe $0 + filled }, wanted)
      }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else {
        throw BerkeleyDBError(BerkeleyDBError.Code(rawValue: errno), operation: "read", path: path)
      }
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  /// Whether all that a page holds is inside it.
  private func isSound(_ page: Page, _ number: Int) -> Bool {
    switch page.type {
    case Page.invalid: true
    case Page.hashMeta: isHeader(page, number, DatabaseHeader.Magic.hash)
    case Page.btreeMeta: isHeader(page, number, DatabaseHeader.Magic.btree)
    case Page.overflow: page.lowest <= pageSize - page.headerSize
    case Page.hash, Page.unsortedHash: hashItemsFit(page)
    case Page.btreeLeaf, Page.recnoLeaf, Page.duplicateLeaf: itemsFit(page, leafItemSize)
    case Page.btreeInternal: itemsFit(page, internalItemSize)
    case Page.recnoInternal: itemsFit(page) { _, _ in 8 }
    default: false
    }
  }

  /// Whether a page is the header of a database: only a list of databases has more than one.
  private func isHeader(_ page: Page, _ number: Int, _ magic: UInt32) -> Bool {
    page.integer(12) == magic && (number == 0 || header.hasSubdatabases)
  }

  /// Whether each item of a btree page begins behind the offsets and ends inside the page.
  private func itemsFit(_ page: Page, _ size: (Page, Int) -> Int?) -> Bool {
    let start = page.headerSize + 2 * page.entries
    guard start <= pageSize else { return false }
    for entry in 0..<page.entries {
      let offset = page.offset(entry)
      guard offset >= start, offset + 3 <= pageSize, let size = size(page, offset) else { return false }
      // An item takes whole words of four bytes.
      guard offset + (size + 3) & ~3 <= pageSize else { return false }
    }
    return true
  }

  /// Of a leaf: length (2), type (1), data; or a reference of 12 bytes.
  private func leafItemSize(_ page: Page, _ offset: Int) -> Int? {
    switch page.byte(offset + 2) & 0x7F {
    case 1: 3 + page.short(offset)
    case 2: page.type == Page.btreeLeaf ? 12 : nil
    case 3: 12
    default: nil
    }
  }

  /// Of an inner page: length (2), type (1), a byte, page (4), records (4), data; or a reference of 12 bytes as data.
  private func internalItemSize(_ page: Page, _ offset: Int) -> Int? {
    switch page.byte(offset + 2) & 0x7F {
    case 1: 12 + page.short(offset)
    case 2, 3: 12 + max(12, page.short(offset))
    default: nil
    }
  }

  /// Whether the items of a hash page, each of which ends where the one before it begins, lie one below the other.
  private func hashItemsFit(_ page: Page) -> Bool {
    let start = page.headerSize + 2 * page.entries
    guard start <= pageSize, page.entries % 2 == 0 else { return false }
    var end = pageSize
    var previous: Range<Int>?
    for entry in 0..<page.entries {
      let offset = page.offset(entry)
      guard offset >= start, offset < end else { return false }
      let size = end - offset
      switch page.byte(offset) {
      case 1: break
      case 2: guard entry % 2 == 1, duplicatesFit(page, offset + 1..<end) else { return false }
      case 3: guard size >= 12 else { return false }
      case 4: guard entry % 2 == 1, size >= 8 else { return false }
      default: return false
      }
      if entry % 2 == 0, page.byte(offset) != 1 {
        previous = nil
      } else if entry % 2 == 0 {
        let key = offset + 1..<end
        // libdb would print both keys as if they ended in NUL.
        if page.type == Page.hash, let previous, !page.isOrdered(previous, key) { return false }
        previous = key
      }
      end = offset
    }
    return true
  }

  /// Whether a set of duplicates is made of items that have their length (2) before and behind them.
  private func duplicatesFit(_ page: Page, _ range: Range<Int>) -> Bool {
    var place = range.lowerBound
    while place < range.upperBound {
      guard place + 4 <= range.upperBound else { return false }
      let length = page.short(place)
      guard place + 4 + length <= range.upperBound, page.short(place + 2 + length) == length else { return false }
      place += 4 + length
    }
    return true
  }
}

/// A page in a buffer, and what its header says.
struct Page {
  let buffer: [UInt8]
  let start: Int
  let isBigEndian: Bool
  /// The size of the header in bytes; the offsets of the entries follow it.
  let headerSize: Int

  /// The size of a header without a checksum.
  static let headerSize = 26

  static let invalid: UInt8 = 0
  static let unsortedHash: UInt8 = 2
  static let btreeInternal: UInt8 = 3
  static let recnoInternal: UInt8 = 4
  static let btreeLeaf: UInt8 = 5
  static let recnoLeaf: UInt8 = 6
  static let overflow: UInt8 = 7
  static let hashMeta: UInt8 = 8
  static let btreeMeta: UInt8 = 9
  static let duplicateLeaf: UInt8 = 12
  static let hash: UInt8 = 13

  /// The number of entries.
  var entries: Int { short(20) }
  /// The lowest byte in use; of an overflow page the length of its data.
  var lowest: Int { short(22) }
  /// The level in a tree; 1 for a leaf.
  var level: UInt8 { byte(24) }
  /// The page's type.
  var type: UInt8 { byte(25) }

  /// The offset of an entry's item.
  func offset(_ entry: Int) -> Int { short(headerSize + 2 * entry) }

  /// A byte.
  func byte(_ offset: Int) -> UInt8 { buffer[start + offset] }

  /// Whether a key may stand before another one on a page of a hash: by bytes, a key behind a longer one that it begins.
  ///
  /// Equal ones are let pass: libdb stores a short key twice when keys that are too large for their page are in its way.
  func isOrdered(_ first: Range<Int>, _ second: Range<Int>) -> Bool {
    for place in 0..<min(first.count, second.count) {
      let (a, b) = (byte(first.lowerBound + place), byte(second.lowerBound + place))
      if a != b { return a < b }
    }
    return first.count >= second.count
  }

  /// A 32-bit integer.
  func integer(_ offset: Int) -> UInt32 {
    let (first, second) = (UInt32(short(offset)), UInt32(short(offset + 2)))
    return isBigEndian ? first << 16 | second : second << 16 | first
  }

  /// A 16-bit integer.
  func short(_ offset: Int) -> Int {
    let (first, second) = (Int(buffer[start + offset]), Int(buffer[start + offset + 1]))
    return isBigEndian ? first << 8 | second : second << 8 | first
  }
}
