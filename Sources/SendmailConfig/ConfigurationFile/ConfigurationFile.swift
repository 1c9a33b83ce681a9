/// sendmail.cf as text: the lines, and what is needed to find the tables: maps, options, classes, macros.
///
/// Reading never fails: a line that sendmail would refuse counts for nothing here either, and is named in ``diagnostics``
/// where that matters for the tables. What the host adds at run time (`$w`, `$j` without a `D` line, members of class w
/// from network interfaces) is not known here.
public struct ConfigurationFile: Sendable {
  /// The text.
  public let text: Text
  /// The logical lines, comments and empty lines included, in order.
  public let lines: [ConfigurationLine]
  /// The configuration level (`V` line); 0 without one.
  public let level: Int
  /// Every map declaration, in the order of the file; see ``map(named:)``.
  public private(set) var mapDeclarations: [MapDeclaration] = []
  /// Every option that is set, in the order of the file; see ``option(named:)``.
  public private(set) var options: [ConfigurationOption] = []
  /// Every file, program or map that fills a class, in the order of the file.
  public private(set) var classSources: [ClassSource] = []
  /// Every macro definition, in the order of the file; the last one of a name counts.
  public private(set) var macros: [MacroDefinition] = []
  /// The files of `O AliasFile`, in the order in which sendmail searches them.
  public private(set) var aliasFiles: [AliasFileSpecification] = []
  /// What sendmail refuses or takes otherwise than it looks, as far as maps, options and classes are concerned.
  public private(set) var diagnostics: [Diagnostic] = []

  private var words: [ByteString: ClassWords] = [:]

  /// Reads the bytes of a sendmail.cf.
  ///
  /// - Complexity: O(*n*) in bytes.
  public init(_ bytes: [UInt8]) {
    text = Text(bytes)
    (lines, level) = ConfigurationLine.lines(of: text)
    var defined = Macros()
    for line in lines {
      switch line.kind {
      case UInt8(ascii: "D"): define(line, &defined)
      case UInt8(ascii: "K"): declareMap(line, defined)
      case UInt8(ascii: "O"): setOption(line)
      case UInt8(ascii: "F"): addSource(line)
      case UInt8(ascii: "C"):
        if let (name, rest) = MacroName.read(line.body) {
          words[name, default: ClassWords()].add(rest, line: line.line, expandedBy: defined)
        }
      case UInt8(ascii: "T"): words["t", default: ClassWords()].add(line.body, line: line.line, expandedBy: nil)
      case ASCII.numberSign: checkComment(line)
      case 0: break
      default: checkKind(line)
      }
    }
    checkTrustedUser()
    diagnostics.sort { $0.line < $1.line }
  }

  /// The map of a name, the case of ASCII letters aside.
  ///
  /// Where a name is declared more than once, class, file and line are those of the last declaration, and the flags add up:
  /// sendmail forgets none of them.
  public func map(named name: ByteString) -> MapDeclaration? {
    var result: MapDeclaration?
    for declaration in mapDeclarations where declaration.name.folded == name.folded {
      let before = result
      result = declaration
      if let before {
        result?.flags.inherit(before.flags)
        result?.file = declaration.file ?? before.file
      }
    }
    return result
  }

  /// The option of a name as it was set last; for `AliasFile`, whose settings add up, see ``aliasFiles``.
  ///
  /// - Parameter name: The full name, in any case; a suboption behind a dot.
  public func option(named name: ByteString) -> ConfigurationOption? {
    let parts = name.folded.bytes.split(separator: 0x2E, maxSplits: 1, omittingEmptySubsequences: false)
    let suboption = parts.count > 1 ? ByteString(parts[1]) : nil
    return options.last { $0.name.folded.bytes.elementsEqual(parts[0]) && $0.suboption?.folded == suboption }
  }

  /// The user to whom maps are given (`O TrustedUser`): a name, or a number; nil where it is not set.
  public var trustedUser: ByteString? { option(named: "TrustedUser")?.value }

  /// The value of `O TrustedUser` as makemap finds it, which scans the physical lines on its own: no abbreviation, exactly
  /// one SP before the name, comments and blanks at the end are part of the value.
  public var trustedUserForMakemap: ByteString? {
    var result: ByteString?
    let head = Array("o trusteduser".utf8)
    for index in 0..<text.lineCount {
      let line = text.buffer[text.content(at: index)].prefix { $0 != ASCII.nul }
      guard line.first == UInt8(ascii: "O"), line.prefix(head.count).map(ASCII.lowercased) == head,
        let sign = line.firstIndex(of: 0x3D), ConfigurationFile.endsName(line.dropFirst(head.count).first)
      else { continue }
      result = ByteString(line[(sign + 1)...].drop(while: ASCII.isSpace))
    }
    return result
  }

