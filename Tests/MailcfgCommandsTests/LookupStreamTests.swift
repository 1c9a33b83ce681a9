import Glibc
import TestSupport
import Testing

/// `mailcfg lookup TABLE -` as another program's answering machine, and with more keys than are read at a time.
@Suite struct LookupStreamTests {
  /// A pipe that stays open: each answer comes before the next question, by the map that is in its place then.
  @Test func answersComeBeforeTheInputEnds() throws {
    let place = try Workplace("hosting")
    try place("build")
    try place("relay", "add", "192.0.2.7")
    let script = """
      coproc "$0" --mail-dir etc-mail lookup access -
      ask() { printf "$1" >&${COPROC[1]}; read -r -t 60 answer <&${COPROC[0]} && echo "$answer"; }
      ask 'Connect:192.0.2.7\\n'
      ask 'nothing\\nconnect:192.0.2.7\\nhalf of a li'
      "$0" -q --mail-dir etc-mail access set half.of.a.line OK
      "$0" -q --mail-dir etc-mail access set 'half of a line' OK 2>/dev/null
      "$0" -q --mail-dir etc-mail access set halfofaline DISCARD
      ask 'ne\\nhalfofaline\\n'
      exec {input}>&${COPROC[1]}-
      exec {input}>&-
      wait $COPROC_PID; echo $?
      """
    let outcome = try run(
      "bash", ["-c", script, Tools.mailcfg], environment: ["LC_ALL": "C"], directory: place.directory.path)
    #expect(
      outcome.outputText
        == "Connect:192.0.2.7\tRELAY\nconnect:192.0.2.7\tRELAY\nhalfofaline\tDISCARD\n1\n", "\(outcome.errorText)")
  }

  /// Every key of a big table, shuffled, and others: the answers in the order of the questions; a line longer than all that
  /// is read at a time, and one without LF at the end.
  @Test func manyKeysAreAnsweredInTheirOrder() throws {
    let place = try Workplace()
    var random = SplitMix64(seed: 5)
    place.write("access", (0..<30_000).map { "Key\($0)\tvalue \($0)\n" }.joined())
    try place("-q", "build")
    var (input, output): ([UInt8], [UInt8]) = ([], [])
    for round in 0..<200_000 {
      let number = random.below(36_000)
      let key = Array("\(random.oneIn(2) ? "key" : "KEY")\(number)".utf8)
      input += key + [0x0A]
      if round == 100_000 { input += [UInt8](repeating: 0x78, count: 5 << 20) + [0x0A] }
      if number < 30_000 { output += key + Array("\tvalue \(number)\n".utf8) }
    }
    input += Array("\nkey7".utf8)
    output += Array("key7\tvalue 7\n".utf8)
    let outcome = try place("lookup", "access", "-", input: input, status: 1)
    let isSame = outcome.output == output
    #expect(isSame)
  }

  /// Input that cannot be read is an error, and no end.
  @Test func inputThatCannotBeRead() throws {
    let place = try Workplace("hosting")
    try place("-q", "build")
    let outcome = try run(
      "/bin/sh", ["-c", "exec \"$0\" --mail-dir \"$1\" lookup access - < /", Proof.mailcfg, place.path("")])
    #expect(outcome.status == 74)
    #expect(outcome.errorText == "mailcfg: standard input: Is a directory (read)\n")
  }
}
