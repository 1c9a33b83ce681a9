/// What an access entry says.
public enum AccessAction: Hashable, Sendable {
  /// Accept, whatever less specific entries say; grants no relaying.
  case ok
  /// Accept and let relay.
  case relay
  /// Refuse with the standard reply.
  case reject
  /// Accept and throw away.
  case discard
  /// End the search without an answer; only where the feature argument `skip` was given.
  case skip
  /// Hold the message in the queue for the reason given.
  case quarantine(reason: ByteString)
  /// Refuse with a reply: an enhanced status code as written (`5.7.1`), if any, and the text behind it, which begins with
  /// the reply code (`550 …`) where it is to count.
  case error(enhancedCode: ByteString?, text: ByteString)
  /// `Spam:` the recipient wants mail that would be refused (FEATURE(`delay_checks')).
  case friend
  /// `Spam:` the recipient wants the checks (FEATURE(`delay_checks')).
  case hater
  /// `GreetPause:` how long to wait before the greeting, in milliseconds; 0 is not at all.
  case pause(milliseconds: Int)
  /// `ClientRate:`, `ClientConn:` how many connections a minute, or at once; 0 is any number.
  case limit(Int)
  /// `Srv_Features:`, `Clt_Features:` the letters of options, each for itself.
  case features([ByteString])
  /// `Try_TLS:` do not try STARTTLS.
  case noTLS
  /// `TLS_Srv:`, `TLS_Clt:`, `TLS_Rcpt:` what has to be fulfilled, as written.
  case tlsRequirement(ByteString)
  /// `CERTISSUER:` the subject decides.
  case subject
  /// `AuthInfo:` how to log in elsewhere: a secret, as written.
  case authInfo(ByteString)
  /// `qgrp:` the name of a queue group.
  case queueGroup(ByteString)
  /// Whatever else: for `Connect`, `From` and `To` sendmail takes it for an error text.
  case other(ByteString)

  /// Reads a value.
  ///
  /// Keywords may be in any case, with blanks around.
  ///
  /// - Parameters:
  ///   - value: The value as stored.
  ///   - tag: The tag of its key: some have values of their own.
  public init(_ value: ByteString, tag: AccessTag? = nil) {
    let bytes = value.bytes.trimming(while: ASCII.isSpace)
    if let own = tag.flatMap({ AccessAction.own(bytes, of: $0) }) {
      self = own
      return
    }
    switch AccessAction.keyword(bytes) {
    case "ok": self = .ok
    case "relay": self = .relay
    case "reject": self = .reject
    case "discard": self = .discard
    case "skip": self = .skip
    default: self = AccessAction.withText(bytes) ?? .other(ByteString(bytes))
    }
  }

  /// A value as sendmail compares it with its words: without comments in parentheses and `%0` to `%9`, in lower case.
  private static func keyword(_ bytes: ArraySlice<UInt8>) -> String {
    var result: [UInt8] = []
    var depth = 0
    var isArgument = false
    for byte in bytes {
      if isArgument {
        isArgument = false
        if ASCII.isDigit(byte) { continue }
        result.append(0x25)
      }
      switch byte {
      case 0x25: isArgument = true
      case 0x28: depth += 1
      case 0x29 where depth > 0: depth -= 1
      default: if depth == 0 { result.append(ASCII.lowercased(byte)) }
      }
    }
    return String(decoding: result.trimming(while: ASCII.isSpace), as: UTF8.self)
  }

  /// The values that only one tag has.
  private static func own(_ bytes: ArraySlice<UInt8>, of tag: AccessTag) -> AccessAction? {
    let word = String(decoding: bytes, as: UTF8.self)
    let number = bytes.allSatisfy(ASCII.isDigit) ? Int(word) : nil
    switch tag.name {
    case "Spam": return word.lowercased() == "friend" ? .friend : word.lowercased() == "hater" ? .hater : nil
    case "GreetPause": return number.map { .pause(milliseconds: $0) }
    case "ClientRate", "ClientConn": return number.map { .limit($0) }
    case "Srv_Features", "Clt_Features":
      return .features(bytes.split(whereSeparator: ASCII.isSpace).map { ByteString($0) })
    case "Try_TLS": return word.lowercased() == "no" ? .noTLS : nil
    case "TLS_Srv", "TLS_Clt", "TLS_Rcpt": return .tlsRequirement(ByteString(bytes))
    case "CERTISSUER": return word.lowercased() == "subject" ? .subject : nil
    case "AuthInfo": return .authInfo(ByteString(bytes))
    case "qgrp": return .queueGroup(ByteString(bytes))
    default: return nil
    }
  }

  private static func withText(_ bytes: ArraySlice<UInt8>) -> AccessAction? {
    if bytes.count >= 4, bytes.prefix(3).allSatisfy(ASCII.isDigit), ASCII.isBlank(bytes[bytes.startIndex + 3]) {
      return .error(enhancedCode: nil, text: ByteString(bytes))
    }
    guard let colon = bytes.firstIndex(of: ASCII.colon) else { return nil }
    let rest = bytes[bytes.index(after: colon)...].drop(while: ASCII.isBlank)
    switch String(decoding: bytes[..<colon], as: UTF8.self).lowercased() {
    case "quarantine": return .quarantine(reason: ByteString(rest))
    case "error":
      if let next = rest.firstIndex(of: ASCII.colon), isEnhancedCode(rest[..<next]) {
        return .error(enhancedCode: ByteString(rest[..<next]), text: ByteString(rest[rest.index(after: next)...]))
      }
      return .error(enhancedCode: nil, text: ByteString(rest))
    default: return nil
    }
  }

  /// `D.S.N` of RFC 3463 §2.
  private static func isEnhancedCode(_ bytes: ArraySlice<UInt8>) -> Bool {
    let fields = bytes.split(separator: 0x2E, omittingEmptySubsequences: false)
    return fields.count == 3 && fields.allSatisfy { 1...3 ~= $0.count && $0.allSatisfy(ASCII.isDigit) }
  }
}
