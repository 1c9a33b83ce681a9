/// The kinds of alias destination that run, write or read something, and so have to be allowed one by one.
public struct AliasPermissions: OptionSet, Sendable {
  /// The bits.
  public let rawValue: Int
  /// Takes bits.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// `|command`.
  public static let programs = AliasPermissions(rawValue: 1)
  /// `/path`.
  public static let files = AliasPermissions(rawValue: 2)
  /// `:include:/path`.
  public static let includes = AliasPermissions(rawValue: 4)
}

extension AliasPermissions {
  /// What ends something that sendmail's rules may take off an address: quotes, brackets and comments, phrases and groups, routes,
  /// paths of hosts, hosts that are names of this one.
  private static let ends = Array("\"<>()[]:;,!^%@".utf8)

  /// What would have to be allowed for what an address ends in, were all before it taken off.
  ///
  /// What is taken off depends on the site's rules, on the names that this host has or gets (`"|x"%a.example@b.example`), and on
  /// how often the rules are gone through: a virtual user's target (`<g:|x>`) twice. So a `|`, a `/` or an `:include:` behind any
  /// such end counts, though it be harmless today; each kind that is found has to be allowed.
  ///
  /// - Complexity: O(*n*) in bytes.
  package static func hidden(in address: ArraySlice<UInt8>) -> AliasPermissions {
    var found: AliasPermissions = []
    var before: UInt8?
    for place in address.indices {
      let byte = address[place]
      if ASCII.isSpace(byte) { continue }
      if before.map(ends.contains) ?? true {
        if byte == UInt8(ascii: "|") { found.insert(.programs) }
        if byte == UInt8(ascii: "/") { found.insert(.files) }
        if byte == ASCII.colon, isList(address[place...]) { found.insert(.includes) }
      }
      before = byte
    }
    return found
  }

  /// Whether a text begins with `:include:`, quotes in it aside.
  private static func isList(_ text: ArraySlice<UInt8>) -> Bool {
    let name = text.lazy.filter { $0 != ASCII.quote && !ASCII.isSpace($0) }.prefix(9)
    return name.map(ASCII.lowercased).elementsEqual(":include:".utf8)
  }

  /// Whether an address has an angle bracket between quotes.
  ///
  /// The rules take the quotes off a user of this host, and in `<mailer:host>` then see the site's own words for a mailer:
  /// `"<local:|x>"` runs x.
  package static func namesMailer(_ address: ArraySlice<UInt8>) -> Bool {
    var isQuoted = false
    var depth = 0
    var isEscaped = false
    for byte in address {
      if isEscaped {
        isEscaped = false
        continue
      }
      switch byte {
      case ASCII.backslash: isEscaped = true
      case ASCII.quote where depth == 0: isQuoted.toggle()
      case UInt8(ascii: "(") where !isQuoted: depth += 1
      case UInt8(ascii: ")") where !isQuoted: depth = max(0, depth - 1)
      case UInt8(ascii: "<") where isQuoted: return true
      default: break
      }
    }
    return false
  }
}
