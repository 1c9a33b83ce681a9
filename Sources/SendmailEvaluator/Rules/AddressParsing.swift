public import SendmailConfig

/// Where an address leads: what sendmail makes of it before it looks at aliases.
public struct Destination: Sendable, Equatable {
  /// The mailer's name; `*file*`, `prog` and `*include*` for what a local name stands for, `*error*` where there is none.
  public var mailer: ByteString
  /// The host that the mailer gets; nil where the rules name none.
  public var host: ByteString?
  /// The user that the mailer gets, or the text of an error.
  public var user: ByteString

  /// Whether mail for the address is refused.
  public var isError: Bool { mailer == "*error*" }
}

/// Whether an address is parsed for the sender's part, and whether for a header.
public struct AddressRole: Sendable, Equatable {
  /// A sender's address; otherwise a recipient's.
  public var isSender: Bool
  /// An address in a header; otherwise in the envelope.
  public var isHeader: Bool

  /// The value of `${addr_type}`.
  var name: [UInt8] { Array("\(isHeader ? "h" : "e") \(isSender ? "s" : "r")".utf8) }

  /// Makes a role; a recipient in the envelope where nothing is said.
  public init(isSender: Bool = false, isHeader: Bool = false) {
    self.isSender = isSender
    self.isHeader = isHeader
  }
}

extension Evaluation {
  /// Parses an address: rule sets 3 and 0, then 2 (1 for a sender), the mailer's own and 4 for the user.
  ///
  /// - Returns: Where it leads, nil where it cannot be cut into tokens, and what happened on the way.
  public mutating func parse(
    _ address: ByteString, as role: AddressRole = AddressRole()
  ) -> (destination: Destination?, rewriting: Rewriting) {
    rewriter.begin()
    rewriter.setMacro("addr_type", role.name)
    let destination = rewriter.parse(address.bytes, role)
    return (destination, rewriter.finish(Rewriter.Status.done))
  }

  /// Rewrites an address as a mailer wants it: rule sets 3, 2 (1 for a sender), the mailer's own and 4.
  ///
  /// - Returns: The address; nil where there is no such mailer, or where it cannot be cut into tokens.
  public mutating func rewrite(_ address: ByteString, for mailer: ByteString, as role: AddressRole) -> ByteString? {
    rewriter.begin()
    guard let mailer = rewriter.configuration.mailer(mailer) else { return nil }
    return rewriter.remoteName(address.bytes, mailer, role)?.text
  }
}

extension CompiledConfiguration {
  func mailer(_ name: ByteString) -> Mailer? { mailers.first { $0.name.folded == name.folded } }
}

extension Rewriter {
  /// Takes an address into the workspace.
  private mutating func take(_ address: [UInt8]) -> Bool { take(address[...], delimiter: nil).isReadable }

  /// Takes the address at the head of a text into the workspace.
  ///
  /// - Returns: Whether there is one, and where it ends, counted from the head.
  mutating func take(_ text: ArraySlice<UInt8>, delimiter: UInt8?) -> (isReadable: Bool, end: Int) {
    var tokens: [Token] = []
    let scan = workspace.scan(text.span, delimiter: delimiter, types: configuration.addressTypes, into: &tokens)
    for fault in scan.faults { report(AddressMessage.text(fault, about: text)) }
    workspace.tokens = tokens
    return (scan.isReadable, scan.end)
  }

  /// Whether an address can be cut into tokens.
  mutating func canBeCut(_ address: [UInt8]) -> Bool {
    var tokens: [Token] = []
    return workspace.scan(address.span, types: configuration.addressTypes, into: &tokens).isReadable
  }

  /// Applies a rule set unless a mailer was chosen before.
  private mutating func apply(_ number: Int, _ status: inout Int32) {
    let ended = rewrite(number, from: 0)
    if status == Status.done { status = ended }
  }

  private func text(_ tokens: ArraySlice<Token>) -> [UInt8] {
    var text: [UInt8] = []
    workspace.join(tokens, blank: configuration.blank, into: &text)
    return text
  }

  mutating func parse(_ address: [UInt8], _ role: AddressRole) -> Destination? {
    take(address) ? resolveChecked(address, role).destination : nil
  }

