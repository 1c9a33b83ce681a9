public import SendmailConfig

/// What a look-up in a table finds.
public enum MapAnswer: Sendable, Equatable {
  /// A value.
  ///
  /// `line` is the 1-based line of the entry in the table's text; nil where that is not known.
  case found(ByteString, line: Int?)
  /// There is no such key.
  case notFound
  /// The table cannot be read now.
  case temporaryFailure
  /// The table is open, but what the key leads to cannot be read, for a reason: to sendmail there is no such key then, and it
  /// tells whoever started it.
  case damaged(reason: ByteString)
  /// Nobody can tell: the table, or whoever would have to be asked, is not at hand.
  case unknown
}

/// Who answers what the rules ask of the world outside of sendmail.cf.
///
/// Every member may be called from several tasks at once.
public struct Lookups: Sendable {
  /// Finds a key in a table.
  ///
  /// The key is as sendmail hands it to its database: quotes gone, in lower case unless the map has `-f`, without NUL. A value is
  /// to be given as it stands in the table.
  public var table: @Sendable (_ map: MapDefinition, _ key: ByteString) -> MapAnswer
  /// Makes a host name, or an address in brackets, canonical; the answer without a final dot.
  public var host: @Sendable (_ name: ByteString) -> MapAnswer
  /// Finds a record of the domain name system: its type, such as `A` or `MX`, and the name.
  public var record: @Sendable (_ type: ByteString, _ name: ByteString) -> MapAnswer
  /// Finds an account; the answer is its line of passwd(5), or as many of the line's first columns as are known.
  public var account: @Sendable (_ name: ByteString) -> MapAnswer
  /// Where a service of the service switch is looked up (`hosts`, `aliases`, …), in order, such as `files` and `nis`; nil where
  /// nobody knows.
  public var service: @Sendable (_ name: ByteString) -> [ByteString]? = { _ in nil }
  /// Whether a table could be opened; an optional one (`-o`) that could not is passed over.
  public var isOpen: @Sendable (_ map: MapDefinition) -> Bool = { _ in true }
  /// What sendmail says of a table that it cannot open; nil where it says nothing.
  public var complaint: @Sendable (_ map: MapDefinition) -> ByteString? = { _ in nil }
  /// Finds an alias by the user part of a local address, in whatever case the address has it.
  public var alias: @Sendable (_ name: ByteString) -> AliasAnswer
  /// Reads a file of addresses: one of `:include:`, or a `.forward`.
  public var list: @Sendable (_ path: ByteString, _ reader: ListReader) -> ListAnswer
  /// What is known of an account that there is; nil where nothing is.
  public var accountFacts: @Sendable (_ name: ByteString) -> AccountFacts?

  /// Makes look-ups; what is not given is answered with ``MapAnswer/unknown``, and nothing touches the network.
  public init(
    table: @escaping @Sendable (_ map: MapDefinition, _ key: ByteString) -> MapAnswer = { _, _ in .unknown },
    host: @escaping @Sendable (_ name: ByteString) -> MapAnswer = { _ in .unknown },
    record: @escaping @Sendable (_ type: ByteString, _ name: ByteString) -> MapAnswer = { _, _ in .unknown },
    account: @escaping @Sendable (_ name: ByteString) -> MapAnswer = { _ in .unknown },
    alias: @escaping @Sendable (_ name: ByteString) -> AliasAnswer = { _ in .unknown },
    list: @escaping @Sendable (_ path: ByteString, _ reader: ListReader) -> ListAnswer = { _, _ in .unknown },
    accountFacts: @escaping @Sendable (_ name: ByteString) -> AccountFacts? = { _ in nil }
  ) {
    self.table = table
    self.host = host
    self.record = record
    self.account = account
    self.alias = alias
    self.list = list
    self.accountFacts = accountFacts
  }
}

/// A question that nobody could answer; the evaluation went on as if nothing had been found.
public struct UnknownAnswer: Sendable, Hashable {
  /// The map.
  public var map: ByteString
  /// The key, or the host name.
  public var key: ByteString
}
