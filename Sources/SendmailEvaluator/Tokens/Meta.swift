/// The bytes that stand for `$*`, `$@` and so on once a line of sendmail.cf is expanded.
///
/// They are the ones that sendmail uses, so that what shows them, such as a map key with `$|` in it, shows the same. No
/// address can have them: sendmail refuses addresses with bytes 0x80–0x9F.
enum Meta {
  static let macro: UInt8 = 0x81
  static let deferredMacro: UInt8 = 0x82
  static let mapBegin: UInt8 = 0x85
  static let mapEnd: UInt8 = 0x86
  static let nothing: UInt8 = 0x8F
  static let anyTokens: UInt8 = 0x90
  static let someTokens: UInt8 = 0x91
  static let oneToken: UInt8 = 0x92
  static let inClass: UInt8 = 0x93
  static let notInClass: UInt8 = 0x94
  static let matched: UInt8 = 0x95
  static let mailer: UInt8 = 0x96
  static let host: UInt8 = 0x97
  static let user: UInt8 = 0x98
  static let call: UInt8 = 0x99
  static let condition: UInt8 = 0x9A
  static let otherwise: UInt8 = 0x9B
  static let conditionEnd: UInt8 = 0x9C
  static let hostBegin: UInt8 = 0x9D
  static let hostEnd: UInt8 = 0x9E

  /// Whether a byte is one of them, or reserved for them.
  @inline(__always)
  static func isMeta(_ byte: UInt8) -> Bool { byte & 0xE0 == 0x80 }

  /// What the macro of a one-byte name stands for where sendmail.cf defines none: `$*`, `$@`, `$1` and so on.
  static let predefined: [(name: UInt8, value: [UInt8])] =
    [
      (UInt8(ascii: "*"), [anyTokens]), (UInt8(ascii: "+"), [someTokens]), (UInt8(ascii: "-"), [oneToken]),
      (UInt8(ascii: "="), [inClass]), (UInt8(ascii: "~"), [notInClass]), (UInt8(ascii: "#"), [mailer]),
      (UInt8(ascii: "@"), [host]), (UInt8(ascii: ":"), [user]), (UInt8(ascii: ">"), [call]),
      (UInt8(ascii: "?"), [condition]), (UInt8(ascii: "|"), [otherwise]), (UInt8(ascii: "."), [conditionEnd]),
      (UInt8(ascii: "["), [hostBegin]), (UInt8(ascii: "]"), [hostEnd]), (UInt8(ascii: "("), [mapBegin]),
      (UInt8(ascii: ")"), [mapEnd]), (UInt8(ascii: "&"), [deferredMacro]),
    ] + (UInt8(ascii: "0")...UInt8(ascii: "9")).map { ($0, [matched, $0]) }

  /// The sign behind the `$` that a byte was written as; nil for a byte that has none.
  static func sign(_ byte: UInt8) -> UInt8? {
    switch byte {
    case nothing, host: UInt8(ascii: "@")
    case matched, macro: 0
    default: predefined.first { $0.value.count == 1 && $0.value[0] == byte }?.name
    }
  }
}
