package import SendmailConfig
internal import Synchronization

/// A site's own rules as judges of the addresses of its aliases files: rule sets 3, 0, 2, the mailer's own and 4.
///
/// An alias name is local where the mailer that the rules choose has flag `A`. Source: newaliases(1), and what it does.
package final class SiteAddressRules: AddressRules {
  package let types: TokenTypes

  private let configuration: CompiledConfiguration
  /// The classes that have members.
  private let filledClasses: [FrozenWords]
  private let state: Mutex<State>

  private struct State {
    var rewriter: Rewriter
    /// Tries what nobody asked about; a complaint about a map would be lost on it.
    var probe: Rewriter
    /// Whether rules keep plain names of a shape as they are: operators as they stand, a zero byte for each word.
    var shapes: [[UInt8]: Bool] = [:]
  }

  /// Makes the judge; questions to maps go to `lookups`.
  package init(_ configuration: Configuration, _ lookups: Lookups) {
    self.configuration = configuration.compiled
    types = configuration.compiled.addressTypes
    filledClasses = configuration.compiled.classes.filter { !$0.words.isEmpty }
    let probe = Rewriter(configuration.compiled, EvaluationContext(lookups: lookups))
    var rewriter = probe
    rewriter.reportsClosedTables = true
    state = Mutex(State(rewriter: rewriter, probe: probe))
  }

  // MARK: One address

  package func answer(to address: [UInt8]) -> AddressAnswer {
    guard let (resolved, messages) = state.withLock({ $0.rewriter.resolveAlias(address, .none) }) else {
      return AddressAnswer(resolution: .unreadable, messages: [])
    }
    var answer = AddressAnswer(
      resolution: resolution(resolved.destination),
      messages: messages.map { message in
        AddressMessage(
          code: .ruleReport, text: AddressMessage.printed(message.bytes),
          exitStatus: exitStatus(ofMessage: message.bytes))
      })
    if let refusal = resolved.refusal {
      answer.refusal = AddressAnswer.Refusal(
        words: refusal.words, namesAddress: refusal.namesAddress, text: resolved.destination.user.bytes,
        exitStatus: SiteAddressRules.exitStatus(resolved.destination.host))
    }
    return answer
  }

  private func resolution(_ destination: Destination) -> AddressResolution {
    let user = destination.user.bytes
    if destination.isError { return .refused }
    if configuration.mailer(destination.mailer)?.has("A") == true { return .local(user) }
    return switch destination.mailer.folded {
    case "prog": .program(user)
    case "*file*": .file(user)
    case "*include*": .include(user)
    default: .remote(user)
    }
  }

  /// The exit status that newaliases records for what is reported on the way; nil where it finds fault with an address only.
  private func exitStatus(ofMessage message: [UInt8]) -> Int32? {
    let isOfMap = configuration.maps.contains { map in
      message.starts(with: "\(map.declaration.mapClass) map \"\(map.name)\": ".utf8)
        || message.starts(with: "Cannot open \(map.declaration.mapClass) database ".utf8)
    }
    if isOfMap || message.starts(with: MapResult.readFailure.bytes) { return 71 }
    let errors = ["buildaddr: ", "rewrite: ", "Infinite loop ", "Unknown ruleset ", "Too many subroutine "]
    return errors.contains { message.starts(with: $0.utf8) } ? 70 : nil
  }

  /// The exit status that newaliases records for what stands behind the `$@` of `$#error`.
  ///
  /// A name, an enhanced code or a number (cf/README, "$#error"); measured for each.
  static func exitStatus(_ host: ByteString?) -> Int32 {
    guard let host = host?.folded, !host.isEmpty else { return 69 }
    let parts = host.bytes.split(separator: 0x2E, omittingEmptySubsequences: false)
    if parts.count > 1 {
      let numbers = parts.map { part in Int32(String(decoding: part.prefix { ASCII.isDigit($0) }, as: UTF8.self)) ?? 0 }
      return exitStatus(numbers[0], numbers[1], numbers.count > 2 ? numbers[2] : 0)
    }
    switch host {
    case "usage": return 64
    case "nouser": return 67
    case "nohost": return 68
    case "unavailable": return 69
    case "tempfail": return Rewriter.Status.temporaryFailure
    case "protocol": return 76
    case "config": return 78
    default:
      let digits = host.bytes.prefix { ASCII.isDigit($0) }
      return digits.isEmpty ? 69 : Int32(String(decoding: digits, as: UTF8.self)) ?? 69
    }
  }

  private static func exitStatus(_ kind: Int32, _ subject: Int32, _ detail: Int32) -> Int32 {
    switch (kind, subject, detail) {
    case (4, _, _), (5, 4, 1), (5, 4, 3), (5, 4, 5): Rewriter.Status.temporaryFailure
    case (2, _, _): 70
    case (5, 1, 1), (5, 1, 6): 67
    case (5, 1, 2), (5, 1, 8): 68
    case (5, 1, 3), (5, 1, 7): 64
    case (5, 1, 5), (5, 4, 6): 78
    case (5, 1, 0), (5, 2, 3), (5, 7, _): 65
    case (5, 3, _): 71
    case (5, 4, 0), (5, 4, 2): 74
    case (5, 4, 4), (5, 5, _): 76
    case (5, _, _): 69
    default: 78
    }
  }

  // MARK: Names without quotes, blanks, comments and brackets

  /// The most tokens of a name whose parts are looked for among the words of rules and classes.
  private static let mostTokens = 16

  package func keepsPlainName(_ name: [UInt8]) -> Bool {
    let shape = shape(of: name)
    return state.withLock { state in
      guard let shape else { return keeps(name, &state.probe) }
      if let known = state.shapes[shape] { return known }
      let isKept = keepsAll(shape, &state.probe)
      state.shapes[shape] = isKept
      return isKept
    }
  }

  /// Whether the rules make a local name of a name, in any case, say nothing, and ask neither a map nor for a macro's value.
  private func keeps(_ name: [UInt8], _ probe: inout Rewriter) -> Bool {
    guard let (resolved, messages) = probe.resolveAlias(name, .everything), messages.isEmpty, resolved.refusal == nil,
      case .local(let user) = resolution(resolved.destination),
      user.elementsEqual(name, by: { ASCII.lowercased($0) == ASCII.lowercased($1) })
    else { return false }
    return !probe.events.contains { event in
      switch event {
      case .lookedUp: true
      case .macro(_, _, let isPattern): isPattern
      default: false
      }
    }
  }

  /// Whether the rules keep every name of a shape: they keep one of words that nothing knows.
  private func keepsAll(_ shape: [UInt8], _ probe: inout Rewriter) -> Bool {
    var name: [UInt8] = []
    var number = 0
    for byte in shape {
      if byte != 0 {
        name.append(byte)
        continue
      }
      var word: [UInt8]
      repeat {
        word = Array("zq\(number)qz".utf8)
        number += 1
      } while knows(FoldedHash.of(word))
      name += word
    }
    return keeps(name, &probe)
  }

  /// The operators of a name as they stand, and a zero byte for each word.
  ///
  /// - Returns: Nil where words of it, alone or with the tokens behind them, may be words of a rule or members of a class.
  private func shape(of name: [UInt8]) -> [UInt8]? {
    var shape: [UInt8] = []
    var starts: [Int] = []
    for (place, byte) in name.enumerated() {
      if types.kind(byte) == .operation {
        shape.append(byte)
        starts.append(place)
      } else if shape.last != 0 {
        shape.append(0)
        starts.append(place)
      }
      if starts.count > SiteAddressRules.mostTokens { return nil }
    }
    starts.append(name.count)
    for first in 0..<shape.count {
      var hash = FoldedHash()
      for next in first..<shape.count {
        for place in starts[next]..<starts[next + 1] { hash.add(name[place]) }
        if next == first, shape[next] != 0 { continue }
        if knows(hash.value) { return nil }
      }
    }
    return shape
  }

  private func knows(_ hash: UInt32) -> Bool {
    configuration.lexicon.mayContain(hash) || filledClasses.contains { $0.mayContain(hash) }
  }
}

extension Rewriter {
  /// Parses an address of an aliases file; nil where it cannot be cut into tokens.
  ///
  /// What is wrong with its tokens was said by whoever cut it first.
  mutating func resolveAlias(_ address: [UInt8], _ level: TraceLevel) -> (Resolved, messages: [ByteString])? {
    begin()
    self.level = level
    let role = AddressRole()
    setMacro("addr_type", role.name)
    guard take(address[...], delimiter: nil).isReadable else { return nil }
    messages = []
    events = []
    let resolved = resolve(address, role)
    return (resolved, resolved.refusal == nil ? messages : messages.dropLast())
  }
}
