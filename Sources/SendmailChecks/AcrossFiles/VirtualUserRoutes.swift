internal import SendmailConfig

/// Where the virtual users lead, by the rules of rule set 0 (cf/README, FEATURE(`virtusertable')).
///
/// `user@domain` is looked up as such, then as `@domain`; `user+detail@domain` as `user+detail@domain`, `user++@domain`,
/// `user+*@domain`, `user@domain`, `++@domain`, `+*@domain`, `@domain`. What is found is an address again.
struct VirtualUserRoutes {
  /// An address on its way; the user is nil where it may be any that has no entry of its own.
  struct Address: Hashable {
    var user: [UInt8]?
    var domain: [UInt8]
  }

  /// Where a walk ends.
  enum End: Equatable {
    /// At a name of this host; nil where it depends on the address.
    case local([UInt8]?)
    /// At another host, at a refusal.
    case elsewhere
    /// At an entry that was met before: its place in the walk.
    case loop(at: Int)
    /// Where it goes on cannot be told.
    case unknown
  }

  /// The entries that a walk meets and where it ends.
  struct Walk {
    /// The 0-based lines.
    var lines: [Int] = []
    var end: End
  }

  let path: String
  let table: Table
  let pass: TablePass
  let isVirtual: @Sendable ([UInt8]) -> Bool?
  let isLocal: @Sendable ([UInt8]) -> Bool?

  /// More steps than sendmail's rules may call each other.
  private static let limit = 50

  /// Follows an address.
  func walk(_ address: Address) -> Walk {
    var walk = Walk(end: .unknown)
    var current = address
    var met: [Address] = []
    while walk.lines.count < VirtualUserRoutes.limit {
      guard let isVirtual = isVirtual(current.domain) else { return walk }
      guard isVirtual, let (line, parts) = entry(for: current) else {
        switch isLocal(current.domain) {
        case true?: walk.end = .local(current.user)
        case false?: walk.end = .elsewhere
        case nil: walk.end = .unknown
        }
        return walk
      }
      if let before = met.firstIndex(of: current) {
        walk.end = .loop(at: before)
        return walk
      }
      met.append(current)
      walk.lines.append(line)
      switch target(line, parts) {
      case .address(let next): current = next
      case .local(let name):
        walk.end = .local(name)
        return walk
      case .elsewhere:
        walk.end = .elsewhere
        return walk
      case .unknown: return walk
      }
    }
    return walk
  }

  /// The parts of an address that `%0` to `%3` stand for; nil for what is not known.
  private struct Parts {
    var zero: [UInt8]?
    var one: [UInt8]?
    var two: [UInt8]? = []
    var three: [UInt8]? = []
  }

  private func line(_ key: [UInt8]) -> Int? { pass.line(of: key, in: table) }

  /// The entry that sendmail finds for an address.
  private func entry(for address: Address) -> (Int, Parts)? {
    let domain = [ASCII.at] + address.domain
    guard let user = address.user else { return line(domain).map { ($0, Parts(zero: domain, one: nil)) } }
    if let found = line(user + domain) { return (found, Parts(zero: user + domain, one: user)) }
    if let plus = user.firstIndex(of: 0x2B) {
      let name = Array(user[..<plus])
      let detail = Array(user[(plus + 1)...])
      let forms: [[UInt8]] =
        detail.isEmpty
        ? [name + Array("+*".utf8), name, Array("+*".utf8)]
        : [name + Array("++".utf8), name + Array("+*".utf8), name, Array("++".utf8), Array("+*".utf8)]
      for form in forms {
        if let found = line(form + domain) {
          return (found, Parts(zero: form + domain, one: name, two: detail, three: [0x2B] + detail))
        }
      }
      return line(domain).map { ($0, Parts(zero: domain, one: name, two: detail, three: [0x2B] + detail)) }
    }
    return line(domain).map { ($0, Parts(zero: domain, one: user)) }
  }

  private enum Target {
    case address(Address)
    case local([UInt8]?)
    case elsewhere
    case unknown
  }

  private func target(_ line: Int, _ parts: Parts) -> Target {
    guard let entry = table.entry(at: line) else { return .unknown }
    let value = entry.value.bytes.trimming(while: ASCII.isSpace)
    if value.prefix(6).map(ASCII.lowercased).elementsEqual("error:".utf8) { return .elsewhere }
    if value.elementsEqual("%0".utf8) {
      guard let key = parts.zero?.map(ASCII.lowercased), let at = key.lastIndex(of: ASCII.at) else { return .unknown }
      // Of a catch-all it is an address without a user, which is refused.
      return at == 0 ? .elsewhere : .address(Address(user: Array(key[..<at]), domain: Array(key[(at + 1)...])))
    }
    guard let at = value.lastIndex(of: ASCII.at) else {
      guard value.allSatisfy(VirtualUserRoutes.isPlain) else { return .unknown }
      return .local(expand(value, parts).map { $0.map(ASCII.lowercased) })
    }
    let user = value[..<at]
    guard user.allSatisfy(VirtualUserRoutes.isPlain), !user.isEmpty,
      let domain = expand(value[(at + 1)...], parts), !domain.isEmpty, domain.allSatisfy(VirtualUserRoutes.isPlain)
    else { return .unknown }
    let name = expand(user, parts)
    // "%1" alone is whoever it was; anything around it is somebody of whom nothing is known.
    if name == nil, !user.elementsEqual("%1".utf8), !user.elementsEqual("%1%3".utf8) { return .unknown }
    return .address(Address(user: name?.map(ASCII.lowercased), domain: domain.map(ASCII.lowercased)))
  }

  /// A value with its parameters; nil where one is not known.
  private func expand(_ value: ArraySlice<UInt8>, _ parts: Parts) -> [UInt8]? {
    var result: [UInt8] = []
    var isParameter = false
    for byte in value {
      if isParameter {
        isParameter = false
        switch byte {
        case 0x30...0x39:
          let part: [UInt8]? =
            switch byte {
            case 0x30: parts.zero
            case 0x31: parts.one
            case 0x32: parts.two
            case 0x33: parts.three
            default: []
            }
          guard let part else { return nil }
          result += part
        case 0x25: result.append(byte)
        default: result += [0x25, byte]
        }
      } else if byte == 0x25 {
        isParameter = true
      } else {
        result.append(byte)
      }
    }
    if isParameter { result.append(0x25) }
    return result
  }

  /// Bytes that have no meaning of their own in an address, and `%`.
  private static func isPlain(_ byte: UInt8) -> Bool {
    ASCII.isLetterOrDigit(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F
      || byte == 0x2B || byte == 0x25 || byte >= 0xA0
  }
}
