/// Something that is to hold for any bytes, and code that tries it with some.
///
/// A target is a function over bytes. libFuzzer calls it (`Fuzz/run`), and so does an ordinary test with the committed corpus
/// (`Tests/FuzzTests`). A crash, a trap, a hang and a ``FuzzFailure`` are findings.
package struct FuzzTarget: Sendable {
  /// The name on the command line and of the corpus' directory.
  package let name: String
  /// The longest input that is worth a try, in bytes.
  package let longest: Int
  /// The name of a dictionary in `Fuzz/Dictionaries`; nil for none.
  package let dictionary: String?
  /// Tries an input.
  package let run: @Sendable ([UInt8]) throws(FuzzFailure) -> Void

  /// Makes a target.
  package init(
    _ name: String, longest: Int = 4096, dictionary: String? = nil,
    _ body: @escaping @Sendable (inout FuzzInput) throws(FuzzFailure) -> Void
  ) {
    self.name = name
    self.longest = longest
    self.dictionary = dictionary
    run = { bytes throws(FuzzFailure) in
      var input = FuzzInput(bytes)
      try body(&input)
    }
  }

  /// Every target: a new one is a file beside this one and a line here.
  package static let all: [FuzzTarget] = [
    .text, .table, .access, .relays, .virtualUsers, .aliases, .addresses, .classes, .configuration, .values,
    .rules, .testMode, .mapReading, .mapBuilding, .history, .command,
  ]
}

/// A property that did not hold.
package struct FuzzFailure: Error, CustomStringConvertible {
  package var description: String
}

/// Fails unless a property holds.
package func require(
  _ holds: Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) throws(FuzzFailure) {
  guard !holds else { return }
  throw FuzzFailure(description: "\(file):\(line): \(message())")
}
