import Glibc
import SendmailChecks
import SendmailConfig

/// Measures checking texts beside parsing them: an access table and aliases, in one process, in turns.
///
///     CheckBenchmark RUNS ACCESS ALIASES      lines "parse MICROSECONDS" and "check MICROSECONDS"
///
/// Parsing is what any use of the tables begins with: lines, and where keys and values, names and destinations stand. Checking
/// begins with the bytes, too.
@main
enum CheckBenchmark {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count == 4, let runs = Int(arguments[1]) else {
      print("usage: CheckBenchmark RUNS ACCESS ALIASES")
      exit(64)
    }
    let (access, aliases) = (contents(arguments[2]), contents(arguments[3]))
    for _ in 0..<runs {
      report("parse") { AccessTable(access).table.pairs.pairs.count + AliasesFile(aliases).pairs.pairs.count }
      report("check") {
        var input = CheckInput()
        input.access = CheckedText(path: "access", content: AccessTable(access))
        input.aliases = CheckedText(path: "aliases", content: AliasesFile(aliases))
        input.hostNames = [Array("mx.example.org".utf8)]
        let report = Checker(limit: 20).run(input)
        return 1 + report.findings.count
      }
    }
  }

  private static func report(_ name: String, _ body: () -> Int) {
    var result = 0
    let duration = ContinuousClock().measure { result = body() }
    guard result > 0 else { exit(70) }
    print(name, Int(duration / .microseconds(1)))
  }

  private static func contents(_ path: String) -> [UInt8] {
    let descriptor = open(path, O_RDONLY)
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { break }
      result += buffer[..<count]
    }
    guard descriptor >= 0, !result.isEmpty else { exit(66) }
    return result
  }
}
