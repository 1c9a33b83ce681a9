internal import Glibc
internal import SendmailConfig
internal import SendmailEvaluator
internal import SystemSupport

/// What newaliases needs to know of a site: sendmail.cf and the class files, read as sendmail reads them when it starts.
struct AliasSite {
  /// The path of sendmail.cf.
  let path: String
  /// The files of option AliasFile.
  private(set) var sources: [AliasFileSpecification] = []
  /// Which files are trusted.
  private(set) var safety = AliasFileSafety()
  /// The names under which this host takes mail.
  private(set) var hosts = LocalHosts()
  /// Option CheckAliases.
  private(set) var checksValues = false
  /// The first error's exit status.
  private(set) var status: Int32 = 0

  /// The rule sets of the site as judges of alias names; nil where nothing is to be built.
  private(set) var rules: SiteAddressRules?

  let options: [ConfigurationOption]
  private let givenMachine: MachineNames?
  private var probe = MachineNames.Probe.addressesAndNames
  private var sticky: Set<ByteString> = []
  private var queueDirectory: ByteString?
  private var hasLocalMailer = false
  /// Option RunAsUser.
  private(set) var runAs = RunAsUser()
  /// Whether option OperatorChars has its value: it was set, or a rule was read.
  private var hasOperators = false
  /// The names of the maps that were declared, in lower case.
  private var maps: Set<ByteString> = []
  /// The texts of class files that were read already, by their paths.
  private(set) var classTexts: [ByteString: [UInt8]] = [:]
  private var trustedUsers: Set<[UInt8]> = []

  init(path: String, options: [ConfigurationOption], machine: MachineNames?) {
    self.path = path
    self.options = options
    givenMachine = machine
  }

  /// Reads the command line's options and sendmail.cf.
  ///
  /// - Returns: Whether sendmail.cf could be read.
  mutating func read(_ say: ([UInt8]) -> Void, remark: ([UInt8]) -> Void) -> Bool {
    for option in options { set(option, prefix: [], say) }
    guard status == 0 else { return false }
    sticky = Set(options.map(\.name))
    let bytes: [UInt8]
    do throws(SystemError) {
      let contents = try FileContents(path)
      if contents.status.mode & 0o022 != 0 {
        remark(path.pathBytes + Array(": WARNING: dangerous write permissions".utf8))
      }
      bytes = contents.bytes
    } catch {
      let isOdd: Bool
      if case .notRegular = error.problem { isOdd = true } else { isOdd = error.errno == EISDIR }
      let reason = unsafe isOdd ? "not a plain file" : "cannot open: " + String(cString: strerror(error.errno))
      fail(path.pathBytes + Array(": line 0: \(reason)".utf8), 72, say)
      return false
    }
    let configuration = ConfigurationFile(bytes)
    for line in configuration.lines { read(line, say) }
    for word in configuration.classWords(of: "t").words { trustedUsers.insert(word.word.bytes) }
    if status == 0, !mayRebuild { fail(Array("Permission denied (real uid not trusted)".utf8), 64, say) }
    if status == 0 { take(compiled(bytes)) }
    return true
  }

  private mutating func fail(_ words: [UInt8], _ code: Int32, _ say: ([UInt8]) -> Void) {
    say(words)
    if status == 0 { status = code }
  }

  private mutating func read(_ line: ConfigurationLine, _ say: ([UInt8]) -> Void) {
    let prefix = path.pathBytes + Array(": line \(line.lines.upperBound - 1): ".utf8)
    switch line.kind {
    case UInt8(ascii: "O"):
      let setting = OptionSetting(line)
      if let message = setting.message {
        say(prefix + message.bytes)
        if setting.isError, status == 0 { status = 70 }
      }
      if let option = setting.option { set(option, prefix: prefix, say) }
    case UInt8(ascii: "R"): hasOperators = true
    case UInt8(ascii: "F"):
      switch ClassSource.reading(line) {
      case .refused(let message): fail(prefix + message.bytes, 70, say)
      case .source(let source): fill(source, prefix, say)
      }
    case UInt8(ascii: "K"):
      if let map = MapDeclaration(expanded: line.body[...], line: line.line) { maps.insert(map.name.folded) }
    case UInt8(ascii: "M"):
      if ByteString(line.body.prefix { $0 != ASCII.comma && !ASCII.isSpace($0) }).folded == "local" {
        hasLocalMailer = true
      }
    default: break
    }
  }

