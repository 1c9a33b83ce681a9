/// A small generator with a fixed seed, so that a failure can be seen again (Steele, Lea, Flood 2014).
package struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Starts the sequence that belongs to `seed`.
  package init(seed: UInt64) { state = seed }

  /// The next 64 bits.
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number in `0 ..< bound`.
  package mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

  /// True once in `times`.
  package mutating func oneIn(_ times: Int) -> Bool { below(times) == 0 }

  /// One of the elements; `elements` must not be empty.
  package mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  /// Text of `count` random pieces: what grown and hostile files hold comes from the choice of pieces.
  package mutating func text(of pieces: [String], count: Int) -> [UInt8] {
    var result: [UInt8] = []
    for _ in 0..<count { result.append(contentsOf: pick(pieces).utf8) }
    return result
  }
}
