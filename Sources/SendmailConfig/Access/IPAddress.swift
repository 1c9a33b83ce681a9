/// An IPv4 or IPv6 address.
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
  /// The address's version.
  public enum Family: Sendable {
    /// 32 bits, written as four octets.
    case ipv4
    /// 128 bits, written as eight groups of 16 bits.
    case ipv6
  }

  /// The version.
  public let family: Family
  /// The parts that its text form and sendmail's keys are made of: four octets, or eight groups of 16 bits.
  public let parts: [UInt16]

  init(family: Family, parts: [UInt16]) {
    self.family = family
    self.parts = parts
  }

  /// The IPv4 address of four octets.
  package init(ipv4 octets: [UInt8]) {
    precondition(octets.count == 4)
    self.init(family: .ipv4, parts: octets.map { UInt16($0) })
  }

  /// Reads an address: dotted decimal (RFC 1123 §2.1, without leading zeros) or RFC 4291 §2.2 text.
  ///
  /// An IPv4-mapped IPv6 address is the IPv4 address, as sendmail looks it up.
  public init?(_ text: some StringProtocol) {
    if let octets = IPAddress.octets(text), octets.count == 4 {
      self.init(family: .ipv4, parts: octets)
    } else if let groups = IPAddress.groups(text) {
      if groups.prefix(5).allSatisfy({ $0 == 0 }), groups[5] == 0xFFFF {
        self.init(
          family: .ipv4, parts: [groups[6] >> 8, groups[6] & 0xFF, groups[7] >> 8, groups[7] & 0xFF])
      } else {
        self.init(family: .ipv6, parts: groups)
      }
    } else {
      return nil
    }
  }

  /// Bits in an address: 32 or 128.
  public var bitWidth: Int { parts.count * partWidth }

  /// Bits in a part: 8 or 16.
  var partWidth: Int { family == .ipv4 ? 8 : 16 }

  /// The usual text: dotted decimal, or RFC 5952 with the longest run of zero groups as `::`.
  public var description: String { family == .ipv4 ? decimal(parts) : IPAddress.compressed(parts) }

  /// The address as sendmail writes it: `192.0.2.1`, or `IPv6:` and the eight groups, in full or shortened.
  package func written(_ form: IPv6Form) -> String {
    guard family == .ipv6 else { return description }
    return "IPv6:" + (form == .compressed ? IPAddress.compressed(parts) : IPAddress.uncompressed(parts))
  }

  private func decimal(_ parts: [UInt16]) -> String { parts.map { String($0) }.joined(separator: ".") }

  /// Reads one to four decimal octets with dots between.
  static func octets(_ text: some StringProtocol) -> [UInt16]? {
    let fields = text.utf8.split(separator: 0x2E, maxSplits: 4, omittingEmptySubsequences: false)
    guard fields.count <= 4 else { return nil }
    var result: [UInt16] = []
    for field in fields {
      guard 1...3 ~= field.count, field.allSatisfy(ASCII.isDigit), field.count == 1 || field.first != 0x30 else {
        return nil
      }
      let value = field.reduce(0) { $0 * 10 + UInt16($1 - 0x30) }
      guard value < 256 else { return nil }
      result.append(value)
    }
    return result
  }

  /// Reads the eight groups of an IPv6 address.
  private static func groups(_ text: some StringProtocol) -> [UInt16]? {
    let bytes = Array(text.utf8)
    let gap = bytes.indices.dropLast().first { bytes[$0] == ASCII.colon && bytes[$0 + 1] == ASCII.colon }
    guard let gap else {
      guard let groups = run(bytes[...], mayEndInOctets: true), groups.count == 8 else { return nil }
      return groups
    }
    guard let head = run(bytes[..<gap], mayEndInOctets: false),
      let tail = run(bytes[(gap + 2)...], mayEndInOctets: true),
      head.count + tail.count < 8
    else { return nil }
    return head + [UInt16](repeating: 0, count: 8 - head.count - tail.count) + tail
  }

  /// Reads groups with colons between; the last two may be written as an IPv4 address.
  private static func run(_ bytes: ArraySlice<UInt8>, mayEndInOctets: Bool) -> [UInt16]? {
    guard !bytes.isEmpty else { return [] }
    var fields = bytes.split(separator: ASCII.colon, omittingEmptySubsequences: false)
    guard fields.count <= 8 else { return nil }
    var tail: [UInt16] = []
    if mayEndInOctets, let last = fields.last, last.contains(0x2E) {
      guard let octets = octets(String(decoding: last, as: UTF8.self)), octets.count == 4 else { return nil }
      tail = [octets[0] << 8 | octets[1], octets[2] << 8 | octets[3]]
      fields.removeLast()
    }
    var groups: [UInt16] = []
    for field in fields {
      guard let group = hexadecimal(field) else { return nil }
      groups.append(group)
    }
    return groups + tail
  }

  /// Reads one group: one to four hexadecimal digits.
  static func hexadecimal(_ field: ArraySlice<UInt8>) -> UInt16? {
    guard 1...4 ~= field.count, field.allSatisfy({ ASCII.isDigit($0) || ASCII.lowercased($0) &- 0x61 < 6 }) else {
      return nil
    }
    return UInt16(String(decoding: field, as: UTF8.self), radix: 16)
  }

  /// The groups with their first longest run of two or more zeros as `::`, as `inet_ntop` writes them.
  static func compressed(_ groups: [UInt16]) -> String {
    var longest = 0..<0
    var index = 0
    while index < groups.count {
      let end = groups[index...].firstIndex { $0 != 0 } ?? groups.count
      if end - index > max(longest.count, 1) { longest = index..<end }
      index = max(end, index + 1)
    }
    guard !longest.isEmpty else { return uncompressed(groups) }
    return uncompressed(groups[..<longest.lowerBound]) + "::" + uncompressed(groups[longest.upperBound...])
  }

  /// The groups in lower-case hexadecimal without leading zeros.
  static func uncompressed(_ groups: some Sequence<UInt16>) -> String {
    groups.map { String($0, radix: 16) }.joined(separator: ":")
  }
}
