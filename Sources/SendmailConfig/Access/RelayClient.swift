/// A client that may be let relay: an address, a block of addresses, or a host or domain name.
public enum RelayClient: Hashable, Sendable, CustomStringConvertible {
  /// An address or a block.
  case network(IPNetwork)
  /// A host or domain name, in lower case; it stands for every name below it too.
  case host(String)

  /// Reads what a person writes for a client.
  ///
  /// IPv4 and IPv6 addresses, CIDR blocks of both, an address in brackets or with `IPv6:` before it, and host or domain
  /// names. sendmail's prefixes (`192.168.5`) are refused with the block to write: a forgotten octet opens a whole network.
  ///
  /// - Throws: ``EditError`` with ``EditError/Code/badAddress`` that says what is wrong with it.
  public init(_ text: some StringProtocol) throws(EditError) {
    var body = String(text)
    if body.hasPrefix("["), body.hasSuffix("]") { body = String(body.dropFirst().dropLast()) }
    let labelled = body.lowercased().hasPrefix("ipv6:")
    if labelled { body = String(body.dropFirst(5)) }
    guard !body.isEmpty else { throw RelayClient.refusal(text, " names no client") }
    if body.utf8.contains(0x2F) {
      self = .network(try RelayClient.block(body))
    } else if body.utf8.contains(ASCII.colon) || labelled {
      self = .network(try RelayClient.ipv6(body))
    } else if body.utf8.allSatisfy({ ASCII.isDigit($0) || $0 == 0x2E }) {
      self = .network(try RelayClient.ipv4(body))
    } else {
      self = .host(try RelayClient.host(body))
    }
  }

  /// The client as it would be written again.
  public var description: String {
    switch self {
    case .network(let network): network.description
    case .host(let name): name
    }
  }

  /// The refusal of what was asked for, on one line whatever is in it.
  private static func refusal(_ text: some StringProtocol, _ why: String) -> EditError {
    EditError(.badAddress, "\(quoted(text))\(why)")
  }

  private static func quoted(_ text: some StringProtocol) -> String { "\"\(ByteString(String(text)).escaped)\"" }

  private static func block(_ text: String) throws(EditError) -> IPNetwork {
    let fields = text.split(separator: "/", omittingEmptySubsequences: false)
    guard fields.count == 2, !fields[1].isEmpty, fields[1].utf8.count <= 3, fields[1].utf8.allSatisfy(ASCII.isDigit),
      fields[1].utf8.count == 1 || fields[1].utf8.first != 0x30, var length = Int(fields[1])
    else { throw RelayClient.refusal(text, ": a block is written ADDRESS/BITS, as in 192.0.2.0/24") }
    guard let address = IPAddress(fields[0]) else {
      throw RelayClient.refusal(text, ": \(quoted(fields[0])) is not an IP address\(complaint(fields[0]))")
    }
    if address.family == .ipv4, fields[0].utf8.contains(ASCII.colon) {
      // An IPv4 address in IPv6 form: its bits stand behind 96 others.
      guard length >= 96 else { throw RelayClient.refusal(text, ": write the block as IPv4") }
      length -= 96
    }
    guard length <= address.bitWidth else {
      let family = address.family == .ipv4 ? "IPv4" : "IPv6"
      throw RelayClient.refusal(text, ": an \(family) address has \(address.bitWidth) bits, not \(length)")
    }
    let shortest = address.family == .ipv4 ? 8 : 16
    guard length >= shortest else {
      throw RelayClient.refusal(
        text, " is too much of the Internet: the mail server would be an open relay; at least /\(shortest) is taken")
    }
    guard let network = IPNetwork(address, prefixLength: length) else {
      throw RelayClient.refusal(
        text,
        ": the address has bits behind the first \(length); write "
          + "\(IPNetwork(masking: address, prefixLength: length)) for the block, or \(address) for the one address")
    }
    return network
  }

  private static func ipv6(_ text: String) throws(EditError) -> IPNetwork {
    if let address = IPAddress(text) { return IPNetwork(unchecked: address, prefixLength: address.bitWidth) }
    if let block = IPNetwork(keyPrefix: "IPv6:" + text) {
      throw RelayClient.refusal(text, " is the beginning of an address; write \(block) for all of that block")
    }
    throw RelayClient.refusal(text, " is not an IPv6 address; write it as in 2001:db8::25 or 2001:db8::/32")
  }

