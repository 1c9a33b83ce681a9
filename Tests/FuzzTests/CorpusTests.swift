import FuzzTargets
import TestSupport
import Testing

/// The fuzz targets without a fuzzer: the committed inputs, and changed ones with a fixed seed.
///
/// `Fuzz/run` looks for new ones; what it finds comes into the corpus together with the fix, and is tried here ever after.
@Suite struct CorpusTests {
  static let corpus = Tools.checkout + "/Fuzz/Corpus"

  /// All but the command, which prints what it has to say into the midst of the tests' own output.
  static let names = FuzzTarget.all.map(\.name).filter { $0 != "command" }

  @Test(.timeLimit(.minutes(5)), arguments: names) func holds(name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    let files = try listDirectory("\(Self.corpus)/\(name)")
    #expect(!files.isEmpty, "Fuzz/Corpus/\(name) is empty")
    var inputs: [[UInt8]] = []
    for file in files {
      let bytes = try readFile("\(Self.corpus)/\(name)/\(file)")
      #expect(throws: Never.self, "Fuzz/Corpus/\(name)/\(file)") { try target.run(bytes) }
      inputs.append(bytes)
    }
    var random = SplitMix64(seed: 1)
    for round in 0..<100 {
      let input = changed(inputs, &random)
      #expect(throws: Never.self, "\(name), round \(round): \(printable(input))") { try target.run(input) }
    }
  }

  /// Some bytes put in, taken out, changed, or taken from another input.
  private func changed(_ inputs: [[UInt8]], _ random: inout SplitMix64) -> [UInt8] {
    var bytes = random.pick(inputs)
    for _ in 0..<1 + random.below(4) {
      let place = random.below(bytes.count + 1)
      switch random.below(4) {
      case 0: bytes.insert(UInt8(random.below(256)), at: place)
      case 1: bytes.removeSubrange(place..<min(bytes.count, place + random.below(8)))
      case 2 where place < bytes.count: bytes[place] = UInt8(random.below(256))
      default: bytes.insert(contentsOf: random.pick(inputs).suffix(random.below(40)), at: place)
      }
    }
    return bytes
  }
}
