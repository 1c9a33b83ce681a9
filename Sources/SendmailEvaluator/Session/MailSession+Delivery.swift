public import SendmailConfig

extension MailSession {
  /// Where the mail for a recipient goes, and what `check_compat` says of each place.
  public mutating func delivery(to address: ByteString) -> SessionStep {
    var expander = Expander(rewriter, limit: 1_000_000)
    expander.rewriter.decisions = nil
    var expansion = expander.expand(address)
    var step = SessionStep(stage: .delivery, address: address, verdict: .accept)
    step.lookups = expansion.recipients[0].lookups
    step.unknowns = expansion.unknowns
    step.evidence = step.lookups.last { $0.value != nil }.map { .entry($0) }
    if let number = number("check_compat") { judge(&expansion, by: number, &step) }
    if let failure = expansion.failures.first(where: { !$0.failure.isTemporary }) ?? expansion.failures.first {
      step.verdict = failure.failure.isTemporary ? .tempfail : .reject
      step.reply = SMTPReply(
        code: failure.failure.code, enhancedCode: failure.failure.enhancedCode, text: failure.failure.text)
    } else if expansion.recipients.contains(where: { $0.outcome == .discarded }) {
      step.verdict = .discard
    }
    step.expansion = expansion
    return step
  }

  /// Asks `check_compat` about the sender and each recipient that mail is delivered to; what it says counts for that one only.
  private mutating func judge(_ expansion: inout Expansion, by number: Int, _ step: inout SessionStep) {
    for recipient in expansion.recipients.indices where expansion.recipients[recipient].outcome == .delivered {
      let result = rewriter.run(
        sender.bytes, expansion.recipients[recipient].address.bytes, by: [number],
        types: rewriter.configuration.defaultTypes, balances: true)
      var asked = SessionStep(stage: .delivery, address: step.address, verdict: .accept)
      note(result, in: &asked)
      step.lookups += asked.lookups
      for unknown in asked.unknowns where !step.unknowns.contains(unknown) { step.unknowns.append(unknown) }
      let outcome: Expansion.Outcome
      switch Verdict(result.triple?.mailer, rewriter) {
      case .refused(let host, let user):
        guard let failure = Expansion.Failure(compatibility: host, user) else { continue }
        outcome = .failed(failure)
      case .unusable:
        outcome = .failed(
          Expansion.Failure(reason: .address, code: 554, enhancedCode: "5.3.5", text: "buildaddr: no user"))
      case .discarded: outcome = .discarded
      case .accepted, .quarantined: continue
      }
      expansion.recipients[recipient].outcome = outcome
      expansion.recipients[recipient].lookups += asked.lookups.filter { $0.value != nil }
      step.evidence = asked.evidence
    }
  }
}

extension Expansion.Failure {
  /// What `$#error` of `check_compat` comes to at the delivery; nil where the mail is delivered all the same.
  ///
  /// There what is behind `$@` alone says whether the mail is kept: `TEMPFAIL`, or an enhanced code of class 4. Where the code of
  /// the text says otherwise, it is the one of the notice that the sender gets.
  fileprivate init?(compatibility host: ByteString?, _ user: ByteString) {
    let reply = ReplyText(Destination(mailer: "*error*", host: host, user: user))
    let status = host.flatMap { ReplyText.enhancedCode($0.bytes[...]) == $0 ? $0 : nil }
    if status?.bytes.first == 0x32 { return nil }
    let isTemporary = host?.folded == "tempfail" || status?.bytes.first == 0x34
    self.init(reason: .address, code: reply.code, enhancedCode: reply.enhancedCode, text: reply.text)
    if code / 100 != (isTemporary ? 4 : 5) {
      (code, enhancedCode) = isTemporary ? (451, status ?? "4.0.0") : (554, "5.0.0")
    }
  }
}
