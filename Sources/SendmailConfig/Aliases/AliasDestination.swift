/// One destination in the value of an alias, as sendmail takes it at delivery.
///
/// ```abnf
/// value       = [ destination ] *( "," [ destination ] )   ; commas outside quotes, comments and angle brackets
/// destination = an address, see MailboxTokens / "|" command / "/" path / ":include:" path / quoted forms of these
/// ```
///
/// Blanks around a destination do not count, empty ones are skipped. The members of a group, `Name: a, b;`, are
/// destinations of their own; the first has the name in its bytes, the last the semicolon.
public struct AliasDestination: Sendable, Equatable {
  /// What a destination is, with the value that sendmail makes of its bytes.
  public enum Kind: Sendable, Equatable {
    /// A name of this host, in lower case: another alias or a mailbox.
    case user([UInt8])
    /// A mailbox of another host.
    case address([UInt8])
    /// A command for the shell, without the bar and the quotes around it.
    case program([UInt8])
    /// A file to which mail is appended, without quotes.
    case file([UInt8])
    /// A file of further destinations, without quotes.
    case include([UInt8])
    /// Nothing that mail can be sent to; ``AliasDestination/messages`` say why.
    case invalid
  }

  /// Where the destination stands in the value, in bytes, blanks around it left out.
  public var range: Range<Int>
  /// Its bytes as written.
  public var text: [UInt8]
  /// What it is.
  public var kind: Kind
  /// Whether a backslash keeps sendmail from looking the user up among the aliases: `\root`.
  public var bypassesAliases: Bool
  /// What sendmail reports when it parses the destination; with another kind than ``Kind/invalid`` these are warnings.
  public var messages: [AddressMessage]

  /// Takes the value of an alias apart.
  ///
  /// - Parameters:
  ///   - value: the value of the logical line, continuation lines joined; a NUL ends it.
  ///   - hosts: the names of this host.
  ///   - blank: what stands for a blank between two words (option BlankSub).
  /// - Returns: the destinations in their order; the ranges count from the value's beginning.
  public static func parse(
    _ value: Span<UInt8>, hosts: LocalHosts = .standard, blank: UInt8 = UInt8(ascii: ".")
  ) -> [AliasDestination] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(value.count)
    for place in 0..<value.count {
      if value[place] == 0 { break }
      bytes.append(value[place])
    }
    var destinations: [AliasDestination] = []
    var start = 0
    while true {
      while start < bytes.count && (ASCII.isSpace(bytes[start]) || bytes[start] == UInt8(ascii: ",")) {
        start += 1
      }
      if start == bytes.count { return destinations }
      let (destination, end) = parse(bytes, at: start, hosts: hosts, blank: blank)
      if let destination { destinations.append(destination) }
      start = end
    }
  }

  /// Takes the value of an alias apart; ranges in the answer count from the slice's beginning.
  public static func parse(
    _ value: ArraySlice<UInt8>, hosts: LocalHosts = .standard, blank: UInt8 = UInt8(ascii: ".")
  ) -> [AliasDestination] {
    parse(value.span, hosts: hosts, blank: blank)
  }

  private static func parse(
    _ bytes: [UInt8], at start: Int, hosts: LocalHosts, blank: UInt8
  ) -> (AliasDestination?, end: Int) {
    if let (range, kind) = plain(bytes, at: start, hosts: hosts) {
      return (
        AliasDestination(
          range: range, text: Array(bytes[range]), kind: kind, bypassesAliases: false, messages: []),
        range.upperBound
      )
    }
    let mailbox = ParsedMailbox(bytes[start...], delimiter: UInt8(ascii: ","), by: .standard(hosts, blank: blank))
    var end = start + mailbox.end
    // The scanner gives up at the byte where it finds too much, and sendmail goes on from there.
    let next = max(end, start + 1)
    // A string that does not end has the blanks at its end in it.
    if !mailbox.messages.contains(where: { $0.code == .unbalancedQuote }) {
      while end > start && ASCII.isSpace(bytes[end - 1]) { end -= 1 }
    }
    let kind: Kind
    var bypassesAliases = false
    switch mailbox.resolution {
    case .local(let user):
      bypassesAliases = user.contains(UInt8(ascii: "\\"))
      kind = .user(bypassesAliases ? Unquoting.strip(user) : user)
    case .remote(let mailbox): kind = .address(mailbox)
    case .program(let command): kind = .program(Array(Unquoting.strip(command).dropFirst()))
    case .file(let path): kind = .file(Unquoting.strip(path))
    case .include(let path): kind = .include(path)
    case .unreadable where mailbox.messages.isEmpty: return (nil, next)
    case .unreadable, .refused: kind = .invalid
    }
    return (
      AliasDestination(
        range: start..<end, text: Array(bytes[start..<end]), kind: kind, bypassesAliases: bypassesAliases,
        messages: mailbox.messages),
      next
    )
  }

  /// The commonest forms, `name` and `name@other.host`, which no rule changes.
  private static func plain(
    _ bytes: [UInt8], at start: Int, hosts: LocalHosts
  ) -> (Range<Int>, Kind)? {
    var place = start
    while place < bytes.count && isPlain(bytes[place]) { place += 1 }
    guard place > start, place - start <= ParsedMailbox.longestAddress else { return nil }
    if place == bytes.count || bytes[place] == UInt8(ascii: ",") {
      return (start..<place, .user(bytes[start..<place].map(ASCII.lowercased)))
    }
    guard bytes[place] == UInt8(ascii: "@") else { return nil }
    let host = place + 1
    var lastDot = place
    place = host
    while place < bytes.count && isPlain(bytes[place]) && bytes[place] != UInt8(ascii: "+") {
      if bytes[place] == UInt8(ascii: ".") {
        if place == lastDot + 1 { return nil }
        lastDot = place
      }
      place += 1
    }
    guard lastDot >= host, lastDot + 1 < place, place - start <= ParsedMailbox.longestAddress,
      place == bytes.count || bytes[place] == UInt8(ascii: ",")
    else { return nil }
    let name = bytes[host..<place].map(ASCII.lowercased)
    if name.starts(with: "localhost".utf8) || name.suffix(5).elementsEqual(".uucp".utf8) || hosts.contains(name) {
      return nil
    }
    return (start..<place, .address(Array(bytes[start..<place])))
  }

  /// Letters, digits and what joins them: none of these bytes has a meaning of its own in a destination.
  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
      UInt8(ascii: "+"):
      true
    default: false
    }
  }
}
