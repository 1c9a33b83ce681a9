extension AliasFileSpecification {
  /// What sendmail makes of one piece of the value of `O AliasFile`.
  package enum Piece: Sendable {
    /// A file, or whatever else has aliases in it.
    case source(AliasFileSpecification)
    /// Nothing; sendmail says this and records exit status 70.
    case refused(ByteString)
  }

  /// Takes the value of an option apart as sendmail does that has just read it.
  ///
  /// - Parameters:
  ///   - value: The option's value.
  ///   - count: How many sources came before; the maps are named by their number.
  ///   - maps: The names, in lower case, of the maps that came before.
  ///   - line: The 1-based line of sendmail.cf.
  package static func pieces(
    of value: ByteString, after count: Int, maps: Set<ByteString> = [], line: Int
  ) -> [Piece] {
    var count = count
    return written(value, line: line).flatMap { piece -> [Piece] in
      if let refusal = piece.refusal(number: count) { return [.refused(refusal)] }
      if piece.mapClass == "ldap", !piece.arguments.isEmpty {
        let defects = LDAPArguments(piece.arguments).defects(map: "Alias\(count)")
        if !defects.isEmpty { return defects.map { .refused($0) } }
      }
      count += 1
      // Of members that are not known, too, sendmail makes a sequence.
      return piece.unknownMembers(maps, count).map { .refused($0) } + [.source(piece)]
    }
  }

  /// What sendmail says of the members of a sequence that no map before it has the name of, itself included.
  private func unknownMembers(_ maps: Set<ByteString>, _ count: Int) -> [ByteString] {
    guard mapClass == "sequence" else { return [] }
    let aliases = (0..<count).map { ByteString("alias\($0)") }
    return MapDeclaration.members(ofSequence: arguments)
      .filter { !maps.contains($0.folded) && !aliases.contains($0.folded) }
      .map { ByteString("Sequence map Alias\(count - 1): unknown member map ") + $0 }
  }

  /// The place of the map of a number among the others, in the order in which newaliases comes to them: that of a table of
  /// 2003 chains which sendmail spreads names over by shift and exclusive or.
  package static func rank(ofMap number: Int) -> Int {
    "alias\(number)".utf8.reduce(nameKind) { ($0 << 1 ^ Int($1)) % 2003 }
  }

  /// The kind of name, which is where its way through the table begins.
  private static let nameKind = 9

  private func refusal(number: Int) -> ByteString? {
    let known = Self.builtIn.contains(mapClass)
    if isClassGiven, !known {
      let isOther = Self.withoutAliases.contains(mapClass)
      return ByteString("setalias: ")
        + (isOther
          ? ByteString("map class ") + writtenClass + ByteString(" can't handle aliases")
          : ByteString("unknown alias class ") + writtenClass)
    }
    guard Self.withFile.contains(mapClass) else { return nil }
    if let flag = flags.list.first(where: { !Self.letters.contains($0.letter) }) {
      return ByteString("Illegal option ") + ByteString([flag.letter]) + ByteString(" map Alias\(number)")
    }
    return path.isEmpty ? ByteString("No file name for \(mapClass) map Alias\(number)") : nil
  }

  /// The letters that `map_parseargs` knows.
  private static let letters = Array("adfkmoqtvzADNOST".utf8)
  /// The classes of Debian's build that take aliases.
  private static let builtIn: Set<ByteString> = [
    "btree", "hash", "implicit", "ldap", "nis", "nisplus", "null", "program", "sequence", "socket", "stab", "switch",
    "text",
  ]
  /// Those of them that are made from a file.
  private static let withFile: Set<ByteString> = ["btree", "hash", "implicit", "stab", "text"]
  /// Its other classes.
  private static let withoutAliases: Set<ByteString> = [
    "arith", "bestmx", "dequote", "dns", "host", "macro", "regex", "syslog", "user", "userdb",
  ]
}
