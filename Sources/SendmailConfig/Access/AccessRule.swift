/// The word before the colon of an access key: which of sendmail's questions the entry answers (cf/README, "ACCESS
/// DATABASE").
///
/// A key without a tag answers those of `Connect`, `From` and `To` at once.
public struct AccessTag: Hashable, Sendable, CustomStringConvertible {
  /// The tag as cf/README spells it, without the colon.
  public let name: String

  private init(known name: String) { self.name = name }

  /// Finds a tag by its name, the case of letters aside; nil for a word that stock rule sets never look up.
  public init?(_ name: some StringProtocol) {
    guard let known = AccessTag.names[name.lowercased()] else { return nil }
    self.init(known: known)
  }

  /// Clients, by address or name.
  public static let connect = AccessTag(known: "Connect")
  /// Envelope senders.
  public static let from = AccessTag(known: "From")
  /// Envelope recipients.
  public static let to = AccessTag(known: "To")

  /// How to log in at other servers: its values are secrets.
  public static let authInfo = AccessTag(known: "AuthInfo")

  /// The name.
  public var description: String { name }

  private static let names: [String: String] = {
    let all = [
      "Connect", "From", "To", "Spam", "GreetPause", "ClientRate", "ClientConn", "Srv_Features", "Clt_Features",
      "Try_TLS", "TLS_Srv", "TLS_Clt", "TLS_Rcpt", "TLS_Srv_Features", "TLS_Clt_Features", "AuthInfo", "CERTISSUER",
      "CERTSUBJECT", "qgrp", "bcc", "Compat",
    ]
    return Dictionary(uniqueKeysWithValues: all.map { ($0.lowercased(), $0) })
  }()

  /// The names of all tags that stock rule sets look up.
  package static var allNames: [String] { Array(names.values).sorted() }
}

/// Whom an access entry is about.
public enum AccessPattern: Hashable, Sendable {
  /// One IP address.
  case address(IPAddress)
  /// The addresses that begin with whole octets or 16-bit groups.
  case network(IPNetwork)
  /// A host or domain name and every name below it.
  case host(ByteString)
  /// A user name at any domain: `user@`.
  case user(ByteString)
  /// A mailbox: `user@domain`.
  case mailbox(user: ByteString, domain: ByteString)
  /// Nothing behind the tag: the default of those tags that have one.
  case anything
  /// A form that no look-up asks for, or that this library has no name for.
  case other(ByteString)
}

/// An access key: its tag and whom it is about, and the bytes it came from.
public struct AccessKey: Hashable, Sendable, CustomStringConvertible {
  /// The key as written.
  public let written: ByteString
  /// The tag; nil where there is none.
  public let tag: AccessTag?
  /// The bytes of the tag with its colon; 0 without one.
  package let tagLength: Int
  /// Whom it is about.
  public let pattern: AccessPattern

  /// Reads a key.
  ///
  /// ```abnf
  /// access-key = [tag ":"] pattern
  /// pattern    = ipv4-prefix / "IPv6" *(":" group) / user "@" [domain] / domain / ""
  /// ```
  public init(_ written: ByteString) {
    self.written = written
    let colon = written.bytes.firstIndex(of: ASCII.colon)
    tag = colon.flatMap { AccessTag(String(decoding: written.bytes[..<$0], as: UTF8.self)) }
    tagLength = tag == nil ? 0 : (colon ?? -1) + 1
    pattern = AccessKey.pattern(written.bytes[tagLength...])
  }

  /// What is behind the tag, as written.
  package var untagged: ByteString { ByteString(written.bytes[tagLength...]) }

  /// The key as written.
  public var description: String { written.description }

  private static func pattern(_ bytes: ArraySlice<UInt8>) -> AccessPattern {
    guard !bytes.isEmpty else { return .anything }
    let text = String(decoding: bytes, as: UTF8.self)
    if text.lowercased().hasPrefix("ipv6") {
      if let network = IPNetwork(keyPrefix: text) {
        return network.isSingleAddress ? .address(network.address) : .network(network)
      }
      if let address = IPAddress(text.dropFirst(5)) { return .address(address) }
    } else if let octets = IPAddress.octets(text) {
      let network = IPNetwork(family: .ipv4, prefix: octets)
      return network.isSingleAddress ? .address(network.address) : .network(network)
    }
    if let at = bytes.lastIndex(of: ASCII.at) {
      let user = ByteString(bytes[..<at])
      let domain = ByteString(bytes[bytes.index(after: at)...])
      guard !user.isEmpty else { return .other(ByteString(bytes)) }
      return domain.isEmpty ? .user(user) : .mailbox(user: user, domain: domain)
    }
    return bytes.contains(ASCII.colon) ? .other(ByteString(bytes)) : .host(ByteString(bytes))
  }
}

extension IPNetwork {
  /// The block of the addresses that begin with some whole parts.
  init(family: IPAddress.Family, prefix: [UInt16]) {
    let count = family == .ipv4 ? 4 : 8
    let parts = prefix + [UInt16](repeating: 0, count: count - prefix.count)
    self.init(
      unchecked: IPAddress(family: family, parts: parts), prefixLength: prefix.count * (family == .ipv4 ? 8 : 16))
  }

  /// Reads sendmail's key form of an IPv6 prefix: `IPv6` and up to eight groups, each behind a colon, without `::`.
  init?(keyPrefix text: some StringProtocol) {
    let fields = Array(text.utf8).split(separator: ASCII.colon, omittingEmptySubsequences: false)
    guard fields.count <= 9, String(decoding: fields[0], as: UTF8.self).lowercased() == "ipv6" else { return nil }
    var groups: [UInt16] = []
    for field in fields.dropFirst() {
      guard let group = IPAddress.hexadecimal(field) else { return nil }
      groups.append(group)
    }
    self.init(family: .ipv6, prefix: groups)
  }
}

/// An entry of the access table, read for its meaning.
public struct AccessRule: Sendable, Equatable {
  /// The entry as written.
  public let entry: TableEntry
  /// The key's meaning.
  public var key: AccessKey { AccessKey(entry.key) }
  /// The value's meaning.
  public var action: AccessAction { AccessAction(entry.value, tag: key.tag) }

  /// Reads an entry.
  package init(entry: TableEntry) { self.entry = entry }
}
