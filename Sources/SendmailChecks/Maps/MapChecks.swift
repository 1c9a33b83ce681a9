internal import SendmailConfig

/// What is looked for in compiled maps.
enum MapChecks {
  static let missing = Check("map.missing", .warning, "A map is not built yet", page: .maps)
  static let withoutText = Check("map.without-text", .warning, "A map whose text is gone", page: .maps)
  static let empty = Check("map.empty-file", .error, "A file without a byte in a map's place", page: .maps)
  static let version185 = Check("map.version-1.85", .error, "A map in the format of Berkeley DB 1.85", page: .maps)
  static let unreadable = Check("map.unreadable", .error, "A file that is no map of the wanted type", page: .maps)
  static let differs = Check("map.differs", .warning, "A map that does not hold what its text says", page: .maps)
  static let noMarker = Check("map.no-marker", .warning, "An alias map without the record @", page: .maps)
  static let mixedForms = Check("map.mixed-forms", .warning, "A map with two forms of keys", page: .maps)
  static let wrongForm = Check(
    "map.wrong-form", .error, "A map whose keys are never looked up in their form", page: .maps)

  static let notRead = Check("map.not-read", .note, "A map that mailcfg may not read", page: .maps)

  static let all = [
    notRead, missing, withoutText, empty, version185, unreadable, differs, noMarker, mixedForms, wrongForm,
    UserDatabase.check,
  ]

  static func run(_ map: MapState, _ findings: inout FileFindings) {
    let failing = consequence(ofUnusable: map)
    let build = "mailcfg build \(map.tableName)"
    func severity(_ severe: Diagnostic.Severity) -> Diagnostic.Severity {
      map.isOptional == false && !map.readsTextInstead ? severe : .warning
    }
    guard map.hasText else {
      findings.add(
        withoutText, line: 1, entry: 0, message: "the text \(map.textPath) is gone, and sendmail goes on by the map",
        remedy: "bring the text back, or remove the map")
      return
    }
    switch map.contents {
    case .missing:
      findings.add(
        missing, line: 1, entry: 0, severity: severity(.error), message: "the map is not there: \(failing)",
        remedy: build)
    case .forbidden:
      findings.add(
        notRead, line: 1, entry: 0, message: "mailcfg may not read the map: it was not looked at",
        remedy: "run it as root")
    case .empty:
      findings.add(
        empty, line: 1, entry: 0, severity: severity(.error), message: "there is not a byte in the file: \(failing)",
        remedy: build)
    case .version185:
      findings.add(
        version185, line: 1, entry: 0, severity: severity(.error),
        message: "the map is in the format of Berkeley DB 1.85, which sendmail cannot read today: \(failing)",
        remedy: "\(build) --force")
    case .unreadable(let what):
      findings.add(
        unreadable, line: 1, entry: 0, severity: severity(.error), message: "\(what): \(failing)",
        remedy: "\(build) --force")
    case .map(let agreement): run(agreement, map, build, &findings)
    }
  }

  /// What sendmail does where it cannot use the map.
  private static func consequence(ofUnusable map: MapState) -> String {
    if map.readsTextInstead { return "sendmail reads the text for every look-up" }
    if map.isOptional == true { return "sendmail goes on as if it were empty" }
    if map.isAlias { return "mail to users of this host is put off" }
    let failing = "every look-up fails, and mail is put off (451)"
    return map.isOptional == nil ? failing + ", unless sendmail.cf has -o for it" : failing
  }

  private static func run(
    _ agreement: MapState.Agreement, _ map: MapState, _ build: String, _ findings: inout FileFindings
  ) {
    let count = agreement.missingOrChanged + agreement.onlyInMap
    if count > 0 {
      let key = agreement.firstKey.map { ", the first is \($0.escaped)" } ?? ""
      findings.add(
        differs, line: 1, entry: 0,
        message:
          "\(count) \(count == 1 ? "entry differs" : "entries differ") from the text\(key): sendmail goes by the map",
        remedy: "\(build); mailcfg diff \(map.tableName) shows them",
        related: agreement.firstLine.map {
          [CheckFinding.RelatedPlace(path: map.textPath, line: $0, note: "the first entry that differs")]
        } ?? [])
    }
    if agreement.lacksMarker {
      findings.add(
        noMarker, line: 1, entry: 0,
        message:
          "the record @ is missing, by which sendmail sees that the map is complete: it waits for it (AliasWait)",
        remedy: build)
    }
    if agreement.nulTerminated > 0, agreement.plain > 0 {
      findings.add(
        mixedForms, line: 1, entry: 0,
        message:
          "\(agreement.nulTerminated) keys end in NUL and \(agreement.plain) do not: a process of sendmail sees only those "
          + "of the form that it met first", remedy: "\(build) --force")
    } else if let wants = agreement.wantsNUL, wants ? agreement.plain > 0 : agreement.nulTerminated > 0 {
      findings.add(
        wrongForm, line: 1, entry: 0,
        message: wants
          ? "the keys have no NUL at their end, and by the flag -N sendmail looks for such only: it finds nothing"
          : "the keys end in NUL, and by the flag -O sendmail looks for others only: it finds nothing",
        remedy: "\(build) --force")
    }
  }
}
