public import SendmailConfig

/// An SMTP session with sendmail: what it answers to a client, to `MAIL FROM` and to each `RCPT TO`, and where the mail goes.
///
/// ```swift
/// let client = SessionClient(address: IPAddress("192.0.2.1")!, name: "mail.example.org")
/// var session = MailSession(configuration, client: client, lookups: lookups)
/// let steps = session.steps(from: "<anna@example.org>", to: ["<info@example.net>"])
/// ```
/// The rules are those of the configuration; what sendmail itself does with their results is as sendmail 8.17 does it, found out
/// by asking it. A value of this type serves one task at a time; any number of them can be at work.
public struct MailSession: Sendable {
  var rewriter: Rewriter
  let client: SessionClient
  /// The reply that a refused client gets to each command.
  var refusal: SMTPReply?
  /// How often rule set 5 may put another user in the place of one.
  private static let mostRewritings = 50
  private var isDiscarded = false
  /// Whether the client's mail is thrown away whatever it sends.
  var discardsAll = false
  private var needsAuthentication = false
  /// The sender, as it is written.
  private(set) var sender: ByteString = ""
  /// The recipients that are accepted, and how each was written first.
  private var recipients: [Expander.Identity: ByteString] = [:]
  /// How many recipients are accepted; and how often one was accepted and refused, where one that comes twice counts twice.
  private var (recipientCount, acceptedCount, refusedCount) = (0, 0, 0)

  /// Begins a session.
  ///
  /// - Parameters:
  ///   - configuration: sendmail.cf.
  ///   - client: Who connects.
  ///   - lookups: Who answers questions.
  public init(_ configuration: Configuration, client: SessionClient, lookups: Lookups) {
    self.client = client
    let compiled = configuration.compiled
    var macros = client.macros(compiled)
    macros["deliveryMode"] = compiled.option("DeliveryMode").map { ByteString($0.value.bytes.prefix(1)) } ?? "b"
    let daemon = DaemonOptions(compiled, family: client.family)
    macros["daemon_name"] = daemon.name
    macros["daemon_flags"] = daemon.flags
    macros["daemon_family"] = client.family == .ipv4 ? "inet" : "inet6"
    macros["ntries"] = "0"
    var lookups = lookups
    if let name = client.name?.folded, client.resolution == .found {
      let host = lookups.host
      lookups.host = { key in key.folded == name ? .found(key, line: nil) : host(key) }
    }
    rewriter = Rewriter(compiled, EvaluationContext(macros: macros, lookups: lookups, trace: .lookups))
    rewriter.decisions = DecisionLog()
    // Whoever asks why a mail is refused does not mean that its domains might not exist.
    rewriter.assumesHosts = true
    needsAuthentication = daemon.needsAuthentication && client.authentication == nil
  }

  /// All steps of a mail, up to the one that refuses it; what is refused to one recipient is not refused to the others.
  ///
  /// - Parameters:
  ///   - sender: What stands behind `MAIL FROM:`, such as `<anna@example.org>` or `<>`.
  ///   - recipients: What stands behind each `RCPT TO:`.
  /// - Complexity: The rules' own, and what ``Evaluation/expand(_:limit:)`` takes for each recipient.
  public mutating func steps(from sender: ByteString, to recipients: [ByteString]) -> [SessionStep] {
    var steps = [connect()]
    guard !steps[0].isRefused else { return steps }
    steps.append(mail(from: sender))
    guard !steps[1].isRefused else { return steps }
    var accepted: [ByteString] = []
    for recipient in recipients {
      let step = self.recipient(recipient)
      steps.append(step)
      if !step.isRefused { accepted.append(recipient) }
    }
    if !accepted.isEmpty, let step = data() {
      steps.append(step)
      guard !step.isRefused else { return steps }
    }
    if !isDiscarded { steps += accepted.map { delivery(to: $0) } }
    return steps
  }

  /// Forgets the sender and the recipients (`RSET`); `MAIL FROM` does so too.
  public mutating func reset() {
    recipients = [:]
    (recipientCount, acceptedCount, refusedCount) = (0, 0, 0)
    isDiscarded = discardsAll
  }

