import TestSupport

/// Makes rule sets at random that end in a bearable time: a rule set calls those behind it only, and a rule that is tried
/// again calls none.
struct GeneratedRules {
  static let header = """
    Kd dequote
    Km macro
    Ka arith
    Kn null
    Kr regex -s1,2 -d+ -a.x ^([a-c]+)(.*)$
    Kr2 regex -s1,2 ^([a-c]+)(.*)
    Kr3 regex -n -a@no b
    Kr4 regex -m -f ^[A-C]
    Kd2 dequote -s_
    C{cc}a b.c <x> a.a @
    C{dd}b a@b a@b.c c.c
    D{mm}a.b
    D{vv}
    D{qq}"b c"(x)

    """
  private static let setCount = 8
  private var random: SplitMix64

  init(seed: Int) { random = SplitMix64(seed: UInt64(seed)) }

  mutating func text() -> String {
    var text = Self.header
    for set in 0..<Self.setCount {
      text += "Sr\(set)\n"
      for _ in 0..<(1 + random.below(5)) { text += rule(set) }
    }
    return text
  }

  private mutating func rule(_ set: Int) -> String {
    var pattern: [String] = []
    var wildcards = 0
    for _ in 0..<(1 + random.below(6)) {
      if wildcards < 9, random.below(5) < 3 {
        pattern.append(
          random.pick(["$*", "$*", "$*", "$+", "$+", "$-", "$-", "$={cc}", "$={dd}", "$~{cc}", "$~{dd}", "$=w"]))
        wildcards += 1
      } else {
        pattern.append(random.pick(Self.words + ["$@", "$&{mm}", "$&{vv}", "$&{uu}", "$#", "$|", "$j", "$&j"]))
      }
    }
    let prefix = random.pick(["$:", "$:", "$:", "$:", "$:", "$:", "$:", "$@", "$@", "$@", "", "$#"])
    var pieces: [String] = []
    for _ in 0..<random.below(6) { pieces.append(piece(set, wildcards, calls: prefix == "$:" || prefix == "$@")) }
    if pieces.isEmpty, prefix.isEmpty { pieces = ["x"] }
    // Blanks between tokens count for nothing, except that they part words.
    return "R" + pattern.joined(separator: " ") + "\t" + ([prefix] + pieces).joined(separator: " ") + "\n"
  }

  private mutating func piece(_ set: Int, _ wildcards: Int, calls: Bool) -> String {
    let number = wildcards == 0 ? "a" : "$\(1 + random.below(wildcards))"
    switch random.below(16) {
    case 0...5: return number
    case 6: return random.pick(["$&{mm}", "$&{vv}", "$&{uu}", "$&{qq}", "$j"])
    case 7: return "$(d \(number) $)"
    case 8: return "$(d \(number) $@ x $: no \(number) $)"
    case 9: return "$(m {mm} $@ \(number) $)"
    case 10: return "$(a \(random.pick(["+", "-", "*", "/", "l", "=", "|", "&"])) $@ \(number) $@ 7 $: z $)"
    case 11:
      return random.pick([
        "$(n \(number) $: \(number) y $)", "$(r \(number) $)", "$(r2 \(number) $)", "$(r3 \(number) $)",
        "$(r4 \(number) $)", "$(d2 \(number) $)",
        "$(r \(number)\(number) $: no $)",
      ])
    case 12 where calls && set + 1 < Self.setCount: return "$>r\(set + 1 + random.below(Self.setCount - set - 1))"
    case 13: return random.pick(["$@", "$|", "$:", "$#"])
    default: return random.pick(Self.words)
    }
  }

  private static let words = ["a", "b", "c", ".", "@", "<", ">", "+", "x", "\"b\"", "A", "1", "\"a b\"", "(", ")"]

  mutating func command() -> String {
    var tokens: [String] = []
    for _ in 0..<(1 + random.below(9)) {
      tokens.append(
        random.pick(Self.words + ["mx.test.example", "a.b", "b.c", "\"a.b\"", "-5", "12", "\\b", "\"", "bc"]))
    }
    let sets =
      random.oneIn(4)
      ? "r\(random.below(Self.setCount)),r\(random.below(Self.setCount))" : "r\(random.below(Self.setCount))"
    return sets + " " + tokens.joined(separator: random.pick(["", " ", " "]))
  }
}
