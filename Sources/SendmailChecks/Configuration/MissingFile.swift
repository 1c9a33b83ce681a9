internal import SendmailConfig

/// A file that sendmail.cf names and that is not there.
enum MissingFile {
  static let check = Check(
    "cf.missing-file", .error, "sendmail.cf names a file that is not there", page: .configuration)

  static func examine(_ file: FileState, _ findings: inout FileFindings) {
    guard file.facts == nil, !file.isOptional, let line = file.configurationLine else { return }
    let follows: String
    switch file.role {
    case .classFile: follows = "sendmail does not start"
    case .aliases: follows = "newaliases builds no map, and ends with 0"
    case .map: follows = "every look-up in it fails, and mail is put off (451)"
    case .table: return
    }
    findings.add(
      check, line: line, message: "\(file.path) is not there: \(follows)",
      remedy: remedy(file.role))
  }

  private static func remedy(_ role: FileState.Role) -> String {
    switch role {
    case .classFile: "make the file, or write F…-o for one that may be missing"
    case .map:
      "build the map, write -o in the K line for one that may be missing, or take its feature out of the .mc file"
    case .aliases, .table: "make the file"
    }
  }
}
