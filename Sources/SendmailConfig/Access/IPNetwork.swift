/// A block of addresses: those that share their first bits (RFC 4632, RFC 4291 §2.3).
public struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
  /// The first address of the block.
  public let address: IPAddress
  /// How many leading bits are fixed: 0–32 or 0–128.
  public let prefixLength: Int

  /// Makes the block of an address and its leading bits; nil where bits behind them are set or there are too many.
  public init?(_ address: IPAddress, prefixLength: Int) {
    guard 0...address.bitWidth ~= prefixLength else { return nil }
    for (index, part) in address.parts.enumerated() {
      let fixed = min(max(prefixLength - index * address.partWidth, 0), address.partWidth)
      guard part & (UInt16(truncatingIfNeeded: (1 << (address.partWidth - fixed)) - 1)) == 0 else { return nil }
    }
    self.address = address
    self.prefixLength = prefixLength
  }

  init(unchecked address: IPAddress, prefixLength: Int) {
    self.address = address
    self.prefixLength = prefixLength
  }

  /// Whether it is one address.
  public var isSingleAddress: Bool { prefixLength == address.bitWidth }

  /// CIDR notation; a single address without its length.
  public var description: String { isSingleAddress ? address.description : "\(address)/\(prefixLength)" }

  /// Whether an address lies in the block.
  public func contains(_ other: IPAddress) -> Bool {
    other.family == address.family && prefixes.contains { other.parts.starts(with: $0) }
  }

  /// The fewest prefixes in whole parts (octets or 16-bit groups) that together are the block, in order.
  ///
  /// At most 128 for IPv4 and 32,768 for IPv6; a /0 is every first part: 256 or 65,536.
  var prefixes: [[UInt16]] {
    let width = address.partWidth
    let whole = prefixLength / width
    let head = Array(address.parts[..<whole])
    guard prefixLength % width != 0 || whole == 0 else { return [head] }
    let free = (whole + 1) * width - prefixLength
    let first = Int(address.parts[whole])
    return (first..<first + (1 << free)).map { head + [UInt16($0)] }
  }
}

/// How sendmail writes IPv6 addresses when it looks them up: option `UseCompressedIPv6Addresses`.
public enum IPv6Form: Sendable {
  /// Eight groups without `::`: the default of builds with `IPV6_FULL`, Debian's among them.
  case uncompressed
  /// With the longest run of zero groups as `::`.
  case compressed
}

extension IPNetwork {
  /// The fewest keys, without a tag, by which sendmail finds every address of the block and no other.
  ///
  /// sendmail looks up an address, then cuts one octet or one 16-bit group after the other off its end (cf/README, "ACCESS
  /// DATABASE"), so a block becomes prefixes of whole parts.
  ///
  /// - Throws: ``EditError`` (``EditError/Code/badAddress``) where compressed addresses make the block inexpressible: the
  ///   groups that are fixed end in a zero, or hold two zeros in a row, and `::` may swallow them.
  public func keys(_ form: IPv6Form) throws(EditError) -> [ByteString] {
    guard address.family == .ipv6 else {
      return prefixes.map { ByteString($0.map { String($0) }.joined(separator: ".")) }
    }
    guard form == .compressed else { return prefixes.map { ByteString("IPv6:" + IPAddress.uncompressed($0)) } }
    guard !isSingleAddress else { return [ByteString("IPv6:" + IPAddress.compressed(address.parts))] }
    for prefix in prefixes
    where prefix.last == 0 || zip(prefix, prefix.dropFirst()).contains(where: { $0 == 0 && $1 == 0 }) {
      throw EditError(
        .badAddress,
        "\(self): sendmail.cf sets UseCompressedIPv6Addresses, and no key can stand for all addresses that begin with "
          + "\(IPAddress.uncompressed(prefix)): sendmail may write its zero groups as \"::\"; "
          + "choose a block whose last fixed group is not zero, or name single addresses")
    }
    return prefixes.map { ByteString("IPv6:" + IPAddress.uncompressed($0)) }
  }
}
