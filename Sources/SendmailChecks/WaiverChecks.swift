internal import SendmailConfig

/// What is said of waiver comments themselves.
enum WaiverChecks {
  static let unused = Check("waiver.unused", .note, "A waiver that silences nothing", page: .waivers)
  static let unknown = Check(
    "waiver.unknown-code", .warning, "A waiver for a check that does not exist", page: .waivers)

  static func run(_ findings: inout FileFindings) {
    for waiver in findings.waivers.all where !waiver.isUsed {
      guard let check = Check.named(waiver.code) else {
        findings.add(
          unknown, line: waiver.line, column: waiver.column,
          message: "there is no check \(waiver.code.rawValue)", remedy: "write a code as check prints it, in brackets")
        continue
      }
      findings.add(
        unused, line: waiver.line, column: waiver.column,
        message: waiver.entry == nil
          ? "the waiver stands above no entry: it silences nothing"
          : "the waiver silences nothing: \(check.code.rawValue) is not found \(waiver.entry == 0 ? "for this file" : "here")",
        remedy: waiver.entry == nil ? "put it directly above the entry" : "remove it")
    }
  }
}
