import Glibc
import SendmailConfig
import SendmailEvaluator

/// Measures evaluations of check_rcpt with the configuration on standard input, and prints microseconds of each run.
///
///     EvaluatorBenchmark RUNS EVALUATIONS <sendmail.cf       lines "check_rcpt MICROSECONDS"
///     EvaluatorBenchmark commands EVALUATIONS                the same questions as commands of sendmail -bt
@main
enum EvaluatorBenchmark {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let count = Int(arguments[2]) else {
      print("usage: EvaluatorBenchmark RUNS|commands EVALUATIONS <sendmail.cf")
      exit(64)
    }
    let clients = (0..<256).map { "192.0.2.\($0)" } + (0..<256).map { "198.51.100.\($0)" }
    let recipients = (0..<512).map { "user\($0)@\($0 % 3 == 0 ? "mx.test.example" : "host\($0).remote.example")" }
    guard let runs = Int(arguments[1]) else {
      for index in 0..<count {
        print(".D{client_addr}\(clients[index & 511])\n.D{client_resolve}OK\n.D{client_name}c\(index & 63).client.example")
        print("check_rcpt \(recipients[(index * 7) & 511])")
      }
      return
    }
    let configuration = Configuration(standardInput(), host: HostFacts(name: "mx.test.example"))
    let access: [ByteString: ByteString] = [
      "connect:192.0.2": "RELAY", "remote.example": "OK", "to:user7@host7.remote.example": "REJECT",
      "client.example": "RELAY",
    ]
    let lookups = Lookups(table: { map, key in
      map.name == "access" ? access[key].map { .found($0, line: nil) } ?? .notFound : .notFound
    })
    let addresses = clients.map { ByteString($0) }
    let names = (0..<64).map { ByteString("c\($0).client.example") }
    let questions = recipients.map { ByteString($0) }
    var relayed = 0
    for _ in 0..<runs {
      var evaluation = Evaluation(configuration, EvaluationContext(lookups: lookups))
      evaluation.setMacro("client_resolve", to: "OK")
      let start = ContinuousClock.now
      for index in 0..<count {
        evaluation.setMacro("client_addr", to: addresses[index & 511])
        evaluation.setMacro("client_name", to: names[index & 63])
        let result = evaluation.check(questions[(index * 7) & 511], by: "check_rcpt")
        if result?.triple == nil { relayed += 1 }
      }
      let time = ContinuousClock.now - start
      print("check_rcpt \(time.components.seconds * 1_000_000 + time.components.attoseconds / 1_000_000_000_000)")
    }
    precondition(relayed > 0, "no recipient was accepted")
  }

  private static func standardInput() -> [UInt8] {
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let length = read(0, &buffer, buffer.count)
      guard length > 0 else { return result }
      result += buffer[..<length]
    }
  }
}
