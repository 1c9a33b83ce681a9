import TestSupport
import Testing

/// Standard input, output and error that are closed, full, or go nowhere.
@Suite struct DescriptorTests {
  private func shell(_ command: String, _ place: Workplace) throws -> Outcome {
    try run(
      "/bin/bash", ["-c", command, "bash", Tools.mailcfg], environment: ["MAILCFG_MAIL_DIR": "", "NO_COLOR": "1"],
      directory: place.directory.path)
  }

  /// What is opened instead gets their numbers: no message may end up in a table or a map.
  @Test(.needs(.makemap, .sendmail, .dbDump), arguments: ["<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"])
  func closedDescriptors(redirection: String) throws {
    let place = try Workplace("hosting")
    try place("build")
    for command in [
      "relay add 192.0.2.7", "alias add sales dora", "virtmap set new@shop.example anna", "build --force",
    ] {
      let outcome = try shell("\"$1\" --mail-dir etc-mail \(command) \(redirection)", place)
      // The change is made; that nobody can be told of it is an error.
      #expect(outcome.status == (redirection.contains(">&-") && !redirection.hasPrefix("2") ? 74 : 0), "\(command)")
    }
    #expect(try place.text("access").contains("\nConnect:192.0.2.7  RELAY\n"))
    let expected = try Workplace("hosting")
    try expected("relay", "add", "192.0.2.7")
    try expected("alias", "add", "sales", "dora")
    try expected("virtmap", "set", "new@shop.example", "anna")
    for name in ["access", "aliases", "virtmaps", "sendmail.cw"] {
      #expect(try place.read(name) == expected.read(name), "\(name)")
    }
    try place.expectMap("access.db", of: "access")
    try place.expectMap("virtmaps.db", of: "virtmaps")
    try place.expectAliasMap()
  }

  /// An answer that did not get out is no answer: the disk of a cron job is full.
  @Test(arguments: [
    "dump access", "access list", "relay list", "--json status", "lookup access spam.example", "alias get sales",
    "--help", "relay add --help", "--version",
  ])
  func outputThatCannotBeWrittenIsAnError(command: String) throws {
    let place = try Workplace("hosting")
    try place("build")
    let outcome = try shell("\"$1\" --mail-dir etc-mail \(command) >/dev/full", place)
    #expect(outcome.status == 74)
    #expect(outcome.errorText.contains("No space left on device"), "\(outcome.errorText)")
    let closed = try shell("\"$1\" --mail-dir etc-mail \(command) >&-", place)
    #expect(closed.status == 74)
    #expect(closed.errorText.contains("standard output: Bad file descriptor"), "\(closed.errorText)")
  }

  /// A reader that has what it wanted, as `head -1`, is no error of ours.
  @Test func aClosedPipe() throws {
    let place = try Workplace("hosting")
    try place("build")
    let outcome = try shell("\"$1\" --mail-dir etc-mail dump access | head -1; echo ${PIPESTATUS[0]}", place)
    #expect(outcome.errorText == "")
    #expect(outcome.outputText.split(separator: "\n").count == 2)
  }
}