  private static func endsName(_ byte: UInt8?) -> Bool {
    byte.map { !ASCII.isDigit($0) && ASCII.lowercased($0) &- 0x61 >= 26 } ?? true
  }

  /// Whether IPv6 addresses are written with `::` (`O UseCompressedIPv6Addresses`); nil where sendmail.cf does not say:
  /// then the build decides.
  public var usesCompressedIPv6Addresses: Bool? { option(named: "UseCompressedIPv6Addresses")?.isTrue }

  /// How deep aliases may refer to aliases (`O MaxAliasRecursion`); 10 where sendmail.cf does not say.
  public var maximumAliasRecursion: Int { option(named: "MaxAliasRecursion")?.number ?? 10 }

  /// The values of option DontBlameSendmail, in lower case; `safe` takes those before it back.
  package var notBlamed: Set<ByteString> {
    var words: Set<ByteString> = []
    for word in options.lazy.filter({ $0.name == "DontBlameSendmail" }).flatMap(\.words) {
      if word.folded == "safe" { words = [] } else { words.insert(word.folded) }
    }
    return words
  }

  /// The files, programs and maps that fill a class.
  ///
  /// - Parameter className: The name without braces; case counts.
  public func classSources(of className: ByteString) -> [ClassSource] {
    classSources.filter { $0.className == className }
  }

  /// The words that sendmail.cf itself puts into a class.
  ///
  /// - Parameter className: The name without braces; case counts.
  public func classWords(of className: ByteString) -> ClassWords { words[className] ?? ClassWords() }

  /// The value of a macro that sendmail.cf defines, the last definition; other macros in it stand as written.
  ///
  /// - Parameter name: The name without `$` and braces; case counts.
  public func macro(named name: ByteString) -> ByteString? { macros.last { $0.name == name }?.value }
}

extension ConfigurationFile {
  private mutating func define(_ line: ConfigurationLine, _ defined: inout Macros) {
    guard let (name, rest) = MacroName.read(line.body) else { return }
    let value = Macros.unquoted(rest)
    macros.append(MacroDefinition(name: name, value: value, line: line.line))
    defined.define(name, value)
  }

  private mutating func declareMap(_ line: ConfigurationLine, _ defined: Macros) {
    guard let map = MapDeclaration(line, defined) else {
      report(
        .configurationMap, .error, line, "the K line has no map name or no class: it declares nothing",
        "write K, a name of letters and digits, a blank and the class")
      return
    }
    guard MapDeclaration.classes.contains(map.mapClass) else {
      report(
        .configurationMap, .error, line, "there is no map class \(map.mapClass.escaped): the K line declares nothing",
        "write hash or btree")
      return
    }
    mapDeclarations.append(map)
    if map.file != nil, !map.unknownMacros.isEmpty {
      let names = map.unknownMacros.map { "$\($0.escaped)" }.joined(separator: ", ")
      report(
        .configurationMacro, .warning, line,
        "the value of \(names) is known to the running sendmail only: "
          + "the file of map \(map.name.escaped) cannot be told", "write the path out")
    }
  }

  private mutating func setOption(_ line: ConfigurationLine) {
    let option: ConfigurationOption
    do {
      option = try ConfigurationOption(line)
    } catch {
      let message: String
      switch error {
      case .noName: message = "the option has no name"
      case .blankBeforeName: message = "between O and the option's name is more than one blank, or a TAB"
      case .ambiguous(let name, let known): message = "\(name.escaped) may be \(known.joined(separator: " or "))"
      case .unknownLetter(let letter): message = "there is no option \(ByteString([letter]).escaped)"
      }
      report(
        .configurationOption, .error, line, "\(message): it is not set",
        "write O, one blank, the full name, =, the value")
      return
    }
    options.append(option)
    if option.name == "AliasFile" { addAliasFiles(option, line) }
  }

  private mutating func addAliasFiles(_ option: ConfigurationOption, _ line: ConfigurationLine) {
    let (files, malformed) = AliasFileSpecification.read(option.value, line: line.line)
    for piece in malformed {
      report(
        .configurationAliasFile, .error, line, "\"\(piece.escaped)\" names no alias file",
        "write CLASS:PATH or a path, with commas between files")
    }
    let room = AliasFileSpecification.maximumCount - aliasFiles.count
    aliasFiles += files.prefix(room)
    if files.count > room {
      report(
        .configurationAliasFile, .error, line,
        "sendmail takes \(AliasFileSpecification.maximumCount) alias files: \(files[room].path.escaped) and those behind it "
          + "are not used",
        "join files")
    }
  }

