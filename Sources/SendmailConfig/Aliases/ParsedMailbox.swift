/// An address in a text, and what a standard sendmail.cf, or the site's own, makes of it.
struct ParsedMailbox {
  /// The longest address, in bytes.
  static let longestAddress = 255

  var resolution = AddressResolution.unreadable
  /// Length of the address in bytes: how far from the text's beginning the delimiter is, or the text's end.
  var end: Int
  /// What sendmail reports, in order.
  var messages: [AddressMessage]
  /// The address as messages show it: with `?` for each byte that an address cannot have.
  var address: [UInt8]
  /// What stands behind the address where messages show it too: the rest of a list.
  private var rest: ArraySlice<UInt8>

  /// Parses the address at the beginning of `text`, up to `delimiter` outside quotes, comments and angle brackets.
  ///
  /// There is no NUL in the text. Messages begin with the address, or with all of `text` where it is one of a list: sendmail
  /// points to the list then.
  init(_ text: ArraySlice<UInt8>, delimiter: UInt8, by judge: AddressJudge, inList: Bool = false) {
    let scan = MailboxTokens(text, delimiter: delimiter, types: judge.types)
    end = scan.end - text.startIndex
    messages = scan.messages
    address = Array(text[..<scan.end])
    rest = inList ? text[scan.end...] : []
    guard !scan.tokens.isEmpty, checkBytes() else { return }

    switch judge {
    case .standard(let hosts, let blank): resolve(scan.tokens, hosts, blank)
    case .site(let rules): resolve(rules)
    }
    checkUser()
  }

  /// Asks the rules of the site.
  private mutating func resolve(_ rules: any AddressRules) {
    let answer = rules.answer(to: address)
    resolution = answer.resolution
    messages += answer.messages
    guard let refusal = answer.refusal else { return }
    let named = refusal.namesAddress ? AddressMessage.shortened(subject[...]) + Array("... ".utf8) : []
    messages.append(
      AddressMessage(
        code: .refusedByRule, text: AddressMessage.printed(named + refusal.words), exitStatus: refusal.exitStatus))
    // A "$1" between quotes is two bytes that no address can have.
    _ = checked(refusal.text)
  }

  /// Asks the rules of a standard sendmail.cf.
  private mutating func resolve(_ tokens: [[UInt8]], _ hosts: LocalHosts, _ blank: UInt8) {
    var rewriter = AddressRewriter(tokens: tokens, hosts: hosts, blank: blank)
    rewriter.apply(.canonify)
    rewriter.apply(.parse)
    messages += rewriter.messages
    rewriter.messages = []
    switch rewriter.verdict {
    case .refused(let code, let status):
      messages.append(AddressMessage(code, about: subject[...], status: status))
      resolution = .refused
    case .unknownMailer(let mailer):
      messages.append(
        AddressMessage(
          code: .unknownMailer,
          text: AddressMessage.printed(Array("\(AddressMessage.Code.unknownMailer.words) ".utf8) + mailer),
          exitStatus: 70))
      resolution = .refused
    case nil:
      messages.append(
        AddressMessage(code: .noMailer, text: Array(AddressMessage.Code.noMailer.words.utf8), exitStatus: 70))
      resolution = .refused
    case .local, .remote:
      resolution = Self.destination(&rewriter)
      messages += rewriter.messages
    }
  }

  /// What messages begin with.
  var subject: [UInt8] { rest.isEmpty ? address : address + rest }

  /// Refuses bytes 0x80–0x9F and what is too long.
  private mutating func checkBytes() -> Bool {
    var status: Int32?
    for place in 0..<end {
      if address[place] & 0xE0 == 0x80 {
        address[place] = UInt8(ascii: "?")
        status = 64
      }
      if place >= Self.longestAddress {
        let shown = address[..<place]
        messages.append(
          AddressMessage(
            code: .addressTooLong,
            text: AddressMessage.printed(
              AddressMessage.shortened(rest.isEmpty ? shown : subject[...]) + Array("... Address \"".utf8) + shown
                + Array("\" too long (255 bytes max)".utf8)),
            exitStatus: status))
        return false
      }
    }
    guard status != nil else { return true }
    messages.append(
      AddressMessage(
        code: .eightBitCharacter,
        text: AddressMessage.printed(Array("8-bit character in mailbox address \"".utf8) + address + Array("\"".utf8)),
        exitStatus: status))
    return false
  }

  /// The mailer, and the user part as it gets it.
  private static func destination(_ rewriter: inout AddressRewriter) -> AddressResolution {
    let isRemote = rewriter.verdict == .remote
    rewriter.verdict = nil
    var resolution = isRemote ? AddressResolution.remote([]) : .local([])
    if !isRemote {
      let user = MailboxTokens.joined(rewriter.tokens, blank: UInt8(ascii: " "))
      var start = user.startIndex
      if user.first == UInt8(ascii: "@") {
        rewriter.tokens.removeFirst()
        start += 1
      }
      if start < user.endIndex && user[start] == UInt8(ascii: "\"") { start += 1 }
      switch start < user.endIndex ? user[start] : 0 {
      case UInt8(ascii: "|"): resolution = .program([])
      case UInt8(ascii: "/"): resolution = .file([])
      case UInt8(ascii: ":"):
        let bare = Unquoting.strip(user)
        let name = Array(":include:".utf8)
        if bare.count >= name.count && bare.prefix(name.count).map(ASCII.lowercased) == name {
          return .include(Array(bare.dropFirst(name.count)))
        }
      default: break
      }
    }
    rewriter.apply(isRemote ? .remoteRecipient : .localRecipient)
    rewriter.apply(.final)
    let user = MailboxTokens.joined(rewriter.tokens, blank: rewriter.blank, limit: longestAddress)
    switch resolution {
    case .local: return .local(user.map(ASCII.lowercased))
    case .program: return .program(user)
    case .file: return .file(user)
    default: return .remote(user)
    }
  }

  /// Replaces what a user part cannot have by `?` and reports it; the address stays usable.
  private mutating func checkUser() {
    switch resolution {
    case .local(let user): resolution = .local(checked(user))
    case .program(let user): resolution = .program(checked(user))
    case .file(let user): resolution = .file(checked(user))
    case .include(let user): resolution = .include(checked(user))
    case .remote(let user): resolution = .remote(checked(user))
    case .refused: replaceInAddress()
    case .unreadable: break
    }
  }

  /// A user part, or the text of an error, without what it cannot have.
  private mutating func checked(_ user: [UInt8]) -> [UInt8] {
    let (clean, message) = AddressMessage.checking(user: user)
    guard let message else { return user }
    messages.append(message)
    replaceInAddress()
    return clean
  }

  private mutating func replaceInAddress() {
    // In a list sendmail goes on to its end.
    let replaced = AddressMessage.checking(user: address + rest).clean
    address = Array(replaced.prefix(address.count))
    rest = replaced[address.count...]
  }
}
