internal import SendmailChecks
internal import SendmailConfig
internal import SendmailDirectory

/// What `check --json` prints.
struct CheckJSON: Encodable {
  struct Place: Encodable {
    var file: String
    var line: Int
    var column: Int
    var note: String
  }

  struct Item: Encodable {
    var code: String
    var severity: String
    var file: String
    var line: Int
    var column: Int
    var message: String
    var remedy: String
    var fixable: Bool
    var documentation: String?
    var related: [Place]
  }

  struct Omission: Encodable {
    var file: String
    var code: String
    var count: Int
  }

  var version = 1
  var findings: [Item]
  var omitted: [Omission]
  var changed: Bool?
  var dryRun: Bool?
  var changes: [ChangeReport.Line]?
  var maps: [ChangeReport.Map]?

  /// - Parameters:
  ///   - report: What was found, or is left.
  ///   - change: What was changed, where anything was to be.
  ///   - dryRun: Whether it would only be changed.
  ///   - shown: A line of a table without the password that it may hold.
  init(_ report: CheckReport, _ change: MailChange?, dryRun: Bool, shown: (ByteString) -> ByteString) {
    findings = report.findings.map { finding in
      Item(
        code: finding.diagnostic.code.rawValue, severity: finding.diagnostic.severity.rawValue, file: finding.path,
        line: finding.diagnostic.line, column: finding.diagnostic.column, message: finding.diagnostic.message,
        remedy: finding.diagnostic.remedy, fixable: finding.fix != nil,
        documentation: Check.named(finding.diagnostic.code)?.documentation,
        related: finding.related.map { Place(file: $0.path, line: $0.line, column: $0.column, note: $0.note) })
    }
    omitted = report.omitted.map { Omission(file: $0.path, code: $0.code.rawValue, count: $0.count) }
    guard let change else { return }
    changed = change.isChange
    self.dryRun = dryRun
    changes = change.texts.flatMap { text in
      text.changes.map { line in
        ChangeReport.Line(
          file: text.path, line: line.line, action: line.action.rawValue,
          before: line.before.map { shown($0).description },
          after: line.after.map { shown($0).description })
      }
    }
    maps = change.maps.map { ChangeReport.Map(file: $0.path, entries: $0.entries, rebuilt: $0.isRebuilt) }
  }
}
