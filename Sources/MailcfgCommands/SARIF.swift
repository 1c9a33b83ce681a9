internal import SendmailChecks
internal import SendmailConfig

/// Findings as other tools read them: SARIF 2.1.0 (OASIS Standard, 27 March 2020).
///
/// Columns count bytes, as everywhere in mailcfg; SARIF knows no such unit, and a property of the run says so. In a line of
/// ASCII, as nearly all are, there is no difference.
struct SARIF: Encodable {
  struct Message: Encodable { var text: String }
  struct Help: Encodable {
    var text: String
    var markdown: String
  }
  struct Configuration: Encodable { var level: String }
  struct Rule: Encodable {
    var id: String
    var name: String
    var shortDescription: Message
    var fullDescription: Message
    var help: Help
    var helpUri: String
    var defaultConfiguration: Configuration
  }
  struct Driver: Encodable {
    var name = "mailcfg"
    var version = Mailcfg.version
    var semanticVersion = Mailcfg.version
    var rules: [Rule]
  }
  struct Tool: Encodable { var driver: Driver }
  struct ArtifactLocation: Encodable { var uri: String }
  struct Region: Encodable {
    var startLine: Int
    var startColumn: Int
  }
  struct PhysicalLocation: Encodable {
    var artifactLocation: ArtifactLocation
    var region: Region
  }
  struct Location: Encodable {
    var id: Int?
    var physicalLocation: PhysicalLocation
    var message: Message?
  }
  struct Properties: Encodable {
    var remedy: String
    var fixable: Bool
  }
  struct Result: Encodable {
    var ruleId: String
    var ruleIndex: Int?
    var level: String
    var message: Message
    var locations: [Location]
    var relatedLocations: [Location]?
    var properties: Properties
  }
  struct RunProperties: Encodable { var columnUnit = "bytes" }
  struct Run: Encodable {
    var tool: Tool
    var columnKind = "unicodeCodePoints"
    var properties = RunProperties()
    var results: [Result]
  }

  enum CodingKeys: String, CodingKey {
    case schema = "$schema"
    case version
    case runs
  }

  var schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
  var version = "2.1.0"
  var runs: [Run]

  init(_ report: CheckReport) {
    let rules = Check.all.map(SARIF.rule)
    let numbers = Dictionary(uniqueKeysWithValues: rules.enumerated().map { ($0.element.id, $0.offset) })
    let results = report.findings.map { finding in
      let diagnostic = finding.diagnostic
      return Result(
        ruleId: diagnostic.code.rawValue, ruleIndex: numbers[diagnostic.code.rawValue],
        level: SARIF.level(diagnostic.severity), message: Message(text: "\(diagnostic.message); \(diagnostic.remedy)"),
        locations: [SARIF.location(finding.path, diagnostic.line, diagnostic.column)],
        relatedLocations: finding.related.isEmpty
          ? nil
          : finding.related.enumerated().map { number, place in
            var location = SARIF.location(place.path, place.line, place.column)
            location.id = number
            location.message = Message(text: place.note)
            return location
          }, properties: Properties(remedy: diagnostic.remedy, fixable: finding.fix != nil))
    }
    runs = [Run(tool: Tool(driver: Driver(rules: rules)), results: results)]
  }

  private static func rule(_ check: Check) -> Rule {
    let text = "\(check.summary). See \(check.documentation)."
    let name = check.code.rawValue.split { $0 == "." || $0 == "-" }.map { $0.prefix(1).uppercased() + $0.dropFirst() }
    return Rule(
      id: check.code.rawValue, name: name.joined(), shortDescription: Message(text: check.summary + "."),
      fullDescription: Message(text: text),
      help: Help(text: text, markdown: "\(check.summary). See [\(check.code.rawValue)](\(check.documentation))."),
      // The documentation has no public address so far; the name of the page is the address.
      helpUri: "urn:mailcfg:\(check.documentation)", defaultConfiguration: Configuration(level: level(check.severity)))
  }

  private static func location(_ path: String, _ line: Int, _ column: Int) -> Location {
    Location(
      physicalLocation: PhysicalLocation(
        artifactLocation: ArtifactLocation(uri: uri(path)), region: Region(startLine: line, startColumn: column)))
  }

  private static func level(_ severity: Diagnostic.Severity) -> String { severity.rawValue }

  /// A path as a URI reference (RFC 3986): what is no character of a path there is escaped.
  private static func uri(_ path: String) -> String {
    var result = path.hasPrefix("/") ? "file://" : ""
    for byte in path.utf8 {
      let isPlain =
        ASCII.isDigit(byte) || ASCII.lowercased(byte) &- 0x61 < 26 || [0x2D, 0x2E, 0x5F, 0x7E, 0x2F].contains(byte)
      if isPlain {
        result += String(UnicodeScalar(byte))
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        result += "%" + (digits.count == 1 ? "0" : "") + digits
      }
    }
    return result
  }
}
