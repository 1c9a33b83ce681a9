import SendmailChecks
import SendmailConfig
import TestSupport
import Testing

/// Every check is explained, and its examples show what they are said to show.
@Suite struct DocumentationTests {
  @Test func everyCheckHasItsSection() {
    let documented = Dictionary(grouping: DocumentedCheck.all, by: \.code)
    #expect(documented.count > 100)
    for check in Check.all {
      let code = check.code.rawValue
      guard let section = documented[code]?.first else {
        Issue.record("\(code) has no section in Docs/checks")
        continue
      }
      #expect(documented[code]?.count == 1, "\(code)")
      #expect(section.page == check.page.rawValue, "\(code)")
      #expect(section.severity == check.severity.rawValue, "\(code)")
      #expect(section.isFixed == check.mayBeFixed, "\(code)")
      #expect(!section.wrong.isEmpty && !section.right.isEmpty, "\(code) lacks an example")
      #expect(check.documentation.hasPrefix("Docs/checks/\(section.page).md#"))
      #expect(!check.summary.hasSuffix("."), "\(code)")
    }
    #expect(Set(documented.keys) == Set(Check.all.map(\.code.rawValue)))
  }

  /// The pages of maps have commands in their examples, and are tried with `mailcfg check`.
  static let inMemory = DocumentedCheck.all.filter { $0.page != "maps" }

  @Test(.needs(.m4), arguments: inMemory) func theExamplesShowIt(section: DocumentedCheck) throws {
    let code = Diagnostic.Code(rawValue: section.code)
    let wrong = Checker().run(try ExampleInput.make(section.wrong))
    #expect(
      wrong.findings.contains { $0.diagnostic.code == code }, "\(section.code): \(wrong.findings.map(\.diagnostic))")
    let right = Checker().run(try ExampleInput.make(section.right))
    #expect(
      !right.findings.contains { $0.diagnostic.code == code }, "\(section.code): \(right.findings.map(\.diagnostic))")
    // Where a fix is promised the example has one; other findings of it need not.
    if section.isFixed {
      #expect(wrong.findings.contains { $0.diagnostic.code == code && $0.fix != nil }, "\(section.code)")
    }
  }

  /// What is said to be right has nothing else wrong with it either, but for what is meant to be.
  @Test(.needs(.m4), arguments: inMemory) func whatIsRightIsRight(section: DocumentedCheck) throws {
    let found = Checker().run(try ExampleInput.make(section.right)).findings.map(\.diagnostic.code.rawValue)
    let expected: [String: Set<String>] = [
      "alias.unquoted-blank": ["alias.runs-program"], "alias.runs-program": [],
    ]
    #expect(Set(found).subtracting(expected[section.code] ?? []) == [], "\(section.code)")
  }
}
