public import SendmailChecks
internal import SendmailConfig
internal import SendmailEvaluator
internal import SendmailMaps
internal import SystemSupport

extension MailDirectory {
  /// What is checked, and what is known of the machine.
  public struct CheckOptions: Sendable {
    /// The tables whose findings are wanted; nil for all, and what sendmail.cf names besides.
    public var tables: Set<MailTable>?
    /// Whether sendmail runs on another machine: accounts, included lists, programs, modes and owners are then not looked at.
    ///
    /// A directory with a sendmail.cf that was written for another one is on another machine anyway.
    public var isElsewhere: Bool
    /// How many findings of one check in one file are listed; the others are counted.
    public var limit: Int

    /// Makes options.
    public init(tables: Set<MailTable>? = nil, isElsewhere: Bool = false, limit: Int = 1000) {
      self.tables = tables
      self.isElsewhere = isElsewhere
      self.limit = limit
    }
  }

  /// Looks at tables, maps, modes and sendmail.cf, and says what is wrong with them.
  ///
  /// - Throws: ``MailDirectoryError`` where a table that was asked for is not there, or one cannot be read.
  public func check(_ options: CheckOptions = CheckOptions()) throws(MailDirectoryError) -> CheckReport {
    let present = try checkedTables(options)
    let opened = try open(present, mayBeMissing: false)
    return run(checkInput(opened.tables, present, options), present, options)
  }

  /// Makes the changes that findings of ``check(_:)`` propose, all or nothing, and says what is left.
  ///
  /// A fix that would make a key which is there already is left to a person.
  ///
  /// - Parameters:
  ///   - options: What is checked.
  ///   - changeOptions: How the change is made; maps that are merely older are not built.
  /// - Returns: What was changed, and the findings that are left.
  /// - Throws: ``MailDirectoryError``; nothing has changed then.
  public func fix(
    _ options: CheckOptions = CheckOptions(), changeOptions: Options = Options()
  ) throws -> (change: MailChange, report: CheckReport) {
    let present = try checkedTables(options)
    var changeOptions = changeOptions
    changeOptions.buildsOlderMaps = false
    var left: CheckReport?
    var change = try change(reason: "check --fix", to: present, options: changeOptions) { tables in
      // One fix may make room for another.
      for _ in 0..<MailDirectory.fixRounds {
        let report = self.run(self.checkInput(tables, present, options), present, options)
        left = report
        guard tables.apply(report.findings, at: { self.path(of: $0) }, among: present) else { break }
      }
      left = self.run(self.checkInput(tables, present, options), present, options)
    }
    // What is left is told as findings of checks.
    change.findings = []
    // The change is made: that something cannot be read again is no failure of it.
    let report = changeOptions.isDryRun ? nil : try? check(options)
    return (change, report ?? left ?? CheckReport())
  }

  private static let fixRounds = 8

  /// The tables to be read.
  private func checkedTables(_ options: CheckOptions) throws(MailDirectoryError) -> Set<MailTable> {
    let present = Set(try presentTables)
    for table in options.tables ?? [] where !present.contains(table) {
      _ = try locations.location(of: table)
      throw MailDirectoryError(.missing, "\(path(of: table)): there is no such file; mailcfg init makes empty tables")
    }
    if present.isEmpty, configurationPath == nil, try tablesWithMaps.isEmpty {
      throw noTables()
    }
    return present
  }

  private func run(_ input: CheckInput, _ present: Set<MailTable>, _ options: CheckOptions) -> CheckReport {
    let checker = Checker(limit: options.limit)
    var report = checker.run(input, only: options.tables.map { Set($0.map { path(of: $0) }) })
    // Only the tables that there are commands for are changed.
    let mended = Set(present.map { path(of: $0) })
    for index in report.findings.indices where !mended.contains(report.findings[index].path) {
      report.findings[index].fix = nil
    }
    return report
  }

