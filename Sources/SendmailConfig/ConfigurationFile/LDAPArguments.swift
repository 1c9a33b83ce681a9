/// The arguments of a map of class ldap, as far as sendmail finds fault with them while it reads them.
///
/// Nobody asks a directory here. Source: op.me, "K — Key File Declaration", ldap, and what newaliases says.
///
/// ```
/// arguments = *( *SP "-" letter [ *SP word ] )
/// word      = *( octet-without-blank / DQUOTE *octet DQUOTE )
/// ```
struct LDAPArguments {
  private let text: ArraySlice<UInt8>

  /// Takes what stands behind the class.
  init(_ text: ByteString) { self.text = text.bytes[...] }

  /// The letters that a word belongs to.
  private static let valued = Set("bcdhHklMpPrsvwZ".utf8)
  /// The other letters.
  private static let others = Set("afmnoqtxzADKNORSTV1".utf8)

  /// What sendmail says that is wrong: of letters that it does not know, and the first of other things.
  func defects(map name: String) -> [ByteString] {
    var defects: [ByteString] = []
    let last = read(name) { letter in
      defects.append("Illegal option " + ByteString([letter]) + ByteString(" map \(name)"))
    }
    return defects + (last.map { [$0] } ?? [])
  }

  private func read(_ name: String, illegal: (UInt8) -> Void) -> ByteString? {
    var rest = text
    var hosts: Set<UInt8> = []
    var hasFilter = false
    var attributes: ByteString?
    while true {
      rest = rest.drop(while: ASCII.isSpace)
      guard rest.first == UInt8(ascii: "-"), let letter = rest.dropFirst().first else { break }
      rest = rest.dropFirst()
      guard LDAPArguments.valued.contains(letter) else {
        if !LDAPArguments.others.contains(letter) { illegal(letter) }
        _ = LDAPArguments.word(&rest)
        continue
      }
      rest = rest.dropFirst()
      let value = LDAPArguments.word(&rest)
      switch letter {
      case UInt8(ascii: "k"): hasFilter = true
      case UInt8(ascii: "v"):
        let isQuoted = value.bytes.first == ASCII.quote
        attributes = isQuoted ? ByteString(value.bytes.dropFirst().prefix { $0 != ASCII.quote }) : value
      case UInt8(ascii: "h"), UInt8(ascii: "H"):
        hosts.insert(letter)
        if hosts.count > 1 { return ByteString("Can not specify both an LDAP host and an LDAP URI in map \(name)") }
      default:
        if let words = LDAPArguments.defect(letter, value) { return words + ByteString(" in map \(name)") }
      }
    }
    guard hasFilter else { return ByteString("No filter given in map \(name)") }
    return attributes.flatMap { LDAPArguments.defect(attributes: $0, name) }
  }

  /// Takes a word, in which blanks between quotes do not count.
  private static func word(_ rest: inout ArraySlice<UInt8>) -> ByteString {
    rest = rest.drop(while: ASCII.isSpace)
    var isQuoted = false
    let word = rest.prefix { byte in
      if byte == ASCII.quote { isQuoted.toggle() }
      return isQuoted || !ASCII.isSpace(byte)
    }
    rest = rest.dropFirst(word.count)
    return ByteString(word)
  }

  /// What is wrong with a word of those that are chosen from a few.
  private static func defect(_ letter: UInt8, _ value: ByteString) -> ByteString? {
    func choice(_ what: String, _ words: [ByteString], _ prefix: ByteString) -> ByteString? {
      let hasPrefix = value.folded.bytes.starts(with: prefix.bytes)
      let word = hasPrefix ? ByteString(value.bytes[prefix.bytes.count...]) : value
      if words.contains(word.folded) { return nil }
      let all = words.map(\.description).joined(separator: "|")
      return ByteString("\(what) must be [\(all)] (not ") + word + ByteString(")")
    }
    switch letter {
    case UInt8(ascii: "s"): return choice("Scope", ["base", "one", "sub"], "ldap_scope_")
    case UInt8(ascii: "r"): return choice("Deref", ["never", "always", "search", "find"], "ldap_deref_")
    case UInt8(ascii: "M"): return choice("Method for binding", ["none", "simple", "krbv4"], "ldap_auth_")
    case UInt8(ascii: "w"):
      let sign = value.bytes.prefix(1).filter { $0 == 0x2B || $0 == 0x2D }
      let digits = value.bytes.dropFirst(sign.count).prefix(9).prefix(while: ASCII.isDigit)
      let version = Int(String(decoding: sign + digits, as: UTF8.self)) ?? 0
      if version > 3 { return ByteString("LDAP version \(version) exceeds max of 3") }
      return version < 2 ? ByteString("LDAP version \(version) is lower than min of 2") : nil
    default: return nil
    }
  }

  /// What is wrong with the list of attributes: `name[:type[:classes]],…`.
  private static func defect(attributes: ByteString, _ map: String) -> ByteString? {
    let types: [ByteString] = ["normal", "dn", "filter", "url"]
    var recurses = false
    var returns = attributes.isEmpty
    for attribute in attributes.bytes.split(separator: ASCII.comma) {
      let parts = attribute.split(separator: ASCII.colon, maxSplits: 2, omittingEmptySubsequences: false)
      let type = parts.count > 1 && !parts[1].isEmpty ? ByteString(parts[1]) : "normal"
      guard types.contains(type.folded) else { return "Unknown attribute type (" + type + ByteString(") in \(map)") }
      if type.folded == "normal" { returns = true } else { recurses = true }
    }
    guard recurses, !returns else { return nil }
    return ByteString("LDAP recursion requested in \(map) but no returnable attribute given")
  }
}