  private mutating func addSource(_ line: ConfigurationLine) {
    let source: ClassSource
    do {
      source = try ClassSource(line)
    } catch {
      let message =
        switch error {
        case .noName: "the F line names no class"
        case .noFile: "the F line names no file"
        case .unbalanced: "a quote or a backslash in the file's name has no end"
        }
      report(
        .configurationClassSource, .error, line, "\(message): the class is not filled",
        "write F, the class and the path")
      return
    }
    classSources.append(source)
    if source.kind == .file, source.path.bytes.contains(ASCII.tab) {
      report(
        .configurationClassSource, .warning, line,
        "the TAB is part of the file's name \"\(source.path.escaped)\"", "put a blank between name and format")
    }
    let format = source.format.text.bytes
    if source.format.defect != nil || (format.contains(0x5B) && !format.contains(0x5D)) {
      report(
        .configurationClassSource, .warning, line,
        "the format is \"\(source.format.text.escaped)\" when the line's comment and blanks are taken off",
        "write %s, or %[^\\#] for every word of a line: a # without a backslash begins a comment")
    }
  }

  private mutating func checkComment(_ line: ConfigurationLine) {
    guard line.lines.count > 1 else { return }
    for number in line.lines.dropFirst() {
      let content = text.buffer[text.content(at: number - 1)].drop(while: ASCII.isSpace)
      guard let first = content.first, first != ASCII.numberSign else { continue }
      diagnostics.append(
        Diagnostic(
          code: .configurationSwallowed, severity: .warning, line: number,
          message: "the line begins with a blank, so it continues the comment in line \(line.line)",
          remedy: "begin it in column 1, or with #"))
      return
    }
  }

  private mutating func checkKind(_ line: ConfigurationLine) {
    guard !"RSHMPQVEXLG".utf8.contains(line.kind) else { return }
    let isBlank = ASCII.isSpace(line.kind)
    report(
      .configurationLine, .error, line,
      isBlank
        ? "the line begins with a blank and has none to continue: sendmail refuses it"
        : "sendmail knows no lines that begin with \(ByteString([line.kind]).escaped)",
      isBlank ? "begin it in column 1" : "write # before it")
  }

  private mutating func checkTrustedUser() {
    guard let option = option(named: "TrustedUser"), let seen = trustedUserForMakemap, seen != option.value else {
      return
    }
    diagnostics.append(
      Diagnostic(
        code: .configurationTrustedUser, severity: .warning, line: option.line,
        message: "sendmail reads the user \"\(option.value.escaped)\", and makemap \"\(seen.escaped)\"",
        remedy: "write one line O TrustedUser=NAME with nothing behind the name"))
  }

  private mutating func report(
    _ code: Diagnostic.Code, _ severity: Diagnostic.Severity, _ line: ConfigurationLine, _ message: String,
    _ remedy: String
  ) {
    diagnostics.append(
      Diagnostic(code: code, severity: severity, line: line.line, message: message, remedy: remedy))
  }
}

extension Diagnostic.Code {
  /// A line of a kind that sendmail does not know.
  public static let configurationLine = Diagnostic.Code(rawValue: "cf.unknown-line")
  /// A line that continues a comment.
  public static let configurationSwallowed = Diagnostic.Code(rawValue: "cf.continued-comment")
  /// A `K` line that declares nothing.
  public static let configurationMap = Diagnostic.Code(rawValue: "cf.map")
  /// A macro that is known at run time only.
  public static let configurationMacro = Diagnostic.Code(rawValue: "cf.unknown-macro")
  /// An `O` line that sets nothing.
  public static let configurationOption = Diagnostic.Code(rawValue: "cf.option")
  /// An `AliasFile` value with a piece that names no file, or with too many.
  public static let configurationAliasFile = Diagnostic.Code(rawValue: "cf.alias-file")
  /// An `F` line that fills nothing, or reads another file or by another format than it looks.
  public static let configurationClassSource = Diagnostic.Code(rawValue: "cf.class-source")
  /// A `TrustedUser` that sendmail and makemap read differently.
  public static let configurationTrustedUser = Diagnostic.Code(rawValue: "cf.trusted-user")
}
