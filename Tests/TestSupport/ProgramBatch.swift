/// Many calls of sendmail's programs in one go: a shell starts them one after the other, which costs far less than a test that
/// starts each.
package struct ProgramBatch {
  /// One call.
  package struct Call: Sendable {
    /// The arguments, in bytes, without the program's name.
    package var arguments: [[UInt8]]
    /// Standard input.
    package var input: [UInt8]
    /// A map that is there before, `map.db`, as makemap makes it: arguments behind `-C empty.cf`, and input.
    package var existing: (arguments: [String], input: [UInt8])?

    /// Makes a call.
    package init(
      _ arguments: [[UInt8]], input: [UInt8] = [], existing: (arguments: [String], input: [UInt8])? = nil
    ) {
      self.arguments = arguments
      self.input = input
      self.existing = existing
    }
  }

  /// What came of a call.
  package struct Answer: Sendable {
    package var outcome: Outcome
    /// The records of `map.db` afterwards, in the order of the file; nil where there is none, or it cannot be read.
    package var pairs: [DumpedMap.Pair]?
    /// What `map.db` was before, and is afterwards.
    package var before: [UInt8]?
    package var after: [UInt8]?

    /// Makes an answer.
    package init(outcome: Outcome, pairs: [DumpedMap.Pair]?, before: [UInt8]?, after: [UInt8]?) {
      self.outcome = outcome
      self.pairs = pairs
      self.before = before
      self.after = after
    }
  }

  /// Runs the calls, each in an empty directory of its own with an `empty.cf`.
  package static func run(_ program: Tools.Program, _ calls: [Call]) throws(TestSupportError) -> [Answer] {
    let place = try TemporaryDirectory(inMemory: true)
    for (number, call) in calls.enumerated() {
      try place.makeDirectory("\(number)")
      try place.write("\(number)/empty.cf", "")
      try place.write("\(number)/arguments", Array(call.arguments.map { $0 + [0] }.joined()))
      try place.write("\(number)/input", call.input)
      if let existing = call.existing {
        try place.write("\(number)/before.arguments", Array(existing.arguments.map { Array($0.utf8) + [0] }.joined()))
        try place.write("\(number)/before.input", existing.input)
      }
    }
    let script = """
      for ((number = 0; number < \(calls.count); number++)); do
        cd "$3/$number"
        if [ -f before.input ]; then
          mapfile -d '' -t arguments < before.arguments
          "$4" -C empty.cf "${arguments[@]}" < before.input > /dev/null 2>&1
          cp map.db before.db
        fi
        mapfile -d '' -t arguments < arguments
        "$1" "${arguments[@]}" < input > output 2> errors
        echo $? > status
        [ -f map.db ] && "$2" -p map.db > dump 2> /dev/null || rm -f dump
      done
      """
    try TestSupport.run(
      "/bin/bash", ["-c", script, "batch", try Tools.path(program), try Tools.dbDump, place.path, try Tools.makemap],
      environment: Tools.environment)
    var answers: [Answer] = []
    for number in calls.indices {
      func file(_ name: String) -> [UInt8]? { try? place.read("\(number)/\(name)") }
      guard let status = file("status"), let code = Int32(String(decoding: status.dropLast(), as: UTF8.self)) else {
        throw TestSupportError("a batch of \(program) ended at call \(number)")
      }
      let outcome = Outcome(status: code, output: file("output") ?? [], errors: file("errors") ?? [])
      let pairs = try file("dump").map { bytes throws(TestSupportError) in try DumpedMap(dump: bytes).pairs }
      answers.append(Answer(outcome: outcome, pairs: pairs, before: file("before.db"), after: file("map.db")))
    }
    return answers
  }
}

/// The smallest part of some bytes that still has a property, found by leaving out ever smaller pieces.
package func shrunk(_ bytes: [UInt8], attempts: Int = 400, while hasProperty: ([UInt8]) -> Bool) -> [UInt8] {
  var best = bytes
  var left = attempts
  var size = max(1, bytes.count / 2)
  while size >= 1, left > 0 {
    var start = 0
    while start < best.count, left > 0 {
      let shorter = Array(best[..<start]) + best[min(start + size, best.count)...]
      left -= 1
      if hasProperty(shorter) { best = shorter } else { start += size }
    }
    if size == 1 { break }
    size = max(1, size / 2)
  }
  return best
}
