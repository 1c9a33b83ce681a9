internal import SendmailConfig

extension FuzzTarget {
  /// Addresses, blocks, days, keys, actions: what is read is written again the same, and means the same.
  static let values = FuzzTarget("values", longest: 512, dictionary: "relays") { input throws(FuzzFailure) in
    let length = Int(input.choice())
    let bytes = input.rest()
    let text = String(decoding: bytes, as: UTF8.self)
    if let address = IPAddress(text) {
      try require(IPAddress("\(address)") == address, "\(address) is not read back")
      if let network = IPNetwork(address, prefixLength: length) {
        try require(network.contains(address), "\(network) does not contain its own address")
        try requireKeys(network)
      }
    }
    if let day = CalendarDate(text) {
      try require(CalendarDate("\(day)") == day && "\(day)" == text, "\(day) is not read back")
    }
    if let client = try? RelayClient(text) {
      let again = try? RelayClient("\(client)")
      try require(again == client, "\(client) is not read back")
      if case .network(let network) = client { try requireKeys(network) }
    }
    let key = AccessKey(ByteString(bytes))
    try require(key.written.bytes == bytes, "a key changed")
    _ = (AccessAction(key.written, tag: key.tag), VirtualUserTarget(key.written), key.written.escaped)
    try require(!key.written.escaped.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }, "not escaped")
    _ = ClassFileFormat(key.written)
  }

  private static func requireKeys(_ network: IPNetwork) throws(FuzzFailure) {
    for form in [IPv6Form.uncompressed, .compressed] {
      // As many as 65,536 for a block that is short of a whole group: those of a few bits show the same.
      let width = network.address.parts.count == 4 ? 8 : 16
      let free = network.prefixLength == 0 ? width : (width - network.prefixLength % width) % width
      guard free <= 6 else { continue }
      guard let keys = try? network.keys(form) else { continue }
      try require(keys.count == 1 << free && Set(keys).count == keys.count, "\(keys.count) keys for \(network)")
      for key in keys.prefix(4) {
        switch AccessKey(key).pattern {
        case .address(let address): try require(network.contains(address), "\(key) is not in \(network)")
        case .network(let part): try require(network.contains(part.address), "\(key) is not in \(network)")
        default: throw FuzzFailure(description: "\(key) is the key of no address")
        }
      }
    }
  }
}
