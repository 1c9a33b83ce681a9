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
