/// A map that sendmail.cf declares (`K` line).
///
/// ```abnf
/// map       = "K" *SPACE name OCTET *SPACE class *SPACE arguments
/// name      = ALNUM *( ALNUM / "_" / "." )
/// class     = ALNUM *ALNUM                   ; hash, btree, … ; case does not count
/// arguments = *( "-" letter [ argument ] 1*SPACE ) [ file [ 1*SPACE rest ] ]
/// ```
/// Macros in the line are expanded as far as `D` lines above it define them.
public struct MapDeclaration: Sendable, Equatable {
  /// The name as written; sendmail compares names without the case of ASCII letters.
  public var name: ByteString
  /// The class in lower case, such as `hash`, `btree`, `text` or `ldap`.
  public var mapClass: ByteString
  /// The flags.
  public var flags: MapFlags
  /// The file's path, without `.db`; for classes that know no file, the first word of their arguments.
  public var file: ByteString?
  /// Everything behind the class.
  public var arguments: ByteString
  /// The 1-based line.
  public var line: Int
  /// The macros in the line that the file does not define, such as `w`; their text stands as written.
  public var unknownMacros: [ByteString]

  /// Every class that a sendmail may have been built with (`doc/op/op.me`, "K -- Key File Declaration").
  package static let classes: Set<ByteString> = [
    "arith", "bestmx", "bogus", "btree", "cdb", "dbm", "dequote", "dns", "dprintf", "hash", "hesiod", "host",
    "implicit",
    "ldap", "ldapx", "macro", "netinfo", "nis", "nisplus", "nsd", "null", "ph", "program", "regex", "sequence",
    "socket",
    "stab", "switch", "syslog", "text", "user", "userdb",
  ]

  /// The maps that a sequence is made of, as its arguments name them: words, whatever stands between them.
  package static func members(ofSequence arguments: ByteString) -> [ByteString] {
    arguments.bytes.split { !isNamePart($0) }.map { ByteString($0) }
  }

  private static func isNamePart(_ byte: UInt8) -> Bool { ASCII.isLetterOrDigit(byte) || byte == 0x5F || byte == 0x2E }

  /// Reads the body of a `K` line; nil where it has no name or no class.
  init?(_ line: ConfigurationLine, _ macros: Macros) {
    var unknownMacros: [ByteString] = []
    let body = macros.expand(line.body, unknown: &unknownMacros)
    self.init(expanded: body[...], line: line.line)
    self.unknownMacros = unknownMacros
  }

  /// Reads the body of a `K` line whose macros are expanded; nil where it has no name or no class.
  package init?(expanded body: ArraySlice<UInt8>, line: Int) {
    var rest = body.drop(while: ASCII.isSpace)
    let isWord: (UInt8) -> Bool = { ASCII.isLetterOrDigit($0) }
    guard let first = rest.first, isWord(first) else { return nil }
    let name = rest.prefix(while: MapDeclaration.isNamePart)
    rest = rest.dropFirst(name.count + 1).drop(while: ASCII.isSpace)
    guard let first = rest.first, isWord(first) else { return nil }
    let mapClass = rest.prefix(while: isWord)
    rest = rest.dropFirst(mapClass.count + 1).drop(while: ASCII.isSpace)
    let (flags, file) = MapFlags.read(rest)
    self.name = ByteString(name)
    self.mapClass = ByteString(mapClass).folded
    self.flags = flags
    self.file = file
    self.arguments = ByteString(rest)
    self.line = line
    self.unknownMacros = []
  }
}

/// The flags of a map, as `map_parseargs` of sendmail reads them.
///
/// Only the first letter behind each `-` counts: `-No` is `-N` and nothing else.
public struct MapFlags: Sendable, Equatable {
  /// One flag.
  public struct Flag: Sendable, Equatable {
    /// The letter.
    public var letter: UInt8
    /// What belongs to it: the suffix of `-a` and `-T`, the column of `-k` and `-v`, the byte of `-z` and `-S`; else
    /// empty.
    public var argument: ByteString
  }

  /// The flags in the order of the line.
  public private(set) var list: [Flag]
  /// With which NUL keys are looked up (`-N`, `-O`).
  public private(set) var nulConvention: NULConvention

