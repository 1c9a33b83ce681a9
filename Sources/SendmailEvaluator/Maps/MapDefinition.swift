public import SendmailConfig

/// A map as rules use it: what its `K` line declares, made ready for look-ups.
public struct MapDefinition: Sendable, Equatable {
  /// The classes, as far as they are told apart here.
  public enum Kind: Sendable, Equatable {
    /// A table of keys and values: `hash`, `btree`, `dbm`, `cdb`, `implicit`, `text`, `stab`.
    case table
    /// Computes: `$(arith + $@ 1 $@ 2 $)`.
    case arith
    /// Sets a macro: `$(macro {name} $@ value $)`.
    case macro
    /// Takes quotes off.
    case dequote
    /// Never finds anything.
    case null
    /// Asks one map after another.
    case sequence
    /// Asks one map after another, as the service switch names them.
    case serviceSwitch
    /// Matches the key with a regular expression.
    case regex
    /// Makes a host name canonical.
    case host
    /// Asks the domain name system for a record.
    case dns
    /// Asks for the mail exchangers of a host.
    case bestMX
    /// Looks an account up.
    case user
    /// A class that is not evaluated here: `ldap`, `nis`, `socket`, `program` and their like.
    case other
  }

  /// The declaration: name, class, flags, file, line.
  public var declaration: MapDeclaration
  /// The class.
  public var kind: Kind
  /// The names of the maps that a sequence asks, in lower case.
  public var members: [ByteString] = []
  /// The byte that stands for a blank between two atoms of a key; 0 for that of `O BlankSub`.
  var blank: UInt8 = 0
  /// The compiled expression of a regex map; nil where it cannot be compiled.
  var expression: RegularExpression?
  /// What a dequote map puts in place of a blank (`-s`); nil where it leaves a text with blanks alone.
  var dequotedBlank: UInt8?
  /// The type of record that a dns map asks for, such as `MX`.
  var recordType: ByteString = ""
  /// What a dns map adds to each name (`-B`), a dot in front.
  var recordDomain: ByteString = ""
  /// The column of passwd(5) that a user map gives.
  var accountColumn = AccountEntry.Column.name
  /// Whether sendmail cannot open it, whatever lies in its file's place.
  var cannotOpen = false

  /// The name as written.
  public var name: ByteString { declaration.name }
  var flags: MapFlags { declaration.flags }

  /// Makes a map of its declaration.
  ///
  /// - Returns: The map, and what sendmail says about it.
  static func make(
    _ declaration: MapDeclaration, earlier: MapDefinition?, names: [ByteString: Int], blank: UInt8
  ) -> (map: MapDefinition, messages: [ByteString]) {
    var declaration = declaration
    if let earlier, earlier.declaration.mapClass == declaration.mapClass {
      declaration.flags.inherit(earlier.flags)
      declaration.file = declaration.file ?? earlier.declaration.file
    }
    var map = MapDefinition(declaration: declaration, kind: kind(of: declaration.mapClass))
    var messages: [ByteString] = []
    // These take the option as it is at that place of the file, and the others as it is in the end.
    switch map.kind {
    case .table, .bestMX, .user: map.blank = blank
    default: break
    }
    if let space = declaration.flags.list.last(where: { $0.letter == UInt8(ascii: "S") })?.argument.bytes.first {
      map.blank = space
    }
    if map.kind == .table {
      for flag in declaration.flags.list where !"NOofmAaTtkvzSqDLrd".utf8.contains(flag.letter) {
        messages.append("Illegal option \(ByteString([flag.letter])) map \(declaration.name)")
      }
    }
    switch map.kind {
    case .table where !["stab", "implicit"].contains(declaration.mapClass) && declaration.file == nil:
      messages.append("No file name for \(declaration.mapClass) map \(declaration.name)")
    case .sequence:
      for member in MapDeclaration.members(ofSequence: declaration.arguments) {
        if names[member.folded] == nil {
          messages.append("Sequence map \(declaration.name): unknown member map \(member)")
        } else {
          map.members.append(member.folded)
        }
      }
    case .dequote:
      let words = declaration.arguments.bytes.split(whereSeparator: ASCII.isSpace)
      map.dequotedBlank = words.first { $0.starts(with: "-s".utf8) }?.dropFirst(2).first
      map.blank = map.dequotedBlank ?? 0
    case .regex:
      let (expression, defect) = RegularExpression.read(declaration.arguments, map: declaration.name)
      map.expression = expression
      if let defect { messages.append(defect) }
    case .dns: messages += map.readRecordType()
    case .table where declaration.mapClass == "text": messages += map.readColumns()
    case .user:
      if let name = declaration.flags.valueColumn {
        if let column = AccountEntry.Column(named: name) {
          map.accountColumn = column
        } else {
          messages.append("map \(declaration.name): unknown column name \(name)")
          map.cannotOpen = true
        }
      }
    default: break
    }
    return (map, messages)
  }

