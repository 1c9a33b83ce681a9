/// The left-hand side of a line of aliases(5), read as `newaliases(1)` reads it: as an address that must be local.
///
/// sendmail looks for the colon that ends the name with an eye on quotes, comments and angle brackets, but takes the value
/// from behind the line's first colon whatever it stands in. In `"a:b": root` the name is `a:b` and the value `b": root`.
///
/// ```abnf
/// entry = name ":" *WSP value      ; name: an address, see MailboxTokens
/// ```
public struct AliasName: Sendable, Equatable {
  /// The key under which `newaliases(1)` stores the entry.
  public enum Key: Sendable, Equatable {
    /// These bytes of the line, by their offsets, in lower case.
    case inLine(Range<Int>)
    /// These bytes: the line spells the key in another way.
    case bytes([UInt8])
  }

  /// The key, `nil` where the name is refused.
  public var key: Key?
  /// What sendmail's address parser reports, in order.
  ///
  /// With a key these are warnings.
  public var messages: [AddressMessage]
  /// Why the name is refused, in the words with which `newaliases(1)` gives the line up; `nil` where there is a key.
  ///
  /// A name that is not local is reported only after the value was looked at (option CheckAliases).
  public var refusal: AddressMessage?
  /// Offset in bytes of the value: behind the line's first colon and the blanks after it.
  ///
  /// `nil` where there is no colon.
  public var valueOffset: Int?
  /// The address as later messages about it show it, as in `ADDRESS... Warning: duplicate alias name KEY`.
  ///
  /// `nil` stands for the bytes of the line up to ``nameEnd``.
  var replacedAddress: [UInt8]?
  /// Offset in bytes of the colon that ended the name, or of the end of the line.
  public var nameEnd: Int

  /// The first exit status that the name makes `newaliases(1)` record: 0, 64, 68 or 70.
  public var exitStatus: Int32 {
    for message in messages {
      if let status = message.exitStatus { return status }
    }
    return refusal?.exitStatus ?? 0
  }

  /// Reads the name of an entry.
  ///
  /// - Parameters:
  ///   - line: the logical line, without its line end; continuation lines are joined already. A NUL ends it.
  ///   - hosts: the names of this host; a name at one of them is local.
  ///   - blank: what stands for a blank between two words (option BlankSub, a dot in the standard sendmail.cf).
  /// - Returns: the name, or why there is none.
  public static func parse(
    _ line: Span<UInt8>, hosts: LocalHosts = .standard, blank: UInt8 = UInt8(ascii: ".")
  ) -> AliasName {
    parse(line, by: .standard(hosts, blank: blank))
  }

  /// Reads the name of an entry as these rules judge it.
  static func parse(_ line: Span<UInt8>, by judge: AddressJudge) -> AliasName {
    var place = 0
    while place < line.count && isPlain(line[place]) { place += 1 }
    let plainEnd = place
    while place < line.count && (line[place] == 0x20 || line[place] == 9) { place += 1 }
    if plainEnd > 0 && place < line.count && line[place] == UInt8(ascii: ":")
      && place <= ParsedMailbox.longestAddress, keepsPlainName(line, plainEnd, judge)
    {
      return AliasName(
        key: .inLine(0..<plainEnd), messages: [], refusal: nil, valueOffset: valueOffset(line, colon: place),
        replacedAddress: nil, nameEnd: place)
    }
    return parseAddress(line, judge)
  }

  /// Whether a name of plain bytes is kept as it is: the standard rules keep them all.
  private static func keepsPlainName(_ line: Span<UInt8>, _ end: Int, _ judge: AddressJudge) -> Bool {
    guard case .site(let rules) = judge else { return true }
    var name: [UInt8] = []
    name.reserveCapacity(end)
    for place in 0..<end { name.append(line[place]) }
    return rules.keepsPlainName(name)
  }

  /// Reads the name of an entry; offsets in the answer count from the slice's beginning.
  public static func parse(
    _ line: ArraySlice<UInt8>, hosts: LocalHosts = .standard, blank: UInt8 = UInt8(ascii: ".")
  ) -> AliasName {
    parse(line.span, hosts: hosts, blank: blank)
  }

