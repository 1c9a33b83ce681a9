internal import SendmailConfig

/// The rule sets of a sendmail.cf, as it is read: their names, numbers and rules.
///
/// ```abnf
/// rule-set = *SPACE ( 1*DIGIT / name [ *SPACE "=" *SPACE 1*DIGIT ] ) *OCTET     ; what follows counts for nothing
/// name     = ( ALPHA / "_" ) *( ALNUM / "_" )                                   ; letters' case counts, as nowhere else but in macros and classes
/// ```
struct RuleSetTable {
  /// Why a text names no rule set, in sendmail's words.
  struct Defect: Error {
    var message: ByteString
  }

  private(set) var numbers: [ByteString: Int] = [:]
  var rules: [[Rule]] = Array(repeating: [], count: CompiledConfiguration.maximumRuleSets)
  private var written: [Int: ByteString] = [:]
  private var next = CompiledConfiguration.maximumRuleSets

  /// The name of a rule set, or its number.
  func name(_ number: Int) -> ByteString { written[number] ?? ByteString("\(number)") }

  /// The number of the rule set that a text names; a name that is new gets one.
  mutating func enter(_ text: [UInt8]) throws(Defect) -> Int {
    let half = CompiledConfiguration.maximumRuleSets / 2
    let name = try RuleSetTable.name(text[...])
    if case .number(let number) = name { return number }
    guard case .name(let written, let rest) = name else { throw Defect(message: "") }
    var assigned: Int?
    let tail = rest.drop(while: ASCII.isSpace)
    if tail.first == 0x3D {
      let digits = tail.dropFirst().drop(while: ASCII.isSpace)
      guard let first = digits.first, ASCII.isDigit(first) else {
        let message: ByteString =
          "bad ruleset definition \"\(ByteString(text))\" (number required after `=')"
        throw Defect(message: message)
      }
      let number = ConfigurationLine.number(digits) ?? 0
      guard number < half else {
        throw Defect(message: "bad ruleset number \(number) in \"\(ByteString(text))\" (\(half) max)")
      }
      assigned = number
    }
    if let known = numbers[written] {
      if let assigned, assigned != known {
        let message: ByteString = "\(ByteString(text)): ruleset changed value (old \(known), new \(assigned))"
        numbers[written] = assigned
        throw Defect(message: message)
      }
      return known
    }
    if assigned == nil {
      next -= 1
      guard next >= half else {
        throw Defect(message: "\(written): too many named rulesets (\(half) max)")
      }
    }
    let number = assigned ?? next
    numbers[written] = number
    if self.written[number] == nil { self.written[number] = written }
    return number
  }

  /// The number of the rule set that a text names.
  static func find(_ text: [UInt8], in numbers: [ByteString: Int]) -> Result<Int, Defect> {
    do {
      switch try name(text[...]) {
      case .number(let number): return .success(number)
      case .name(let name, _):
        guard let number = numbers[name] else { return .failure(Defect(message: "")) }
        return .success(number)
      }
    } catch { return .failure(error) }
  }

  private enum Name {
    case number(Int)
    case name(ByteString, rest: ArraySlice<UInt8>)
  }

  private static func name(_ text: ArraySlice<UInt8>) throws(Defect) -> Name {
    let text = text.drop(while: ASCII.isSpace)
    let isWord: (UInt8) -> Bool = { ASCII.isDigit($0) || $0 == 0x5F || ASCII.lowercased($0) &- 0x61 < 26 }
    guard let first = text.first, isWord(first) else {
      throw Defect(message: "invalid ruleset name: \"\(ByteString(text.prefix(20)))\"")
    }
    if ASCII.isDigit(first) {
      let number = ConfigurationLine.number(text) ?? 0
      let half = CompiledConfiguration.maximumRuleSets / 2
      guard number < half else { throw Defect(message: "bad ruleset \(number) (\(half) max)") }
      return .number(number)
    }
    let name = text.prefix(while: isWord)
    return .name(ByteString(name), rest: text[name.endIndex...])
  }
}
