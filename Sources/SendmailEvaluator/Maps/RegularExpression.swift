internal import Glibc
internal import SendmailConfig

/// The expression of a regex map, compiled by the C library as sendmail has it compiled.
///
/// ```abnf
/// arguments = *( "-" letter *NONSPACE 1*SPACE ) expression
/// ```
/// `-b` basic instead of extended, `-f` the case of letters counts, `-n` finds what does not match, `-s1,2` which
/// parenthesised parts are the value (all of them without a number), `-d` what goes between them. Where a rule gives an
/// argument, that names the parts in the place of `-s`.
@safe final class RegularExpression: Sendable, Equatable {
  // regexec(3) may be called by many threads with one compiled expression, which nothing changes once it is made.
  nonisolated(unsafe) private let compiled: UnsafeMutablePointer<regex_t>
  let isNegated: Bool
  /// Which parts are the value, 0 for all that matches; nil where parts are not asked for.
  private let fields: [Int]?
  /// How many parenthesised parts there are.
  private let groups: Int
  let separator: [UInt8]
  private let text: ByteString

  private init(
    _ compiled: UnsafeMutablePointer<regex_t>, isNegated: Bool, fields: [Int]?, separator: [UInt8], text: ByteString
  ) {
    groups = unsafe Int(compiled.pointee.re_nsub)
    unsafe self.compiled = unsafe compiled
    self.isNegated = isNegated
    self.fields = fields
    self.separator = separator
    self.text = text
  }

  deinit {
    unsafe regfree(compiled)
    unsafe compiled.deallocate()
  }

  static func == (left: RegularExpression, right: RegularExpression) -> Bool { left.text == right.text }

  /// Reads the arguments of a `K` line of the class regex.
  ///
  /// - Returns: The expression, or what sendmail says about it.
  static func read(_ arguments: ByteString, map: ByteString) -> (RegularExpression?, ByteString?) {
    var rest = arguments.bytes[...].drop(while: ASCII.isSpace)
    var (isBasic, isExact, isNegated) = (false, false, false)
    var wanted: ArraySlice<UInt8>?
    var separator: [UInt8] = [Meta.otherwise]
    while rest.first == 0x2D {
      let word = rest.dropFirst().prefix { !ASCII.isSpace($0) }
      switch word.first {
      case UInt8(ascii: "b"): isBasic = true
      case UInt8(ascii: "f"): isExact = true
      case UInt8(ascii: "n"): isNegated = true
      case UInt8(ascii: "s"): wanted = word.dropFirst()
      case UInt8(ascii: "d"): separator = Array(word.dropFirst())
      default: break
      }
      rest = rest[word.endIndex...].drop(while: ASCII.isSpace)
    }
    var flags = isBasic ? 0 : REG_EXTENDED
    if !isExact { flags |= REG_ICASE }
    if wanted == nil { flags |= REG_NOSUB }
    let compiled = UnsafeMutablePointer<regex_t>.allocate(capacity: 1)
    let expression = rest.prefix { $0 != ASCII.nul }.map { CChar(bitPattern: $0) } + [0]
    let status = unsafe regcomp(compiled, expression, flags)
    guard status == 0 else {
      var buffer = [CChar](repeating: 0, count: 256)
      let length = unsafe regerror(status, compiled, &buffer, buffer.count)
      unsafe compiled.deallocate()
      let reason = ByteString(buffer.prefix(max(0, length - 1)).map { UInt8(bitPattern: $0) })
      return (nil, "pattern-compile-error: \(reason)")
    }
    let groups = unsafe Int(compiled.pointee.re_nsub)
    let fields = wanted.map { $0.isEmpty ? Array(0...groups) : numbers($0) }
    if let fields, let defect = defect(of: fields, groups) {
      unsafe regfree(compiled)
      unsafe compiled.deallocate()
      return (nil, defect.message)
    }
    return unsafe (
      RegularExpression(
        compiled, isNegated: isNegated, fields: fields, separator: separator, text: arguments), nil
    )
  }

  /// What is wrong with the numbers of parts, in sendmail's words.
  struct Defect: Error {
    var message: ByteString
  }

  private static func defect(of fields: [Int], _ groups: Int) -> Defect? {
    fields.first { $0 < 0 || $0 > groups }.map {
      Defect(message: "field (\($0)) out of range, only \(groups + 1) substrings in pattern")
    }
  }

  /// The numbers between commas, 0 for what is none.
  private static func numbers(_ list: ArraySlice<UInt8>) -> [Int] {
    list.split(separator: ASCII.comma, omittingEmptySubsequences: false).map { MapArguments.decimal(Array($0)) }
  }

  /// The parts that a key has where it matches; nil where it does not, and where a part could not be cut into tokens.
  ///
  /// - Parameter argument: The numbers of the parts that a rule asks for; nil for those of the map.
  /// - Throws: What sendmail says of numbers that no part has.
  func parts(of key: [UInt8], _ argument: [UInt8]?) throws(Defect) -> [[UInt8]]? {
    let text = key.prefix { $0 != ASCII.nul }.map { CChar(bitPattern: $0) } + [0]
    var places = [regmatch_t](repeating: regmatch_t(rm_so: -1, rm_eo: -1), count: 10)
    let status = unsafe regexec(compiled, text, places.count, &places, 0)
    if isNegated { return status == 0 ? nil : [] }
    guard status == 0 else { return nil }
    guard var fields else { return [] }
    if let argument { fields = RegularExpression.numbers(argument[...]) }
    if let defect = RegularExpression.defect(of: fields, groups) { throw defect }
    let parts = fields.map { field -> [UInt8] in
      guard field < places.count, places[field].rm_so >= 0 else { return [] }
      return Array(key[Int(places[field].rm_so)..<Int(places[field].rm_eo)])
    }
    return parts.allSatisfy(RegularExpression.isBalanced) ? parts : nil
  }

  /// Whether a part has neither blanks outside quotes nor a quote or a bracket without its other half.
  private static func isBalanced(_ part: [UInt8]) -> Bool {
    var (isQuoted, escapes) = (false, false)
    var (comments, angles) = (0, 0)
    for byte in part {
      if escapes {
        escapes = false
        continue
      }
      switch byte {
      case ASCII.backslash: escapes = true
      case ASCII.quote: isQuoted.toggle()
      case _ where isQuoted: break
      case ASCII.space: return false
      case UInt8(ascii: "("): comments += 1
      case UInt8(ascii: ")"): comments -= 1
      case UInt8(ascii: "<"): angles += 1
      case UInt8(ascii: ">"): angles -= 1
      default: break
      }
    }
    return !isQuoted && !escapes && comments == 0 && angles == 0
  }
}
