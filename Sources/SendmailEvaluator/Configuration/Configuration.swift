public import SendmailConfig

/// A sendmail.cf, read and compiled: what an evaluation runs.
///
/// A value of this type never changes and may be used from many tasks at once.
public struct Configuration: Sendable {
  let compiled: CompiledConfiguration

  /// Reads the bytes of a sendmail.cf.
  ///
  /// Reading never fails: a line that sendmail refuses is named in ``diagnostics`` and has the effect that it has for
  /// sendmail itself, which is mostly none.
  ///
  /// - Parameters:
  ///   - bytes: The text.
  ///   - host: What sendmail finds out about its machine when it starts.
  ///   - files: Gives the contents of the files, programs and maps that fill classes (`F` lines).
  /// - Complexity: O(*n*) in bytes of the text and of what `files` gives.
  public init(
    _ bytes: [UInt8], host: HostFacts = HostFacts(), files: (ClassSource) -> ClassContents = { _ in .unknown }
  ) {
    compiled = ConfigurationReader.read(bytes, host: host, files: files)
  }

  /// What sendmail says about lines of the file, in their order; the messages are its own words.
  public var diagnostics: [Diagnostic] { compiled.diagnostics }
  /// The configuration level (`V` line); 0 without one.
  public var level: Int { compiled.level }
  /// The options that are set, in the order of the file.
  public var options: [ConfigurationOption] { compiled.options }
  /// The mailers: sendmail's own, then those of the file.
  public var mailers: [Mailer] { compiled.mailers }
  /// The maps that `K` lines declare, in the order of the file.
  public var maps: [MapDefinition] { compiled.maps }
  /// The headers (`H` lines), in the order of the file.
  public var headers: [HeaderLine] { compiled.headers }
  /// The values of `Precedence:` headers (`P` lines).
  public var precedences: [ByteString: Int] { compiled.precedences }
  /// The queue groups (`Q` lines), in the order of the file.
  public var queueGroups: [EquatesLine] { compiled.queueGroups }
  /// The mail filters (`X` lines), in the order of the file.
  public var filters: [EquatesLine] { compiled.filters }
  /// The variables that programs get (`E` lines): `NAME=value`, or `NAME` as sendmail's own.
  public var environment: [ByteString] { compiled.environment }
  /// The files, programs and maps that classes were to be filled from and whose contents are not known.
  public var unknownClassSources: [ClassSource] { compiled.unknownClassSources }

  /// The value of a macro once it is expanded; nil where it has none.
  ///
  /// - Parameter name: The name without `$` and braces; case counts.
  public func macro(_ name: ByteString) -> ByteString? {
    guard let number = compiled.names.find(name), let value = compiled.macros[number] else { return nil }
    return ByteString(compiled.macros.expand(value[...]).text)
  }

  /// The members of a class, each once, in the order in which they came.
  ///
  /// - Parameter name: The name without braces; case counts.
  public func members(ofClass name: ByteString) -> [ByteString] {
    guard let number = compiled.names.find(name) else { return [] }
    let words = compiled.classes[Int(number)].words
    return (0..<words.count).map { ByteString(words[$0]) }
  }

  /// The names of the rule sets that have rules, or their numbers where they have no names.
  public var ruleSetNames: [ByteString] {
    compiled.ruleSets.filter { !$0.rules.isEmpty }.map(\.name)
  }

  /// The lines of the file's rules, in their order within each rule set.
  ///
  /// - Parameter name: A name or a number.
  public func ruleLines(of name: ByteString) -> [Int] {
    guard let number = compiled.ruleSetNumber(name.bytes) else { return [] }
    return compiled.ruleSets[number].rules.map { compiled.rules[$0].line }
  }
}

/// What sendmail finds out about its machine when it starts.
public struct HostFacts: Sendable, Equatable {
  /// The full name (`$j` where sendmail.cf sets none), such as `mx.example.org`.
  public var name: ByteString
  /// The host name (`$k`), such as `mx`.
  public var nodeName: ByteString
  /// Other names and bracketed addresses that go into class `w`.
  public var otherNames: [ByteString]
  /// What option `DontProbeInterfaces` lets sendmail find of its interfaces: addresses in brackets, and names, which go into
  /// class `w` with and without brackets unless sendmail.cf has put them there.
  public var interfaceNames: [ByteString]
  /// What sendmail was started for (`${opMode}`): `d` for the daemon, `t` for address-test mode.
  public var operationMode: ByteString

  /// Makes facts.
  ///
  /// - Parameters:
  ///   - name: The full name.
  ///   - nodeName: The host name; nil where it is the full name.
  ///   - otherNames: Other names for class `w`.
  ///   - interfaceNames: The addresses, in brackets, and names of interfaces.
  ///   - operationMode: What sendmail was started for.
  public init(
    name: ByteString = "localhost.localdomain", nodeName: ByteString? = nil, otherNames: [ByteString] = [],
    interfaceNames: [ByteString] = [], operationMode: ByteString = "d"
  ) {
    self.name = name
    self.nodeName = nodeName ?? name
    self.otherNames = otherNames
    self.interfaceNames = interfaceNames
    self.operationMode = operationMode
  }

  var shortName: ByteString { ByteString(name.bytes.prefix { $0 != 0x2E }) }
  var domain: ByteString? {
    name.bytes.firstIndex(of: 0x2E).map { ByteString(name.bytes[($0 + 1)...]) }
  }
}

/// What a file that fills a class holds.
public enum ClassContents: Sendable {
  /// These bytes.
  case text([UInt8])
  /// There is no such file, or sendmail refuses to read it; the reason as sendmail gives it.
  case missing(reason: String)
  /// Nobody knows: a program, a map, or a file that was not looked at.
  case unknown
}