  /// What rules make of an address.
  struct Resolved {
    var destination: Destination
    /// Whether the rules keep the address from being rewritten by rule set 5 again: an `@` in front of its user.
    var isFinal = false
    /// Whether the user part has bytes that none may have; it is delivered to nobody.
    var isUnusable = false
    /// How it went: 75 where a map could not be asked.
    var status = Status.done
    /// What the rule says that refuses the address; the last message is made of it.
    var refusal: Refusal?
  }

  /// Parses the address in the workspace.
  mutating func resolve(_ address: [UInt8], _ role: AddressRole) -> Resolved {
    var status = Status.done
    apply(3, &status)
    apply(0, &status)
    return destination(of: address, role, status)
  }

  /// Parses the address in the workspace; what its user part cannot have is reported, and a `?` afterwards.
  mutating func resolveChecked(_ address: [UInt8], _ role: AddressRole) -> Resolved {
    var resolved = resolve(address, role)
    if resolved.destination.isError { return resolved }
    let (user, message) = AddressMessage.checking(user: resolved.destination.user.bytes)
    if let message {
      report(message.text)
      resolved.destination.user = ByteString(user)
      resolved.isUnusable = true
    }
    return resolved
  }

  /// Rewrites a local name by rule set 5; nil where that chooses no mailer.
  mutating func resolveLocally(_ user: ByteString, host: ByteString?, home: ByteString?) -> Resolved? {
    guard let number = configuration.ruleSetNumber(Array("5".utf8)), !configuration.ruleRanges[number].isEmpty,
      take(user.bytes)
    else { return nil }
    setMacro("h", host?.bytes)
    setMacro("u", user.bytes)
    setMacro("z", home?.bytes)
    setMacro("addr_type", AddressRole().name)
    var status = Status.done
    apply(number, &status)
    guard status != Status.temporaryFailure else {
      return Resolved(destination: Destination(mailer: "*error*", user: ""), status: status)
    }
    return workspace.tokens.first?.meta == Meta.mailer ? destination(of: user.bytes, AddressRole(), status) : nil
  }

  /// Takes the mailer, host and user from the workspace and rewrites the user for the mailer.
  private mutating func destination(of address: [UInt8], _ role: AddressRole, _ status: Int32) -> Resolved {
    var status = status
    let tokens = workspace.tokens
    guard tokens.first?.meta == Meta.mailer else {
      report("buildaddr: no mailer in parsed address")
      return Resolved(destination: Destination(mailer: "*error*", user: ""), status: status)
    }
    let host = tokens.firstIndex { $0.meta == Meta.host }
    let user = tokens.firstIndex { $0.meta == Meta.user }
    func unusable(_ message: ByteString) -> Resolved {
      report(message)
      return Resolved(destination: Destination(mailer: "*error*", user: ""), status: status)
    }
    guard let user else { return unusable("buildaddr: no user") }
    let nameEnd = min(host ?? tokens.count, user)
    var mailerName: [UInt8] = []
    for token in tokens[1..<nameEnd] { mailerName += workspace.bytes(token) }
    let hostText = host.flatMap { host -> ByteString? in
      host < user ? ByteString(text(tokens[(host + 1)..<user])) : nil
    }
    let userTokens = tokens[(user + 1)...]
    if ByteString(mailerName).folded == "error" {
      var text: [UInt8] = []
      workspace.join(userTokens, blank: ASCII.space, into: &text)
      let refusal = Refusal(text)
      report((refusal.namesAddress ? Array("\(ByteString(address))... ".utf8) : []) + refusal.words)
      return Resolved(
        destination: Destination(mailer: "*error*", host: hostText, user: ByteString(text)), status: status,
        refusal: refusal)
    }
    guard var mailer = configuration.mailer(ByteString(mailerName)) else {
      report("buildaddr: unknown mailer \(ByteString(mailerName))")
      return Resolved(destination: Destination(mailer: "*error*", user: ""), status: status)
    }
    // Only a program or a user of this machine is found without a host.
    if hostText?.isEmpty ?? true, !["local", "prog", "*file*"].contains(mailer.name.folded) {
      return unusable("buildaddr: no host")
    }
    let hostName = mailer.has("h") ? hostText : hostText?.folded
    setMacro("h", hostName?.bytes)
    workspace.tokens = Array(userTokens)
    var isFinal = false
    if mailer.name.folded == "local" {
      if let first = userTokens.first, workspace.bytes(first) == [ASCII.at] {
        workspace.tokens.removeFirst()
        isFinal = true
      }
      let written = text(workspace.tokens[...])
      if let special = Rewriter.special(written, mailer) {
        if special == "*include*" {
          return Resolved(
            destination: Destination(mailer: special, user: ByteString(Unquoting.strip(written).dropFirst(9))),
            status: status)
        }
        mailer = configuration.mailer(special) ?? mailer
      }
    }
    apply(role.isSender ? 1 : 2, &status)
    let own = mailer.rewriting[(role.isSender ? 0 : 2) + (role.isHeader ? 1 : 0)]
    if own > 0 { apply(own, &status) }
    apply(4, &status)
    let name = ByteString(text(workspace.tokens[...]).prefix(255))
    let finalUser = mailer.has("u") ? name : name.folded
    // An address that something was reported about is not asked for.
    if !role.isSender, messages.isEmpty { chooseQueueGroup(finalUser, &status) }
    return Resolved(
      destination: Destination(mailer: mailer.name, host: hostName, user: finalUser), isFinal: isFinal, status: status)
  }