  private mutating func set(_ option: ConfigurationOption, prefix: [UInt8], _ say: ([UInt8]) -> Void) {
    if sticky.contains(option.name), option.name != "DontBlameSendmail" { return }
    switch option.name {
    case "AliasFile":
      let pieces = AliasFileSpecification.pieces(
        of: option.value, after: sources.count, maps: maps, line: option.line)
      for piece in pieces {
        switch piece {
        case .source(let source): sources.append(source)
        case .refused(let message): fail(prefix + message.bytes, 70, say)
        }
      }
    case "CheckAliases": checksValues = option.isTrue
    case "DontProbeInterfaces": probe = MachineNames.Probe(option)
    case "OperatorChars":
      if hasOperators {
        say(Array("Warning: OperatorChars is being redefined.".utf8))
        say(Array("         It should only be set before ruleset definitions.".utf8))
      }
      hasOperators = true
    case "QueueDirectory": queueDirectory = option.value.isEmpty ? "mqueue" : option.value
    case "RunAsUser":
      do throws(RunAsUser.Unknown) {
        try runAs.set(option.value.bytes)
      } catch {
        fail(
          prefix + Array("readcf: option RunAsUser: unknown \(error.kind.rawValue) ".utf8) + error.name, 70, say)
      }
    case "TrustedUser":
      if let user = Account.user(ofOption: option.value.bytes) {
        safety.trustedUser = user
      } else {
        fail(
          prefix + Array("readcf: option TrustedUser: unknown user ".utf8) + option.value.bytes, 70, say)
      }
    case "DontBlameSendmail":
      for word in option.words {
        if word.folded == "safe" {
          safety.leniency = []
        } else if let leniency = AliasSite.leniencies[word.folded] {
          safety.leniency.formUnion(leniency)
        } else {
          fail(
            prefix + Array("readcf: DontBlameSendmail option: ".utf8) + word.bytes + Array(" unrecognized".utf8), 70,
            say)
        }
      }
    default: break
    }
  }

  // MARK: Classes

  private mutating func fill(_ source: ClassSource, _ prefix: [UInt8], _ say: ([UInt8]) -> Void) {
    guard source.kind == .file else { return }
    let file = String(path: source.path.bytes)
    do throws(AliasFileSafety.Refusal) {
      try safety.checkClass(file)
      guard source.className == "w" || source.className == "t" else { return }
      let contents = try AliasFileSafety.contents(file)
      classTexts[source.path] = contents.bytes
      guard source.className == "t" else { return }
      for member in ClassFile(contents.bytes, format: source.format).members {
        trustedUsers.insert(member.word.bytes)
      }
    } catch {
      if source.isOptional { return }
      fail(
        prefix + Array("fileclass: cannot open '".utf8) + source.path.bytes + Array("': \(error.reason)".utf8), 71, say)
    }
  }

  /// The names of this machine.
  var machine: MachineNames { givenMachine ?? MachineNames(probe: probe) }

  private mutating func take(_ configuration: Configuration) {
    hosts = LocalHosts(
      exactly: configuration.members(ofClass: "w").map(\.bytes), fullName: configuration.macro("j")?.bytes ?? [])
    rules = SiteAddressRules(configuration, lookups(configuration))
  }

  /// Whether this user may rebuild aliases: root, the TrustedUser and the members of class t.
  private var mayRebuild: Bool {
    let user = getuid()
    if user == 0 || user == safety.trustedUser { return true }
    return Account(user: user).map { trustedUsers.contains(Array($0.name.utf8)) } ?? false
  }

  // MARK: What was found