  /// What sendmail says to `MAIL FROM` (rule set `check_mail`, once rule sets 3 and 0 have made something of the address).
  public mutating func mail(from sender: ByteString) -> SessionStep {
    var step = SessionStep(stage: .mail, address: sender, verdict: .accept)
    reset()
    self.sender = sender
    if let refusal { return SessionStep(stage: .mail, address: sender, verdict: refusal.refusal, reply: refusal) }
    if needsAuthentication {
      step.reply = SMTPReply(code: 530, enhancedCode: "5.7.0", text: "Authentication required")
      step.verdict = .reject
      return step
    }
    let role = AddressRole(isSender: true)
    guard let parsed = parse(sender, role, &step) else { return step }
    if ["prog", "*file*", "*include*"].contains(parsed.destination.mailer) {
      refuse(&step, SMTPReply(code: 553, enhancedCode: "5.1.7", text: "Invalid sender address", about: sender))
      return step
    }
    let isNull = sender.bytes == Array("<>".utf8)
    rewriter.setMacro("f", isNull ? [] : rewriter.senderName(sender.bytes)?.bytes)
    rewriter.setMacro("mail_from", sender.bytes)
    rewriter.setMacro("mail_mailer", parsed.destination.mailer.bytes)
    rewriter.setMacro("mail_host", parsed.destination.host?.bytes ?? [])
    rewriter.setMacro("mail_addr", isNull ? [] : parsed.destination.user.bytes)
    rewriter.setMacro("nrcpts", [0x30])
    rewriter.setMacro("nbadrcpts", [0x30])
    check(sender, by: "check_mail", role, &step)
    if step.reply == nil {
      step.reply = SMTPReply(code: 250, enhancedCode: "2.1.0", text: "Sender ok", about: sender)
    }
    return step
  }

  /// What sendmail says to `RCPT TO` (rule sets 3 and 0, `check_rcpt`, and whether there is such a local user).
  public mutating func recipient(_ address: ByteString) -> SessionStep {
    // They are about the recipient that is asked for, and stay if it is refused.
    func forget() {
      for name: ByteString in ["rcpt_mailer", "rcpt_host", "rcpt_addr"] { rewriter.setMacro(name, nil) }
    }
    forget()
    let step = answer(address)
    if step.isRefused {
      refusedCount += 1
    } else {
      acceptedCount += 1
      forget()
    }
    rewriter.setMacro("nrcpts", Array("\(recipientCount)".utf8))
    rewriter.setMacro("nbadrcpts", Array("\(refusedCount)".utf8))
    return step
  }

  private mutating func answer(_ address: ByteString) -> SessionStep {
    var step = SessionStep(stage: .rcpt, address: address, verdict: .accept)
    if let refusal { return SessionStep(stage: .rcpt, address: address, verdict: refusal.refusal, reply: refusal) }
    let role = AddressRole()
    guard let parsed = parse(address, role, &step) else { return step }
    rewriter.setMacro("rcpt_mailer", parsed.destination.mailer.bytes)
    rewriter.setMacro("rcpt_host", parsed.destination.host?.bytes ?? [])
    rewriter.setMacro("rcpt_addr", parsed.destination.user.bytes)
    check(address, by: "check_rcpt", role, &step)
    guard step.reply == nil else { return step }
    // With delay_checks the rules go on once they have said that the client may relay.
    if step.verdict == .accept,
      let evidence = rewriter.decisions?.evidence(for: Array("RELAY".utf8), rewriter.events)
        ?? rewriter.decisions?.evidence(for: [Meta.mailer] + Array("RELAY".utf8), rewriter.events)
    {
      step.evidence = evidence
    }
    // Who is among the recipients already is told as it was written first.
    let identity = Expander.Identity(parsed.destination)
    let written = recipients[identity] ?? address
    var isNew = recipients[identity] == nil
    let isPostponed = parsed.status == Rewriter.Status.temporaryFailure
    if !isPostponed {
      // Aliases are looked for and not followed: what they lead to is found out when the mail is delivered.
      var expander = Expander(rewriter, limit: MailSession.mostRewritings)
      expander.rewriter.decisions = nil
      let expansion = expander.expand(address)
      for unknown in expansion.unknowns where !step.unknowns.contains(unknown) { step.unknowns.append(unknown) }
      let chain = expansion.chain
      // So an alias that leads back to its own name is taken, too, though there is no account.
      let last = expansion.recipients[chain[chain.count - 1]]
      if case .failed(let failure) = last.outcome, last.alias == nil, failure.reason != .loop, failure.reason != .list,
        !isDiscarded || parsed.destination.mailer.folded == "prog",
        !(failure.reason == .unavailable && failure.code == 451)
      {
        refuse(
          &step,
          SMTPReply(code: failure.code, enhancedCode: failure.enhancedCode, text: failure.text, about: address))
        step.evidence = nil
        return step
      }
      for number in chain.dropFirst() {
        let other = Expander.Identity(expansion.recipients[number].destination)
        // What it is in the end counts.
        isNew = isNew && recipients[other] == nil
        if recipients[other] == nil { recipients[other] = written }
      }
    }
    if recipients[identity] == nil { recipients[identity] = written }
    if isNew { recipientCount += 1 }
    let text: ByteString = isPostponed ? "Recipient ok (will queue)" : "Recipient ok"
    step.reply = SMTPReply(code: 250, enhancedCode: "2.1.5", text: text, about: written)
    return step
  }

