import Glibc
import SendmailConfig

/// Makes the tables that Benchmarks/run works with, and measures what is done with a text in memory.
@main
enum TextBenchmark {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    switch (arguments.first, arguments.dropFirst().map { $0 }) {
    case ("access", let rest) where rest.count == 1: AccessGenerator(count: Int(rest[0]) ?? 0).write()
    case ("keys", let rest) where rest.count == 1: AccessGenerator(count: Int(rest[0]) ?? 0).writeKeys()
    case ("aliases", let rest) where rest.count == 1: AliasGenerator(count: Int(rest[0]) ?? 0).write()
    case ("memory", []): memory()
    case ("text", let rest) where rest.count == 1: text(runs: Int(rest[0]) ?? 1)
    default:
      StandardStreams.write(
        "usage: TextBenchmark access|keys|aliases COUNT >FILE; TextBenchmark text RUNS|memory <FILE\n",
        to: STDERR_FILENO)
      exit(64)
    }
  }

  /// Prints what each run of each case took, in microseconds, for the access table on standard input.
  static func text(runs: Int) {
    let bytes = StandardStreams.input()
    for _ in 0..<runs {
      report("parse") { Table(bytes).pairs.pairs.count }
      var table = AccessTable(bytes)
      report("iterate") {
        table.table.entries.reduce(0) { $0 &+ $1.key.bytes.count &+ $1.value.bytes.count }
      }
      // A text that was not changed is written from the bytes that were read; this one is put together again.
      do { try table.set("RELAY", for: "Connect:198.18.0.1") } catch { exit(70) }
      report("serialise") { table.table.text.bytes.count }
    }
  }

  /// Prints how many bytes of memory a line takes beside the text: as lines, and with the places of keys and values.
  static func memory() {
    let bytes = StandardStreams.input()
    // The code is in memory before anything is measured.
    guard Table(Array(bytes.prefix(4096))).pairs.pairs.count > 0 else { exit(70) }
    let before = StandardStreams.writtenBytes
    let table = Table(bytes)
    let parsed = StandardStreams.writtenBytes
    let pairs = table.pairs
    let located = StandardStreams.writtenBytes
    let lines = max(table.text.lineCount, 1)
    print("text \(bytes.count)")
    print("lines \(Double(parsed - before) / Double(lines))")
    print("pairs \(Double(located - before) / Double(lines))")
    withExtendedLifetime(pairs) {}
  }

  private static func report(_ name: String, _ body: () -> Int) {
    var result = 0
    let duration = ContinuousClock().measure { result = body() }
    guard result > 0 else { exit(70) }
    print(name, duration / .microseconds(1))
  }
}
