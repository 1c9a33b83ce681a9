/// Where sendmail.cf fills a class from (`F` line).
///
/// ```abnf
/// source    = "F" name *SPACE [ "-o" *NONSPACE 1*SPACE ] ( file [ 1*SPACE format ] / key "@" map-class ":" spec )
/// name      = OCTET / "{" 1*( ALNUM / "_" ) "}"
/// file      = *( OCTET / DQUOTE *OCTET DQUOTE )   ; to the first SP outside quotes; "|" at its head: a program
/// format    = *OCTET                              ; files only; without one: %s
/// ```
/// Macros are not expanded; `$$` is `$`. A TAB does not end the file name.
public struct ClassSource: Sendable, Equatable {
  /// What is read.
  public enum Kind: Sendable {
    /// A file: ``ClassSource/path``.
    case file
    /// The output of a program: its command line.
    case program
    /// One value of a map: `key@class:spec`, or `@LDAP`.
    case map
  }

  /// The class's name without braces, such as `w`, `R` or `VirtHost`; case counts.
  public var className: ByteString
  /// What is read.
  public var kind: Kind
  /// The file's path, the program's command line or the map's specification.
  public var path: ByteString
  /// The format that each line is scanned with.
  public var format: ClassFileFormat
  /// Whether a missing file is no error (`-o`).
  public var isOptional: Bool
  /// The 1-based line.
  public var line: Int

  /// Why an `F` line is none.
  package enum Defect: Error {
    case noName
    case noFile
    case unbalanced
  }

  /// Reads the body of an `F` line.
  package init(_ line: ConfigurationLine) throws(Defect) {
    guard let (name, rest) = MacroName.read(line.body) else { throw .noName }
    className = name
    self.line = line.line
    var body = ClassSource.withSingleDollars(rest)[...].drop(while: ASCII.isSpace)
    isOptional = body.starts(with: [0x2D, 0x6F])
    if isOptional { body = body.drop { !ASCII.isSpace($0) }.drop(while: ASCII.isSpace) }
    if ClassSource.isMap(body) {
      kind = .map
      path = ByteString(body)
      format = .firstWord
      return
    }
    let (file, tail) = try ClassSource.unquoted(body)
    guard !file.isEmpty else { throw .noFile }
    path = file
    kind = file.bytes.first == 0x7C ? .program : .file
    let text = tail.dropFirst().drop(while: ASCII.isSpace)
    format = kind == .program || tail.isEmpty ? .firstWord : ClassFileFormat(ByteString(text))
  }

  /// What sendmail makes of an `F` line.
  package enum Reading {
    /// What is read.
    case source(ClassSource)
    /// Nothing; sendmail says this.
    case refused(ByteString)
  }

  /// Reads an `F` line as sendmail does that starts.
  package static func reading(_ line: ConfigurationLine) -> Reading {
    do {
      return .source(try ClassSource(line))
    } catch {
      switch error {
      case .noName, .noFile: return .refused("fileclass: missing file name")
      case .unbalanced:
        let file = MacroName.read(line.body).map { $0.rest.drop(while: ASCII.isSpace) } ?? line.body
        return .refused(ByteString(Array("illegal filename '".utf8) + file + Array("'".utf8)))
      }
    }
  }

  private static func withSingleDollars(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var isSecond = false
    for byte in bytes {
      isSecond = byte == 0x24 && !isSecond && result.last == 0x24
      if !isSecond { result.append(byte) }
    }
    return result
  }

  /// `[key]@class:spec` or `[key]@LDAP`, where it begins with neither `/` nor `|`.
  private static func isMap(_ body: ArraySlice<UInt8>) -> Bool {
    guard let first = body.first, first != 0x2F, first != 0x7C, let at = body.firstIndex(of: ASCII.at) else {
      return false
    }
    let rest = body[(at + 1)...]
    return rest.elementsEqual("LDAP".utf8) || (rest.first != ASCII.colon && rest.contains(ASCII.colon))
  }

  /// Takes a word to the first SP outside quotes, and takes the quotes off.
  ///
  /// A backslash stays, but goes before a SP; it does not keep the SP from ending the word.
  private static func unquoted(
    _ bytes: ArraySlice<UInt8>
  ) throws(Defect) -> (word: ByteString, rest: ArraySlice<UInt8>) {
    var word: [UInt8] = []
    var (isQuoted, escapes) = (false, false)
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let byte = bytes[index]
      if escapes {
        escapes = false
        if byte != ASCII.space { word.append(ASCII.backslash) }
      }
      if byte == ASCII.backslash {
        escapes = true
      } else if byte == ASCII.quote {
        isQuoted.toggle()
      } else if isQuoted || byte != ASCII.space {
        word.append(byte)
      } else {
        break
      }
      index += 1
    }
    guard !isQuoted, !escapes else { throw .unbalanced }
    return (ByteString(word), bytes[index...])
  }
}

/// The words that sendmail.cf itself puts into a class (`C` lines, for class `t` `T` lines too).
public struct ClassWords: Sendable, Equatable {
  /// A word.
  public struct Word: Sendable, Equatable {
    /// The 1-based line.
    public var line: Int
    /// The word, macros expanded.
    public var word: ByteString
  }

  /// The words, in the order of the file.
  public var words: [Word] = []
  /// The classes whose members, at that point of the file, are copied (`$=x`).
  public var copiedClasses: [ByteString] = []
  /// The words with a macro in them that the file does not define, such as `$w`: as written.
  public var unknown: [Word] = []

  /// Adds the words of a line; `body` is what follows the class's name.
  mutating func add(_ body: ArraySlice<UInt8>, line: Int, expandedBy macros: Macros?) {
    var names: [ByteString] = []
    let text = macros?.expand(body, unknown: &names) ?? Array(body)
    for word in text.split(whereSeparator: ASCII.isSpace) {
      if macros != nil, word.starts(with: [0x24, 0x3D]), let (name, _) = MacroName.read(word.dropFirst(2)) {
        copiedClasses.append(name)
      } else if names.contains(where: { isPart([0x24] + $0.bytes, of: word) }) {
        unknown.append(Word(line: line, word: ByteString(word)))
      } else {
        words.append(Word(line: line, word: ByteString(word)))
      }
    }
  }

  private func isPart(_ part: [UInt8], of word: ArraySlice<UInt8>) -> Bool {
    word.indices.contains { word[$0...].starts(with: part) }
  }
}
