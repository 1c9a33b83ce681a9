public import SendmailConfig
internal import SystemSupport

/// What was found, and how much of it is not listed.
public struct CheckReport: Sendable {
  /// The findings: by file in the order in which files are looked at, in a file by line.
  public package(set) var findings: [CheckFinding] = []
  /// How many findings of a check in a file are counted and not listed.
  public internal(set) var omitted: [Omission] = []

  /// Findings of one check in one file that are not listed.
  public struct Omission: Sendable, Equatable {
    /// The file.
    public var path: String
    /// The check's code.
    public var code: Diagnostic.Code
    /// How many.
    public var count: Int
  }

  /// Makes an empty report.
  public init() {}

  /// Whether there is a finding that is at least as bad.
  public func hasFindings(_ severity: Diagnostic.Severity) -> Bool {
    findings.contains { severity == .warning ? $0.diagnostic.severity != .note : $0.diagnostic.severity == severity }
  }
}

/// Looks at everything that was given and says what is wrong with it.
///
/// ```swift
/// var input = CheckInput()
/// input.access = CheckedText(path: "access", content: AccessTable(bytes))
/// for finding in Checker().run(input).findings { print(finding.diagnostic.text(path: finding.path)) }
/// ```
public struct Checker: Sendable {
  /// How many findings of one check in one file are listed; the others are counted.
  public var limit: Int

  /// Makes one.
  public init(limit: Int = 1000) { self.limit = limit }

  /// Looks at everything.
  ///
  /// - Parameters:
  ///   - input: What is looked at.
  ///   - paths: The texts whose findings are wanted, with those of their maps; nil for all. The others are known all the same.
  /// - Complexity: O(*n*) in bytes of the texts, and in what aliases and virtual users lead to.
  public func run(_ input: CheckInput, only paths: Set<String>? = nil) -> CheckReport {
    var context = CheckContext(input)
    var files: [String: FileFindings] = [:]
    var order: [String] = []
    func text(_ path: String, _ text: Text?) {
      guard files[path] == nil else { return }
      order.append(path)
      files[path] = FileFindings(path: path, limit: limit, waivers: text.map { Waivers($0) } ?? Waivers())
    }
    if let configuration = input.configuration { text(configuration.path, configuration.content.text) }
    if let access = input.access { text(access.path, access.content.table.text) }
    if let users = input.virtualUsers { text(users.path, users.content.table.text) }
    if let aliases = input.aliases { text(aliases.path, aliases.content.text) }
    if let mailers = input.mailers { text(mailers.path, mailers.content.text) }
    if let generics = input.generics { text(generics.path, generics.content.text) }
    for source in input.classes { text(source.path, source.content.file.text) }

    func with(_ path: String, _ body: (inout FileFindings) -> Void) {
      // A file of which there is no text, or none that was read.
      text(path, nil)
      guard var findings = files.removeValue(forKey: path) else { return }
      body(&findings)
      files[path] = findings
    }
    if let configuration = input.configuration {
      with(configuration.path) { findings in
        for diagnostic in configuration.content.diagnostics {
          findings.add(diagnostic, code: diagnostic.code, entry: diagnostic.line)
        }
        StartMessages.examine(input.startMessages, configuration.content, &findings)
        for file in input.files { MissingFile.examine(file, &findings) }
        NoLocalMailer.examine(context.facts, &findings)
        if let name = input.unqualifiedHost { UnqualifiedHost.examine(name, &findings) }
        for database in input.userDatabases { UserDatabase.examine(database, &findings) }
      }
    }
    // The access table asks none of the others, so a second processor can look at it meanwhile.
    let others = [input.virtualUsers?.path, input.aliases?.path]
    let access = input.access.flatMap { access in
      others.contains(access.path) ? nil : files.removeValue(forKey: access.path).map { (access, $0) }
    }
    let alone = context
    let (_, checked) = concurrently {
      users(input, &context, with)
    } _: { () -> FileFindings? in
      guard case (let access, var findings)? = access else { return nil }
      AccessChecks.run(access, alone, &findings)
      return findings
    }
    if let checked {
      files[checked.path] = checked
    } else if let access = input.access {
      with(access.path) { AccessChecks.run(access, context, &$0) }
    }
    if let mailers = input.mailers { with(mailers.path) { MailerTableChecks.run(mailers, context, &$0) } }
    if let generics = input.generics { with(generics.path) { GenericsTableChecks.run(generics, context, &$0) } }
    for source in input.classes { with(source.path) { ClassChecks.run(source, context, &$0) } }
    addStates(input, context, with)
    for path in order { with(path) { WaiverChecks.run(&$0) } }
    return report(order.filter { paths?.contains($0) ?? true }, files)
  }

  /// The aliases and virtual users, which lead to each other.
  private func users(
    _ input: CheckInput, _ context: inout CheckContext, _ with: (String, (inout FileFindings) -> Void) -> Void
  ) {
    if let users = input.virtualUsers {
      with(users.path) { findings in
        let pass = VirtualUserChecks.pass(users, context, &findings)
        let known = context
        context.virtualUsers = VirtualUserRoutes(
          path: users.path, table: users.content.table, pass: pass, isVirtual: { known.isVirtual($0) },
          isLocal: { known.isLocal($0) })
      }
    }
    if let aliases = input.aliases {
      with(aliases.path) { findings in
        context.aliases = AliasChecks.run(aliases, context, &findings)
        AcrossFiles.run(context, aliases: &findings)
      }
    }
    if let users = input.virtualUsers, let routes = context.virtualUsers {
      with(users.path) { VirtualUserChecks.run(users, routes, context, &$0) }
    }
  }

  /// Maps and modes: their waivers stand in the text they belong to.
  private func addStates(
    _ input: CheckInput, _ context: CheckContext, _ with: (String, (inout FileFindings) -> Void) -> Void
  ) {
    var found: [(owner: String, path: String, finding: CheckFinding)] = []
    for map in input.maps {
      var findings = FileFindings(path: map.path, limit: limit)
      MapChecks.run(map, &findings)
      found += findings.findings.map { (map.textPath, map.path, $0) }
    }
    var directories: Set<String> = []
    for file in input.files {
      var findings = FileFindings(path: file.path, limit: limit)
      FileChecks.run(file, context, &findings)
      for finding in findings.findings {
        // A directory is told once, for the first file in it.
        if finding.diagnostic.code == UnsafeDirectory.check.code,
          !directories.insert(finding.diagnostic.remedy).inserted
        {
          continue
        }
        found.append((file.textPath, file.path, finding))
      }
    }
    for (owner, _, finding) in found { with(owner) { $0.add(finding, entry: 0) } }
  }

  private func report(_ order: [String], _ files: [String: FileFindings]) -> CheckReport {
    var report = CheckReport()
    for path in order {
      guard let file = files[path] else { continue }
      var listed: [Diagnostic.Code: Int] = [:]
      let sorted = file.findings.enumerated().sorted { left, right in
        let (one, other) = (left.element, right.element)
        if one.path != other.path { return one.path == path || (other.path != path && one.path < other.path) }
        return (one.diagnostic.line, one.diagnostic.column, left.offset)
          < (other.diagnostic.line, other.diagnostic.column, right.offset)
      }
      for (_, finding) in sorted {
        report.findings.append(finding)
        listed[finding.diagnostic.code, default: 0] += 1
      }
      for (code, count) in file.counts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) where count > limit {
        report.omitted.append(CheckReport.Omission(path: path, code: code, count: count - (listed[code] ?? 0)))
      }
    }
    return report
  }
}
