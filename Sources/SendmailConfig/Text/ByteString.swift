/// A piece of a mail table: any bytes, equal only when every byte is equal.
///
/// `String` would repair what is not UTF-8 and hold two spellings of é for equal; sendmail compares bytes.
public struct ByteString: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible, Comparable {
  /// The bytes.
  public var bytes: [UInt8]

  /// Takes the bytes as they are.
  public init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

  /// Copies bytes that are lent.
  package init(copying bytes: Span<UInt8>) {
    self.bytes = []
    self.bytes.reserveCapacity(bytes.count)
    for index in bytes.indices { self.bytes.append(bytes[index]) }
  }

  /// Takes the UTF-8 bytes of a string.
  public init(_ string: String) { bytes = Array(string.utf8) }

  /// Takes the UTF-8 bytes of a literal.
  public init(stringLiteral string: String) { self.init(string) }

  /// Whether there is no byte in it.
  public var isEmpty: Bool { bytes.isEmpty }

  /// The bytes with `A`–`Z` folded to `a`–`z`, as sendmail's maps fold keys; other bytes stay.
  public var folded: ByteString { ByteString(bytes.map(ASCII.lowercased)) }

  /// The bytes read as UTF-8, with U+FFFD for what is not: for showing, never for writing back.
  public var description: String { String(decoding: bytes, as: UTF8.self) }

  /// The bytes for a message: control characters, and what is not UTF-8, are escaped as `\n`, `\t` or `\xNN`.
  public var escaped: String {
    var result = ""
    var rest = bytes[...]
    while let byte = rest.first {
      let length = UTF8Sequence.length(rest)
      // U+0080 to U+009F are C2 and a byte of their own; some terminals obey them.
      let isControl = byte < 0x20 || byte == 0x7F || (byte == 0xC2 && length == 2 && rest[rest.startIndex + 1] < 0xA0)
      if length > 0, !isControl {
        result += String(decoding: rest.prefix(length), as: UTF8.self)
      } else {
        for byte in rest.prefix(max(length, 1)) { result += ASCII.escape(byte) }
      }
      rest = rest.dropFirst(max(length, 1))
    }
    return result
  }

  /// Hashes all bytes at once; an array would hash one after the other.
  public func hash(into hasher: inout Hasher) {
    unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    hasher.combine(bytes.count)
  }

  /// Orders by bytes.
  public static func < (left: ByteString, right: ByteString) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}

/// The bytes that the grammars name.
@usableFromInline
package enum ASCII {
  @inlinable package static var nul: UInt8 { 0x00 }
  @inlinable package static var tab: UInt8 { 0x09 }
  @inlinable package static var lineFeed: UInt8 { 0x0A }
  @inlinable package static var carriageReturn: UInt8 { 0x0D }
  @inlinable package static var space: UInt8 { 0x20 }
  @inlinable package static var quote: UInt8 { 0x22 }
  @inlinable package static var numberSign: UInt8 { 0x23 }
  @inlinable package static var comma: UInt8 { 0x2C }
  @inlinable package static var colon: UInt8 { 0x3A }
  @inlinable package static var at: UInt8 { 0x40 }
  @inlinable package static var backslash: UInt8 { 0x5C }

  /// What C's `isspace` says in the C locale: blank, TAB, LF, VT, FF, CR.
  @inlinable @inline(__always)
  package static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte &- 0x09 < 5 }

  /// SP or TAB.
  @inlinable @inline(__always)
  package static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  /// `0`–`9`.
  @inlinable @inline(__always)
  package static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  /// `A`–`Z`, `a`–`z` or `0`–`9`.
  @inlinable @inline(__always)
  package static func isLetterOrDigit(_ byte: UInt8) -> Bool { lowercased(byte) &- 0x61 < 26 || isDigit(byte) }

  /// `A`–`Z` to `a`–`z`; every other byte as it is, as `tolower` in the C locale.
  @inlinable @inline(__always)
  package static func lowercased(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

  package static func escape(_ byte: UInt8) -> String {
    switch byte {
    case tab: return "\\t"
    case lineFeed: return "\\n"
    case carriageReturn: return "\\r"
    default:
      let digits = String(byte, radix: 16)
      return "\\x" + (digits.count == 1 ? "0" : "") + digits
    }
  }
}

extension BidirectionalCollection where Element == UInt8 {
  /// The part between the bytes at both ends that are to go.
  package func trimming(while goes: (UInt8) -> Bool) -> SubSequence {
    var rest = self[...]
    while let first = rest.first, goes(first) { rest.removeFirst() }
    while let last = rest.last, goes(last) { rest.removeLast() }
    return rest
  }
}

/// One UTF-8 sequence at the head of some bytes (RFC 3629 §4).
package enum UTF8Sequence {
  /// The length in bytes of the well-formed sequence that `bytes` begins with; 0 where it is not well-formed.
  package static func length(_ bytes: ArraySlice<UInt8>) -> Int {
    guard let first = bytes.first else { return 0 }
    let count: Int
    switch first {
    case 0x00..<0x80: return 1
    case 0xC2..<0xE0: count = 2
    case 0xE0..<0xF0: count = 3
    case 0xF0..<0xF5: count = 4
    default: return 0
    }
    guard bytes.count >= count else { return 0 }
    let second = bytes[bytes.startIndex + 1]
    let low: UInt8 = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80
    let high: UInt8 = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF
    guard low...high ~= second, bytes.dropFirst(2).prefix(count - 2).allSatisfy({ $0 & 0xC0 == 0x80 }) else { return 0 }
    return count
  }
}

/// In a literal, bytes stand as they are: of bytes that are no UTF-8, a `String` would make others.
extension ByteString: ExpressibleByStringInterpolation {
  /// The bytes of a literal with values in it.
  public struct StringInterpolation: StringInterpolationProtocol {
    var bytes: [UInt8] = []

    /// Begins with no bytes.
    public init(literalCapacity: Int, interpolationCount: Int) { bytes.reserveCapacity(literalCapacity) }

    /// Adds the UTF-8 bytes of what stands between the values.
    public mutating func appendLiteral(_ literal: String) { bytes += Array(literal.utf8) }

    /// Adds bytes as they are.
    public mutating func appendInterpolation(_ value: ByteString) { bytes += value.bytes }

    /// Adds the UTF-8 bytes of a value's description.
    public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      bytes += Array(value.description.utf8)
    }
  }

  /// Takes the bytes of a literal with values in it.
  public init(stringInterpolation: StringInterpolation) { self.init(stringInterpolation.bytes) }
}
