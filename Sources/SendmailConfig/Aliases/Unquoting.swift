/// How quotes are taken off.
package enum Unquoting {
  /// The bytes without quotes, each backslash taking the byte behind it as it is.
  package static func strip(_ text: [UInt8]) -> [UInt8] {
    guard text.contains(where: { $0 == ASCII.quote || $0 == ASCII.backslash }) else { return text }
    var result: [UInt8] = []
    var escaped = false
    for byte in text {
      if escaped {
        escaped = false
        result.append(byte)
      } else if byte == ASCII.backslash {
        escaped = true
      } else if byte != ASCII.quote {
        result.append(byte)
      }
    }
    return result
  }

  /// The text without its quotes; nil where it has none or could not do without them: blanks, and what is unbalanced.
  ///
  /// Blanks become `blank` where there is one.
  package static func dequoted(_ text: [UInt8], blank: UInt8? = nil) -> [UInt8]? {
    var result: [UInt8] = []
    var (comments, angles, quotes) = (0, 0, 0)
    var escaped = false
    for byte in text {
      if escaped {
        escaped = false
        result.append(byte)
        continue
      }
      switch byte {
      case ASCII.backslash: escaped = true
      case UInt8(ascii: "("): comments += 1
      case UInt8(ascii: ")"):
        guard comments > 0 else { return nil }
        comments -= 1
      case ASCII.space, ASCII.tab:
        guard let blank else { return nil }
        result.append(blank)
        continue
      default: break
      }
      if comments == 0 {
        switch byte {
        case ASCII.quote:
          quotes += 1
          continue
        case UInt8(ascii: "<"): angles += 1
        case UInt8(ascii: ">"):
          guard angles > 0 else { return nil }
          angles -= 1
        default: break
        }
      }
      result.append(byte)
    }
    guard angles == 0, comments == 0, !escaped, quotes > 0, quotes.isMultiple(of: 2) else { return nil }
    return result
  }
}