  /// Everything that checks want to know.
  private func checkInput(
    _ tables: MailTables, _ present: Set<MailTable>, _ options: CheckOptions
  ) -> CheckInput {
    let isElsewhere = options.isElsewhere || locations.home != nil
    var input = CheckInput(machine: isElsewhere ? Machine() : .this)
    if let configuration = locations.configuration, let path = configurationPath {
      input.configuration = CheckedText(path: path, content: configuration)
      // Of single tables nobody wants to know it.
      if options.tables == nil { input.startMessages = startMessages(configuration) }
    }
    if present.contains(.access) { input.access = CheckedText(path: path(of: .access), content: tables.access) }
    if present.contains(.virtmap) {
      input.virtualUsers = CheckedText(path: path(of: .virtmap), content: tables.virtualUsers)
    }
    if present.contains(.alias) { input.aliases = CheckedText(path: path(of: .alias), content: tables.aliases) }
    input.mailers = otherTable("mailertable", map: "mailertable")
    input.generics = otherTable("genericstable", map: "generics")
    input.classes = classFiles(tables, present)
    // Without a class file or sendmail.cf nobody knows which names are this host's.
    if present.contains(.host) || locations.configuration != nil {
      // The aliases were read with them.
      input.hostNames = present.contains(.alias) ? tables.aliases.hosts.names : locations.hostNames
    }
    for table in MailTable.allCases {
      if let state = mapState(table, tables, present) { input.maps.append(state) }
    }
    input.userDatabases = userDatabases()
    if !isElsewhere {
      input.trustedUser = locations.trustedUser
      if let configuration = locations.configuration {
        let names = MachineNames(configuration)
        input.unqualifiedHost = names.lacksDomain ? names.node : nil
      }
      input.files = fileStates(present, input)
    }
    return input
  }

  /// What sendmail says of sendmail.cf when it starts.
  private func startMessages(_ configuration: ConfigurationFile) -> [Diagnostic] {
    var messages = locations.compiled(configuration).diagnostics
    for option in configuration.options where option.name == "DontBlameSendmail" {
      for word in option.words where word.folded != "safe" && AliasSite.leniencies[word.folded] == nil {
        messages.append(
          Diagnostic(
            code: .configurationOption, severity: .error, line: option.line,
            message: "readcf: DontBlameSendmail option: \(word.escaped) unrecognized",
            remedy: "take the word out: sendmail does not start with it"))
      }
    }
    return messages
  }

  /// A table that mailcfg has no commands for, where it can be found.
  private func otherTable(_ name: String, map: ByteString) -> CheckedText<Table>? {
    var path = "\(locations.directory)/\(name)"
    if let configuration = locations.configuration {
      guard let map = configuration.map(named: map), MapType(makemapName: map.mapClass.description) != nil,
        let file = map.file, let place = try? locations.rebased(file.description)
      else { return nil }
      path = place.hasSuffix(".db") ? String(place.dropLast(3)) : place
    }
    guard let contents = try? FileContents(path) else { return nil }
    return CheckedText(path: path, content: Table(contents.bytes))
  }

  /// The user databases in files: sendmail.cf names several with commas between, and other kinds among them.
  private func userDatabases() -> [UserDatabaseState] {
    guard let option = locations.configuration?.option(named: "UserDatabaseSpec") else { return [] }
    return option.value.description.split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\t" }).compactMap { word in
      guard word.hasPrefix("/"), let place = try? locations.rebased(String(word)) else { return nil }
      let path = TableLocation.mapPath(place)
      guard locations.mayBeThere(path) else { return nil }
      var isBtree: Bool? = true
      do throws(MapError) {
        _ = try MapReader(path: path, type: .btree, foldsCase: true, verifies: false)
      } catch { isBtree = error.isPermission || error.isMissing || error.isInputOutput ? nil : false }
      return UserDatabaseState(path: path, isBtree: isBtree, configurationLine: option.line)
    }
  }

  /// The class files: that of the names of this host, and those of other classes that can be found.
  private func classFiles(_ tables: MailTables, _ present: Set<MailTable>) -> [CheckedText<CheckedClassFile>] {
    var result: [CheckedText<CheckedClassFile>] = []
    var paths: Set<String> = []
    func add(_ path: String, _ className: ByteString, _ file: ClassFile) {
      guard paths.insert(path).inserted else { return }
      result.append(CheckedText(path: path, content: CheckedClassFile(className: className, file: file)))
    }
    if present.contains(.host) { add(path(of: .host), "w", tables.hosts) }
    for source in classSources() {
      guard let contents = try? FileContents(source.path) else { continue }
      let purpose: ClassFile.Purpose =
        switch source.className.description {
        case "w", "VirtHost": .localHosts
        case "R": .relayDomains
        default: .words
        }
      add(source.path, source.className, ClassFile(contents.bytes, format: source.format, purpose: purpose))
    }
    return result
  }

  /// Where classes are filled from: by sendmail.cf, or by the usual name.
  private func classSources() -> [(
    className: ByteString, path: String, format: ClassFileFormat, isOptional: Bool, line: Int?
  )] {
    guard let configuration = locations.configuration else {
      return [("R", "\(locations.directory)/relay-domains", .firstWord, true, nil)]
    }
    return configuration.classSources.filter { $0.kind == .file }.compactMap { source in
      guard let path = try? locations.rebased(source.path.description) else { return nil }
      return (source.className, path, source.format, source.isOptional, source.line)
    }
  }
}