  /// What sendmail says to `DATA` (rule set `check_data`), once a recipient is accepted; nil where the rule set has no rules.
  public mutating func data() -> SessionStep? {
    guard let number = number("check_data") else { return nil }
    var step = SessionStep(stage: .data, address: "", verdict: .accept)
    ask(number, Array("\(acceptedCount)".utf8), about: nil, isSender: false, &step)
    if step.reply == nil {
      step.reply = SMTPReply(code: 354, enhancedCode: nil, text: "End data with <CR><LF>.<CR><LF>")
    }
    return step
  }

  // MARK: Rule sets

  func number(_ ruleSet: String) -> Int? {
    guard let number = rewriter.configuration.ruleSetNumber(Array(ruleSet.utf8)),
      !rewriter.configuration.ruleRanges[number].isEmpty
    else { return nil }
    return number
  }

  /// What the result of a check rule set asks for.
  enum Verdict {
    case accepted
    case refused(host: ByteString?, user: ByteString)
    /// `$#error` that does not say how.
    case unusable
    case discarded
    case quarantined(ByteString)

    /// - Parameter rewriter: With the result in its workspace.
    init(_ mailer: ByteString?, _ rewriter: borrowing Rewriter) {
      guard mailer == "error" else {
        self = mailer?.folded == "discard" ? .discarded : .accepted
        return
      }
      let (host, user) = rewriter.chosen
      if host == "quarantine" {
        self = .quarantined(user ?? "")
      } else if let user {
        self = .refused(host: host, user: user)
      } else {
        self = .unusable
      }
    }
  }

  /// Asks a check rule set; where it refuses, the step has its reply.
  private mutating func check(
    _ address: ByteString, by ruleSet: String, _ role: AddressRole, _ step: inout SessionStep
  ) {
    guard let number = number(ruleSet) else { return }
    rewriter.setMacro("addr_type", role.name)
    ask(number, address.bytes, about: address, isSender: role.isSender, &step)
  }

  /// Asks a rule set about a text; where it refuses, the step has its reply.
  private mutating func ask(
    _ number: Int, _ text: [UInt8], about address: ByteString?, isSender: Bool, _ step: inout SessionStep
  ) {
    let result = rewriter.run(text, by: [number], types: rewriter.configuration.defaultTypes, balances: true)
    note(result, in: &step)
    if let message = result.messages.first {
      refuse(&step, SMTPReply(message: message, isSender: isSender))
      step.evidence = rewriter.decisions?.messageLine.map { .rule(line: $0) } ?? step.evidence
      return
    }
    switch Verdict(result.triple?.mailer, rewriter) {
    case .accepted: break
    case .refused(let host, let user): refuse(&step, SMTPReply(host: host, user: user, about: address))
    case .unusable: refuse(&step, SMTPReply(message: "buildaddr: no user", isSender: isSender))
    case .discarded:
      isDiscarded = true
      step.verdict = .discard
    case .quarantined(let reason):
      step.verdict = .quarantine
      step.quarantineReason = ByteString(Unquoting.strip(reason.bytes))
    }
  }

