/// Cuts a text into tokens as sendmail cuts addresses, rules and what maps return.
///
/// Its peculiarities are kept: blanks and comments separate and vanish, unbalanced quotes and brackets are reported and
/// completed, a backslash takes the next byte into its token unseen, one at the very end is dropped.
///
/// ```abnf
/// text     = *( atom / quoted / operator / pair / blank / comment )   ; to the delimiter outside quotes, comments, angles
/// atom     = 1*( ordinary / "\" OCTET )
/// quoted   = DQUOTE *( OCTET / "\" OCTET ) DQUOTE
/// operator = one of TokenTypes.operators / "<" / ">" / "," / ";"
/// pair     = %x81 / %x82 / %x93-95, with the OCTET behind it     ; only in what was expanded from sendmail.cf
/// blank    = SP / HT / LF / VT / FF / CR
/// comment  = "(" *( OCTET / "\" OCTET / comment ) ")"            ; where parentheses are comments, otherwise operators
/// ```
package struct TokenScanner {
  /// What is wrong with a text; none of it but the last three keeps it from being cut.
  package enum Fault: Sendable {
    case unbalancedQuote
    case unbalancedOpeningParenthesis
    case unbalancedClosingParenthesis
    case unbalancedOpeningAngle
    case unbalancedClosingAngle
    /// The text fills sendmail's buffer.
    case tokensTooLong
    /// One token has more bytes than ``longestToken``.
    case tokenTooLong
    /// There are more than ``mostTokens`` of them.
    case tooManyTokens
  }

  /// The most bytes that one token may have.
  package static let longestToken = 256
  /// How many tokens there may be.
  package static let mostTokens = 1000
  /// The room in sendmail's token buffer: bytes of all tokens with a NUL each.
  package static let room = 256 + 1000 - 5

  /// The bytes of the tokens, one after the other.
  package private(set) var bytes: [UInt8] = []
  /// Where each token ends in ``bytes``; none of them is empty.
  ///
  /// No tokens is a text that cannot be parsed.
  package private(set) var ends: [Int] = []
  /// Offset of the delimiter that ended the scan, or of the text's end.
  package private(set) var end = 0
  /// What was reported, in order.
  package private(set) var faults: [Fault] = []

  private enum State { case operation, atom, quoted, blank, pair }

  /// Makes a scanner, whose buffers serve for any number of texts.
  package init() {}

  /// Scans to the delimiter or to the end of `text`, in which there is no NUL.
  ///
  /// Quotes and brackets without their other halves are reported and completed, or taken out, where `balances` says so; in
  /// the rules of sendmail.cf they are tokens as they stand. For these sendmail has a buffer with more `room`.
  package mutating func scan(
    _ text: Span<UInt8>, delimiter: UInt8? = nil, types: TokenTypes, balances: Bool = true,
    room: Int = TokenScanner.room
  ) {
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    faults.removeAll(keepingCapacity: true)

    var state = State.atom
    var byte: UInt8? = nil
    var atEnd = false
    var escaped = false
    var inRoute = false
    var comments = 0
    var angles = 0
    var used = 0
    var position = 0

    repeat {
      let start = bytes.count
      cut: while true {
        if let stored = byte, !escaped {
          guard used < room else { return fail(.tokensTooLong, at: position) }
          // 0xFF marks the end of a file somewhere in sendmail, so it loses its eighth bit.
          bytes.append(stored == 0xFF ? 0x7F : stored)
          used += 1
        }

        var current: UInt8
        if position >= text.count {
          position += 1
          if !balances {
            byte = nil
            atEnd = true
            break cut
          }
          if state == .quoted {
            faults.append(.unbalancedQuote)
            current = ASCII.quote
          } else if comments > 0 {
            faults.append(.unbalancedOpeningParenthesis)
            current = UInt8(ascii: ")")
          } else if angles > 0 {
            faults.append(.unbalancedOpeningAngle)
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
            if delimiter == ASCII.comma && !inRoute {
              faults.append(.unbalancedOpeningAngle)
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
            guard used < room else { return fail(.tokensTooLong, at: position) }
            bytes.append(ASCII.backslash)
            used += 1
            continue cut
          }
        }

        if current == ASCII.backslash {
          escaped = true
        } else if state != .quoted {
          switch current {
          case UInt8(ascii: "(") where types.skipsComments:
            comments += 1
            byte = nil
          case UInt8(ascii: ")") where types.skipsComments:
            if comments <= 0 {
              faults.append(.unbalancedClosingParenthesis)
              byte = nil
            } else {
              comments -= 1
            }
          case _ where comments > 0:
            byte = nil
          case UInt8(ascii: "<"):
            angles += 1
            var next = position
            while next < text.count, ASCII.isSpace(text[next]) { next += 1 }
            if next < text.count, text[next] == ASCII.at { inRoute = true }
          case UInt8(ascii: ">"):
            if angles <= 0, balances {
              faults.append(.unbalancedClosingAngle)
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

        let kind = types.kind(current)
        switch state {
        case .quoted:
          if kind == .quote { state = .operation }
          continue cut
        case .pair:
          state = .operation
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

      if bytes.count > start {
        guard used < room else { return fail(.tokensTooLong, at: position) }
        used += 1
        guard ends.count < Self.mostTokens else { return fail(.tooManyTokens, at: position) }
        guard bytes.count - start <= Self.longestToken else { return fail(.tokenTooLong, at: position) }
        ends.append(bytes.count)
      }
    } while !atEnd
    end = max(position - 1, 0)
  }

  private mutating func fail(_ fault: Fault, at position: Int) {
    faults.append(fault)
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    end = max(position - 1, 0)
  }

  private static func state(after kind: TokenTypes.Kind) -> State {
    switch kind {
    case .atom: .atom
    case .operation: .operation
    case .quote: .quoted
    case .blank: .blank
    case .pair: .pair
    }
  }
}