  /// The stored key in lower case, `nil` where the name is refused.
  ///
  /// `line` is the line that was parsed.
  public func storedKey(in line: Span<UInt8>) -> [UInt8]? {
    switch key {
    case .none: return nil
    case .bytes(let bytes): return bytes
    case .inLine(let range):
      var bytes: [UInt8] = []
      bytes.reserveCapacity(range.count)
      for place in range { bytes.append(ASCII.lowercased(line[place])) }
      return bytes
    }
  }

  /// The warning of `newaliases(1)` that an earlier line has the same key.
  ///
  /// `line` is the line that was parsed.
  public func duplicateWarning(in line: Span<UInt8>) -> [UInt8] { duplicateWarning(in: line, about: nil) }

  /// That warning, beginning with another address than the name's where one was parsed since.
  func duplicateWarning(in line: Span<UInt8>, about subject: [UInt8]?) -> [UInt8] {
    var address = subject ?? replacedAddress ?? []
    if subject == nil, replacedAddress == nil {
      for place in 0..<nameEnd { address.append(line[place]) }
    }
    return AddressMessage.printed(
      AddressMessage.shortened(address[...]) + Array("... Warning: duplicate alias name ".utf8)
        + (storedKey(in: line) ?? []))
  }

  private static func parseAddress(_ line: Span<UInt8>, _ judge: AddressJudge) -> AliasName {
    var text: [UInt8] = []
    text.reserveCapacity(line.count)
    for place in 0..<line.count {
      if line[place] == 0 { break }
      text.append(line[place])
    }
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else {
      return AliasName(
        key: nil, messages: [],
        refusal: AddressMessage(
          code: .missingColon, text: Array(AddressMessage.Code.missingColon.words.utf8), exitStatus: 70),
        valueOffset: nil, nameEnd: text.count)
    }
    let mailbox = ParsedMailbox(text[...], delimiter: UInt8(ascii: ":"), by: judge)
    var name = AliasName(
      key: nil, messages: mailbox.messages, refusal: nil, valueOffset: valueOffset(line, colon: colon),
      replacedAddress: mailbox.address, nameEnd: mailbox.end)
    switch mailbox.resolution {
    case .local(let user):
      name.key = .bytes(user.map(ASCII.lowercased))
    case .unreadable:
      name.refusal = AddressMessage(
        code: .illegalAliasName,
        text: AddressMessage.printed(
          (mailbox.address + text[mailbox.end...]).prefix(40) + Array("... illegal alias name".utf8)), exitStatus: 70)
    default:
      name.refusal = AddressMessage(
        code: .nonLocalName,
        text: AddressMessage.printed(mailbox.address + Array("... cannot alias non-local names".utf8)), exitStatus: 70)
    }
    return name
  }

  /// Behind the colon and the blanks after it.
  private static func valueOffset(_ line: Span<UInt8>, colon: Int) -> Int {
    var place = colon + 1
    while place < line.count && ASCII.isSpace(line[place]) { place += 1 }
    return place
  }

  /// Whether a byte may stand anywhere in a name without a meaning: no rule and no scanner looks at it.
  ///
  /// Dots and `+` are tokens, but putting the tokens together again gives the same bytes.
  private static func isPlain(_ byte: UInt8) -> Bool {
    if byte >= 0x80 { return byte >= 0xA0 && byte != 0xFF }
    return plain[byte >= 64 ? 1 : 0] >> UInt64(byte & 63) & 1 == 1
  }

  private static let plain: InlineArray<2, UInt64> = {
    var bits: InlineArray<2, UInt64> = [0, 0]
    let special = Array("\"(),:;<>@[]\\%!|/".utf8)
    for byte in UInt8(0x21)...0x7E where !special.contains(byte) {
      bits[byte >= 64 ? 1 : 0] |= 1 << UInt64(byte & 63)
    }
    return bits
  }()
}

extension LocalHosts {
  /// What every standard sendmail.cf has: `localhost` and `[127.0.0.1]`.
  public static let standard = LocalHosts()
}