  /// Asks the rule set `queuegroup`, where there is one, which queue a recipient belongs to.
  private mutating func chooseQueueGroup(_ user: ByteString, _ status: inout Int32) {
    guard let number = configuration.ruleSetNumbers["queuegroup"], !configuration.ruleRanges[number].isEmpty,
      take(user.bytes)
    else { return }
    apply(number, &status)
  }

  mutating func remoteName(
    _ address: [UInt8], _ mailer: Mailer, _ role: AddressRole
  ) -> (text: ByteString, status: Int32)? {
    setMacro("addr_type", role.name)
    guard take(address) else { return nil }
    var status = Status.done
    apply(3, &status)
    apply(role.isSender ? 1 : 2, &status)
    let own = mailer.rewriting[(role.isSender ? 0 : 2) + (role.isHeader ? 1 : 0)]
    if own > 0 { apply(own, &status) }
    apply(4, &status)
    return (ByteString(text(workspace.tokens[...])), status)
  }

  /// What `$f` is for a sender: the address as rule sets 3, 1 and 4 leave it; nil where it cannot be cut into tokens.
  mutating func senderName(_ address: [UInt8]) -> ByteString? {
    guard take(address) else { return nil }
    var status = Status.done
    for number in [3, 1, 4] { apply(number, &status) }
    return ByteString(text(workspace.tokens[...]))
  }

  /// The mailer that a local name stands for: a program, a file, an include.
  private static func special(_ user: [UInt8], _ mailer: Mailer) -> ByteString? {
    let bare = user.first == ASCII.quote ? user.dropFirst() : user[...]
    switch bare.first {
    case UInt8(ascii: "|") where mailer.has("|"): return "prog"
    case UInt8(ascii: "/") where mailer.has("/"): return "*file*"
    case ASCII.colon where mailer.has(":"):
      let text = Unquoting.strip(user).prefix(9).map(ASCII.lowercased)
      return text == Array(":include:".utf8) ? "*include*" : nil
    default: return nil
    }
  }

  /// What a rule says that refuses an address.
  struct Refusal {
    /// The text without its quotes, its reply code and the enhanced code behind that.
    var words: [UInt8]
    /// Whether the address stands in front of it: where there is no reply code, or one of five; seen for each from 100 to 699.
    var namesAddress = true

    init(_ text: [UInt8]) {
      var rest = Unquoting.strip(text)[...]
      let code = Array(rest.prefix(4))
      guard code.count == 4, code.prefix(3).allSatisfy(ASCII.isDigit), code.last == ASCII.space else {
        words = Array(rest)
        return
      }
      rest = rest.dropFirst(4)
      namesAddress = ["250", "252", "450", "550", "553"].contains(String(decoding: code.dropLast(), as: UTF8.self))
      let word = rest.prefix { !ASCII.isSpace($0) }
      let parts = word.split(separator: 0x2E, omittingEmptySubsequences: false)
      if parts.count == 3, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(ASCII.isDigit) }),
        word.endIndex < rest.endIndex
      {
        rest = rest[word.endIndex...].drop(while: ASCII.isSpace)
      }
      words = Array(rest)
    }
  }
}
