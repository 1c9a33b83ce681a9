/// An alias as it stands in the file: what is before its destinations, between them, and behind them.
///
/// Destinations come and go, and the line breaks, blanks and commas around the others stay.
struct AliasShape {
  /// The bytes up to the first destination: name, colon, blanks.
  private var head: [UInt8]
  /// A destination with its bytes in the file, which may go over several lines, and those between it and the one before.
  struct Item {
    var gap: [UInt8]
    var raw: [UInt8]
    var destination: AliasDestination
  }

  /// The destinations.
  private(set) var items: [Item]
  /// The bytes behind the last destination, line end included.
  private var tail: [UInt8]

  private static let usualGap = Array(", ".utf8)

  init(_ entry: AliasEntry, hosts: LocalHosts) {
    let line = entry.line
    let destinations = AliasDestination.parse(entry.value, hosts: hosts)
    items = []
    guard let first = destinations.first else {
      let start = line.rawOffset(entry.valueStart)
      head = Array(line.raw[..<start])
      tail = Array(line.raw[line.rawEnd(line.joined.count)...])
      return
    }
    head = Array(line.raw[..<line.rawOffset(entry.valueStart + first.range.lowerBound)])
    var end: Int?
    for destination in destinations {
      let start = line.rawOffset(entry.valueStart + destination.range.lowerBound)
      let gap = end.map { Array(line.raw[$0..<start]) } ?? []
      let itemEnd = line.rawEnd(entry.valueStart + destination.range.upperBound)
      items.append(Item(gap: gap, raw: Array(line.raw[start..<itemEnd]), destination: destination))
      end = itemEnd
    }
    tail = Array(line.raw[(end ?? line.raw.count)...])
  }

  /// The bytes of the lines.
  var bytes: [UInt8] {
    var result = head
    for (index, item) in items.enumerated() { result += (index == 0 ? [] : item.gap) + item.raw }
    return result + tail
  }

  /// Puts a destination behind the last one, as that one stands behind the one before it.
  mutating func append(_ destination: AliasDestination) {
    let gap = AliasShape.usable(items.count > 1 ? items[items.count - 1].gap : [])
    items.append(Item(gap: gap, raw: destination.text, destination: destination))
  }

  /// Takes the destinations at these places out.
  mutating func remove(_ places: Set<Int>) {
    items = items.enumerated().filter { !places.contains($0.offset) }.map(\.element)
  }

  /// Puts other destinations in the place of all.
  mutating func replaceAll(_ destinations: [AliasDestination]) {
    let gap = AliasShape.usable(items.count > 1 ? items[1].gap : [])
    items = destinations.map { Item(gap: gap, raw: $0.text, destination: $0) }
  }

  /// The gap itself where it is one comma with blanks and line ends around, else the usual one.
  private static func usable(_ gap: [UInt8]) -> [UInt8] {
    let isPlain = gap.allSatisfy { ASCII.isSpace($0) || $0 == ASCII.comma || $0 == ASCII.backslash }
    return isPlain && gap.count(where: { $0 == ASCII.comma }) == 1 ? gap : usualGap
  }
}
