internal import ArgumentParser
internal import SendmailConfig
internal import SendmailDirectory

/// `mailcfg lookup`: keys through the built map.
struct LookupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lookup", abstract: "Looks keys up in a built map, as sendmail finds it.",
    discussion: """
      One key: its value. Several, or keys from standard input: key, TAB, value, a line each. Exit code 1 if a key is not \
      there.

      EXAMPLES
        mailcfg lookup access connect:203.0.113.25
        mailcfg lookup alias postmaster root
        cut -f1 keys.txt | mailcfg lookup virtmap -
      """)

  @Argument(help: "The table.") var table: MappedTable
  @Argument(help: ArgumentHelp("The keys; - reads them from standard input, a line each.", valueName: "key"))
  var keys: [String]
  @OptionGroup var options: GlobalOptions

  struct Report: Encodable {
    struct Result: Encodable {
      var key: String
      var value: String?
    }
    var version = 1
    var results: [Result]
  }

  mutating func validate() throws {
    guard keys.count == 1 || !keys.contains("-") else {
      throw ValidationError("- reads the keys from standard input; no key stands beside it")
    }
  }

  func run() throws {
    try Output.run(options) { output in
      let map = try options.directory().openMap(of: table.table)
      var isComplete = true
      if keys == ["-"] {
        var input = StandardInput()
        var results: [Report.Result] = []
        while try input.next() {
          try answer(input.bytes, input.lines, map, output, isList: true, &results, &isComplete)
        }
        if options.json { try output.json(Report(results: results)) }
      } else {
        var start = 0
        let places = keys.map { key in
          defer { start += key.utf8.count }
          return start..<start + key.utf8.count
        }
        var results: [Report.Result] = []
        try answer(Array(keys.joined().utf8), places, map, output, isList: keys.count > 1, &results, &isComplete)
        if options.json { try output.json(Report(results: results)) }
      }
      if !isComplete { throw ExitCode.no }
    }
  }

  /// Answers for some keys, at once.
  private func answer(
    _ bytes: [UInt8], _ keys: [Range<Int>], _ map: OpenMap, _ output: Output, isList: Bool,
    _ results: inout [Report.Result], _ isComplete: inout Bool
  ) throws {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    let isJSON = options.json
    let hasSecrets = table.table.hasSecrets && !options.showSecrets
    try map.lookUp(bytes.span, keys: keys) { number, value in
      let key = bytes[keys[number]]
      if value == nil { isComplete = false }
      if isJSON {
        var result = Report.Result(key: ByteString(key).description)
        if let value { result.value = shown(ByteString(copying: value), of: ByteString(key)).description }
        results.append(result)
      } else if let value {
        if isList {
          text += key
          text.append(ASCII.tab)
        }
        // Nothing else can be secret, and a million of them may be looked up at a time.
        if hasSecrets, Secrets.isTagged(key.span) || contains(ASCII.quote, value) {
          text += shown(ByteString(copying: value), of: ByteString(key)).bytes
        } else {
          unsafe value.withUnsafeBufferPointer { unsafe text.append(contentsOf: $0) }
        }
        text.append(ASCII.lineFeed)
      }
    }
    if !text.isEmpty { output.result(text) }
  }

  private func contains(_ byte: UInt8, _ value: Span<UInt8>) -> Bool {
    for index in value.indices where value[index] == byte { return true }
    return false
  }

  private func shown(_ value: ByteString, of key: ByteString) -> ByteString {
    table.table.shown(value, of: key, secrets: options.showSecrets)
  }
}
