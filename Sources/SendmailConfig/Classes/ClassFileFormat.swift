/// What sendmail hands to its scanf for each line of a class file: the last word of an `F` line
/// (`doc/op/op.me`, "C and F -- Define classes").
///
/// ```abnf
/// format     = *( blanks / conversion / literal )
/// blanks     = 1*SPACE                   ; any run of white space, also none
/// conversion = "%" *modifier ( "s" / set )   ; exactly one of them without "*"
/// set        = "[" [ "^" ] [ "]" ] *OCTET "]"    ; "a-z" is a range
/// modifier   = "*" / DIGIT / "h" / "l" / "q"
/// literal    = OCTET / "%%"
/// ```
/// The converted text is then cut into words at white space. Everything that sendmail's own scanf (libsm) does with `%s`,
/// `%[…]`, `%c` and `%d`, the last two only with `*`, is done here the same way. A number or a `%c` without `*` would have
/// sendmail read memory that nobody has set: ``defect`` names it, and no word is read.
public struct ClassFileFormat: Sendable, Equatable, CustomStringConvertible {
  /// Why a format is of no use, or of less than it seems.
  public enum Defect: Sendable, Equatable {
    /// No conversion stores anything: no line gives a word.
    case noConversion
    /// A line on which the second conversion finds something is left to chance by sendmail; it gives no word here.
    case severalConversions
    /// A conversion other than `s` and `[`: what sendmail reads is left to chance.
    case unsupportedConversion(UInt8)
  }

  /// The format as scanf gets it: the cf's own `\#` is `#` already.
  public let text: ByteString
  /// What is wrong with it.
  public let defect: Defect?
  private let directives: [Directive]

  /// `%s`, upstream's default: the first word of a line.
  public static let firstWord = ClassFileFormat("%s")
  /// `%[^#]`, Debian's: every word before the first `#`.
  public static let beforeNumberSign = ClassFileFormat("%[^#]")

  /// Takes a format.
  public init(_ text: ByteString) {
    self.text = text
    directives = ClassFileFormat.compile(text.bytes)
    let storing = directives.count { $0.stores }
    let unsupported = directives.lazy.compactMap { directive -> UInt8? in
      if case .unsupported(let byte) = directive { byte } else { nil }
    }
    if let byte = unsupported.first {
      defect = .unsupportedConversion(byte)
    } else {
      defect = storing == 0 ? .noConversion : storing > 1 ? .severalConversions : nil
    }
  }

  /// The format's text.
  public var description: String { text.description }

  /// The place of what the format's conversion takes.
  ///
  /// - Parameters:
  ///   - bytes: The buffer.
  ///   - input: The place of one piece of a line in it: no NUL, its LF included.
  /// - Returns: nil where sendmail's scanf would not report exactly one conversion.
  @inline(__always)
  package func match(_ bytes: Span<UInt8>, _ input: Range<Int>) -> Range<Int>? {
    let end = input.upperBound
    var index = input.lowerBound
    var result: Range<Int>?
    for directive in directives {
      switch directive {
      case .blanks: ClassFileFormat.skipSpace(bytes, &index, end)
      case .literal(let byte):
        guard index < end, bytes[index] == byte else { return result }
        index += 1
      case .word(let width, let stores):
        ClassFileFormat.skipSpace(bytes, &index, end)
        guard index < end else { return result }
        let start = index
        while index < end, index - start < width, !ASCII.isSpace(bytes[index]) { index += 1 }
        if stores {
          guard result == nil else { return nil }
          result = start..<index
        }
      case .set(let set, let width, let stores):
        let start = index
        while index < end, index - start < width, set.contains(bytes[index]) { index += 1 }
        guard index > start else { return result }
        if stores {
          guard result == nil else { return nil }
          result = start..<index
        }
      case .skipBytes(let count):
        guard index < end else { return result }
        index = min(index + count, end)
      case .skipNumber(let width):
        ClassFileFormat.skipSpace(bytes, &index, end)
        guard ClassFileFormat.skipNumber(bytes, &index, end, width: width) else { return result }
      case .unsupported, .fail: return nil
      }
    }
    return result
  }

  @inline(__always)
  private static func skipSpace(_ bytes: Span<UInt8>, _ index: inout Int, _ end: Int) {
    while index < end, ASCII.isSpace(bytes[index]) { index += 1 }
  }

