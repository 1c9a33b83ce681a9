internal import SendmailConfig

/// A file that sendmail.cf names and that is not there.
enum MissingFile {
  static let check = Check(
    "cf.missing-file", .error, "sendmail.cf names a file that is not there", page: .configuration)

  static func examine(_ file: FileState, _ findings: inout FileFindings) {
    // Maps have a finding of their own.
    guard file.facts == nil, !file.isOptional, let line = file.configurationLine, file.role != .map else { return }
    let follows: String
    switch file.role {
    case .classFile: follows = "sendmail does not start"
    case .aliases: follows = "newaliases builds no map, and ends with 0"
    case .table, .map: return
    }
    findings.add(
      check, line: line, message: "\(file.path) is not there: \(follows)",
      remedy: file.role == .classFile
        ? "make the file, or write F…-o for one that may be missing" : "make the file")
  }
}
