internal import SendmailConfig

/// A top-level domain or an eighth of the Internet in class R.
enum ClassRelayWide {
  static let check = Check(
    "class.relay-wide", .warning, "relay-domains with a whole top-level domain or millions of addresses", page: .classes
  )

  static func examine(_ member: ClassMember, _ context: CheckContext, _ findings: inout FileFindings) {
    let bytes = member.word.folded.bytes.trimming { $0 == 0x2E }
    guard !bytes.isEmpty, !bytes.contains(0x2E), !bytes.contains(ASCII.colon), bytes.first != ASCII.numberSign,
      !bytes.contains(0x5B), !bytes.contains(0x2F)
    else { return }
    let what: String
    if bytes.allSatisfy(ASCII.isDigit) {
      guard let number = Int(String(decoding: bytes, as: UTF8.self)), number < 256, number != 10, number != 127 else {
        return
      }
      what = "lets 16777216 addresses relay, \(number).0.0.0/8"
    } else if bytes.elementsEqual("ipv6".utf8) {
      what = "lets every IPv6 client relay"
    } else {
      guard context.isLocal(Array(bytes)) != true else { return }
      what =
        "is a whole top-level domain: every client below .\(ByteString(bytes).escaped) may relay, and everybody to it"
    }
    findings.add(
      check, line: member.line, column: member.column, message: "\(member.word.escaped) \(what)",
      remedy: "name the host, the domain or the network that is meant")
  }
}
