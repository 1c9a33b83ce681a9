internal import ArgumentParser
internal import SendmailConfig
internal import SendmailDirectory
internal import SendmailEvaluator

/// `mailcfg bt`: address-test mode.
struct BtCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bt", abstract: "Address-test mode: the commands and the output of sendmail -bt, from the texts.",
    discussion: """
      Reads commands from standard input: RULESETS ADDRESS, .DmVALUE, .CcWORDS, $m, $=c, =Sruleset, =M, /parse ADDRESS, \
      /try MAILER ADDRESS, /tryflags FLAGS, /canon HOST, /mx HOST, /map MAP KEY, -dX.Y, ? (help), /quit. Maps need not be \
      built, and neither a name server nor any other host is asked.

      EXAMPLES
        echo '3,0 joe@example.org' | mailcfg bt
        printf '.D{client_addr}192.0.2.1\\ncheck_rcpt joe@example.org\\n' | mailcfg bt -d60.1
        echo '3,0 joe@example.org' | mailcfg bt -d21.12,60.5
        echo '/map access Connect:192.0.2.1' | mailcfg bt --built
      """)

  @Option(
    name: .customShort("d", allowingJoined: true), parsing: .singleValue,
    help: "What to show, as a list or once each: 21.12 each rule, 60.1 each look-up.")
  var debug: [String] = []
  @Flag(help: "Ask the built maps instead of the texts: what a running sendmail answers now.") var built = false
  @OptionGroup var options: GlobalOptions

  func run() throws {
    try Output.run(options) { output in
      let directory = try options.directory()
      let evaluated = try directory.evaluated(
        mode: "t", showsSecrets: options.showSecrets, isBuilt: built)
      var mode = TestMode(evaluated.configuration, EvaluationContext(lookups: evaluated.lookups))
      for levels in debug { _ = mode.run(ByteString("-d\(levels)")) }
      for finding in evaluated.configuration.diagnostics {
        output.finding(finding, path: directory.configurationName)
      }
      output.result(TestMode.greeting.bytes)
      let prompt = Array("> ".utf8)
      output.result(prompt)
      var input = StandardInput()
      reading: while try input.next() {
        for line in input.lines {
          guard let text = mode.run(ByteString(input.bytes[line])) else { break reading }
          output.result(text.bytes + prompt)
        }
      }
      for unknown in mode.unknowns.prefix(20) {
        let map = evaluated.configuration.maps.first { $0.name.folded == unknown.map.folded }
        let reason =
          map?.kind == .other ? "maps of class \(map?.declaration.mapClass ?? "") are not evaluated" : "not asked"
        output.note("\(unknown.map) \(unknown.key.escaped): \(reason), taken as not found")
      }
    }
  }
}