  /// Takes the type of a dns map's records (`-R TYPE`) from its arguments; what is wrong with it.
  private mutating func readRecordType() -> [ByteString] {
    let words = declaration.arguments.bytes.split(whereSeparator: ASCII.isSpace)
    if let place = words.lastIndex(where: { $0.starts(with: "-R".utf8) }) {
      let word = words[place].count > 2 ? words[place].dropFirst(2) : place + 1 < words.count ? words[place + 1] : []
      recordType = ByteString(word)
    }
    if let domain = words.last(where: { $0.starts(with: "-B".utf8) })?.dropFirst(2), !domain.isEmpty {
      recordDomain = ByteString([0x2E] + domain)
    }
    let isKnown = MapDefinition.recordTypes.contains(recordType.description.uppercased())
    guard !isKnown else { return [] }
    let missing: ByteString = "dns map \(name): missing -R type"
    defer { recordType = "" }
    return recordType.isEmpty ? [missing] : ["dns map \(name): wrong type \(recordType)", missing]
  }

  /// The types that `-R` takes.
  private static let recordTypes: Set<String> = [
    "A", "AAAA", "AFSDB", "CNAME", "MX", "NS", "PTR", "SRV", "TLSA", "TXT",
  ]

  /// Looks at the columns of a text map; why sendmail cannot open it.
  private mutating func readColumns() -> [ByteString] {
    var message: ByteString?
    if let file = declaration.file, file.bytes.first != 0x2F {
      message = "text map \"\(name)\": file name must be fully qualified"
    } else {
      for (letter, value) in [("k", declaration.flags.keyColumn), ("v", declaration.flags.valueColumn)] {
        guard let value, TextMapFile.column(value) == nil, message == nil else { continue }
        message =
          "text map \"\(name)\", file \(declaration.file ?? ""): -\(letter) should specify a number, not \(value)"
      }
    }
    cannotOpen = message != nil
    return message.map { [$0] } ?? []
  }

  private static func kind(of mapClass: ByteString) -> Kind {
    switch mapClass.description {
    case "hash", "btree", "dbm", "cdb", "implicit", "text", "stab": .table
    case "arith": .arith
    case "macro": .macro
    case "dequote": .dequote
    case "null": .null
    case "sequence": .sequence
    case "switch": .serviceSwitch
    case "regex": .regex
    case "host": .host
    case "dns": .dns
    case "bestmx": .bestMX
    case "user": .user
    default: .other
    }
  }

  /// The map that `$[ name $]` asks where sendmail.cf declares none of that name.
  static let host: MapDefinition = {
    // The line is one that can be read.
    let declaration = MapDeclaration(expanded: Array("host host".utf8)[...], line: 0)
    guard let declaration else { preconditionFailure("the declaration of the host map cannot be read") }
    return MapDefinition(declaration: declaration, kind: .host)
  }()
}
