import Glibc
import TestSupport
import Testing

/// The examples of README.md and Docs do what they say they do.
@Suite struct ReadmeTests {
  struct Example: Sendable {
    /// The 1-based line of the command.
    var line: Int
    var command: String
    var output: String
  }

  /// The commands of the `console` blocks, with what is written below them.
  ///
  /// ```
  /// block   = "```console" LF 1*example "```" LF
  /// example = "$ " command LF *( more LF ) *( output LF )    ; more: the next line, where the one before ends in "\"
  /// ```
  static func examples(of text: String) throws -> [Example] {
    var examples: [Example] = []
    var isInside = false
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if line.hasPrefix("```") {
        isInside = line == "```console"
        continue
      }
      guard isInside else { continue }
      if line.hasPrefix("$ ") {
        examples.append(Example(line: index + 1, command: String(line.dropFirst(2)), output: ""))
      } else if let last = examples.indices.last {
        if examples[last].output.isEmpty && examples[last].command.hasSuffix("\\") {
          examples[last].command += "\n" + line
        } else {
          examples[last].output += line + "\n"
        }
      } else {
        throw TestSupportError("line \(index + 1): a console block begins with \"$ \"")
      }
    }
    return examples
  }

  static let pages =
    ["README.md", "Docs/checks/README.md"]
    + ((try? listDirectory(Tools.checkout + "/Docs")) ?? []).filter { $0.hasSuffix(".md") }.map { "Docs/\($0)" }

  @Test func thePagesAreThere() { #expect(Self.pages.count > 5) }

  /// Each page begins with fresh copies of both mail directories: `etc-mail`, and `debian` beside it.
  @Test(arguments: pages) func theExamplesSayWhatHappens(page: String) throws {
    let text = String(decoding: try readFile("\(Tools.checkout)/\(page)"), as: UTF8.self)
    let examples = try Self.examples(of: text)
    if page == "README.md" { #expect(examples.count >= 5) }
    let place = try Workplace("hosting")
    try run("cp", ["-r", Fixtures.path("debian"), place.directory.path("debian")])
    try place.directory.makeDirectory("bin")
    try run("ln", ["-s", Tools.mailcfg, place.directory.path("bin/mailcfg")])
    let path = place.directory.path("bin") + ":" + (Tools.environmentValue("PATH") ?? "/usr/bin:/bin")
    for example in examples {
      let outcome = try run(
        "/bin/bash", ["-c", "exec 2>&1\n" + example.command],
        environment: [
          "PATH": path, "MAILCFG_MAIL_DIR": "", "NO_COLOR": "1", "LC_ALL": "C", "TZ": "UTC", "COLUMNS": "",
          "SUDO_USER": "", "SUDO_UID": "",
        ],
        directory: place.directory.path)
      #expect(
        Self.asWritten(outcome.outputText) == example.output, "\(page):\(example.line): $ \(example.command)")
    }
  }

  /// What a command printed, at a moment and for a user of the pages: 2037-05-04 10:11:12, root.
  private static func asWritten(_ output: String) -> String {
    let user = CurrentUser.isRoot ? "root" : CurrentUser.name
    return
      output
      .replacing(#/20\d\d-\d\d-\d\d \d\d:\d\d:\d\d  /#) { _ in "2037-05-04 10:11:12  " }
      .replacing(#/when: 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d/#) { _ in "when: 2037-05-04 10:11:12" }
      .replacing(#/"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"/#) { _ in "\"2037-05-04T10:11:12Z\"" }
      .replacing("10:11:12  \(user)", with: "10:11:12  root").replacing("who:  \(user)", with: "who:  root")
      .replacing("\"name\" : \"\(user)\"", with: "\"name\" : \"root\"")
      .replacing("\"number\" : \(getuid())\n", with: "\"number\" : 0\n")
  }

  @Test func aBlockIsTakenApart() throws {
    let text = "```sh\n$ no\n```\ntext\n```console\n$ a \\\n  b\nx\n$ c\n\n```\n$ no\n"
    let examples = try Self.examples(of: text)
    #expect(examples.map(\.command) == ["a \\\n  b", "c"])
    #expect(examples.map(\.output) == ["x\n", "\n"])
    #expect(examples.map(\.line) == [6, 9])
    #expect(throws: TestSupportError.self) { try Self.examples(of: "```console\noutput\n```\n") }
  }
}