  /// Skips `[+-]digits`; false, and a lone sign given back, where there is no digit.
  private static func skipNumber(_ bytes: Span<UInt8>, _ index: inout Int, _ end: Int, width: Int) -> Bool {
    let limit = min(end, index + width)
    var next = index
    if next < limit, bytes[next] == 0x2B || bytes[next] == 0x2D { next += 1 }
    let digits = next
    while next < limit, ASCII.isDigit(bytes[next]) { next += 1 }
    guard next > digits else { return false }
    index = next
    return true
  }
}

extension ClassFileFormat {
  /// One step of a format.
  private enum Directive: Sendable, Equatable {
    case blanks
    case literal(UInt8)
    case word(width: Int, stores: Bool)
    case set(ByteSet, width: Int, stores: Bool)
    case skipBytes(Int)
    case skipNumber(width: Int)
    case unsupported(UInt8)
    /// A `%` at the end: scanf reports an error, whatever was converted before.
    case fail

    var stores: Bool {
      switch self {
      case .word(_, let stores), .set(_, _, let stores): stores
      default: false
      }
    }
  }

  private static func compile(_ format: [UInt8]) -> [Directive] {
    var result: [Directive] = []
    var index = 0
    while index < format.count {
      let byte = format[index]
      index += 1
      if ASCII.isSpace(byte) {
        result.append(.blanks)
      } else if byte != 0x25 {
        result.append(.literal(byte))
      } else if let directive = conversion(format, &index) {
        result.append(directive)
      }
    }
    return result
  }

  /// Reads a conversion behind its `%`; nil for `%*n`, which does nothing.
  private static func conversion(_ format: [UInt8], _ index: inout Int) -> Directive? {
    // As wide as libsm's buffer for numbers.
    let longestNumber = 512
    var width = 0
    var stores = true
    while index < format.count {
      let byte = format[index]
      index += 1
      switch byte {
      case 0x2A: stores = false
      case 0x30...0x39: width = min(width * 10 + Int(byte - 0x30), 1 << 30)
      case UInt8(ascii: "h"), UInt8(ascii: "l"), UInt8(ascii: "q"): break
      case 0x25: return .literal(byte)
      case UInt8(ascii: "s"): return .word(width: width == 0 ? .max : width, stores: stores)
      case UInt8(ascii: "["):
        let set = ByteSet(scanset: format, &index)
        return .set(set, width: width == 0 ? .max : width, stores: stores)
      case UInt8(ascii: "c") where !stores: return .skipBytes(max(width, 1))
      case UInt8(ascii: "d") where !stores, UInt8(ascii: "D") where !stores, UInt8(ascii: "u") where !stores:
        return .skipNumber(width: width == 0 ? longestNumber : min(width, longestNumber))
      case UInt8(ascii: "n") where !stores: return nil
      default: return .unsupported(byte)
      }
    }
    return .fail
  }
}

/// A set of bytes.
struct ByteSet: Sendable, Equatable {
  private var bits = SIMD4<UInt64>()

  @inline(__always)
  func contains(_ byte: UInt8) -> Bool { bits[Int(byte >> 6)] >> UInt64(byte & 63) & 1 != 0 }

  private mutating func insert(_ byte: UInt8) { bits[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }

  /// Reads what stands between `[` and `]`, as libsm's `sm_sccl` does.
  ///
  /// A `]` right behind `[` or `[^` is a member, a `-` at the end too. A range takes at least the byte behind its first
  /// one (`a-a` is `ab`), and may itself be continued (`a-c-e`). Where `]` is missing the set ends with the format.
  init(scanset format: [UInt8], _ index: inout Int) {
    func byte(at index: Int) -> UInt8 { index < format.count ? format[index] : 0 }
    var isNegated = false
    if byte(at: index) == 0x5E {
      isNegated = true
      index += 1
    }
    var current = byte(at: index)
    if current != 0 {
      index += 1
      scan: while true {
        insert(current)
        inner: while true {
          let next = byte(at: index)
          switch next {
          case 0: break scan
          case 0x5D:
            index += 1
            break scan
          case 0x2D:
            let last = byte(at: index + 1)
            index += 1
            if last == 0x5D || last < current {
              current = 0x2D
              break inner
            }
            index += 1
            repeat {
              current &+= 1
              insert(current)
            } while current < last
          default:
            current = next
            index += 1
            break inner
          }
        }
      }
    }
    if isNegated { bits = ~bits }
  }
}
