internal import SendmailConfig

extension MailSession {
  /// What sendmail says to the client (rule sets `check_relay`, `srv_features` and `greet_pause`).
  public mutating func connect() -> SessionStep {
    var step = SessionStep(stage: .connect, address: "", verdict: .accept)
    if let number = number("check_relay") { admit(by: number, &step) }
    greet(&step)
    let greeting = client.greeting ?? client.name ?? ByteString("[\(client.address)]")
    rewriter.setMacro("s", greeting.bytes)
    rewriter.setMacro("r", Array("ESMTP".utf8))
    return step
  }

  /// Asks a rule set about the client's name and address.
  private mutating func askAboutClient(_ number: Int, withAddress: Bool = true) -> Rewriting {
    rewriter.run(
      rewriter.value("client_name"), withAddress ? rewriter.value("client_addr") : [], by: [number],
      types: rewriter.configuration.defaultTypes, balances: true)
  }

  /// Asks `check_relay`.
  private mutating func admit(by number: Int, _ step: inout SessionStep) {
    let result = askAboutClient(number)
    note(result, in: &step)
    // What is reported about the configuration goes to the log: there is no command to answer.
    switch Verdict(result.triple?.mailer, rewriter) {
    case .refused(let host, let user): refusal = SMTPReply(host: host, user: user, about: nil)
    case .unusable: refusal = SMTPReply(message: "buildaddr: no user", isSender: true)
    case .discarded:
      discardsAll = true
      step.verdict = .discard
    // Nothing is there yet to be kept.
    case .accepted, .quarantined: break
    }
    guard let refusal else { return }
    step.verdict = refusal.refusal
    step.reply = refusal
  }

  /// Asks the rules that say how to greet a client that is not refused.
  ///
  /// Of the first table that they ask and that cannot be opened sendmail says so in a line of its own before it greets. The client
  /// takes that line for the greeting and goes, though sendmail would go on. What `check_relay` has asked is in the log by then.
  private mutating func greet(_ step: inout SessionStep) {
    guard step.reply == nil else { return }
    let told = step.lookups.filter { $0.status == Rewriter.Status.temporaryFailure }.map(\.map.folded)
    for (name, withAddress) in [("srv_features", false), ("greet_pause", true)] {
      guard let number = number(name) else { continue }
      for case .lookedUp(let lookup) in askAboutClient(number, withAddress: withAddress).trace
      where lookup.status == Rewriter.Status.temporaryFailure && !told.contains(lookup.map.folded) {
        guard let map = rewriter.configuration.mapNumbers[lookup.map.folded],
          let complaint = rewriter.lookups.complaint(rewriter.configuration.maps[map])
        else { continue }
        step.reply = SMTPReply(code: 451, enhancedCode: "4.0.0", text: complaint, about: nil)
        step.verdict = .tempfail
        step.lookups.append(lookup)
        step.evidence = .entry(lookup)
        return
      }
    }
  }
}
