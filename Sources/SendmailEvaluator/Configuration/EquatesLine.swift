public import SendmailConfig

/// A line of a name and fields: mailers (`M`), queue groups (`Q`), mail filters (`X`).
///
/// ```abnf
/// line  = name *( *SPACE "," *SPACE letter *OCTET "=" value )
/// value = *( OCTET / "\" OCTET / DQUOTE *OCTET DQUOTE )      ; to the first "," outside quotes
/// ```
public struct EquatesLine: Sendable, Equatable {
  /// A field.
  public struct Field: Sendable, Equatable {
    /// The first byte of its name: the others count for nothing.
    public var letter: UInt8
    /// The value, quotes and backslashes resolved.
    public var value: ByteString
  }

  /// The name.
  public var name: ByteString
  /// The fields in the order of the line.
  public var fields: [Field]
  /// The 1-based line.
  public var line: Int

  /// The value of a field as it was set last; nil where it is not.
  public subscript(letter: Character) -> ByteString? {
    fields.last { $0.letter == letter.asciiValue }?.value
  }

  /// Reads the body of a line; nil where it has no name.
  static func read(_ body: ArraySlice<UInt8>, line: Int) -> EquatesLine? {
    let name = body.prefix { $0 != ASCII.comma && !ASCII.isSpace($0) }
    guard !name.isEmpty else { return nil }
    var result = EquatesLine(name: ByteString(name), fields: [], line: line)
    var rest = body[name.endIndex...]
    while true {
      rest = rest.drop { $0 == ASCII.comma || ASCII.isSpace($0) }
      guard let letter = rest.first else { return result }
      rest = rest.drop { $0 != 0x3D && $0 != ASCII.comma }
      guard rest.first == 0x3D else { continue }
      rest = rest.dropFirst().drop(while: ASCII.isSpace)
      let value = value(&rest)
      result.fields.append(Field(letter: letter, value: value))
    }
  }

  /// Takes a value off.
  private static func value(_ rest: inout ArraySlice<UInt8>) -> ByteString {
    var isQuoted = false
    var escapes = false
    var end = rest.startIndex
    while end < rest.endIndex {
      let byte = rest[end]
      if escapes {
        escapes = false
      } else if byte == ASCII.backslash {
        escapes = true
      } else if byte == ASCII.quote {
        isQuoted.toggle()
      } else if byte == ASCII.comma, !isQuoted {
        break
      }
      end += 1
    }
    defer { rest = rest[end...] }
    return Macros.unquoted(rest[..<end])
  }
}

/// A header (`H` line).
///
/// ```abnf
/// header = [ "?" *( flag / "$" name ) "?" ] name ":" *SPACE ( "$>" [ "+" ] rule-set / *OCTET )
/// ```
public struct HeaderLine: Sendable, Equatable {
  /// The field's name, such as `Received`; `*` for every field that has no line of its own.
  public var name: ByteString
  /// The flags of mailers for which the field is added, or a macro in braces; empty without `?…?`.
  public var condition: ByteString
  /// The value, macros as sendmail holds them.
  var value: [UInt8]
  /// The rule set that checks the field (`$>`); nil without one.
  public var ruleSet: ByteString?
  /// The 1-based line.
  public var line: Int

  static func read(_ body: ArraySlice<UInt8>, line: Int, names: MacroNames) -> HeaderLine? {
    var rest = body
    var condition: [UInt8] = []
    if rest.first == 0x3F {
      let flags = rest.dropFirst().prefix { $0 != 0x3F }
      for byte in flags { condition += byte == Meta.macro ? [] : [byte] }
      if let number = flags.last, flags.contains(Meta.macro) { condition = names.written(number) }
      rest = rest[flags.endIndex...].dropFirst()
    }
    guard let colon = rest.firstIndex(of: ASCII.colon) else { return nil }
    let name = rest[..<colon].trimming(while: ASCII.isSpace)
    guard !name.isEmpty else { return nil }
    let value = rest[(colon + 1)...].drop(while: ASCII.isSpace)
    var result = HeaderLine(
      name: ByteString(name), condition: ByteString(condition), value: Array(value), ruleSet: nil, line: line)
    if value.starts(with: [Meta.macro, UInt8(ascii: ">")]) {
      var called = value.dropFirst(2)
      if called.first == UInt8(ascii: "+") { called = called.dropFirst() }
      result.ruleSet = ByteString(called.drop(while: ASCII.isSpace).prefix { !ASCII.isSpace($0) && $0 != 0x28 })
    }
    return result
  }
}