  /// Takes flags.
  public init(_ list: [Flag] = []) {
    self.list = list
    let letters = list.map(\.letter)
    nulConvention =
      switch (letters.contains(UInt8(ascii: "N")), letters.contains(UInt8(ascii: "O"))) {
      case (true, false): .always
      case (false, true): .never
      case (false, false): .either
      case (true, true): .neither
      }
  }

  /// Puts the flags of an earlier declaration of the same map before these: sendmail keeps what was set once, but takes the
  /// look-up of NULs from the last declaration.
  package mutating func inherit(_ earlier: MapFlags) { list = earlier.list + list }

  private func has(_ letter: Character) -> Bool { list.contains { $0.letter == letter.asciiValue } }
  private func argument(_ letter: Character) -> ByteString? { list.last { $0.letter == letter.asciiValue }?.argument }

  /// Whether keys are compared in lower case (no `-f`).
  public var foldsCase: Bool { !has("f") }
  /// Whether `-N` asks for a NUL at the end of keys and values.
  public var includesNUL: Bool { has("N") }
  /// Whether a missing file is an empty map (`-o`).
  public var isOptional: Bool { has("o") }
  /// What is returned while the map cannot be read (`-T`), such as `<TMPF>`.
  public var temporaryFailureSuffix: ByteString? { argument("T") }
  /// What is added to a value that was found (`-a`).
  public var suffix: ByteString? { argument("a") }
  /// Whether only the presence of a key counts (`-m`).
  public var matchesOnly: Bool { has("m") }
  /// Whether values of several maps are joined (`-A`).
  public var appends: Bool { has("A") }
  /// Whether quotes stay in the key (`-q`).
  public var keepsQuotes: Bool { has("q") }
  /// The key's column in a text map (`-k`).
  public var keyColumn: ByteString? { argument("k") }
  /// The value's column in a text map (`-v`).
  public var valueColumn: ByteString? { argument("v") }
  /// The byte between columns of a text map (`-z`); nil for white space.
  public var columnDelimiter: UInt8? { argument("z")?.bytes.first }

  /// How a NUL at the end of keys is tried.
  public enum NULConvention: Sendable {
    /// `-N`: keys end in NUL.
    case always
    /// `-O`: keys do not.
    case never
    /// What the first key that is found has.
    case either
    /// `-N -O`: nothing is ever found.
    case neither
  }

  /// Reads flags and the file behind them.
  package static func read(_ bytes: ArraySlice<UInt8>) -> (flags: MapFlags, file: ByteString?) {
    var rest = bytes.drop(while: ASCII.isSpace)
    var list: [Flag] = []
    while rest.first == 0x2D {
      rest.removeFirst()
      guard let letter = rest.first else { break }
      // "- " has no letter: sendmail says so, and goes on with the next word.
      if !ASCII.isSpace(letter) { rest.removeFirst() }
      switch letter {
      case UInt8(ascii: "k"), UInt8(ascii: "v"): rest = rest.drop(while: ASCII.isSpace)
      default: break
      }
      let word = rest.prefix { !ASCII.isSpace($0) }
      let argument: ByteString
      switch letter {
      case UInt8(ascii: "a"), UInt8(ascii: "T"), UInt8(ascii: "k"), UInt8(ascii: "v"): argument = ByteString(word)
      case UInt8(ascii: "S"): argument = ByteString(rest.prefix(1))
      case UInt8(ascii: "z"): argument = delimiter(rest)
      default: argument = ""
      }
      list.append(Flag(letter: letter, argument: argument))
      rest = rest.dropFirst(word.count).drop(while: ASCII.isSpace)
    }
    let file = rest.prefix { !ASCII.isSpace($0) }
    return (MapFlags(list), file.isEmpty ? nil : ByteString(file))
  }

  /// The byte that `-z` names: `\n`, `\t`, a backslash for any other `\x`, otherwise itself.
  private static func delimiter(_ bytes: ArraySlice<UInt8>) -> ByteString {
    guard let first = bytes.first else { return "" }
    guard first == ASCII.backslash else { return ByteString([first]) }
    switch bytes.dropFirst().first {
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "t"): return "\t"
    default: return "\\"
    }
  }
}
