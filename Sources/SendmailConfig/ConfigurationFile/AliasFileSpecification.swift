/// One file of `O AliasFile`.
///
/// ```abnf
/// value = *SPACE [ spec *( "," *SPACE spec ) ]   ; a "," inside double quotes separates nothing
/// spec  = [ class ":" ] [ flags ] path           ; the class ends at the first SP, "," "/" or ":"
/// ```
/// Repeated options add up; at most 12 files are used.
public struct AliasFileSpecification: Sendable, Equatable {
  /// The class in lower case: `implicit` where none is written.
  public var mapClass: ByteString
  /// Whether a class is written.
  ///
  /// Without one, keys and values get a NUL, and a missing map is read from the text.
  public var isClassGiven: Bool
  /// The flags.
  public var flags: MapFlags
  /// The path of the text, without `.db`; relative to sendmail's working directory where it does not begin with `/`.
  public var path: ByteString
  /// The 1-based line.
  public var line: Int

  /// Whether newaliases stores keys and values with a NUL: without a class, or with `-N`.
  public var includesNUL: Bool { !isClassGiven || flags.includesNUL }
  /// Whether a missing file is no error (`-o`).
  public var isOptional: Bool { flags.isOptional }
  /// Whether the values of this file and the next are joined (`-A`).
  public var appends: Bool { flags.appends }

  /// What a look-up makes of a value: the name that was asked for, with `-m`, and behind it what `-a` adds.
  ///
  /// - Parameter hasNUL: Whether the stored value ends in a NUL; what is added behind that is lost.
  package func answer(_ value: ByteString, to name: ByteString, hasNUL: Bool) -> ByteString {
    let answer = flags.matchesOnly ? name : value
    guard let suffix = flags.suffix, !hasNUL || flags.matchesOnly else { return answer }
    return ByteString(answer.bytes + suffix.bytes)
  }

  /// As many files as sendmail takes.
  public static let maximumCount = 12

  /// The class as it is written.
  var writtenClass: ByteString = ""
  /// What is written behind the class.
  var arguments: ByteString = ""

  /// Reads the value of an `AliasFile` option.
  ///
  /// - Returns: The files, and each piece that names none: no class for aliases, or no path.
  static func read(_ value: ByteString, line: Int) -> (files: [AliasFileSpecification], malformed: [ByteString]) {
    var files: [AliasFileSpecification] = []
    var malformed: [ByteString] = []
    for (piece, text) in zip(written(value, line: line), texts(value)) {
      if !piece.path.isEmpty || piece.isClassGiven && pathless.contains(piece.mapClass),
        !piece.isClassGiven || classes.contains(piece.mapClass)
      {
        files.append(piece)
      } else {
        malformed.append(ByteString(text.text))
      }
    }
    return (files, malformed)
  }

  /// The pieces of a value, whatever they name; one that names no path has an empty one.
  static func written(_ value: ByteString, line: Int) -> [AliasFileSpecification] {
    texts(value).map { text, mapClass in
      let arguments = mapClass.map { text.dropFirst($0.count + 1) } ?? text
      let (flags, path) = MapFlags.read(arguments)
      return AliasFileSpecification(
        mapClass: mapClass.map { ByteString($0).folded } ?? "implicit", isClassGiven: mapClass != nil, flags: flags,
        path: path ?? "", line: line, writtenClass: mapClass.map { ByteString($0) } ?? "",
        arguments: ByteString(arguments))
    }
  }

  /// The text of each piece of a value, and of its class.
  private static func texts(_ value: ByteString) -> [(text: ArraySlice<UInt8>, mapClass: ArraySlice<UInt8>?)] {
    // `O AliasFile=` is the file "aliases".
    var rest = value.isEmpty ? Array("aliases".utf8)[...] : value.bytes[...]
    var result: [(text: ArraySlice<UInt8>, mapClass: ArraySlice<UInt8>?)] = []
    while true {
      rest = rest.drop(while: ASCII.isSpace)
      guard !rest.isEmpty else { return result }
      var mapClass: ArraySlice<UInt8>?
      let separator = rest.firstIndex { $0 == ASCII.space || $0 == ASCII.comma || $0 == 0x2F || $0 == ASCII.colon }
      var scan = separator ?? rest.endIndex
      if scan < rest.endIndex, rest[scan] == ASCII.colon {
        mapClass = rest[..<scan]
        scan += 1
      }
      // Quotes count from here on only, as in sendmail.
      var isQuoted = false
      while scan < rest.endIndex {
        if rest[scan] == ASCII.quote { isQuoted.toggle() }
        if rest[scan] == ASCII.comma, !isQuoted { break }
        scan += 1
      }
      result.append((rest[..<scan], mapClass))
      rest = rest[scan...].dropFirst()
    }
  }

  /// The map classes that take aliases, in any build of sendmail.
  private static let classes: Set<ByteString> = [
    "btree", "cdb", "dbm", "hash", "hesiod", "implicit", "ldap", "netinfo", "nis", "nisplus", "nsd", "null", "program",
    "sequence", "stab", "switch", "text", "user", "userdb",
  ]
  /// Those of them that need nothing behind the colon.
  private static let pathless: Set<ByteString> = ["ldap", "null"]
}