  private static func ipv4(_ text: String) throws(EditError) -> IPNetwork {
    let body = text.hasSuffix(".") ? text.dropLast() : text[...]
    guard let octets = IPAddress.octets(body) else {
      throw RelayClient.refusal(text, " is not an IP address\(complaint(body))")
    }
    let block = IPNetwork(family: .ipv4, prefix: octets)
    guard block.isSingleAddress, body == text else {
      throw RelayClient.refusal(text, " is the beginning of an address; write \(block) for all of that block")
    }
    return block
  }

  /// What is wrong with something that looks like an IPv4 address.
  private static func complaint(_ text: Substring) -> String {
    let fields = text.split(separator: ".", omittingEmptySubsequences: false)
    guard text.utf8.allSatisfy({ ASCII.isDigit($0) || $0 == 0x2E }) else { return "" }
    for field in fields {
      if field.isEmpty { return ": there is nothing between two dots" }
      if field.utf8.count > 3 || (Int(field) ?? 0) > 255 { return ": \(field) is more than 255" }
      if field.utf8.count > 1, field.hasPrefix("0") { return ": \(field) begins with a zero" }
    }
    return fields.count > 4 ? ": it has \(fields.count) numbers, not 4" : ""
  }

  private static func host(_ text: String) throws(EditError) -> String {
    func refuse(_ why: String) throws(EditError) -> Never {
      throw RelayClient.refusal(text, ": \(why)")
    }
    if text.utf8.contains(ASCII.at) {
      try refuse("a mail address cannot be let relay; name the client by its IP address, host or domain")
    }
    if text.hasPrefix("*.") || text.hasPrefix(".") {
      try refuse("write the domain alone: it stands for every host below it")
    }
    if text.hasSuffix(".") { try refuse("leave the final dot off: sendmail never looks it up") }
    guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
      try refuse("a host name in sendmail's tables has no letters beyond ASCII; write its xn-- form")
    }
    let name = text.lowercased()
    guard name.utf8.allSatisfy({ ASCII.isDigit($0) || $0 &- 0x61 < 26 || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F })
    else {
      try refuse("not an IP address, and a host name has only letters, digits, \"-\", \"_\" and \".\"")
    }
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    guard labels.allSatisfy({ 1...63 ~= $0.utf8.count }), name.utf8.count <= 253 else {
      try refuse("between dots a host name has 1 to 63 characters, and 253 in all")
    }
    guard labels.allSatisfy({ $0.utf8.first != 0x2D && $0.utf8.last != 0x2D }),
      !labels[labels.count - 1].utf8.allSatisfy(ASCII.isDigit)
    else {
      try refuse(
        "not an IP address, and no host name: a label neither begins nor ends with \"-\", the last is no number")
    }
    guard labels.count(where: { $0.utf8.allSatisfy(ASCII.isDigit) }) < 3 else { try refuse("not an IP address") }
    guard labels.count > 1 else {
      try refuse("one label is a whole top-level domain: every client below \".\(name)\" could relay")
    }
    return name
  }
}

extension IPNetwork {
  /// The block that an address lies in.
  init(masking address: IPAddress, prefixLength: Int) {
    let parts = address.parts.enumerated().map { index, part in
      let fixed = min(max(prefixLength - index * address.partWidth, 0), address.partWidth)
      return part & ~UInt16(truncatingIfNeeded: (1 << (address.partWidth - fixed)) - 1)
    }
    self.init(unchecked: IPAddress(family: address.family, parts: parts), prefixLength: prefixLength)
  }
}

extension RelayClient {
  /// The fewest keys, without a tag, that let the client relay.
  func keys(_ form: IPv6Form) throws(EditError) -> [ByteString] {
    switch self {
    case .network(let network): try network.keys(form)
    case .host(let name): [ByteString(name)]
    }
  }

  /// The keys that sendmail tries for a key of ``keys(_:)``, the most specific first, without tags.
  static func lookupKeys(_ key: ByteString) -> [ByteString] {
    var keys = [key]
    let bytes = key.bytes
    switch AccessKey(key).pattern {
    case .address, .network:
      let separator: UInt8 = bytes.contains(ASCII.colon) ? ASCII.colon : 0x2E
      for index in bytes.indices.reversed() where bytes[index] == separator {
        // In the compressed form "::" goes as a unit; at the front it leaves "IPv6:".
        let isFront = bytes.count > 6 && bytes[4..<7].allSatisfy { $0 == ASCII.colon }
        if isFront, index == 5 {
          keys.append(ByteString(bytes[..<5]))
          break
        }
        if index > 0, bytes[index - 1] == separator { continue }
        keys.append(ByteString(bytes[..<index]))
      }
    default:
      for index in bytes.indices where bytes[index] == 0x2E { keys.append(ByteString(bytes[(index + 1)...])) }
    }
    return keys
  }
}
