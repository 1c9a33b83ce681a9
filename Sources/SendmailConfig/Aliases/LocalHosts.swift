/// The names under which this host takes mail for its own users: sendmail's class w, and its own name (macro j).
public struct LocalHosts: Sendable, Equatable {
  /// The names, in lower case; address literals with their brackets.
  public let names: Set<[UInt8]>
  /// The host's own name.
  public let fullName: [UInt8]

  /// The length of the longest name, in bytes.
  let longestName: Int

  /// Makes the set of these names, and of `localhost`, `[127.0.0.1]` and the host's own name.
  public init(names: some Sequence<[UInt8]> = [], fullName: [UInt8] = Array("localhost".utf8)) {
    let all = Array(names) + [Array("localhost".utf8), Array("[127.0.0.1]".utf8), fullName]
    self.init(exactly: all, fullName: fullName)
  }

  /// Makes the set of these names and no others: all of class w.
  public init(exactly names: some Sequence<[UInt8]>, fullName: [UInt8] = Array("localhost".utf8)) {
    self.names = Set(names.map(Self.folded))
    self.fullName = fullName
    longestName = self.names.reduce(0) { max($0, $1.count) }
  }

  /// Whether a name is one of this host's, in any case.
  public func contains(_ name: [UInt8]) -> Bool {
    name.count <= longestName && names.contains(Self.folded(name))
  }

  /// What follows the first dot of the host's own name (macro m).
  var domain: [UInt8] {
    guard let dot = fullName.firstIndex(of: UInt8(ascii: ".")) else { return [] }
    return Array(fullName[(dot + 1)...])
  }

  static func folded(_ name: [UInt8]) -> [UInt8] { name.map(ASCII.lowercased) }
}
