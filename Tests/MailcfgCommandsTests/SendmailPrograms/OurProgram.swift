import MailcfgCommands
import TestSupport

/// One of our programs, run within the test, on a `map.db` in a directory of its own.
enum OurProgram {
  /// Runs a call as ``ProgramBatch`` runs the real program; in its arguments `map` and `empty.cf` are what they are there.
  ///
  /// - Parameter before: The `map.db` that is there before.
  static func run(
    _ program: SendmailProgram, _ call: ProgramBatch.Call, before: [UInt8]? = nil
  ) throws -> ProgramBatch.Answer {
    let place = try TemporaryDirectory(inMemory: true)
    try place.write("empty.cf", "")
    if let before { try place.write("map.db", before, mode: 0o640) }
    let files: Set<[UInt8]> = [Array("map".utf8), Array("empty.cf".utf8)]
    let arguments = call.arguments.map { files.contains($0) ? Array(place.path.utf8) + [0x2F] + $0 : $0 }
    let ours = ProgramCall([Array(program.rawValue.utf8)] + arguments, input: call.input)
    let status = program.run(ours)
    let names = try listDirectory(place.path)
    if !Set(names).isSubset(of: ["empty.cf", "map.db"]) { throw TestSupportError("left behind: \(names)") }
    let outcome = Outcome(
      status: status, output: ours.output.bytes, errors: removing(Array("\(place.path)/".utf8), from: ours.errors.bytes)
    )
    let pairs = names.contains("map.db") ? try MapPairsReader.pairs(of: place.path("map.db")) : nil
    return ProgramBatch.Answer(
      outcome: outcome, pairs: pairs, before: before, after: try? place.read("map.db"))
  }

  /// The lines of messages without the warnings of directories that others may write to, which depend on the place, and
  /// without our remarks.
  static func messages(_ outcome: Outcome) -> [[UInt8]] {
    outcome.errors.split(separator: 0x0A).map { Array($0) }.filter { line in
      !line.starts(with: Array("WARNING: ".utf8)) && !contains(line, Array(": note: ".utf8))
    }
  }

  private static func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
    bytes.indices.contains { bytes[$0...].starts(with: part) }
  }

  private static func removing(_ part: [UInt8], from bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var rest = bytes[...]
    while let byte = rest.first {
      if rest.starts(with: part) {
        rest = rest.dropFirst(part.count)
      } else {
        result.append(byte)
        rest = rest.dropFirst()
      }
    }
    return result
  }
}