  /// Who is to own the maps; nil for whoever owns them.
  var mapOwner: UInt32? { geteuid() == 0 && safety.trustedUser != 0 ? safety.trustedUser : nil }

  /// The sources in the order in which newaliases builds them, each with its number.
  var sourcesInOrder: [(AliasFileSpecification, Int)] {
    sources.enumerated().map { ($1, $0) }
      .sorted { (AliasFileSpecification.rank(ofMap: $0.1), $0.1) < (AliasFileSpecification.rank(ofMap: $1.1), $1.1) }
  }

  /// What sendmail does not start without.
  var unmetNeeds: [String] {
    var result: [String] = []
    if !hasLocalMailer { result.append("No local mailer defined") }
    if queueDirectory?.isEmpty ?? true { result.append("QueueDirectory (Q) option must be set") }
    return result
  }

  /// What sendmail says of a queue directory that it cannot enter.
  var queueDirectoryFailure: [[UInt8]] {
    guard let queue else { return [] }
    do throws(SystemError) {
      _ = try Directory(String(path: queue))
      return []
    } catch {
      let reason = unsafe String(cString: strerror(error.errno))
      let failure = Array("can not chdir(".utf8) + queue + Array("): \(reason)".utf8)
      guard error.errno == EACCES else { return [failure] }
      return [failure, Array("Program mode requires special privileges, e.g., root or TrustedUser.".utf8)]
    }
  }

  /// The queue directory with its final slash; of a group of directories, the one above them.
  private var queue: [UInt8]? {
    guard var bytes = queueDirectory?.bytes, !bytes.isEmpty else { return nil }
    if bytes.last == 0x2A { while let last = bytes.last, last != 0x2F { bytes.removeLast() } }
    return bytes.last == 0x2F ? bytes : bytes + [0x2F]
  }

  /// Where a file of option AliasFile is: sendmail works in its queue directory.
  func path(of file: ByteString) -> String {
    String(path: file.bytes.first == 0x2F ? file.bytes : (queue ?? []) + file.bytes)
  }

  /// The words of option DontBlameSendmail.
  static let leniencies: [ByteString: AliasFileSafety.Leniency] = [
    "truststickybit": .trustStickyBit, "groupwritabledirpathsafe": .groupWritableDirectory,
    "groupwritablealiasfile": .groupWritableAliases, "worldwritablealiasfile": .worldWritableAliases,
    "linkedaliasfileinwritabledir": .linkedAliases, "mapinunsafedirpath": .mapInUnsafeDirectory,
    "writemaptosymlink": .mapThroughSymbolicLink, "writemaptohardlink": .mapThroughHardLink,
    "classfileinunsafedirpath": .classInUnsafeDirectory, "linkedclassfileinwritabledir": .linkedClass,
    "linkedmapinwritabledir": .linkedMap, "assumesafechown": [], "dontwarnforwardfileinunsafedirpath": [],
    "errorheaderinunsafedirpath": [], "filedeliverytohardlink": [], "filedeliverytosymlink": [],
    "forwardfileingroupwritabledirpath": [], "forwardfileinunsafedirpath": [], "forwardfileinunsafedirpathsafe": [],
    "groupreadabledefaultauthinfofile": [], "groupreadablekeyfile": [], "groupreadablesasldbfile": [],
    "groupwritableforwardfile": [], "groupwritableforwardfilesafe": [], "groupwritableincludefile": [],
    "groupwritableincludefilesafe": [], "groupwritablesasldbfile": [], "helpfileinunsafedirpath": [],
    "includefileingroupwritabledirpath": [], "includefileinunsafedirpath": [], "includefileinunsafedirpathsafe": [],
    "insufficiententropy": [], "linkedforwardfileinwritabledir": [], "linkedincludefileinwritabledir": [],
    "linkedserviceswitchfileinwritabledir": [], "nonrootsafeaddr": [], "runprograminunsafedirpath": [],
    "runwritableprogram": [], "worldwritableforwardfile": [], "worldwritableincludefile": [],
    "writestatstohardlink": [], "writestatstosymlink": [],
  ]
}
