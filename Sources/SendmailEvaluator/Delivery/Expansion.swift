public import SendmailConfig

/// Where mail for an address goes in the end: the recipients that it leads to, and what becomes of each.
///
/// ``recipients`` is a tree, kept flat: the first is the address itself, and each of the others says from which one it comes.
public struct Expansion: Sendable, Equatable {
  /// One address on the way, or at the end of it.
  public struct Recipient: Sendable, Equatable {
    /// The address as it is written.
    public var address: ByteString
    /// The number of the recipient that it comes from; nil for the address that was asked for.
    public var parent: Int?
    /// Where it is written: the entry of the alias, or the line of the list; nil where that is not known.
    public var place: TextPlace?
    /// The entries that the rules found in tables while they parsed the address, such as the one of a virtual user.
    public var lookups: [MapLookup]
    /// The mailer, host and user that the rules chose; the user and host as the mailer gets them.
    public var destination: Destination
    /// The alias that stands for it; nil where there is none.
    public internal(set) var alias: AliasMatch?
    /// The file whose addresses stand for it: that of an `:include:`, or the account's `.forward`; nil where there is none.
    public internal(set) var list: ByteString?
    /// What becomes of it.
    public var outcome: Outcome
    /// What sendmail says about how the address is written, in its words.
    public var messages: [ByteString]

    init(
      address: ByteString, parent: Int? = nil, place: TextPlace? = nil, lookups: [MapLookup] = [],
      destination: Destination, outcome: Outcome = .delivered, messages: [ByteString]
    ) {
      self.address = address
      self.parent = parent
      self.place = place
      self.lookups = lookups
      self.destination = destination
      self.outcome = outcome
      self.messages = messages
    }
  }

  /// What becomes of a recipient.
  public enum Outcome: Sendable, Equatable {
    /// It is delivered, beside what else comes from it.
    case delivered
    /// What comes from it is delivered in its place.
    case replaced
    /// It is among the recipients already.
    case duplicate(of: Int)
    /// It is one that it comes from itself, and that one is delivered.
    case reference(to: Int)
    /// It is thrown away (`check_compat`); only where a sender is known.
    case discarded
    /// It is refused, or put off.
    case failed(Failure)
  }

  /// The entry of an alias.
  public struct AliasMatch: Sendable, Equatable {
    /// The key that was found, such as `list+*`.
    public var key: ByteString
    /// The value as it is stored.
    public var value: ByteString
    /// Where the entry is; nil where that is not known.
    public var place: TextPlace?
    /// To whom what cannot be delivered goes (`owner-`…); nil where nothing changes.
    public var owner: ByteString?
  }

  /// Why mail does not go to a recipient.
  public struct Failure: Sendable, Equatable {
    /// What is the matter.
    public enum Reason: String, Sendable {
      /// Rules refuse the address.
      case address
      /// It cannot be read as an address.
      case unreadable
      /// There is neither an alias nor an account of the name.
      case unknownUser
      /// Aliases, lists and `.forward` files lead to nobody, or are too deep.
      case loop
      /// A list is not read.
      case list
      /// A program, a file or a list may not be named here.
      case notAllowed
      /// Something cannot be asked now; the mail is kept.
      case unavailable
    }
    /// What is the matter.
    public var reason: Reason
    /// The reply code, such as 550; 4xx where the mail is kept and tried again.
    public var code: Int
    /// The enhanced code, such as `5.1.1` (RFC 3463).
    public var enhancedCode: ByteString
    /// The text, in sendmail's words.
    public var text: ByteString

    /// Whether the mail is kept and tried again.
    public var isTemporary: Bool { code / 100 == 4 }
  }

  /// One place that mail is delivered to.
  public struct Delivery: Sendable, Equatable {
    /// The mailer.
    public var mailer: ByteString
    /// The host that the mailer gets; nil where there is none.
    public var host: ByteString?
    /// The user that the mailer gets.
    public var user: ByteString
    /// The number of the recipient.
    public var recipient: Int
  }

  /// The address that was asked for.
  public internal(set) var address: ByteString
  /// The address and all that comes from it; what comes from one stands in the order in which it is written.
  public internal(set) var recipients: [Recipient] = []
  /// Questions that nobody could answer.
  ///
  /// An account that nobody knows of is taken to be there; all else is taken for not found.
  public internal(set) var unknowns: [UnknownAnswer] = []
  /// Whether there were more recipients than was allowed; what is told is true, and not all.
  public internal(set) var isTruncated = false

  /// Where the mail goes, in the order in which it is written.
  public var deliveries: [Delivery] {
    order.compactMap { number in
      let recipient = recipients[number]
      guard recipient.outcome == .delivered else { return nil }
      let destination = recipient.destination
      return Delivery(
        mailer: destination.mailer, host: destination.host, user: destination.user, recipient: number)
    }
  }

  /// The recipients that fail, by their numbers, in the order in which they are written.
  public var failures: [(recipient: Int, failure: Failure)] {
    order.compactMap { number in
      guard case .failed(let failure) = recipients[number].outcome else { return nil }
      return (number, failure)
    }
  }

  /// Whether every recipient is delivered to, as far as is known.
  public var isDeliverable: Bool {
    !recipients.isEmpty && !isTruncated
      && recipients.allSatisfy { recipient in
        if case .failed = recipient.outcome { return false }
        return true
      }
  }

  /// The ways in circles: from each recipient that is one it comes from, or the same as one, the numbers from that one on.
  public var loops: [[Int]] {
    order.compactMap { number in
      switch recipients[number].outcome {
      case .duplicate(let other), .reference(let other):
        let way = way(to: number)
        return way.firstIndex(of: other).map { Array(way[$0...]) }
      case .failed(let failure) where failure.reason == .loop && recipients[number].parent != nil:
        return way(to: number)
      default: return nil
      }
    }
  }

  /// The way to a recipient: the numbers from the address that was asked for down to it.
  public func way(to recipient: Int) -> [Int] {
    var way = [recipient]
    while let parent = recipients[way[way.count - 1]].parent { way.append(parent) }
    return way.reversed()
  }

  /// Whether a recipient comes from a file of addresses, and not from the alias that may stand beside it.
  public func isListed(_ recipient: Int) -> Bool {
    guard let parent = recipients[recipient].parent, let list = recipients[parent].list else { return false }
    return recipients[recipient].place?.file == list
  }

  /// The numbers of the recipients, each behind the one that it comes from, in the order in which they are written.
  public var order: [Int] {
    var first = [Int](repeating: -1, count: recipients.count)
    var next = first
    for number in recipients.indices.reversed() {
      guard let parent = recipients[number].parent else { continue }
      next[number] = first[parent]
      first[parent] = number
    }
    var result: [Int] = []
    result.reserveCapacity(recipients.count)
    var waiting = recipients.isEmpty ? [] : [0]
    while let number = waiting.popLast() {
      result.append(number)
      if next[number] >= 0 { waiting.append(next[number]) }
      if first[number] >= 0 { waiting.append(first[number]) }
    }
    return result
  }
}