  /// Takes an address apart by rule sets 3 and 0; nil where that refuses it, and the step has the reply.
  private mutating func parse(
    _ address: ByteString, _ role: AddressRole, _ step: inout SessionStep
  ) -> Rewriter.Resolved? {
    rewriter.begin()
    rewriter.setMacro("addr_type", role.name)
    let isReadable = rewriter.take(address.bytes[...], delimiter: nil).isReadable
    guard isReadable, AddressBytes.report(address.bytes[...], { rewriter.report($0) }) else {
      let message = rewriter.messages.first ?? "Syntax error in mailbox address"
      refuse(&step, SMTPReply(message: message, isSender: role.isSender))
      return nil
    }
    let resolved = rewriter.resolveChecked(address.bytes, role)
    let result = rewriter.finish(resolved.status)
    if resolved.destination.isError, !resolved.destination.user.isEmpty {
      note(result, in: &step)
      refuse(
        &step,
        SMTPReply(host: resolved.destination.host, user: resolved.destination.user, about: address))
      return nil
    }
    if let message = result.messages.first {
      note(result, in: &step)
      refuse(&step, SMTPReply(message: message, isSender: role.isSender))
      step.evidence = rewriter.decisions?.messageLine.map { .rule(line: $0) } ?? step.evidence
      return nil
    }
    for unknown in result.unknowns where !step.unknowns.contains(unknown) { step.unknowns.append(unknown) }
    return resolved
  }

  /// Notes what was asked and what decided.
  func note(_ result: Rewriting, in step: inout SessionStep) {
    for event in result.trace {
      guard case .lookedUp(let lookup) = event, let map = rewriter.configuration.mapNumbers[lookup.map.folded],
        rewriter.configuration.maps[map].kind == .table
      else { continue }
      step.lookups.append(lookup)
    }
    for unknown in result.unknowns where !step.unknowns.contains(unknown) { step.unknowns.append(unknown) }
    step.evidence = rewriter.decisions?.evidence(for: rewriter.text(from: 0), result.trace)
    // Of a table that cannot be read there is no entry.
    let failed = step.lookups.last { $0.status == Rewriter.Status.temporaryFailure }
    if case .rule = step.evidence, let failed { step.evidence = .entry(failed) }
  }

  private func refuse(_ step: inout SessionStep, _ reply: SMTPReply) {
    step.reply = reply
    step.verdict = reply.refusal
  }
}

extension Expansion {
  /// The address, and what rule set 5 puts in its place, as often as it has something to say.
  fileprivate var chain: [Int] {
    var chain = [0]
    while let number = chain.last, recipients[number].outcome == .replaced, recipients[number].alias == nil,
      recipients[number].list == nil, let next = recipients.indices.first(where: { recipients[$0].parent == number })
    {
      chain.append(next)
    }
    return chain
  }
}

extension Expander.Identity {
  fileprivate init(_ destination: Destination) {
    // An empty host is none.
    self.init(
      mailer: destination.mailer, host: destination.host?.isEmpty ?? true ? nil : destination.host,
      user: destination.user)
  }
}

extension Rewriter {
  /// What is behind `$@` and behind `$:` in the workspace, two atoms with a blank between them; nil where there is none.
  fileprivate var chosen: (host: ByteString?, user: ByteString?) {
    let tokens = workspace.tokens
    func text(_ places: Range<Int>) -> ByteString {
      var text: [UInt8] = []
      workspace.join(tokens[places], blank: ASCII.space, into: &text)
      return ByteString(text)
    }
    let user = tokens.firstIndex { $0.meta == Meta.user }
    let host = tokens[..<(user ?? tokens.count)].firstIndex { $0.meta == Meta.host }
    return (
      host.map { text(($0 + 1)..<(user ?? tokens.count)) }, user.map { text(($0 + 1)..<tokens.count) }
    )
  }

  /// The value of a macro.
  func value(_ name: ByteString) -> [UInt8] {
    configuration.names.find(name).flatMap { macros[$0] } ?? []
  }
}