extension MailDirectory {
  /// The state of a table's map; nil for a table without one, and where neither text nor map is here.
  private func mapState(
    _ table: MailTable, _ tables: MailTables, _ present: Set<MailTable>
  ) -> MapState? {
    guard let location = try? locations.location(of: table), let map = location.map else { return nil }
    let hasText = present.contains(table)
    // The map of a text that was changed is built with it.
    guard hasText || locations.mayBeThere(map.path), !tables.text(table).isEdited else { return nil }
    let (isOptional, wantsNUL, readsText) = mapFacts(table)
    var state = MapState(
      path: map.path, textPath: location.path, hasText: hasText, type: map.type.rawValue, contents: .missing,
      isOptional: isOptional, isAlias: table == .alias, tableName: table.rawValue)
    state.readsTextInstead = readsText
    guard hasText, locations.mayBeThere(map.path), let pairs = tables.pairs(table) else { return state }
    let contents = MapContents(pairs, conventions: map.conventions)
    do throws(MapError) {
      let comparison = try map.comparison(with: contents, limit: 1)
      var agreement = MapState.Agreement()
      agreement.missingOrChanged = comparison.missing + comparison.changed
      agreement.onlyInMap = comparison.onlyInMap
      agreement.firstLine = comparison.differences.first?.line
      agreement.firstKey = comparison.differences.first.map { ByteString($0.key) }
      agreement.lacksMarker = comparison.lacksMarker
      agreement.wantsNUL = wantsNUL
      if comparison.inOtherForm > 0 || wantsNUL != nil {
        let summary = try map.open(verifies: false).summary()
        agreement.nulTerminated = summary.nulTerminated
        agreement.plain = summary.plain
      }
      state.contents = .map(agreement)
    } catch {
      state.contents =
        error.isPermission
        ? .forbidden
        : error.isMissing
          ? .missing : error.isEmptyFile ? .empty : error.isVersion185 ? .version185 : .unreadable(error.message)
    }
    return state
  }

  /// Whether sendmail does without a map, which keys it looks for, and whether it reads the text where it cannot open the map.
  func mapFacts(_ table: MailTable) -> (isOptional: Bool?, wantsNUL: Bool?, readsText: Bool) {
    guard let configuration = locations.configuration else { return (nil, nil, table == .alias) }
    func wants(_ flags: MapFlags) -> Bool? {
      switch flags.nulConvention {
      case .always: true
      case .never: false
      case .either, .neither: nil
      }
    }
    switch table {
    case .access, .virtmap:
      let flags = configuration.map(named: table == .access ? "access" : "virtuser")?.flags
      return (flags?.isOptional, flags.flatMap(wants), false)
    case .alias:
      let path = path(of: .alias)
      let file = configuration.aliasFiles.first { (try? locations.rebased($0.path.description)) == path }
      return (file?.isOptional, file.flatMap { wants($0.flags) }, file.map { $0.mapClass == "implicit" } ?? true)
    case .host: return (nil, nil, false)
    }
  }

