/// The tokens of one address, cut as sendmail's address parser cuts them.
///
/// Its peculiarities are kept: comments and blanks separate and vanish, unbalanced quotes and brackets are reported and
/// completed, a backslash takes the next byte into its token unseen, one at the very end is dropped.
///
/// ```abnf
/// address  = *( atom / quoted / operator / blank / comment )   ; up to the delimiter outside quotes, comments, angles
/// atom     = 1*( ordinary / "\" OCTET )
/// quoted   = DQUOTE *( OCTET / "\" OCTET ) DQUOTE
/// operator = "." / ":" / "%" / "@" / "!" / "^" / "/" / "[" / "]" / "+" / "<" / ">" / "," / ";"
/// blank    = SP / HT / LF / VT / FF / CR
/// comment  = "(" *( OCTET / "\" OCTET / comment ) ")"
/// ```
struct MailboxTokens {
  /// What a byte is to the scanner.
  enum ByteKind { case atom, operation, quote, blank }

  private enum State { case operation, atom, quoted, blank }

  /// The tokens, none of them empty.
  ///
  /// No tokens is an address that cannot be parsed.
  var tokens: [[UInt8]] = []
  /// Offset of the delimiter that ended the scan, or of the text's end.
  var end: Int
  /// What was reported, in order.
  var messages: [AddressMessage] = []

  /// The room in sendmail's token buffer: bytes of all tokens with a NUL each.
  private static let room = 256 + 1000 - 5
  /// The most bytes that one token may have.
  static let longestToken = 256

  static func kind(_ byte: UInt8) -> ByteKind {
    switch byte {
    case UInt8(ascii: "\""): .quote
    case 9...13, UInt8(ascii: " "), UInt8(ascii: "("), UInt8(ascii: ")"): .blank
    case UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "%"), UInt8(ascii: "@"), UInt8(ascii: "!"),
      UInt8(ascii: "^"), UInt8(ascii: "/"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "+"),
      UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: ","), UInt8(ascii: ";"):
      .operation
    default: .atom
    }
  }

  /// The tokens one after the other, cut off at `limit` bytes; two atoms in a row get `blank` between them.
  static func joined(_ tokens: some Sequence<[UInt8]>, blank: UInt8, limit: Int = .max) -> [UInt8] {
    var text: [UInt8] = []
    var afterAtom = false
    for token in tokens {
      let isAtom = token.first.map { kind($0) == .atom } ?? false
      if afterAtom && isAtom { text.append(blank) }
      text += token
      afterAtom = isAtom
    }
    if text.count > limit { text.removeSubrange(limit...) }
    return text
  }

  /// Scans to the delimiter or to the end of `text`, in which there is no NUL.
  init(_ text: ArraySlice<UInt8>, delimiter: UInt8?) {
    end = text.endIndex
    let start = text.startIndex
    var messages: [AddressMessage] = []
    func report(_ code: AddressMessage.Code) {
      messages.append(AddressMessage(code, about: text))
    }

    var state = State.atom
    var byte: UInt8? = nil
    var atEnd = false
    var escaped = false
    var inRoute = false
    var comments = 0
    var angles = 0
    var used = 0
    var position = start
    var failed = false

    scan: repeat {
      var token: [UInt8] = []
      cut: while true {
        if let stored = byte, !escaped {
          guard used < Self.room else {
            report(.tokensTooLong)
            failed = true
            break scan
          }
          // 0xFF marks the end of a file somewhere in sendmail, so it loses its eighth bit.
          token.append(stored == 0xFF ? 0x7F : stored)
          used += 1
        }

        var current: UInt8
        if position >= text.endIndex {
          position += 1
          if state == .quoted {
            report(.unbalancedQuote)
            current = UInt8(ascii: "\"")
          } else if comments > 0 {
            report(.unbalancedOpeningParenthesis)
            current = UInt8(ascii: ")")
          } else if angles > 0 {
            report(.unbalancedOpeningAngle)
            current = UInt8(ascii: ">")
          } else {
            byte = nil
            atEnd = true
            break cut
          }
          position -= 1
        } else {
          current = text[position]
          position += 1
          if current == delimiter && comments <= 0 && state != .quoted {
            if angles <= 0 {
              byte = nil
              atEnd = true
              break cut
            }
            if delimiter == UInt8(ascii: ",") && !inRoute {
              report(.unbalancedOpeningAngle)
              current = UInt8(ascii: ">")
              position -= 1
            }
          }
        }
        byte = current

        if escaped {
          escaped = false
          if comments > 0 {
            byte = nil
            continue cut
          }
          if current != UInt8(ascii: "!") || state == .quoted {
            guard used < Self.room else {
              report(.tokensTooLong)
              failed = true
              break scan
            }
            token.append(UInt8(ascii: "\\"))
            used += 1
            continue cut
          }
        }

        if current == UInt8(ascii: "\\") {
          escaped = true
        } else if state != .quoted {
          switch current {
          case UInt8(ascii: "("):
            comments += 1
            byte = nil
          case UInt8(ascii: ")"):
            if comments <= 0 {
              report(.unbalancedClosingParenthesis)
              byte = nil
            } else {
              comments -= 1
            }
          case _ where comments > 0:
            byte = nil
          case UInt8(ascii: "<"):
            angles += 1
            if text[position...].first(where: { !ASCII.isSpace($0) }) == UInt8(ascii: "@") { inRoute = true }
          case UInt8(ascii: ">"):
            if angles <= 0 {
              report(.unbalancedClosingAngle)
              byte = nil
            } else {
              angles -= 1
            }
            inRoute = false
          default:
            break
          }
        }
        guard byte != nil else { continue cut }

        let kind = Self.kind(current)
        switch state {
        case .quoted:
          if kind == .quote { state = .operation }
          continue cut
        case .blank where kind == .blank:
          byte = nil
          continue cut
        case .blank:
          break
        case .atom where kind == .atom:
          continue cut
        case .operation, .atom:
          state = Self.state(after: kind)
          if kind == .blank { byte = nil }
          break cut
        }
        state = Self.state(after: kind)
      }

      if !token.isEmpty {
        guard used < Self.room else {
          report(.tokensTooLong)
          failed = true
          break scan
        }
        used += 1
        guard token.count <= Self.longestToken else {
          report(.tokenTooLong)
          failed = true
          break scan
        }
        tokens.append(token)
      }
    } while !atEnd

    if failed { tokens = [] }
    end = position > start ? position - 1 : position
    self.messages = messages
  }

  private static func state(after kind: ByteKind) -> State {
    switch kind {
    case .atom: .atom
    case .operation: .operation
    case .quote: .quoted
    case .blank: .blank
    }
  }
}
