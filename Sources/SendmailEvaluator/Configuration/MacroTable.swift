internal import SendmailConfig

/// The numbers of macros and classes, which share their names.
///
/// ```abnf
/// name = OCTET / "{" 1*( ALNUM / "_" ) "}"     ; "{x}" is "x"
/// ```
/// A name of one byte has that byte for its number, longer names are numbered from 0xA0 in the order of the file. There is room
/// for as many of them as sendmail has.
struct MacroNames: Sendable {
  /// How many numbers there are.
  static let count = 256
  private static let firstLong = 0xA0
  /// How many long names sendmail gives to its own macros before it reads a file.
  static let reserved = 1
  private var longNames = WordList()

  /// What is wrong with a name, in sendmail's words.
  struct Defects {
    var messages: [ByteString] = []
  }

  /// The number of a name, if it has one already.
  func find(_ name: ByteString) -> UInt8? {
    if name.bytes.count == 1 { return name.bytes[0] }
    return longNames.index[name].map { UInt8(MacroNames.firstLong + $0) }
  }

  /// The name of a number, without braces.
  func name(_ number: UInt8) -> ByteString {
    let place = Int(number) - MacroNames.firstLong
    return place >= 0 && place < longNames.names.count ? longNames.names[place] : ByteString([number])
  }

  /// A name as one writes it behind `$`: in braces where it is longer than a byte.
  func written(_ number: UInt8) -> [UInt8] {
    let name = name(number).bytes
    return name.count == 1 ? name : [0x7B] + name + [0x7D]
  }

  /// Reads a name at the head of some bytes and gives it a number.
  ///
  /// - Returns: The number, 0 for a name that cannot have one, and what is behind the name.
  mutating func read(_ bytes: ArraySlice<UInt8>, _ defects: inout Defects) -> (number: UInt8, rest: ArraySlice<UInt8>) {
    guard let first = bytes.first else {
      defects.messages.append("Name required for macro/class")
      return (0, bytes)
    }
    guard first == 0x7B else { return (first, bytes.dropFirst()) }
    let written = bytes.dropFirst().prefix { $0 != 0x7D }
    var name: [UInt8] = []
    for byte in written {
      if ASCII.isDigit(byte) || byte == 0x5F || ASCII.lowercased(byte) &- 0x61 < 26 {
        name.append(byte)
      } else {
        defects.messages.append("Invalid macro/class character \(ByteString([byte]))")
      }
    }
    var rest = bytes[written.endIndex...]
    guard !rest.isEmpty else {
      defects.messages.append("Unbalanced { on \(ByteString(name))")
      defects.messages.append("Unable to assign macro/class ID (mid = 0xffffffff)")
      return (0, rest)
    }
    rest = rest.dropFirst()
    guard !name.isEmpty else {
      if written.isEmpty { defects.messages.append("Name required for macro/class") }
      return (0, rest)
    }
    return (number(ByteString(name), &defects), rest)
  }

  /// The number of a name, a new one where it has none.
  mutating func number(_ name: ByteString, _ defects: inout Defects) -> UInt8 {
    if let known = find(name) { return known }
    guard longNames.names.count < MacroNames.count - MacroNames.firstLong - MacroNames.reserved else {
      defects.messages.append("Macro/class {\(name)}: too many long names")
      defects.messages.append("Unable to assign macro/class ID (mid = 0xffffffff)")
      return 0
    }
    longNames.append(name)
    return UInt8(MacroNames.firstLong + longNames.names.count - 1)
  }

  private struct WordList: Sendable {
    var names: [ByteString] = []
    var index: [ByteString: Int] = [:]

    mutating func append(_ name: ByteString) {
      index[name] = names.count
      names.append(name)
    }
  }
}

/// The values of macros by their numbers.
struct MacroValues: Sendable {
  private var values: [[UInt8]?] = Array(repeating: nil, count: MacroNames.count)
  /// How deep a macro may refer to macros.
  private static let deepest = 10
  /// The room in sendmail's buffer for an expanded text.
  static let room = 4095

  init() {
    for (name, value) in Meta.predefined { values[Int(name)] = value }
  }

  /// The value; macros in it are not expanded.
  subscript(number: UInt8) -> [UInt8]? {
    get { values[Int(number)] }
    set { values[Int(number)] = newValue }
  }

  /// Expands macros and conditions.
  ///
  /// ```abnf
  /// condition = "$?" name *text [ "$|" *text ] "$."     ; the first text where the macro has a value that is not empty
  /// ```
  /// - Parameter room: How many bytes sendmail's buffer takes of the text.
  /// - Returns: The text, and whether macros are nested too deep.
  func expand(
    _ bytes: ArraySlice<UInt8>, room: Int = MacroValues.room, depth: Int = 0
  ) -> (text: [UInt8], isTooDeep: Bool) {
    var result: [UInt8] = []
    var expandsAgain = false
    var (isSkipping, skipLevel, level) = (false, 0, 0)
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let byte = bytes[index]
      index += 1
      var value: [UInt8]?
      switch byte {
      case Meta.condition where index < bytes.endIndex:
        level += 1
        let name = bytes[index]
        index += 1
        if isSkipping { skipLevel += 1 } else { isSkipping = values[Int(name)]?.isEmpty ?? true }
        continue
      case Meta.otherwise where level > 0:
        if skipLevel == 0 { isSkipping.toggle() }
        continue
      case Meta.conditionEnd where level > 0:
        level -= 1
        if skipLevel == 0 { isSkipping = false }
        if isSkipping { skipLevel -= 1 }
        continue
      case Meta.macro:
        guard index < bytes.endIndex else { continue }
        value = values[Int(bytes[index])]
        index += 1
        if value == nil { continue }
      default: break
      }
      if isSkipping || result.count >= room { continue }
      guard let value else {
        result.append(byte)
        continue
      }
      let part = value.prefix(room - result.count)
      if part.contains(where: Meta.isMeta) { expandsAgain = true }
      result += part
    }
    guard expandsAgain else { return (result, false) }
    guard depth < MacroValues.deepest else { return (result, true) }
    return expand(result[...], room: room, depth: depth + 1)
  }
}