  /// The modes and owners of tables, maps and class files.
  private func fileStates(_ present: Set<MailTable>, _ input: CheckInput) -> [FileState] {
    var result: [FileState] = []
    for table in MailTable.allCases where table != .host {
      guard let location = try? locations.location(of: table), let map = location.map else { continue }
      let isDeclared = locations.configuration != nil
      guard present.contains(table) || isDeclared else { continue }
      let aliasLine = table == .alias ? locations.configuration?.aliasFiles.first : nil
      result.append(
        FileState(
          path: location.path, role: table == .alias ? .aliases : .table, facts: FileFacts(at: location.path),
          configurationLine: aliasLine?.line, isOptional: aliasLine?.isOptional ?? true))
      guard let facts = FileFacts(at: map.path) else { continue }
      result.append(
        FileState(
          path: map.path, textPath: location.path, role: .map, facts: facts,
          isOptional: mapFacts(table).isOptional ?? false))
    }
    // Maps that sendmail.cf declares and that no table here stands for.
    let known = Set(result.map(\.path))
    for map in locations.configuration?.mapDeclarations ?? [] {
      guard MapType(makemapName: map.mapClass.description) != nil, map.unknownMacros.isEmpty,
        let file = map.file?.description, let place = try? locations.rebased(file)
      else { continue }
      let path = TableLocation.mapPath(place)
      let text = String(path.dropLast(3))
      // Where the text is here, that its map is missing is told as such.
      let facts = FileFacts(at: path)
      guard !known.contains(path), facts != nil || !present.contains(where: { self.path(of: $0) == text }) else {
        continue
      }
      result.append(
        FileState(
          path: path, textPath: text, role: .map, facts: facts, configurationLine: map.line,
          isOptional: map.flags.isOptional))
    }
    for source in classSources() {
      result.append(
        FileState(
          path: source.path, role: .classFile, facts: FileFacts(at: source.path), configurationLine: source.line,
          isOptional: source.isOptional))
    }
    if locations.configuration == nil, present.contains(.host) {
      let path = path(of: .host)
      result.append(FileState(path: path, role: .classFile, facts: FileFacts(at: path)))
    }
    return result
  }
}

extension MailTables {
  /// Makes the changes that findings propose.
  ///
  /// - Parameters:
  ///   - findings: The findings.
  ///   - path: The path of a table.
  ///   - tables: The tables that may be changed.
  /// - Returns: Whether anything was changed.
  mutating func apply(
    _ findings: [CheckFinding], at path: (MailTable) -> String, among tables: Set<MailTable>
  ) -> Bool {
    var hasChanged = false
    for table in tables.sorted() {
      let fixes = findings.filter { $0.path == path(table) }.compactMap(\.fix)
      let edits = edits(of: fixes, in: table)
      for edit in edits.reversed() { replace(edit.lines, with: edit.replacement, in: table) }
      hasChanged = hasChanged || !edits.isEmpty
    }
    return hasChanged
  }

  /// The replacements that can be made in one go, in the order of the text.
  private func edits(of fixes: [TextFix], in table: MailTable) -> [TextFix.Edit] {
    let new = Set(fixes.flatMap(\.newKeys))
    var taken: Set<ByteString> =
      switch table {
      case .access: Set(access.table.firstLines(of: new).keys)
      case .virtmap: Set(virtualUsers.table.firstLines(of: new).keys)
      case .alias, .host: []
      }
    var edits: [TextFix.Edit] = []
    var touched: Set<Int> = []
    for fix in fixes where taken.isDisjoint(with: fix.newKeys) {
      // An insertion and a change of the line behind it wait for each other, too.
      let lines = fix.edits.flatMap { Array($0.lines) + [$0.lines.lowerBound] }
      guard touched.isDisjoint(with: lines) else { continue }
      touched.formUnion(lines)
      taken.formUnion(fix.newKeys)
      edits += fix.edits
    }
    return edits.sorted { $0.lines.lowerBound < $1.lines.lowerBound }
  }

  private mutating func replace(_ lines: Range<Int>, with bytes: [UInt8], in table: MailTable) {
    switch table {
    case .access: access.table.replaceLines(lines, with: bytes)
    case .virtmap: virtualUsers.table.replaceLines(lines, with: bytes)
    case .alias: aliases.replaceLines(lines, with: bytes)
    case .host: hosts.replace(lines: lines, with: bytes)
    }
  }
}
