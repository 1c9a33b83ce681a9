internal import SendmailConfig
internal import SendmailDirectory
internal import SendmailEvaluator

/// How the steps of a mail are shown.
struct ExplainView {
  let evaluated: MailDirectory.Evaluated
  let client: SessionClient
  let isVerbose: Bool

  /// Writes a step.
  func write(_ step: SessionStep, _ line: (String) -> Void) {
    switch step.stage {
    case .connect:
      let doubt = client.resolution == .found ? "" : ", \(client.resolution.rawValue)"
      let name = client.name.map { " (\($0.escaped)\(doubt))" } ?? ""
      line("client \(client.address)\(name): \(outcome(step))")
    case .mail: line("MAIL FROM:\(step.address.escaped): \(outcome(step))")
    case .rcpt: line("RCPT TO:\(step.address.escaped): \(outcome(step))")
    case .data: line("DATA: \(outcome(step))")
    case .delivery:
      line("delivery to \(step.address.escaped):")
      guard let expansion = step.expansion else { return }
      ExpansionView(paths: evaluated.paths).write(expansion) { line("  \($0)") }
      return
    }
    if let reason = step.quarantineReason { line("  kept in the queue until it is released: \(reason.escaped)") }
    if let evidence = step.evidence, step.verdict != .accept || !isRule(evidence) || isVerbose {
      let (head, what) = ExplainView.parts(evaluated.place(of: evidence), evidence)
      line("  \(head) \(what)")
    }
    // Where no entry decides, the keys are what one would be found by.
    let isOpen = step.verdict != .accept && (step.evidence.map(isRule) ?? false)
    if isVerbose || isOpen, !step.lookups.isEmpty {
      line("  asked for: \(step.keys.map(\.escaped).joined(separator: " "))")
    }
  }

  private func isRule(_ evidence: Evidence) -> Bool {
    if case .rule = evidence { return true }
    return false
  }

  private func outcome(_ step: SessionStep) -> String {
    let reply = step.reply?.line.escaped
    switch step.verdict {
    case .accept: return reply ?? "accepted"
    case .discard: return (reply.map { $0 + "; " } ?? "") + "thrown away, for every recipient"
    case .quarantine, .reject, .tempfail: return reply ?? step.verdict.rawValue
    }
  }

  /// A place and what is there: `access:5:` and `spam.example  REJECT`.
  static func parts(_ place: MailDirectory.Evaluated.Place, _ evidence: Evidence) -> (head: String, what: String) {
    let head = place.line.map { "\(place.file):\($0):" } ?? "\(place.file).db:"
    switch evidence {
    case .entry(let lookup):
      guard let value = lookup.value else { return ("\(place.file):", "the map \(lookup.map.escaped) cannot be read") }
      return (head, "\(lookup.key.escaped)  \(value.escaped)")
    case .member(let word, let name, _): return (head, "\((place.key ?? word).escaped) (class \(name.escaped))")
    case .rule: return (head, "a rule of sendmail.cf")
    }
  }

  /// What could not be answered, and what was assumed in its place; a line each.
  func notes(_ unknowns: [UnknownAnswer]) -> [String] {
    var hosts: [String] = []
    var notes: [String] = []
    for unknown in unknowns {
      let key = unknown.key.escaped
      let map = evaluated.configuration.maps.first { $0.name.folded == unknown.map.folded }
      if map?.kind == .host || unknown.map.folded == "host" {
        if !hosts.contains(key) { hosts.append(key) }
      } else {
        notes.append("not known, taken as not found: \(unknown.map.escaped) \(key)")
      }
    }
    if !hosts.isEmpty {
      let word = hosts.count == 1 ? "host" : "hosts"
      notes.insert("not known, taken to be there: \(word) \(hosts.joined(separator: ", "))", at: 0)
    }
    return notes
  }
}

extension SessionStep {
  /// The keys that were asked for, each once.
  var keys: [ByteString] {
    lookups.reduce(into: []) { keys, lookup in
      if !keys.contains(lookup.key) { keys.append(lookup.key) }
    }
  }
}

/// The steps of a mail, as `--json` prints them.
struct ExplainReport: Encodable {
  struct Client: Encodable {
    var address: String
    var name: String?
    var resolution: String
    var auth: String?
  }
  struct Reply: Encodable {
    var code: Int
    var enhancedCode: String?
    var text: String
  }
  struct Place: Encodable {
    var file: String
    var line: Int?
    var key: String?
    var value: String?
  }
  struct Step: Encodable {
    var stage: String
    var address: String?
    var verdict: String
    var reply: Reply?
    var decidedBy: Place?
    var tried: [String]
    var quarantineReason: String?
  }
  struct Delivery: Encodable {
    var recipient: String
    var address: String
    var mailer: String
    var host: String?
    var user: String
  }
  struct Unknown: Encodable {
    var map: String
    var key: String
  }
  var version = 1
  var client: Client
  var accepted: Bool
  var steps: [Step]
  var deliveries: [Delivery]
  var unknowns: [Unknown]

  init(client: SessionClient, steps: [SessionStep], isAccepted: Bool, _ evaluated: MailDirectory.Evaluated) {
    self.client = Client(
      address: "\(client.address)", name: client.name?.description, resolution: client.resolution.rawValue,
      auth: client.authentication?.identity.description)
    accepted = isAccepted
    self.steps = steps.map { step in
      Step(
        stage: step.stage.rawValue, address: step.address.isEmpty ? nil : step.address.description,
        verdict: step.verdict.rawValue,
        reply: step.reply.map {
          Reply(code: $0.code, enhancedCode: $0.enhancedCode?.description, text: $0.text.description)
        },
        decidedBy: step.evidence.map { evidence in
          let place = evaluated.place(of: evidence)
          return Place(
            file: place.file, line: place.line, key: place.key?.description, value: place.value?.description)
        },
        tried: step.keys.map(\.description), quarantineReason: step.quarantineReason?.description)
    }
    deliveries = steps.flatMap { step -> [Delivery] in
      guard let expansion = step.expansion else { return [] }
      return expansion.deliveries.map {
        Delivery(
          recipient: step.address.description, address: expansion.recipients[$0.recipient].address.description,
          mailer: $0.mailer.description, host: $0.host?.description, user: $0.user.description)
      }
    }
    unknowns = steps.unknowns.map { Unknown(map: $0.map.description, key: $0.key.description) }
  }
}
