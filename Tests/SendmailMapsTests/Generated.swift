import SendmailConfig
import SendmailMaps
import TestSupport

/// A generated table: its pairs, and a text in makemap's grammar that has them.
struct GeneratedTable {
  var pairs = MapPairs()
  var text: [UInt8] = []

  /// Pairs with what grown tables have: duplicates, duplicates by case, 8-bit bytes, long lines, odd bytes.
  init(seed: UInt64, count: Int) {
    var random = SplitMix64(seed: seed)
    let hosts = [
      "example.com", "Example.COM", "EXAMPLE.com", "10.1", "IPv6:2001:db8:0:0:0:0:0:1", "mx", "@", "#x", "x#",
    ]
    let tags = ["", "Connect:", "connect:", "From:", "To:", "\u{E4}\u{D6}", "[", "Z{|}`"]
    let values = ["RELAY", "OK", "ERROR:5.7.1:550 go away  ", "x", "Value With CASE", "a\tb", "\u{E9}\r", "@"]
    for line in 1...max(1, count) {
      var key = Array(random.pick(tags).utf8) + Array(random.pick(hosts).utf8)
      if !random.oneIn(3) { key += Array(String(random.below(count * 2)).utf8) }
      if random.oneIn(20) { key += (0..<random.below(30)).map { _ in UInt8(random.below(0x80) + 0x80) } }
      if random.oneIn(50) { key += [UInt8](repeating: 0x4B, count: random.below(500)) }
      if key[0] == UInt8(ascii: "#") { key.insert(UInt8(ascii: "k"), at: 0) }
      var value = Array(random.pick(values).utf8)
      if random.oneIn(40) { value += [UInt8](repeating: 0x76, count: max(0, 1021 - key.count - value.count)) }
      pairs.append(key: key, value: value, line: line)
      text += key + [0x09] + value + [0x0A]
    }
  }
}

extension MapPairs {
  /// Pairs from text, line by line.
  init(_ list: KeyValuePairs<String, String>) {
    self.init()
    for (index, pair) in list.enumerated() {
      append(key: Array(pair.key.utf8), value: Array(pair.value.utf8), line: index + 1)
    }
  }
}

extension TemporaryDirectory {
  /// Builds a map named `map.db` and reads it with db5.3_dump.
  func build(
    _ pairs: MapPairs, _ conventions: MapConventions = .makemap, type: MapType = .hash
  ) throws -> (contents: MapContents, statistics: MapStatistics, dump: DumpedMap) {
    let contents = MapContents(pairs, conventions: conventions)
    let statistics = try MapBuilder(type: type).build(contents, at: path("map.db"))
    return (contents, statistics, try DumpedMap(path: path("map.db")))
  }
}

/// Conventions and the options of makemap that mean them.
struct MakemapCase: CustomStringConvertible, Sendable {
  var options: [String]
  var conventions: MapConventions
  var type: MapType

  var description: String { "makemap \(options.joined(separator: " ")) \(type)" }

  static let all: [MakemapCase] = [MapType.hash, .btree].flatMap { type in
    [
      MakemapCase(options: [], conventions: .makemap, type: type),
      MakemapCase(options: ["-N"], conventions: MapConventions(includesNul: true), type: type),
      MakemapCase(options: ["-f"], conventions: MapConventions(foldsCase: false), type: type),
      MakemapCase(options: ["-r"], conventions: MapConventions(duplicates: .keepLast), type: type),
      MakemapCase(options: ["-d"], conventions: MapConventions(duplicates: .keepAll), type: type),
      MakemapCase(
        options: ["-N", "-d", "-f"],
        conventions: MapConventions(foldsCase: false, includesNul: true, duplicates: .keepAll), type: type),
    ]
  }
}
