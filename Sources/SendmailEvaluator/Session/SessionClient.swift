public import SendmailConfig

/// A client that connects to sendmail, as sendmail sees it.
public struct SessionClient: Sendable, Equatable {
  /// What came of looking for the client's name (`${client_resolve}`).
  public enum Resolution: String, Sendable, CaseIterable {
    /// The address has a name, and the name that address.
    case found = "OK"
    /// The address has no name.
    case failed = "FAIL"
    /// The name that the address has does not have that address.
    case forged = "FORGED"
    /// No name server answers.
    case temporary = "TEMP"
  }

  /// Who has been authenticated (SMTP AUTH).
  public struct Authentication: Sendable, Equatable {
    /// Who (`${auth_authen}`).
    public var identity: ByteString
    /// How (`${auth_type}`), such as `PLAIN`; nil for one that the configuration trusts, if it names any.
    public var mechanism: ByteString?

    /// Makes an authentication.
    public init(identity: ByteString, mechanism: ByteString? = nil) {
      self.identity = identity
      self.mechanism = mechanism
    }
  }

  /// The address.
  public var address: IPAddress
  /// The family of the daemon's socket that it comes to.
  ///
  /// To one of IPv6 come clients with an IPv4 address too (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2), and sendmail sees that.
  public var family: IPAddress.Family
  /// The name that the address has; nil where it has none.
  public var name: ByteString?
  /// What came of looking for the name.
  public var resolution: Resolution
  /// What it says in EHLO.
  public var greeting: ByteString?
  /// Who has been authenticated; nil for nobody.
  public var authentication: Authentication?

  /// Makes a client.
  ///
  /// - Parameters:
  ///   - address: The address.
  ///   - family: The family of the daemon's socket that it comes to; nil for the address's own.
  ///   - name: The name that the address has; nil where it has none.
  ///   - resolution: What came of looking for it; nil stands for ``Resolution/found`` where there is a name, else for
  ///     ``Resolution/failed``.
  ///   - greeting: What it says in EHLO; nil for its name or its address.
  ///   - authentication: Who has been authenticated.
  public init(
    address: IPAddress, family: IPAddress.Family? = nil, name: ByteString? = nil, resolution: Resolution? = nil,
    greeting: ByteString? = nil, authentication: Authentication? = nil
  ) {
    self.address = address
    self.family = family ?? address.family
    self.name = name
    self.resolution = resolution ?? (name == nil ? .failed : .found)
    self.greeting = greeting
    self.authentication = authentication
  }

  /// The macros that sendmail sets for it, without those of EHLO.
  func macros(_ configuration: CompiledConfiguration) -> [ByteString: ByteString] {
    let form = configuration.usesCompressedIPv6Addresses ? IPv6Form.compressed : .uncompressed
    let written = ByteString(address.written(form))
    let bracketed = ByteString("[\(written)]")
    // A name that is not sure is not used: that of a forged one stands in $&{client_ptr} only.
    let isNamed = name != nil && resolution == .found
    var macros: [ByteString: ByteString] = [
      "client_addr": written, "client_resolve": ByteString(resolution.rawValue),
      "client_name": isNamed ? name ?? bracketed : bracketed, "client_ptr": name ?? bracketed,
      "client_rate": "1", "client_connections": "1", "total_rate": "1",
    ]
    macros["_"] = isNamed ? ByteString("\(name ?? "") \(bracketed)") : bracketed
    if let authentication {
      macros["auth_authen"] = SessionClient.xtext(authentication.identity)
      macros["auth_type"] = authentication.mechanism ?? configuration.trustedMechanism
      macros["auth_ssf"] = "0"
    }
    return macros
  }

  /// An identity as `${auth_authen}` has it: what might mean something to rules stands as `+` and two digits of hexadecimal, as in
  /// xtext (RFC 3461); sendmail was asked for each byte.
  private static func xtext(_ identity: ByteString) -> ByteString {
    ByteString(
      identity.bytes.flatMap { byte -> [UInt8] in
        guard !(0x21...0x7E ~= byte) || "\"()+<=>\\".utf8.contains(byte) else { return [byte] }
        let digits = String(byte, radix: 16, uppercase: true)
        return Array((digits.count < 2 ? "+0" : "+").utf8) + Array(digits.utf8)
      })
  }
}

extension CompiledConfiguration {
  var usesCompressedIPv6Addresses: Bool { option("UseCompressedIPv6Addresses")?.isTrue ?? false }

  /// The mechanism that one is taken to have been authenticated by: PLAIN, unless only others are trusted.
  fileprivate var trustedMechanism: ByteString {
    guard let number = names.find("TrustAuthMech") else { return "PLAIN" }
    let words = classes[Int(number)].words
    guard !words.isEmpty, words.number(of: Array("PLAIN".utf8)) == nil else { return "PLAIN" }
    return ByteString(words[0])
  }

  /// An option as it is set last.
  func option(_ name: ByteString) -> ConfigurationOption? {
    options.last { $0.name == name && $0.suboption == nil }
  }
}
