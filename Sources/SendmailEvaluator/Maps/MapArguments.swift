internal import SendmailConfig

/// What maps do with their keys, arguments and values.
enum MapArguments {
  /// A value with `%0` … `%9` replaced by the key and the arguments, and `%%` by `%`.
  static func substituted(_ value: [UInt8], _ arguments: [[UInt8]]) -> [UInt8] {
    guard value.contains(0x25) else { return value }
    var result: [UInt8] = []
    var index = 0
    while index < value.count {
      let byte = value[index]
      index += 1
      guard byte == 0x25, index < value.count else {
        if byte != 0x25 { result.append(byte) }
        continue
      }
      let next = value[index]
      if next == 0x25 {
        result.append(0x25)
        index += 1
      } else if ASCII.isDigit(next) {
        let number = Int(next - 0x30)
        if number < arguments.count { result += arguments[number] }
        index += 1
      } else {
        result.append(0x25)
      }
    }
    return result
  }

  /// The name of the macro that `$(macro {name} … $)` sets.
  static func macroName(_ key: [UInt8]) -> ByteString {
    let key = key[...].drop(while: ASCII.isSpace)
    if key.first == 0x7B { return ByteString(key.dropFirst().prefix { $0 != 0x7D }) }
    return ByteString(key.prefix(1))
  }

  /// As `atoi` reads a number.
  static func decimal(_ text: [UInt8]) -> Int {
    let rest = text[...].drop(while: ASCII.isSpace)
    let isNegative = rest.first == 0x2D
    let digits = (isNegative || rest.first == 0x2B ? rest.dropFirst() : rest).prefix { ASCII.isDigit($0) }
    let value = digits.reduce(0) { min($0 * 10 + Int($1 - 0x30), Int(Int32.max)) }
    return isNegative ? -value : value
  }

  /// As `strtol` reads a number.
  static func number(_ text: [UInt8]) -> Int {
    var rest = text[...].drop(while: ASCII.isSpace)
    let isNegative = rest.first == 0x2D
    if isNegative || rest.first == 0x2B { rest = rest.dropFirst() }
    var base = 10
    if rest.first == 0x30 {
      if rest.dropFirst().first.map({ ASCII.lowercased($0) }) == 0x78 {
        base = 16
        rest = rest.dropFirst(2)
      } else {
        base = 8
      }
    }
    var result = 0
    for byte in rest {
      guard let digit = digit(byte), digit < base else { break }
      let (product, overflows) = result.multipliedReportingOverflow(by: base)
      let (sum, overflowsToo) = product.addingReportingOverflow(digit)
      if overflows || overflowsToo { return isNegative ? .min : .max }
      result = sum
    }
    return isNegative ? -result : result
  }

  private static func digit(_ byte: UInt8) -> Int? {
    if ASCII.isDigit(byte) { return Int(byte) - 0x30 }
    let letter = ASCII.lowercased(byte)
    return letter &- 0x61 < 26 ? Int(letter) - 0x57 : nil
  }
}

/// How quotes are taken off.
enum Unquoting {
  /// The bytes without quotes, each backslash taking the byte behind it as it is.
  static func strip(_ text: [UInt8]) -> [UInt8] {
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
  static func dequoted(_ text: [UInt8], blank: UInt8? = nil) -> [UInt8]? {
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
